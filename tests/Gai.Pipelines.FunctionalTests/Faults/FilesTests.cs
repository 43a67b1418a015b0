using Gai.Pipelines.FaultHost;

namespace Gai.Pipelines.FunctionalTests.Faults;

/// <summary>A server that has no file descriptor left, so that accepting fails. It is a process of its own, with <c>ulimit -n</c>.</summary>
/// <remarks>
/// What holds: open streams go on, with nothing lost; who comes waits, and is answered when others have left; nothing is left of any. That is so while .NET needs no new
/// thread: each needs a pipe, and a process that cannot make one ends with "Out of memory.". So the threads of this one are made beforehand. A server in production
/// is better kept from that: Kestrel's <c>MaxConcurrentConnections</c> below the limit of files refuses who comes too late, and open streams go on all the same.
/// </remarks>
public sealed class FilesTests
{
    private const int MaxFiles = 300;
    private const int MaxConnections = 50;
    private const int FrameBytes = 1000;

    private static readonly Dictionary<string, string> NoNewThreads = new() { ["DOTNET_TieredCompilation"] = "0", ["DOTNET_ThreadPool_ThreadsToKeepAlive"] = "-1" };

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Accept_NoFileIsLeft_OpenStreamsLiveAndOthersWait(string version)
    {
        (Child server, int[] ports) = await Child.StartServerAsync(new Surroundings { MaxFiles = MaxFiles, Variables = NoNewThreads });
        await using (server)
        {
            Assert.Equal("made", await server.AskAsync("threads 16"));
            int port = ports[version == "2" ? 1 : 0];
            using RawClient busy = await AskAsync(version, port, $"/numbers?bytes={FrameBytes}");
            await busy.ReadBodyAsync(1);
            var idle = new List<RawClient>();
            while (server.OpenFiles < MaxFiles - 1)
            {
                Assert.InRange(idle.Count, 0, MaxFiles);
                idle.Add(await AskAsync(version, port, "/idle"));
                await idle[^1].ReadBodyAsync(1);
            }

            // One more file there may be. The system takes these on behalf of the server, which cannot.
            RawClient[] late = new RawClient[4];
            for (int i = 0; i < late.Length; i++)
            {
                late[i] = await AskAsync(version, port, $"/numbers?bytes={FrameBytes}&count=100");
            }

            await busy.ReadBodyAsync(2_000_000);
            Assert.InRange((await server.StateAsync()).Started, idle.Count + 1, idle.Count + 2);

            foreach (RawClient client in idle)
            {
                client.Dispose();
            }

            foreach (RawClient client in late)
            {
                Assert.Equal("clean", await client.ReadToEndAsync());
                Assert.Equal(100, Numbered.CountWhole(client.Body.Bytes, FrameBytes));
                client.Dispose();
            }

            Numbered.CountWhole(busy.Body.Bytes, FrameBytes);
            busy.Dispose();
            ServerState state = await server.IsIdleAsync();
            Assert.Equal([new("ClientGone", idle.Count + 1), new("Completed", late.Length)], state.Outcomes);
        }
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Accept_LimitOfConnectionsBelowThatOfFiles_OpenStreamsLiveAndOthersAreRefused(string version)
    {
        (Child server, int[] ports) = await Child.StartServerAsync(new Surroundings { MaxFiles = MaxFiles }, $"--MaxConcurrentConnections={MaxConnections}");
        await using (server)
        {
            int port = ports[version == "2" ? 1 : 0];
            using RawClient busy = await AskAsync(version, port, $"/numbers?bytes={FrameBytes}");
            await busy.ReadBodyAsync(1);
            RawClient[] idle = new RawClient[MaxConnections - 1];
            for (int i = 0; i < idle.Length; i++)
            {
                idle[i] = await AskAsync(version, port, "/idle");
                await idle[i].ReadBodyAsync(1);
            }

            for (int i = 0; i < MaxFiles; i++)
            {
                using RawClient refused = await AskAsync(version, port, "/idle");
                Assert.Equal("broken", await refused.ReadToEndAsync());
                Assert.Equal(0, refused.Body.Length);
            }

            await busy.ReadBodyAsync(2_000_000);
            Numbered.CountWhole(busy.Body.Bytes, FrameBytes);
            foreach (RawClient client in idle)
            {
                client.Dispose();
            }

            await server.UntilAsync(static state => state.Open == 1, "the others have left");
            using RawClient next = await AskAsync(version, port, $"/numbers?bytes={FrameBytes}&count=100");
            Assert.Equal("clean", await next.ReadToEndAsync());
            next.Dispose();
            busy.Dispose();
            ServerState state = await server.IsIdleAsync();
            Assert.Equal([new("ClientGone", MaxConnections), new("Completed", 1)], state.Outcomes);
        }
    }

    private static Task<RawClient> AskAsync(string version, int port, string path) =>
        version == "2" ? RawClient.GetOverHttp2Async(port, path) : RawClient.GetAsync(port, path);
}

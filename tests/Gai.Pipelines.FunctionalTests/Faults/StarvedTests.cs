using Gai.Pipelines.FaultHost;

namespace Gai.Pipelines.FunctionalTests.Faults;

/// <summary>A server whose thread pool has no thread for 5 s, longer than its <c>WriteTimeout</c>. It is a process of its own.</summary>
/// <remarks>
/// What holds: no stream ends for it, also none whose client was waited for; each goes on where it stood, with nothing lost or doubled; keep-alives
/// come again; who left meanwhile is noticed, and who came is answered.
/// </remarks>
public sealed class StarvedTests
{
    private const int FrameBytes = 1000;
    private const int Streams = 10;

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Starve_ForLongerThanTheWriteTimeout_EndsNoStream(string version)
    {
        (Child server, int[] ports) = await Child.StartServerAsync(
            options: ["--GaiPipelines:WriteTimeout=00:00:04", "--GaiPipelines:KeepAliveInterval=00:00:01"]);
        await using (server)
        {
            int port = ports[version == "2" ? 1 : 0];
            RawClient[] busy = await OpenAsync(version, port, $"/numbers?bytes={FrameBytes}");
            RawClient[] idle = await OpenAsync(version, port, "/idle");
            Task[] reading = [.. busy.Select(client => client.ReadBodyAsync(1_000_000))];

            Assert.Equal("starved", await server.AskAsync("starve 5"));
            idle[0].Reset();
            using RawClient late = await AskAsync(version, port, $"/numbers?bytes={FrameBytes}&count=100");
            Assert.Equal("fed", await server.ReadLineAsync("the thread pool is fed"));

            // All at once: who is not read from meanwhile would be given up, and rightly.
            await Task.WhenAll(busy.Zip(reading, async (client, first) =>
            {
                await first;
                int before = client.Body.Length;
                await client.ReadBodyAsync(before + 1_000_000);
                Assert.InRange(Numbered.CountWhole(client.Body.Bytes, FrameBytes), before / FrameBytes, int.MaxValue);
                client.Dispose();
            }));
            Assert.Equal("clean", await late.ReadToEndAsync());
            Assert.Equal(100, Numbered.CountWhole(late.Body.Bytes, FrameBytes));

            foreach (RawClient client in idle[1..])
            {
                int before = client.Body.Length;
                await client.ReadBodyAsync(before + 1);
                Assert.EndsWith(": keep-alive\n\n", client.Body.Text, StringComparison.Ordinal);
                client.Dispose();
            }

            ServerState state = await server.IsIdleAsync();
            Assert.Equal([new("ClientGone", 2 * Streams), new("Completed", 1)], state.Outcomes);
            Assert.Empty(state.Problems);
        }
    }

    private static async Task<RawClient[]> OpenAsync(string version, int port, string path)
    {
        var clients = new RawClient[Streams];
        for (int i = 0; i < Streams; i++)
        {
            clients[i] = await AskAsync(version, port, path);
            await clients[i].ReadBodyAsync(1);
        }

        return clients;
    }

    private static Task<RawClient> AskAsync(string version, int port, string path) =>
        version == "2" ? RawClient.GetOverHttp2Async(port, path) : RawClient.GetAsync(port, path);
}

using Gai.Pipelines.FaultHost;

namespace Gai.Pipelines.FunctionalTests.Faults;

/// <summary>Clients that never read. What becomes of them stands in <c>SlowClientTests</c>; here is what they cost until then.</summary>
/// <remarks>
/// What holds: under each policy a client that never reads holds at most the budget (256 KiB) and 64 KiB of the server's heap, its blocks for the transport and all
/// that a connection costs among them.
/// </remarks>
public sealed class NeverReadsTests(ITestOutputHelper output)
{
    private const int Clients = 50;
    private const int Budget = 256 * 1024;
    private const int Transport = 64 * 1024;

    [Theory]
    [InlineData("1.1", SlowClientPolicy.Wait, 200)]
    [InlineData("2", SlowClientPolicy.Wait, 20)]
    [InlineData("1.1", SlowClientPolicy.DropOldest, 20)]
    [InlineData("1.1", SlowClientPolicy.DropOldest, 2000)]
    [InlineData("2", SlowClientPolicy.DropOldest, 20)]
    [InlineData("1.1", SlowClientPolicy.MergeDeltas, 20)]
    [InlineData("1.1", SlowClientPolicy.MergeDeltas, 2000)]
    public async Task Flood_ClientsNeverRead_HoldNoMoreThanTheBudgetAndTheTransport(string version, SlowClientPolicy policy, int bytes)
    {
        (Child server, int[] ports) = await Child.StartServerAsync(
            options: [$"--GaiPipelines:SlowClientPolicy={policy}", $"--GaiPipelines:SlowClientBudgetBytes={Budget}", "--GaiPipelines:WriteTimeout=01:00:00", "--SendBuffer=16384"]);
        await using (server)
        {
            int port = ports[version == "2" ? 1 : 0];
            using (RawClient reader = await AskAsync(version, port, $"/texts?bytes={bytes}"))
            {
                await reader.ReadBodyAsync(100_000);
            }

            await server.IsIdleAsync();
            (long before, _) = await server.HeapAsync();
            RawClient[] clients = new RawClient[Clients];
            for (int i = 0; i < Clients; i++)
            {
                clients[i] = await AskAsync(version, port, $"/texts?bytes={bytes}");
            }

            await AllAreFullAsync(server, policy);
            long held = ((await server.HeapAsync()).Bytes - before) / Clients;

            output.WriteLine($"{policy} over HTTP/{version}, events of {bytes} bytes: {held:N0} bytes a client");
            foreach (RawClient client in clients)
            {
                client.Dispose();
            }

            await server.IsIdleAsync();
            Assert.InRange(held, 0, Budget + Transport);
        }
    }

    /// <summary>Waits until the sources wait; those that never do, until they have given many times what fits anywhere.</summary>
    private static async Task AllAreFullAsync(Child server, SlowClientPolicy policy)
    {
        const int Enough = 50_000;
        long last = 0;
        int unchanged = 0;
        await server.UntilAsync(
            state =>
            {
                unchanged = state.Given == last && state.Open == Clients ? unchanged + 1 : 0;
                last = state.Given;
                return policy == SlowClientPolicy.DropOldest ? state.Given > Clients * Enough : unchanged == 10;
            },
            "the buffers are full");
    }

    private static Task<RawClient> AskAsync(string version, int port, string path) =>
        version == "2" ? RawClient.GetOverHttp2Async(port, path, receiveBuffer: 4096) : RawClient.GetAsync(port, path, receiveBuffer: 4096);
}

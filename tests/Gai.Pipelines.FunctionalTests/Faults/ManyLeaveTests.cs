using Gai.Pipelines.FaultHost;

namespace Gai.Pipelines.FunctionalTests.Faults;

/// <summary>10,000 idle streams whose clients all leave at once: their process is killed, and the system closes all its sockets.</summary>
/// <remarks>What holds: every source is cancelled and disposed of; no stream, entry or registration is left; the heap is back where it was, with less than 50 bytes for each stream that was.</remarks>
public sealed class ManyLeaveTests(ITestOutputHelper output)
{
    private const int Clients = 10_000;
    private const int BytesLeftOfEach = 50;

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Leave_10000AtOnce_LeavesNothing(string version)
    {
        (Child server, int[] ports) = await Child.StartServerAsync();
        await using (server)
        {
            // What a server keeps for ever, its pools among it, it makes for those that come first: as many as happen to be at work at once, which may be the second
            // time. What it loses it loses every time.
            long first = await ConnectAndLeaveAsync(server, ports, version);
            long second = await ConnectAndLeaveAsync(server, ports, version);
            long third = await ConnectAndLeaveAsync(server, ports, version);

            output.WriteLine($"Heap of the server after {Clients:N0} streams: {first:N0} bytes, after as many again: {second:N0} bytes, and again: {third:N0} bytes");
            Assert.InRange(third, 0, Math.Max(first, second) + (Clients * BytesLeftOfEach));
            ServerState state = await server.StateAsync();
            Assert.Equal([new("ClientGone", 3 * Clients)], state.Outcomes);
            Assert.Equal(3 * Clients, state.Disposed);
            Assert.Empty(state.Problems);
        }
    }

    private static async Task<long> ConnectAndLeaveAsync(Child server, int[] ports, string version)
    {
        await using Child clients = Child.Start("clients", $"{ports[version == "2" ? 1 : 0]}", version, $"{Clients}", "/idle");
        Assert.Equal("open", await clients.ReadLineAsync("10,000 open streams"));

        // An entry whose time has come counts again when it has been looked at.
        await server.UntilAsync(static state => (state.Open, state.Entries) == (Clients, Clients), "every stream is open and has its entry");

        await clients.SignalAsync("KILL");

        await server.IsIdleAsync();
        (long bytes, long pinned) = await server.HeapAsync();
        return bytes - pinned;
    }
}

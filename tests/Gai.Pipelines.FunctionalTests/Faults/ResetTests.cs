using Gai.Pipelines.FaultHost;

namespace Gai.Pipelines.FunctionalTests.Faults;

/// <summary>Clients that reset the connection, or their stream of HTTP/2, in the middle of a frame.</summary>
/// <remarks>
/// What holds: what came is a beginning of what was to come, with nothing lost, doubled or torn in it; the source had waited and is cancelled;
/// nothing is left; and the next client, also on the same connection, gets its own stream from its beginning.
/// </remarks>
public sealed class ResetTests
{
    // More than all buffers hold: the client stands in the middle of a frame wherever it stops reading.
    private const int FrameBytes = 300_000;

    [Theory]
    [InlineData("1.1", 1)]
    [InlineData("1.1", 100_000)]
    [InlineData("1.1", 700_000)]
    [InlineData("2", 1)]
    [InlineData("2", 700_000)]
    public async Task ResetConnection_InMidFrame_CancelsTheSourceAndLeavesNothing(string version, int after)
    {
        await using FaultServer server = await FaultServer.StartAsync();
        using RawClient client = await server.AskAsync(version, $"/numbers?bytes={FrameBytes}");
        await client.ReadBodyAsync(after);
        long given = await server.SourceWaitsAsync();

        client.Reset();

        await server.NothingIsLeftAsync(StreamOutcomeReason.ClientGone);
        AssertInMidFrame(client, given);
        Assert.Equal(1, server.Witness.Cancelled);
        using RawClient next = await server.AskAsync(version, "/numbers?bytes=1000&count=100");
        Assert.Equal("clean", await next.ReadToEndAsync());
        Assert.Equal(100, Numbered.CountWhole(next.Body.Bytes, 1000));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(700_000)]
    public async Task ResetStream_InMidFrame_LeavesTheConnectionToOthers(int after)
    {
        await using FaultServer server = await FaultServer.StartAsync();
        using RawClient client = await server.AskAsync("2", $"/numbers?bytes={FrameBytes}");
        await client.ReadBodyAsync(after);
        long given = await server.SourceWaitsAsync();

        await client.ResetStreamAsync();

        AssertInMidFrame(client, given);
        await client.GetAgainOverHttp2Async("/numbers?bytes=1000&count=100");
        Assert.Equal("clean", await client.ReadToEndAsync());
        Assert.Equal(100, Numbered.CountWhole(client.Body.Bytes, 1000));
        await server.NothingIsLeftAsync(StreamOutcomeReason.ClientGone, StreamOutcomeReason.Completed);
        Assert.Equal(1, server.Witness.Cancelled);
    }

    private static void AssertInMidFrame(RawClient client, long given)
    {
        int whole = Numbered.CountWhole(client.Body.Bytes, FrameBytes);
        Assert.NotEqual(whole * Numbered.Frame(1, FrameBytes).Length, client.Body.Length);
        Assert.Equal(whole + 1, given); // one frame is larger than what the source may be ahead
    }
}

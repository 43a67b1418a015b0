using Gai.Pipelines.FaultHost;

namespace Gai.Pipelines.FunctionalTests.Faults;

/// <summary>A client that reads a kilobyte a second. The seconds are those of the server's clock, and the test's.</summary>
/// <remarks>
/// What holds: the source waits, and is ahead of its client by a bounded number of bytes at any time; the stream is not given up; nothing is lost or
/// doubled when the client reads on.
/// </remarks>
public sealed class SlowReaderTests
{
    private const int FrameBytes = 1000;
    private const int Events = 1000;

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Read_OneKilobyteASecondFor30Seconds_MissesNothing(string version)
    {
        await using FaultServer server = await FaultServer.StartAsync();
        using RawClient client = await server.AskAsync(version, $"/numbers?bytes={FrameBytes}&count={Events}");
        await server.SourceWaitsAsync();

        for (int second = 1; second <= 30; second++)
        {
            Assert.True(await client.ReadSomeAsync(atMost: 1024));
            server.Time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(1, server.Server.Streams.Count);
            Assert.InRange((server.Witness.Given * FrameBytes) - client.Body.Length, 0, FaultServer.MostAhead);
        }

        Assert.Equal("clean", await client.ReadToEndAsync());
        Assert.Equal(Events, Numbered.CountWhole(client.Body.Bytes, FrameBytes));
        await server.NothingIsLeftAsync(StreamOutcomeReason.Completed);
        Assert.Equal(0, server.Witness.Cancelled);
    }

    /// <summary>A flush waits until its client has taken what Kestrel holds, 80 KiB at most: within the minute of <c>WriteTimeout</c> this one takes more.</summary>
    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Read_ThreeKilobytesASecondForMinutes_IsNotTakenForOneThatStandsStill(string version)
    {
        await using FaultServer server = await FaultServer.StartAsync();
        using RawClient client = await server.AskAsync(version, $"/numbers?bytes={FrameBytes}&count={Events}");
        await server.SourceWaitsAsync();

        for (int second = 1; second <= 300; second++)
        {
            Assert.True(await client.ReadSomeAsync(atMost: 3072), $"cut off after {second} s");
            server.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal("clean", await client.ReadToEndAsync());
        Assert.Equal(Events, Numbered.CountWhole(client.Body.Bytes, FrameBytes));
    }
}

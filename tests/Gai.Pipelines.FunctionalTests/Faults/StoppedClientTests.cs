using System.Runtime.CompilerServices;
using Gai.Pipelines.FaultHost;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.FunctionalTests.Faults;

/// <summary>A client, a process of its own, that gets SIGSTOP in the middle of a stream and SIGCONT later, as a laptop that sleeps.</summary>
/// <remarks>What holds: the source waits, ahead by a bounded number of bytes. Continued in time, the client misses nothing; after <c>WriteTimeout</c> it finds a broken end behind a beginning of the stream.</remarks>
public sealed class StoppedClientTests
{
    private const int FrameBytes = 1000;
    private const int BeforeStop = 10;
    private const int Events = 2000;

    private readonly TaskCompletionSource _isStopped = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Stop_ContinuedInTime_MissesNothing(string version)
    {
        await using FaultServer server = await StartAsync();
        await using Child client = Child.Start("reader", AddressOf(server, version), version);
        var received = new Received(client.Output);
        await StopInMidStreamAsync(server, client, received);

        server.Time.Advance(TimeSpan.FromSeconds(50));
        Assert.Equal(1, server.Server.Streams.Count);
        await client.SignalAsync("CONT");

        byte[] body = await received.ToEndAsync();
        Assert.Equal(0, await client.EndAsync());
        Assert.Equal(Events, Numbered.CountWhole(body, FrameBytes));
        Assert.Equal(Events * Numbered.Frame(1, FrameBytes).Length, body.Length);
        await server.NothingIsLeftAsync(StreamOutcomeReason.Completed);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Stop_ContinuedTooLate_FindsABrokenEnd(string version)
    {
        await using FaultServer server = await StartAsync();
        await using Child client = Child.Start("reader", AddressOf(server, version), version);
        var received = new Received(client.Output);
        await StopInMidStreamAsync(server, client, received);

        server.Time.Advance(TimeSpan.FromSeconds(61));
        await server.NothingIsLeftAsync(StreamOutcomeReason.TooSlow);
        Assert.Equal(1, server.Witness.Cancelled);
        await client.SignalAsync("CONT");

        byte[] body = await received.ToEndAsync();
        Assert.Equal(1, await client.EndAsync());
        Assert.InRange(Numbered.CountWhole(body, FrameBytes), BeforeStop, Events - 1);
    }

    private async Task StopInMidStreamAsync(FaultServer server, Child client, Received received)
    {
        await received.ReachesAsync(BeforeStop * FrameBytes);
        await client.SignalAsync("STOP");
        await Eventually.IsTrueAsync(() => client.IsStopped, () => "the client runs on");

        _isStopped.SetResult();
        long given = await server.SourceWaitsAsync();
        Assert.InRange((given - BeforeStop) * FrameBytes, 1, FaultServer.MostAhead);
    }

    private static string AddressOf(FaultServer server, string version) =>
        $"http://127.0.0.1:{(version == "2" ? server.Server.Http2Port : server.Server.Http1Port)}/gated";

    private Task<FaultServer> StartAsync() => FaultServer.StartAsync(
        map: (app, witness) => app.MapGet("/gated", () => TypedResults.Extensions.EventStream(GatedAsync(witness), witness.Noted)));

    private async IAsyncEnumerable<string> GatedAsync(Witness witness, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        int count = 0;
        await foreach (string text in witness.NumbersAsync(Events, FrameBytes, cancellationToken))
        {
            if (count++ == BeforeStop)
            {
                await _isStopped.Task.WaitAsync(cancellationToken);
            }

            yield return text;
        }
    }

    /// <summary>Takes what the client hands on, so that nothing but its being stopped makes it wait.</summary>
    private sealed class Received
    {
        private readonly List<byte> _bytes = [];
        private readonly Task _reading;

        public Received(Stream output) => _reading = ReadAsync(output);

        public Task ReachesAsync(int bytes) => Eventually.IsTrueAsync(() => Length >= bytes, () => $"{Length} bytes have come, not {bytes}");

        public async Task<byte[]> ToEndAsync()
        {
            await _reading.OrFail("the end of what the client reads");
            return [.. _bytes];
        }

        private int Length
        {
            get
            {
                lock (_bytes)
                {
                    return _bytes.Count;
                }
            }
        }

        private async Task ReadAsync(Stream output)
        {
            byte[] buffer = new byte[4096];
            int read;
            while ((read = await output.ReadAsync(buffer)) > 0)
            {
                lock (_bytes)
                {
                    _bytes.AddRange(buffer.AsSpan(0, read));
                }
            }
        }
    }
}

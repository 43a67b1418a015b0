using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using Gai.Pipelines.Hosting;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gai.Pipelines.FunctionalTests.Hosting;

/// <summary>Clients that leave. Keep-alives are off here: the server must notice by itself, not by a write that fails.</summary>
public sealed class ClientGoneTests
{
    private Watched _watched = new();
    private readonly ConcurrentQueue<StreamOutcome> _outcomes = new();

    [Theory]
    [InlineData("1.1", "/idle")]
    [InlineData("2", "/idle")]
    [InlineData("1.1", "/busy")]
    [InlineData("2", "/busy")]
    [InlineData("1.1", "/producer")]
    [InlineData("2", "/producer")]
    public async Task Leave_WhileStreaming_CancelsTheSourceAndIsNoError(string version, string path)
    {
        await using TestServer server = await StartAsync();
        using (OpenStream stream = await server.OpenAsync(path, version: version))
        {
            await stream.ReadEventAsync();
        }

        await _watched.Cancelled;
        await _watched.Disposed;
        await server.IsIdleAsync();

        Assert.Equal(StreamOutcomeReason.ClientGone, Assert.Single(_outcomes).Reason);
        Assert.Empty(server.Logs.WarningsAndErrors);
        Assert.Equal((LogLevel.Debug, "ClientGone"), Assert.Single(server.Logs.Ours.Select(entry => (entry.Level, entry.Name))));
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Leave_IdleStream_IsNoticedWithinASecond(string version)
    {
        await using TestServer server = await StartAsync();
        var fastest = TimeSpan.MaxValue;

        // The best of some: a machine that is busy with other things may be late now and then.
        for (int attempt = 0; attempt < 10 && fastest > TimeSpan.FromSeconds(1); attempt++)
        {
            _watched = new Watched();
            OpenStream stream = await server.OpenAsync("/idle", version: version);
            await stream.ReadEventAsync();
            long left = Stopwatch.GetTimestamp();
            stream.Dispose();
            await _watched.Cancelled;
            fastest = TimeSpan.FromTicks(Math.Min(fastest.Ticks, Stopwatch.GetElapsedTime(left).Ticks));
        }

        Assert.True(fastest < TimeSpan.FromSeconds(1), $"the fastest took {fastest}");
    }

    [Fact]
    public async Task Leave_BeforeTheHead_CancelsTheSource()
    {
        await using TestServer server = await StartAsync(options => options.CommitWindow = Timeout.InfiniteTimeSpan);
        using (await RawClient.GetAsync(server.Http1Port, "/silent"))
        {
            await Eventually.IsTrueAsync(() => _watched.IsStarted, () => "the source does not start");
        }

        await _watched.Cancelled;
        await server.IsIdleAsync();
        Assert.Equal((StreamOutcomeReason.ClientGone, false), Assert.Single(_outcomes.Select(outcome => (outcome.Reason, outcome.HeadSent))));
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    [Fact]
    public async Task Leave_WithReset_CancelsTheSource()
    {
        await using TestServer server = await StartAsync();
        RawClient client = await RawClient.GetAsync(server.Http1Port, "/idle");
        await client.ReadThroughAsync("\n\n");

        client.Reset();

        await _watched.Disposed;
        await server.IsIdleAsync();
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    [Fact]
    public async Task Leave_WhileTheServerWaitsForTheClientToRead_CancelsTheSource()
    {
        await using TestServer server = await StartAsync();
        using (HttpClient client = server.NewClient("1.1", receiveBuffer: 4096))
        {
            using OpenStream stream = await server.OpenAsync("/flood", client: client);
            Assert.InRange(await Eventually.StandsStillAsync(() => Volatile.Read(ref _written)), 1, 10_000);
        }

        await _watched.Cancelled;
        await server.IsIdleAsync();
        Assert.Equal(StreamOutcomeReason.ClientGone, Assert.Single(_outcomes).Reason);
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    [Fact]
    public async Task Leave_ReaderOfAChannel_OwnerLearnsOfItByOnClosed()
    {
        await using TestServer server = await StartAsync();
        await _channel.Writer.WriteAsync(new Tick(1));
        using (OpenStream stream = await server.OpenAsync("/reader"))
        {
            await stream.ReadEventAsync();
        }

        await Eventually.IsTrueAsync(() => !_outcomes.IsEmpty, () => "OnClosed is not called");
        Assert.Equal((StreamOutcomeReason.ClientGone, 1), Assert.Single(_outcomes.Select(outcome => (outcome.Reason, outcome.Events))));
        Assert.True(_channel.Writer.TryWrite(new Tick(2)), "the channel stays the caller's");
    }

    [Fact]
    public async Task Leave_Channel_ProducerThatWaitsForRoomLearnsOfIt()
    {
        await using TestServer server = await StartAsync();
        using (OpenStream stream = await server.OpenAsync("/channel"))
        {
            await stream.ReadEventAsync();
        }

        await Assert.ThrowsAsync<ChannelClosedException>(() => _producing.OrFail());
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Leave_OpenEventStream_NextWriteIsCancelledAndNothingIsLogged(string version)
    {
        await using TestServer server = await StartAsync();
        using (OpenStream stream = await server.OpenAsync("/handler", version: version))
        {
            await stream.ReadEventAsync();
        }

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _handler.Task.OrFail());
        await server.IsIdleAsync();
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    private readonly TaskCompletionSource _handler = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<Tick> _channel = Channel.CreateBounded<Tick>(2);
    private int _written;
    private Task _producing = Task.CompletedTask;

    private Task<TestServer> StartAsync(Action<EventStreamOptions>? options = null) => TestServer.StartAsync(
        app =>
        {
            var onClosed = new EventStreamResultOptions { OnClosed = _outcomes.Enqueue };
            app.MapGet("/idle", () => TypedResults.Extensions.EventStream(_watched.ThenSilence<Tick>([new(1)]), onClosed));
            app.MapGet("/silent", () => TypedResults.Extensions.EventStream(_watched.ThenSilence<Tick>([]), onClosed));
            app.MapGet("/busy", () => TypedResults.Extensions.EventStream(_watched.ThenTicksForEver(), onClosed));
            app.MapGet("/producer", () => TypedResults.Extensions.EventStream<Tick>(
                async (writer, cancellationToken) =>
                {
                    await foreach (Tick tick in _watched.ThenSilence<Tick>([new(1)], cancellationToken))
                    {
                        await writer.WriteAsync(tick, cancellationToken);
                    }
                },
                onClosed));
            app.MapGet("/flood", () => TypedResults.Extensions.EventStream<string>(
                async (writer, cancellationToken) =>
                {
                    // More than the buffers of two sockets, of the server and of the channel can hold.
                    string text = new('x', 100_000);
                    try
                    {
                        for (_written = 1; _written < 100_000; _written++)
                        {
                            await writer.WriteAsync(text, cancellationToken);
                        }
                    }
                    finally
                    {
                        _watched.Cancel();
                    }
                },
                onClosed));
            app.MapGet("/reader", () => TypedResults.Extensions.EventStream(_channel.Reader, onClosed));
            app.MapGet("/channel", () =>
            {
                _producing = ProduceAsync(_channel.Writer);
                return TypedResults.Extensions.EventStream(_channel);
            });
            app.MapGet("/handler", async context =>
            {
                try
                {
                    await using EventStream<Tick> stream = context.OpenEventStream<Tick>();
                    for (int n = 1; ; n++)
                    {
                        await stream.WriteAsync(new Tick(n));
                        await Task.Yield();
                    }
                }
                catch (Exception failure)
                {
                    _handler.SetException(failure);
                    throw;
                }
            });
        },
        options: o =>
        {
            o.KeepAliveInterval = TimeSpan.Zero;
            options?.Invoke(o);
        });

    private static async Task ProduceAsync(ChannelWriter<Tick> writer)
    {
        for (int n = 1; ; n++)
        {
            await writer.WriteAsync(new Tick(n));
        }
    }
}

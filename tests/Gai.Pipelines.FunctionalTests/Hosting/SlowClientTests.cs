using System.Collections.Concurrent;
using System.Globalization;
using System.Threading.Channels;
using Gai.Pipelines.Hosting;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gai.Pipelines.FunctionalTests.Hosting;

/// <summary>Clients that do not read, and streams that get too old.</summary>
public sealed class SlowClientTests : IDisposable
{
    private const int Texts = 60_000;

    private readonly Watched _watched = new();
    private readonly TaskCompletionSource _sourceEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentQueue<StreamOutcome> _outcomes = new();
    private readonly CancellationTokenSource _deadline = new();
    private readonly TaskCompletionSource<OperationCanceledException> _gaveUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _written;

    public void Dispose() => _deadline.Dispose();

    /// <summary>The pump is through with a document before its client has it.</summary>
    [Fact]
    public async Task Get_DocumentOfAClientThatDoesNotRead_IsBrokenOff()
    {
        var time = new ManualTimeProvider();
        await using TestServer server = await TestServer.StartAsync(
            app => app.MapGet("/ticks", () => TypedResults.Extensions.EventStream(Sources.Ticks(1_000_000))),
            services => services.AddSingleton<TimeProvider>(time),
            options => options.MaxDocumentBytes = 64 << 20);
        using RawClient client = await RawClient.GetAsync(server.Http1Port, "/ticks", "Accept: application/json\r\n", receiveBuffer: 4096);
        await client.ReadThroughAsync("[");

        await Eventually.IsTrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(61));
                return server.Streams.Count == 0;
            },
            () => "the document still waits for its client");

        await Eventually.IsTrueAsync(() => server.Logs.Ours.Any(static entry => entry.Name == "ClientTooSlow"), () => "nothing is logged");
    }

    /// <summary>More was ready than client and system have room for, and then the source fails: what tells so waits for the client as anything does.</summary>
    [Fact]
    public async Task Get_ClientDoesNotTakeTheError_IsBrokenOff()
    {
        var time = new ManualTimeProvider();
        var described = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var channel = Channel.CreateUnbounded<StreamEvent>();
        channel.Writer.TryWrite(StreamEvent.TextDelta("first"));
        for (int i = 0; i < 100; i++)
        {
            channel.Writer.TryWrite(StreamEvent.TextDelta(new string('x', 100_000)));
        }

        channel.Writer.Complete(new InvalidOperationException("Enough."));
        await using TestServer server = await TestServer.StartAsync(
            app => app.MapGet("/full", () => TypedResults.Extensions.EventStream(channel.Reader)),
            services => services.AddSingleton<TimeProvider>(time),
            options =>
            {
                options.UnflushedLimitBytes = 16 << 20;
                options.DescribeFailure = _ =>
                {
                    described.TrySetResult();
                    return null;
                };
            });
        using RawClient client = await RawClient.GetAsync(server.Http1Port, "/full", receiveBuffer: 4096);
        await client.ReadThroughAsync("first");
        await described.Task.OrFail();

        await Eventually.IsTrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(61));
                return server.Logs.Ours.Any(static entry => entry.Name == "StreamFailed") && server.Logs.All.Any(static entry => entry.Name == "ApplicationAbortedConnection");
            },
            () => "the connection is still there");
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Flood_ClientNeverReads_IsDisconnectedAndNothingIsLeft(string version)
    {
        await using TestServer server = await StartAsync(options => options.WriteTimeout = TimeSpan.FromSeconds(1));
        using RawClient client = version == "2"
            ? await RawClient.GetOverHttp2Async(server.Http2Port, "/flood")
            : await RawClient.GetAsync(server.Http1Port, "/flood", receiveBuffer: 4096);

        await _watched.Cancelled;
        await _watched.Disposed;

        await server.IsIdleAsync();
        await Eventually.IsTrueAsync(() => !_outcomes.IsEmpty, () => "OnClosed is not called");
        Assert.Equal(StreamOutcomeReason.TooSlow, Assert.Single(_outcomes).Reason);
        await Eventually.IsTrueAsync(() => server.Logs.Ours.Count > 0, () => "nothing is logged");
        Assert.Equal((LogLevel.Information, "ClientTooSlow"), Assert.Single(server.Logs.Ours.Select(entry => (entry.Level, entry.Name))));
    }

    [Fact]
    public async Task Flood_ClientPausesForLessThanTheLimit_MissesNothing()
    {
        var time = new ManualTimeProvider();
        await using TestServer server = await StartAsync(options => options.WriteTimeout = TimeSpan.FromMinutes(1), time);
        using HttpClient client = server.NewClient("1.1", receiveBuffer: 4096);
        using OpenStream stream = await server.OpenAsync("/flood", "application/x-ndjson", client: client);
        int given = await Eventually.StandsStillAsync(() => _watched.Given);

        time.Advance(TimeSpan.FromSeconds(59));

        for (int n = 1; n <= given; n++)
        {
            Assert.Equal($"{{\"n\":{n}}}\n", await stream.ReadLineAsync());
        }
    }

    [Theory]
    [InlineData("1.1", "text/event-stream")]
    [InlineData("2", "application/x-ndjson")]
    public async Task DropOldest_ClientPauses_IsToldHowManyItMissed(string version, string accept)
    {
        await using TestServer server = await StartAsync(options =>
        {
            options.SlowClientPolicy = SlowClientPolicy.DropOldest;
            options.SlowClientBudgetBytes = 16 * 1024;
        });
        using HttpClient client = server.NewClient(version, receiveBuffer: 4096);
        using OpenStream stream = await server.OpenAsync("/texts", accept, version, client);

        // The source ends although nobody reads: the events of so many bytes do not all fit anywhere.
        await _sourceEnded.Task.OrFail("the source ends");
        List<StreamEvent> read = await ReadAllAsync(stream, accept);

        int number = 0;
        long dropped = 0;
        foreach (StreamEvent item in read)
        {
            if (item.Type == StreamEventType.Gap)
            {
                number += (int)item.Dropped;
                dropped += item.Dropped;
            }
            else
            {
                Assert.Equal(++number, int.Parse(item.Text.ToString().AsSpan(0, 6), CultureInfo.InvariantCulture));
            }
        }

        Assert.Equal(Texts, number);
        Assert.True(dropped > 0);
        await server.IsIdleAsync();
        StreamOutcome outcome = Assert.Single(_outcomes);
        Assert.Equal((StreamOutcomeReason.Completed, dropped), (outcome.Reason, outcome.Dropped));
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task MergeDeltas_ClientPauses_GetsTheSameTextInFewerEvents(string version)
    {
        await using TestServer server = await StartAsync(options =>
        {
            options.SlowClientPolicy = SlowClientPolicy.MergeDeltas;
            options.SlowClientBudgetBytes = 1024 * 1024 * 1024;
        });
        using HttpClient client = server.NewClient(version, receiveBuffer: 4096);
        using OpenStream stream = await server.OpenAsync("/texts", version: version, client: client);
        await _sourceEnded.Task.OrFail("the source ends");

        List<StreamEvent> read = await ReadAllAsync(stream, "text/event-stream");

        Assert.Equal(string.Concat(Enumerable.Range(1, Texts).Select(TextOf)), string.Concat(read.Select(item => item.Text.ToString())));
        await server.IsIdleAsync();
        StreamOutcome outcome = Assert.Single(_outcomes);
        Assert.Equal((StreamOutcomeReason.Completed, 0L), (outcome.Reason, outcome.Dropped));
        Assert.True(outcome.Merged > 0);
        Assert.Equal(Texts - outcome.Merged, read.Count);
    }

    [Fact]
    public async Task Disconnect_MoreWaitsThanTheBudget_IsBrokenOff()
    {
        await using TestServer server = await StartAsync(options =>
        {
            options.SlowClientPolicy = SlowClientPolicy.Disconnect;
            options.SlowClientBudgetBytes = 16 * 1024;
            options.WriteTimeout = Timeout.InfiniteTimeSpan;
        });
        using RawClient client = await RawClient.GetAsync(server.Http1Port, "/flood", receiveBuffer: 4096);

        await _watched.Cancelled;

        await server.IsIdleAsync();
        await Eventually.IsTrueAsync(() => !_outcomes.IsEmpty, () => "OnClosed is not called");
        Assert.Equal(StreamOutcomeReason.TooSlow, Assert.Single(_outcomes).Reason);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task MaxAge_StreamThatIsOld_IsToldToComeBack(string version)
    {
        var time = new ManualTimeProvider();
        await using TestServer server = await StartAsync(options => options.MaxAge = TimeSpan.FromHours(1), time);
        using OpenStream stream = await server.OpenAsync("/chat", version: version);
        await stream.ReadEventAsync();

        // A tenth of the age is by chance.
        time.Advance(TimeSpan.FromMinutes(53));
        Assert.Equal(1, server.Streams.Count);
        time.Advance(TimeSpan.FromMinutes(7));

        string farewell = await stream.ReadRestAsync();
        Assert.Contains("\"code\":\"expired\",\"temporary\":true", farewell, StringComparison.Ordinal);
        Assert.DoesNotContain("id:", farewell, StringComparison.Ordinal);
        await server.IsIdleAsync();
        Assert.Equal(StreamOutcomeReason.Expired, Assert.Single(_outcomes).Reason);
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    [Fact]
    public async Task MaxAge_BeforeTheHead_Gets503()
    {
        var time = new ManualTimeProvider();
        await using TestServer server = await StartAsync(
            options =>
            {
                options.MaxAge = TimeSpan.FromHours(1);
                options.CommitWindow = Timeout.InfiniteTimeSpan;
            },
            time);
        Task<Answer> getting = server.GetAsync("/silent");
        await Eventually.IsTrueAsync(() => server.Scheduler.EntryCount == 1, () => "no stream begins");

        time.Advance(TimeSpan.FromHours(1));

        Answer answer = await getting;
        Assert.Equal((503, "expired"), (answer.Status, answer.Json.GetProperty("code").GetString()));
        Assert.Contains("Retry-After", answer.Headers.Keys, StringComparer.OrdinalIgnoreCase);
    }

    /// <summary>A producer with a deadline of its own learns that it waited for the client, and goes on with what it has instead.</summary>
    [Theory]
    [InlineData("/produced", "1.1")]
    [InlineData("/opened", "1.1")]
    [InlineData("/opened", "2")]
    public async Task Deadline_ClientNeverReads_ProducerLearnsWhyItWaited(string path, string version)
    {
        var time = new ManualTimeProvider();
        await using TestServer server = await StartAsync(options => options.ChannelCapacity = 16, time);
        using RawClient client = version == "2"
            ? await RawClient.GetOverHttp2Async(server.Http2Port, path)
            : await RawClient.GetAsync(server.Http1Port, path, receiveBuffer: 4096);
        await Eventually.StandsStillAsync(() => Volatile.Read(ref _written));
        time.Advance(TimeSpan.FromSeconds(7));

        await _deadline.CancelAsync();

        SlowClientException slow = Assert.IsType<SlowClientException>(await _gaveUp.Task.OrFail("the producer gives up"));
        Assert.Equal((TimeSpan.FromSeconds(7), 16), (slow.StalledFor, slow.WaitingEvents));
        Assert.True(slow.WaitingBytes > 0);
        Assert.Equal(_deadline.Token, slow.CancellationToken);
        Assert.Empty(_outcomes);
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    /// <summary>With the token of the request, a client that leaves is no slow client.</summary>
    [Fact]
    public async Task RequestAborted_SlowClientLeaves_IsPlainlyCancelled()
    {
        await using TestServer server = await StartAsync(static _ => { });
        RawClient client = await RawClient.GetAsync(server.Http1Port, "/opened-to-the-end", receiveBuffer: 4096);
        await Eventually.StandsStillAsync(() => Volatile.Read(ref _written));

        client.Reset();

        Assert.IsNotType<SlowClientException>(await _gaveUp.Task.OrFail("the producer gives up"));
        await server.IsIdleAsync();
    }

    private async Task WriteForEverAsync(Func<StreamEvent, CancellationToken, ValueTask> write, CancellationToken deadline)
    {
        try
        {
            while (true)
            {
                await write(StreamEvent.TextDelta(TextOf(Interlocked.Increment(ref _written))), deadline);
            }
        }
        catch (OperationCanceledException cancelled)
        {
            _gaveUp.SetResult(cancelled);
        }
    }

    private async Task OpenAsync(HttpContext context, CancellationToken deadline)
    {
        await using EventStream<StreamEvent> stream = context.OpenEventStream<StreamEvent>();
        await WriteForEverAsync(stream.WriteAsync, deadline);
        await stream.CompleteAsync();
    }

    private static string TextOf(int n) => $"{n:D6} {new string('x', 200)}";

    /// <summary>More than the kernel, Kestrel and the budget hold together, and never a wait.</summary>
    private async IAsyncEnumerable<StreamEvent> TextsAsync()
    {
        for (int n = 1; n <= Texts; n++)
        {
            yield return StreamEvent.TextDelta(TextOf(n));
            await Task.Yield();
        }

        _sourceEnded.TrySetResult();
    }

    private static async Task<List<StreamEvent>> ReadAllAsync(OpenStream stream, string accept)
    {
        var read = new List<StreamEvent>();
        StreamFormat format = accept == "text/event-stream" ? StreamFormat.ServerSentEvents : StreamFormat.Ndjson;
        await foreach (StreamEvent item in StreamEventReader.ReadAsync(stream.Body, format))
        {
            read.Add(item);
        }

        return read;
    }

    private Task<TestServer> StartAsync(Action<EventStreamOptions> options, TimeProvider? time = null) => TestServer.StartAsync(
        app =>
        {
            var noted = new EventStreamResultOptions { OnClosed = _outcomes.Enqueue };
            app.MapGet("/flood", () => TypedResults.Extensions.EventStream(_watched.ThenTicksForEver(), noted));
            app.MapGet("/chat", () => TypedResults.Extensions.EventStream(_watched.ThenSilence([StreamEvent.TextDelta("Hi")]), noted));
            app.MapGet("/texts", () => TypedResults.Extensions.EventStream(TextsAsync(), noted));
            app.MapGet("/produced", () => TypedResults.Extensions.EventStream<StreamEvent>((writer, _) => WriteForEverAsync(writer.WriteAsync, _deadline.Token), noted));
            app.MapGet("/opened", context => OpenAsync(context, _deadline.Token));
            app.MapGet("/opened-to-the-end", context => OpenAsync(context, context.RequestAborted));
            app.MapGet("/silent", () => TypedResults.Extensions.EventStream(_watched.ThenSilence<Tick>([]), noted));
        },
        services => services.AddSingleton(time ?? TimeProvider.System),
        all =>
        {
            all.KeepAliveInterval = TimeSpan.Zero;
            options(all);
        });
}

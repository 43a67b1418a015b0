using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Gai.Pipelines.Hosting;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.FunctionalTests.Hosting;

/// <summary>What an operator sees of streams: figures and activities.</summary>
public sealed class TelemetryTests : IDisposable
{
    private readonly ManualTimeProvider _time = new();
    private readonly Watched _watched = new();
    private readonly ConcurrentQueue<bool> _disabled = new();
    private readonly TaskCompletionSource _mayReturn = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>A source that a failed test has left behind would be found by all others.</summary>
    public void Dispose() => _mayReturn.TrySetResult();

    /// <summary>Who listens to figures is the application's, and has no part in how a response ends.</summary>
    [Fact]
    public async Task End_ListenerToDurationsThrows_StreamEndsAsItDoes()
    {
        int closed = 0;
        await using TestServer server = await TestServer.StartAsync(app =>
            app.MapGet("/ticks", () => TypedResults.Extensions.EventStream(Sources.Ticks(3), new EventStreamResultOptions { OnClosed = _ => closed++ })));
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, server.App.Services.GetRequiredService<IMeterFactory>()) && instrument.Name == "gai.stream.duration")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<double>(static (_, _, _, _) => throw new InvalidOperationException("Deaf."));
        listener.Start();

        Answer answer = await server.GetAsync("/ticks");

        Assert.Equal((200, 1), (answer.Status, closed));
        Assert.Contains(server.Logs.Ours, entry => entry.Name == "SourceDisposalFailed");
    }


    [Theory]
    [InlineData("/ok", "completed")]
    [InlineData("/gai-after", "source_failed")]
    [InlineData("/plain-after", "source_failed")]
    [InlineData("/before", "source_failed")]
    public async Task Stream_Ends_DurationSaysHow(string path, string outcome)
    {
        await using TestServer server = await StartAsync();
        using Measurements measured = Listen(server);
        using (OpenStream stream = await server.OpenAsync(path))
        {
            await Record.ExceptionAsync(stream.ReadRestAsync);
        }

        await Eventually.IsTrueAsync(() => measured.Of("gai.stream.duration").Length > 0, () => "nothing is measured");
        Assert.Equal($"gai.stream.outcome={outcome} http.route={path}", Assert.Single(measured.TagsOf("gai.stream.duration")));
        Assert.Equal("s", measured.Units["gai.stream.duration"]);
    }

    /// <summary>The other ways to end, all of them the server's doing.</summary>
    [Theory]
    [InlineData("/idle", "drained")]
    [InlineData("/aging", "expired")]
    [InlineData("/ticket", "unauthorized")]
    [InlineData("/flood", "too_slow")]
    public async Task Stream_IsEnded_DurationSaysHow(string path, string outcome)
    {
        await using TestServer server = await StartAsync();
        using Measurements measured = Listen(server);
        using RawClient client = await RawClient.GetAsync(server.Http1Port, path, receiveBuffer: 4096);
        await Eventually.IsTrueAsync(() => _watched.IsStarted && server.Streams.Count == 1, () => "no stream begins");
        if (outcome == "drained")
        {
            server.Drain();
        }
        else if (outcome == "too_slow")
        {
            await Eventually.StandsStillAsync(() => _watched.Given);
        }

        _time.Advance(TimeSpan.FromMinutes(2));

        await Eventually.IsTrueAsync(() => measured.Of("gai.stream.duration").Length > 0, () => "nothing is measured");
        Assert.Equal($"gai.stream.outcome={outcome} http.route={path}", Assert.Single(measured.TagsOf("gai.stream.duration")));
    }

    [Fact]
    public async Task Source_IgnoresItsCancellation_IsCountedUntilItReturns()
    {
        await using TestServer server = await StartAsync();
        using Measurements measured = Listen(server);
        OpenStream stream = await server.OpenAsync("/stubborn");
        await stream.ReadEventAsync();
        stream.Dispose();
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(5)).OrFail();
        _time.Advance(TimeSpan.FromSeconds(5));
        await Eventually.IsTrueAsync(() => server.Streams.Count == 0, () => "the stream does not end");

        // Those of tests that run beside this one are counted as well.
        Assert.True(Detached() >= 1);
        _mayReturn.SetResult();
        await Eventually.IsTrueAsync(() => Detached() == 0, () => $"{Detached()} sources are still counted");
        Assert.Equal("{source}", measured.Units["gai.stream.detached_sources"]);

        double Detached()
        {
            measured.Observe();
            return measured.Of("gai.stream.detached_sources")[^1];
        }
    }

    [Fact]
    public async Task Stream_IsOpen_IsCountedAndItsTimeMeasured()
    {
        await using TestServer server = await StartAsync();
        using Measurements measured = Listen(server);
        OpenStream stream = await server.OpenAsync("/idle");
        await stream.ReadEventAsync();
        measured.Observe();
        _time.Advance(TimeSpan.FromSeconds(5));

        stream.Dispose();
        await server.IsIdleAsync();
        measured.Observe();

        Assert.Equal([1, 0], measured.Of("gai.stream.active"));
        await Eventually.IsTrueAsync(() => measured.Of("gai.stream.duration").Length > 0, () => "nothing is measured");
        Assert.Equal([5], measured.Of("gai.stream.duration"));
        Assert.Equal("gai.stream.outcome=client_gone http.route=/idle", Assert.Single(measured.TagsOf("gai.stream.duration")));
        Assert.Equal(1, measured.Of("gai.stream.events").Sum());
    }

    [Fact]
    public async Task Stream_IsRefused_IsCountedByStatus()
    {
        await using TestServer server = await StartAsync();
        using Measurements measured = Listen(server);

        await server.GetAsync("/ok", "image/png");
        await server.GetAsync("/ok", lastEventId: "gai.done");
        server.Drain();
        await server.GetAsync("/ok");

        Assert.Contains("http.response.status_code=204", measured.TagsOf("gai.stream.refused"));
        Assert.Contains("http.response.status_code=406", measured.TagsOf("gai.stream.refused"));
        Assert.Contains("http.response.status_code=503", measured.TagsOf("gai.stream.refused"));
        Assert.Empty(measured.Of("gai.stream.duration"));
    }

    /// <summary>Streams that last for minutes must not be in the durations of requests; answers that are no streams must.</summary>
    [Theory]
    [InlineData("/ok", null, true)]
    [InlineData("/plain-after", null, true)]
    [InlineData("/ok", "application/json", false)]
    [InlineData("/before", null, false)]
    [InlineData("/none", null, false)]
    public async Task RequestDuration_OnlyOfStreams_IsLeftOut(string path, string? accept, bool isLeftOut)
    {
        await using TestServer server = await StartAsync();
        using Measurements measured = Listen(server);
        using (OpenStream stream = await server.OpenAsync(path, accept))
        {
            await Record.ExceptionAsync(stream.ReadRestAsync);
        }

        await Eventually.IsTrueAsync(() => !_disabled.IsEmpty, () => "the request does not end");
        Assert.Equal(isLeftOut, Assert.Single(_disabled));
    }

    [Theory]
    [InlineData("/ok", "completed", ActivityStatusCode.Unset)]
    [InlineData("/gai-after", "source_failed", ActivityStatusCode.Error)]
    public async Task Stream_SomebodyListens_IsOneActivityAroundItsSource(string path, string outcome, ActivityStatusCode status)
    {
        var ended = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "Gai.Pipelines",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = ended.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        await using TestServer server = await StartAsync();
        ActivityTraceId trace = ActivityTraceId.CreateRandom();
        HttpRequestMessage request = TestServer.Get(path);
        request.Headers.Add("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01");

        await server.SendAsync(request);

        // Other tests run beside this one and have activities of their own.
        await Eventually.IsTrueAsync(() => ended.Any(one => one.TraceId == trace), () => "no activity ends");
        Activity activity = Assert.Single(ended, one => one.TraceId == trace);
        Assert.Equal(("gai.stream", status), (activity.OperationName, activity.Status));
        Assert.Equal(outcome, activity.GetTagItem("gai.stream.outcome"));
        Assert.Equal(path, activity.GetTagItem("http.route"));
        Assert.Equal("text/event-stream", activity.GetTagItem("gai.stream.format"));
        Assert.Equal(1L, activity.GetTagItem("gai.stream.events"));
        Assert.Equal(activity.SpanId, _inSource);
    }

    private ActivitySpanId? _inSource;

    private async IAsyncEnumerable<Tick> StubbornAsync()
    {
        yield return new Tick(1);
        await _mayReturn.Task;
    }

    private async IAsyncEnumerable<StreamEvent> SourceAsync(Exception? failure)
    {
        _inSource = Activity.Current?.SpanId;
        yield return StreamEvent.TextDelta("Hi");
        await Task.Yield();
        if (failure is not null)
        {
            throw failure;
        }
    }

    private static Measurements Listen(TestServer server) => new(server.App.Services.GetRequiredService<IMeterFactory>());

    private Task<TestServer> StartAsync() => TestServer.StartAsync(
        app =>
        {
            var failure = new InvalidOperationException("secret");
            app.Use(async (context, next) =>
            {
                try
                {
                    await next(context);
                }
                finally
                {
                    _disabled.Enqueue(context.Features.Get<IHttpMetricsTagsFeature>()?.MetricsDisabled == true);
                }
            });
            app.MapGet("/ok", () => TypedResults.Extensions.EventStream(SourceAsync(null)));
            app.MapGet("/gai-after", () => TypedResults.Extensions.EventStream(SourceAsync(failure)));
            app.MapGet("/plain-after", () => TypedResults.Extensions.EventStream(Sources.TicksThen(1, failure)));
            app.MapGet("/before", () => TypedResults.Extensions.EventStream(Sources.TicksThen(0, failure)));
            app.MapGet("/idle", () => TypedResults.Extensions.EventStream(_watched.ThenSilence<Tick>([new(1)])));
            app.MapGet("/aging", () => TypedResults.Extensions.EventStream(_watched.ThenSilence<Tick>([new(1)])))
                .WithEventStreamOptions(options => options.MaxAge = TimeSpan.FromMinutes(1));
            app.MapGet("/ticket", () => TypedResults.Extensions.EventStream(_watched.ThenSilence<Tick>([new(1)])))
                .WithEventStreamOptions(options => options.MayGoOn = static _ => new(false));
            app.MapGet("/flood", () => TypedResults.Extensions.EventStream(_watched.ThenTicksForEver()));
            app.MapGet("/stubborn", () => TypedResults.Extensions.EventStream(StubbornAsync()));
            app.MapGet("/none", () => "Hi");
        },
        services => services.AddSingleton<TimeProvider>(_time));
}

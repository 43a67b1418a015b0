using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Threading.Channels;
using Gai.Pipelines.FunctionalTests.Resuming;
using Gai.Pipelines.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.FunctionalTests.Hosting;

/// <summary>What fails before a stream has begun: its source is closed all the same, and nothing of it is left.</summary>
public sealed class BeginningTests
{
    private readonly Channel<Tick> _channel = Channel.CreateBounded<Tick>(1);
    private readonly ConcurrentQueue<StreamOutcome> _outcomes = new();

    [Theory]
    [InlineData("/unknown")]
    [InlineData("/unknown-resumable")]
    public async Task Begin_TypeIsUnknownToTheSerializer_ClosesTheSource(string path)
    {
        Channel<Unknown> channel = Channel.CreateBounded<Unknown>(1);
        EventStreamResult<Unknown> Result() => TypedResults.Extensions.EventStream(channel, new EventStreamResultOptions { OnClosed = _outcomes.Enqueue });
        await using TestServer server = await TestServer.StartAsync(
            app =>
            {
                app.MapGet("/unknown", Result);
                app.MapGet("/unknown-resumable", Result).Resumable();
            },
            services => services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolver = TestJson.Default));

        Answer answer = await server.GetAsync(path);

        Assert.Equal(500, answer.Status);
        Assert.False(channel.Writer.TryWrite(new Unknown()));
        Assert.Equal(StreamOutcomeReason.SourceFailed, Assert.Single(_outcomes).Reason);
        Assert.Contains(nameof(Unknown), Assert.Single(server.Logs.WarningsAndErrors).Exception!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("activity")]
    [InlineData("buffering")]
    public async Task Begin_WhatTheApplicationAddsThrows_ClosesTheSourceAndLeavesNoWatch(string what)
    {
        await using TestServer server = await StartAsync(what);
        ActivityTraceId trace = ActivityTraceId.CreateRandom();
        using ActivityListener? listener = what == "activity" ? ListenAndThrow(trace) : null;

        Answer answer = await server.SendAsync(Request("/watched", trace));

        Assert.Equal((500, "application/problem+json"), (answer.Status, answer.ContentType));
        Assert.DoesNotContain("secret", answer.Body, StringComparison.Ordinal);
        Assert.False(_channel.Writer.TryWrite(new Tick(1)));
        Assert.Equal(StreamOutcomeReason.SourceFailed, Assert.Single(_outcomes).Reason);
        Assert.Equal(0, server.Scheduler.EntryCount);
        Assert.Equal("secret", Assert.Single(server.Logs.WarningsAndErrors).Exception!.Message);
        await server.IsIdleAsync();
    }

    [Theory]
    [InlineData("activity")]
    [InlineData("buffering")]
    public async Task Begin_WhatTheApplicationAddsThrows_LeavesTheLog(string what)
    {
        await using TestServer server = await StartAsync(what);
        ActivityTraceId trace = ActivityTraceId.CreateRandom();
        using ActivityListener? listener = what == "activity" ? ListenAndThrow(trace) : null;

        Answer answer = await server.SendAsync(Request("/resumable", trace));

        Assert.Equal(500, answer.Status);
        Assert.Equal((1, 0), (ResumeServer.LogsOf(server).Count, ResumeServer.LogsOf(server).Sum().Cursors));
    }

    private static HttpRequestMessage Request(string path, ActivityTraceId trace)
    {
        HttpRequestMessage request = TestServer.Get(path);
        request.Headers.Add("traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom()}-01");
        return request;
    }

    /// <summary>Throws at the start of our activity, and not of those of the tests that run beside this one.</summary>
    private static ActivityListener ListenAndThrow(ActivityTraceId trace)
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "Gai.Pipelines",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStarted = activity =>
            {
                if (activity.TraceId == trace)
                {
                    throw new InvalidOperationException("secret");
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private Task<TestServer> StartAsync(string what) => TestServer.StartAsync(
        app =>
        {
            app.Use((context, next) =>
            {
                if (what == "buffering")
                {
                    context.Features.Set<IHttpResponseBodyFeature>(new BufferingBody(context.Features.GetRequiredFeature<IHttpResponseBodyFeature>()));
                }

                return next(context);
            });
            app.MapGet("/watched", () => TypedResults.Extensions.EventStream(_channel, new EventStreamResultOptions { OnClosed = _outcomes.Enqueue }))
                .WithEventStreamOptions(options => options.MayGoOn = static _ => new(true));
            app.MapGet("/resumable", () => TypedResults.Extensions.EventStream(_channel)).Resumable();
        });

    private sealed record Unknown;

    /// <summary>A body that cannot be sent unbuffered.</summary>
    private sealed class BufferingBody(IHttpResponseBodyFeature body) : IHttpResponseBodyFeature
    {
        public Stream Stream => body.Stream;

        public PipeWriter Writer => body.Writer;

        public void DisableBuffering() => throw new InvalidOperationException("secret");

        public Task StartAsync(CancellationToken cancellationToken = default) => body.StartAsync(cancellationToken);

        public Task SendFileAsync(string path, long offset, long? count, CancellationToken cancellationToken = default) =>
            body.SendFileAsync(path, offset, count, cancellationToken);

        public Task CompleteAsync() => body.CompleteAsync();
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using Gai.Pipelines.Hosting;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gai.Pipelines.FunctionalTests.Resuming;

/// <summary>How long a producer goes on, and what it may use until then.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "The stream that reads the source closes it.")]
public sealed class LifeTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly ManualSequence<Tick> _source = new();

    [Fact]
    public async Task Leave_InMidStream_ProducerGoesOnAndTheClientResumes()
    {
        await using TestServer server = await StartAsync();
        string id = await BeginAndLeaveAsync(server);
        _source.Push(new Tick(2), new Tick(3)).End();

        Answer rest = await ResumeServer.GetAsync(server, "/ticks", lastEventId: id);

        Assert.Equal(["{\"n\":2}", "{\"n\":3}"], DataOf(rest.Body));
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    [Fact]
    public async Task Produce_WhatFlowsWithTheRequest_IsItsCultureAndALinkToItsActivity()
    {
        var ended = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == "Gai.Pipelines",
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = ended.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        ActivityContext request = default;
        var seen = new ConcurrentQueue<(string Culture, string UICulture, HttpContext? Request, ActivityContext? Activity)>();
        await using TestServer server = await ResumeServer.StartAsync(
            app =>
            {
                app.Use((context, next) =>
                {
                    CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("hr-HR");
                    CultureInfo.CurrentUICulture = CultureInfo.GetCultureInfo("it-IT");
                    request = Activity.Current!.Context;
                    return next(context);
                });
                app.MapEventStream("/ticks", context => SourceAsync(context.RequestServices.GetRequiredService<IHttpContextAccessor>())).Resumable();
            },
            services => services.AddHttpContextAccessor());
        using (OpenStream stream = await ResumeServer.OpenAsync(server, "/ticks"))
        {
            await ResumeServer.ReadDataAsync(stream);
        }

        _source.Push(new Tick(2)).End();

        await Eventually.IsTrueAsync(() => Produced().Length == 1, () => "no activity ends");
        Activity produced = Produced()[0];
        Assert.NotEqual(request.TraceId, produced.TraceId);
        Assert.Null(produced.ParentId);
        Assert.Equal(("completed", 2L), (produced.GetTagItem("gai.stream.outcome"), produced.GetTagItem("gai.stream.events")));
        Assert.Equal(Enumerable.Repeat(("hr-HR", "it-IT", (HttpContext?)null, (ActivityContext?)produced.Context), 3), seen);

        Activity[] Produced() => [.. ended.Where(one => one.OperationName == "gai.produce" && one.Links.Any(link => link.Context == request))];

        async IAsyncEnumerable<Tick> SourceAsync(IHttpContextAccessor accessor)
        {
            See();
            yield return new Tick(1);
            See();
            await foreach (Tick tick in _source)
            {
                See();
                yield return tick;
            }

            void See() => seen.Enqueue((CultureInfo.CurrentCulture.Name, CultureInfo.CurrentUICulture.Name, accessor.HttpContext, Activity.Current?.Context));
        }
    }

    [Fact]
    public async Task Leave_NobodyComesBack_ProducerIsCancelledAfterAbandonAfter()
    {
        await using TestServer server = await StartAsync(services => services.AddSingleton<TimeProvider>(_time));
        string id = await BeginAndLeaveAsync(server);
        await Eventually.IsTrueAsync(() => server.Streams.Count == 0, () => "the client has not left");

        _time.Advance(TimeSpan.FromSeconds(119));
        await Task.Yield();
        Assert.False(_source.IsDisposed);
        await PassUntilAsync(() => _source.IsDisposed);

        Answer late = await ResumeServer.GetAsync(server, "/ticks", lastEventId: id);
        Assert.Equal((410, "cancelled"), (late.Status, late.Json.GetProperty("code").GetString()));
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    [Fact]
    public async Task Leave_SecondReaderFollowsAlong_ProducerGoesOn()
    {
        await using TestServer server = await StartAsync(services => services.AddSingleton<TimeProvider>(_time));
        _source.Push(new Tick(1));
        OpenStream first = await ResumeServer.OpenAsync(server, "/ticks");
        await ResumeServer.ReadDataAsync(first);
        using OpenStream second = await ResumeServer.OpenAsync(server, $"/ticks?streamId={ResumeServer.StreamIdOf(first)}");
        first.Dispose();
        await Eventually.IsTrueAsync(() => server.Streams.Count == 1, () => "the first has not left");

        for (int i = 0; i < 10; i++)
        {
            _time.Advance(TimeSpan.FromMinutes(1));
        }

        _source.Push(new Tick(2)).End();
        Assert.Equal(["{\"n\":1}", "{\"n\":2}"], DataOf(await second.ReadRestAsync().OrFail("the rest")));
    }

    [Fact]
    public async Task Resume_CopyIsGivenUpWhileMayReadIsAsked_FindsTheLogAgain()
    {
        var isAsked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var mayRead = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        ILogStore store = ResumeServer.NewSharedStore();
        await using TestServer producing = await ResumeServer.StartAsync(app => app.MapEventStream("/ticks", _ => _source).Resumable(), store: store);
        await using TestServer reading = await ResumeServer.StartAsync(
            app => app.MapEventStream("/ticks", _ => _source).Resumable(resumable => resumable.MayRead = async (_, _) =>
            {
                isAsked.TrySetResult();
                return await mayRead.Task;
            }),
            services => services.AddSingleton<TimeProvider>(_time),
            store: store);
        string id = await BeginAndLeaveAsync(producing);
        Task<Answer> resuming = ResumeServer.GetAsync(reading, "/ticks", lastEventId: id);
        await isAsked.Task.OrFail("MayRead is asked");
        await PassUntilAsync(() => ResumeServer.LogsOf(reading).Count == 0, TimeSpan.FromSeconds(10));
        _source.Push(new Tick(2)).End();

        mayRead.SetResult(true);

        Answer rest = await resuming;
        Assert.Equal(200, rest.Status);
        Assert.Equal(["{\"n\":2}"], DataOf(rest.Body));
        Assert.Empty(reading.Logs.WarningsAndErrors);
    }

    [Theory]
    [InlineData("streamId")]
    [InlineData("lastEventId")]
    public async Task Delete_ById_CancelsTheProducerAndTellsReaders(string by)
    {
        await using TestServer server = await ResumeServer.StartAsync(app =>
            app.MapGet("/texts", () => TypedResults.Extensions.EventStream(TextsAsync())).Resumable());
        _source.Push(new Tick(1));
        using OpenStream stream = await ResumeServer.OpenAsync(server, "/texts");
        string streamId = ResumeServer.StreamIdOf(stream);
        string id = ResumeServer.IdOf(await ResumeServer.ReadDataAsync(stream));

        Answer deleted = await ResumeServer.DeleteAsync(server, $"/texts?{by}={(by == "streamId" ? streamId : id)}");
        string rest = await stream.ReadRestAsync().OrFail("the end of the stream");
        Answer again = await ResumeServer.DeleteAsync(server, $"/texts?streamId={streamId}");

        Assert.Equal((204, 204), (deleted.Status, again.Status));
        Assert.Contains("\"code\":\"cancelled\"", rest, StringComparison.Ordinal);
        await _source.Disposed;

        async IAsyncEnumerable<StreamEvent> TextsAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await foreach (Tick tick in _source.WithCancellation(cancellationToken))
            {
                yield return StreamEvent.TextDelta($"{tick.N}");
            }
        }
    }

    /// <summary>A plain stream has no record that says so: it is a status, and one with which an <c>EventSource</c> stays away.</summary>
    [Fact]
    public async Task Resume_PlainStreamThatWasCancelled_Is410AndNoErrorOfTheServers()
    {
        await using TestServer server = await StartAsync();
        string id = await BeginAndLeaveAsync(server);

        Assert.Equal(204, (await ResumeServer.DeleteAsync(server, "/ticks", lastEventId: id)).Status);
        await _source.Disposed;
        Answer late = await ResumeServer.GetAsync(server, "/ticks", lastEventId: id);

        Assert.Equal((410, "cancelled"), (late.Status, late.Json.GetProperty("code").GetString()));
        Assert.Empty(server.Logs.WarningsAndErrors);
        Assert.Contains(server.Logs.Ours, entry => (entry.Level, entry.Name) == (LogLevel.Debug, "StreamRefused"));
    }

    [Fact]
    public async Task Delete_ByKey_CancelsAndFreesNothingElse()
    {
        await using TestServer server = await StartAsync(key: context => (string?)context.Request.Query["job"]);
        _source.Push(new Tick(1));
        using OpenStream stream = await ResumeServer.OpenAsync(server, "/ticks?job=17");
        await ResumeServer.ReadDataAsync(stream);

        Assert.Equal(404, (await ResumeServer.DeleteAsync(server, "/ticks?job=18")).Status);
        Assert.False(_source.IsDisposed);
        Assert.Equal(204, (await ResumeServer.DeleteAsync(server, "/ticks?job=17")).Status);
        await _source.Disposed;
    }

    /// <summary>A key may be what a caller is allowed: an id of another one is refused to read, and so it is to cancel.</summary>
    [Fact]
    public async Task Delete_IdOfAnotherKey_CancelsNothing()
    {
        await using TestServer server = await StartAsync(key: context => (string?)context.Request.Query["job"]);
        _source.Push(new Tick(1));
        using OpenStream stream = await ResumeServer.OpenAsync(server, "/ticks?job=17");
        await ResumeServer.ReadDataAsync(stream);

        Assert.Equal(404, (await ResumeServer.DeleteAsync(server, $"/ticks?job=18&streamId={ResumeServer.StreamIdOf(stream)}")).Status);

        _source.Push(new Tick(2));
        Assert.Contains("{\"n\":2}", await ResumeServer.ReadDataAsync(stream), StringComparison.Ordinal);
    }

    /// <summary>It may be of a generation that has expired, and whoever names that one knows nothing of the next.</summary>
    [Fact]
    public async Task Delete_IdOfAnUnknownStreamAndAKey_CancelsNothing()
    {
        await using TestServer server = await StartAsync(key: context => (string?)context.Request.Query["job"]);
        _source.Push(new Tick(1));
        using OpenStream stream = await ResumeServer.OpenAsync(server, "/ticks?job=17");
        await ResumeServer.ReadDataAsync(stream);

        Answer answer = await ResumeServer.DeleteAsync(server, "/ticks?job=17", lastEventId: new LogPosition(LogId.New(), 1).ToString());

        Assert.Equal(404, answer.Status);
        _source.Push(new Tick(2));
        Assert.Contains("{\"n\":2}", await ResumeServer.ReadDataAsync(stream), StringComparison.Ordinal);
    }

    /// <summary>For routing both would answer the DELETE as gladly.</summary>
    [Fact]
    public async Task Delete_TwoEndpointsOfOneNameOnOneRoute_OneOfThemAnswers()
    {
        await using TestServer server = await ResumeServer.StartAsync(app =>
        {
            app.MapPost("/ticks", () => TypedResults.Extensions.EventStream(_source)).Resumable(Shared);
            app.MapGet("/ticks", () => TypedResults.Extensions.EventStream(_source)).Resumable(Shared);
        });
        _source.Push(new Tick(1));
        using OpenStream stream = await ResumeServer.OpenAsync(server, "/ticks?job=17");
        await ResumeServer.ReadDataAsync(stream);

        Assert.Equal(204, (await ResumeServer.DeleteAsync(server, "/ticks?job=17")).Status);
        await _source.Disposed;

        static void Shared(ResumableOptions options)
        {
            options.Name = "ticks";
            options.Key = context => (string?)context.Request.Query["job"];
        }
    }

    [Fact]
    public async Task Cancel_ByTheApplication_EndsTheProducer()
    {
        await using TestServer server = await StartAsync(key: context => (string?)context.Request.Query["job"]);
        _source.Push(new Tick(1));
        using OpenStream stream = await ResumeServer.OpenAsync(server, "/ticks?job=17", "ann");
        await ResumeServer.ReadDataAsync(stream);
        StreamLogs logs = ResumeServer.LogsOf(server);

        Assert.False(await logs.CancelAsync(ResumableKey.Of("/ticks", "17", "bob")));
        Assert.True(await logs.CancelAsync(ResumableKey.Of("/ticks", "17", "ann")));
        await _source.Disposed;
    }

    [Fact]
    public async Task Handler_TokenAndServices_LastAsLongAsTheProducer()
    {
        CancellationToken token = default;
        Scoped? scoped = null;
        await using TestServer server = await ResumeServer.StartAsync(
            app => app.MapGet("/ticks", (HttpContext context, Scoped service, CancellationToken cancellationToken) =>
            {
                token = cancellationToken;
                scoped = service;
                return TypedResults.Extensions.EventStream(_source);
            }).Resumable(),
            services => services.AddScoped<Scoped>());
        await BeginAndLeaveAsync(server);
        await Eventually.IsTrueAsync(() => server.Streams.Count == 0, () => "the client has not left");

        Assert.False(token.IsCancellationRequested);
        Assert.False(scoped!.IsDisposed);
        _source.End();

        await Eventually.IsTrueAsync(() => scoped.IsDisposed && token.IsCancellationRequested, () => "the scope is not disposed of, or the token not cancelled");
    }

    [Fact]
    public async Task Handler_ClientHasLeftMeanwhile_NothingBegins()
    {
        var isRunning = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var hasLeft = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var isOver = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TestServer server = await ResumeServer.StartAsync(app =>
        {
            app.Use(async (context, next) =>
            {
                using CancellationTokenRegistration leaving = context.RequestAborted.Register(hasLeft.SetResult);
                try
                {
                    await next(context);
                }
                finally
                {
                    isOver.SetResult();
                }
            });
            app.MapGet("/ticks", async () =>
            {
                isRunning.SetResult();
                await hasLeft.Task;
                return TypedResults.Extensions.EventStream(_source);
            }).Resumable();
        });
        using var client = new CancellationTokenSource();
        Task<HttpResponseMessage> asking = server.Client("1.1").SendAsync(ResumeServer.Request(HttpMethod.Get, "/ticks"), client.Token);
        await isRunning.Task.OrFail("the handler runs");

        await client.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        await isOver.Task.OrFail("the request is over");

        Assert.Equal(0, ResumeServer.LogsOf(server).Count);
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    [Fact]
    public async Task Handler_GivesASourceThatIsNotNeeded_ItsServicesAreDisposedOf()
    {
        var scopes = new List<Scoped>();
        var bothAreIn = new Barrier(2);
        await using TestServer server = await ResumeServer.StartAsync(
            app => app.MapGet("/ticks", (Scoped service) =>
            {
                lock (scopes)
                {
                    scopes.Add(service);
                }

                Assert.True(bothAreIn.SignalAndWait(TimeSpan.FromSeconds(20)));
                return TypedResults.Extensions.EventStream(Sources.Ticks(2));
            }).Resumable(resumable => resumable.Key = _ => "one"),
            services => services.AddScoped<Scoped>());

        Answer[] answers = await Task.WhenAll(ResumeServer.GetAsync(server, "/ticks"), ResumeServer.GetAsync(server, "/ticks"));

        Assert.Equal(answers[0].Body, answers[1].Body);
        Assert.Equal(2, scopes.Count);
        await Eventually.IsTrueAsync(() => scopes.TrueForAll(scope => scope.IsDisposed), () => "a scope is not disposed of");
    }

    [Fact]
    public async Task OpenEventStream_OnAResumableEndpoint_IsRefusedWithAHint()
    {
        await using TestServer server = await ResumeServer.StartAsync(app => app.MapGet("/ticks", async (HttpContext context) =>
        {
            await using EventStream<Tick> stream = context.OpenEventStream<Tick>();
            await stream.CompleteAsync();
        }).Resumable());

        Assert.Equal(500, (await ResumeServer.GetAsync(server, "/ticks")).Status);
        Assert.Contains(server.Logs.WarningsAndErrors, entry => entry.Exception?.Message.Contains("Return TypedResults", StringComparison.Ordinal) == true);
    }

    private static string[] DataOf(string body) =>
        [.. body.Split('\n').Where(line => line.StartsWith("data: ", StringComparison.Ordinal)).Select(line => line["data: ".Length..])];

    private Task<TestServer> StartAsync(Action<IServiceCollection>? services = null, Func<HttpContext, string?>? key = null) =>
        ResumeServer.StartAsync(app => app.MapEventStream("/ticks", _ => _source).Resumable(resumable => resumable.Key = key), services);

    private async Task<string> BeginAndLeaveAsync(TestServer server)
    {
        _source.Push(new Tick(1));
        using OpenStream stream = await ResumeServer.OpenAsync(server, "/ticks");
        return ResumeServer.IdOf(await ResumeServer.ReadDataAsync(stream));
    }

    private Task PassUntilAsync(Func<bool> condition, TimeSpan? step = null) => Eventually.IsTrueAsync(
        () =>
        {
            _time.Advance(step ?? TimeSpan.FromMilliseconds(200));
            return condition();
        },
        () => "it does not come");

    private sealed class Scoped : IDisposable
    {
        public bool IsDisposed { get; private set; }

        public void Dispose() => IsDisposed = true;
    }
}

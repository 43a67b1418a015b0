using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Gai.Pipelines.Hosting;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.FunctionalTests.Resuming;

/// <summary>One key, one producer.</summary>
public sealed class OnceTests
{
    [Fact]
    public async Task Get_SameKeyAtTheSameMomentAThousandTimes_AlwaysOneProducer()
    {
        const int Keys = 1_000;
        int[] runs = new int[Keys];
        await using TestServer server = await ResumeServer.StartAsync(app => Map(app, runs));

        for (int key = 0; key < Keys; key++)
        {
            Answer[] answers = await Task.WhenAll(
                ResumeServer.GetAsync(server, $"/runs/{key}"),
                server.SendAsync(ResumeServer.Request(HttpMethod.Get, $"/runs/{key}"), "2")).OrFail($"both answers to {key}");

            Assert.Equal((200, 200), (answers[0].Status, answers[1].Status));
            Assert.Equal(answers[0].Headers["stream-id"], answers[1].Headers["stream-id"]);
            Assert.Equal(answers[0].Body, answers[1].Body);
            Assert.Equal(1, Volatile.Read(ref runs[key]));
        }
    }

    [Fact]
    public async Task Get_SameKeyAtTwoServersAtTheSameMoment_AlwaysOneProducer()
    {
        const int Keys = 100;
        int[] runs = new int[Keys];
        ILogStore store = ResumeServer.NewSharedStore();
        await using TestServer one = await ResumeServer.StartAsync(app => Map(app, runs), store: store);
        await using TestServer other = await ResumeServer.StartAsync(app => Map(app, runs), store: store);

        for (int key = 0; key < Keys; key++)
        {
            Answer[] answers = await Task.WhenAll(
                ResumeServer.GetAsync(one, $"/runs/{key}"), ResumeServer.GetAsync(other, $"/runs/{key}")).OrFail($"both answers to {key}");

            Assert.Equal((200, 200), (answers[0].Status, answers[1].Status));
            Assert.Equal(answers[0].Body, answers[1].Body);
            Assert.Equal(1, Volatile.Read(ref runs[key]));
        }
    }

    [Fact]
    public async Task Get_WithoutKey_EachIsAStreamOfItsOwn()
    {
        int runs = 0;
        await using TestServer server = await ResumeServer.StartAsync(app => app.MapEventStream("/ticks", _ =>
        {
            Interlocked.Increment(ref runs);
            return Sources.Ticks(2);
        }).Resumable());

        Answer first = await ResumeServer.GetAsync(server, "/ticks");
        Answer second = await ResumeServer.GetAsync(server, "/ticks");

        Assert.Equal(2, runs);
        Assert.NotEqual(first.Headers["stream-id"], second.Headers["stream-id"]);
        Assert.Equal(LogId.TextLength, first.Headers["stream-id"].Length);
    }

    [Fact]
    public async Task Get_MoreProducersThanTheEndpointTakes_IsRefusedUntilOneEnds()
    {
        var source = new ManualSequence<Tick>();
        await using TestServer server = await ResumeServer.StartAsync(app =>
            app.MapGet("/ticks/{key}", (string key) => TypedResults.Extensions.EventStream(key == "a" ? source : Sources.Ticks(1)))
                .Resumable(resumable =>
                {
                    resumable.Key = context => (string?)context.Request.RouteValues["key"];
                    resumable.MaxProducers = 1;
                }));
        source.Push(new Tick(1));
        using (OpenStream stream = await ResumeServer.OpenAsync(server, "/ticks/a"))
        {
            await ResumeServer.ReadDataAsync(stream);
        }

        // Its client has left, and it is produced all the same.
        using var measured = new Measurements(server.App.Services.GetRequiredService<IMeterFactory>());
        Answer refused = await ResumeServer.GetAsync(server, "/ticks/b");
        Assert.Equal(["http.response.status_code=503"], measured.TagsOf("gai.stream.refused"));
        source.End();
        await Eventually.IsTrueAsync(() => source.IsDisposed, () => "the first does not end");
        Answer taken = new(new HttpResponseMessage(), string.Empty);
        while (taken.Status != 200 || taken.Body.Length == 0)
        {
            taken = await ResumeServer.GetAsync(server, "/ticks/b").OrFail("a free place");
        }

        Assert.Equal((503, "overloaded"), (refused.Status, refused.Json.GetProperty("code").GetString()));
        Assert.Contains("retry-after", refused.Headers.Keys);
    }

    [Fact]
    public async Task Get_DialectCannotBeMade_TakesNoPlaceOfAProducer()
    {
        bool fails = true;
        DialectFactory<Tick> plain = Dialects.Plain(TestJson.Default.Tick);
        var dialects = new DialectFactory<Tick>(context => fails ? throw new FormatException() : plain.Create(context));
        await using TestServer server = await ResumeServer.StartAsync(app =>
            app.MapGet("/ticks", () => TypedResults.Extensions.EventStream(StreamSource.From(Sources.Ticks(1)), dialects)).Resumable(resumable => resumable.MaxProducers = 1));

        Answer failed = await ResumeServer.GetAsync(server, "/ticks");
        fails = false;
        Answer taken = await ResumeServer.GetAsync(server, "/ticks");

        Assert.Equal((500, 200), (failed.Status, taken.Status));
    }

    /// <summary>One writes the log, and each response has one of its own.</summary>
    [Fact]
    public async Task Get_DialectOfTheApplication_IsThatOfEveryResponse()
    {
        int made = 0;
        DialectFactory<Tick> plain = Dialects.Plain(TestJson.Default.Tick);
        var dialects = new DialectFactory<Tick>(context =>
        {
            made++;
            return plain.Create(context);
        });
        await using TestServer server = await ResumeServer.StartAsync(app =>
            app.MapGet("/ticks", () => TypedResults.Extensions.EventStream(StreamSource.From(Sources.Ticks(1)), dialects)).Resumable());

        Answer begun = await ResumeServer.GetAsync(server, "/ticks");
        Answer read = await ResumeServer.GetAsync(server, $"/ticks?streamId={begun.Headers["stream-id"]}");

        Assert.Equal((begun.Body, 3), (read.Body, made));
    }

    [Fact]
    public async Task Get_NoProducerBegins_CancelsTheHandlersToken()
    {
        var source = new ManualSequence<Tick>();
        var tokens = new List<CancellationToken>();
        await using TestServer server = await ResumeServer.StartAsync(app =>
            app.MapGet("/ticks", (CancellationToken token) =>
            {
                tokens.Add(token);
                return TypedResults.Extensions.EventStream(source);
            }).Resumable(resumable => resumable.MaxProducers = 1));
        source.Push(new Tick(1));
        using OpenStream stream = await ResumeServer.OpenAsync(server, "/ticks");
        await ResumeServer.ReadDataAsync(stream);

        Assert.Equal(503, (await ResumeServer.GetAsync(server, "/ticks")).Status);
        await Eventually.IsTrueAsync(() => tokens[1].IsCancellationRequested, () => "the token is not cancelled");
        Assert.False(tokens[0].IsCancellationRequested);
        source.End();
    }

    /// <summary>Who words the refusal is the application's, and the source has been closed by then.</summary>
    [Fact]
    public async Task Get_RefusalCannotBeWritten_ClosesTheSourceOnce()
    {
        var closed = new ConcurrentQueue<StreamOutcomeReason>();
        var source = new ManualSequence<Tick>();
        await using TestServer server = await ResumeServer.StartAsync(
            app => app.MapGet("/ticks/{key}", (string key) => TypedResults.Extensions.EventStream(
                    source, key == "a" ? null : new EventStreamResultOptions { OnClosed = outcome => closed.Enqueue(outcome.Reason) }))
                .Resumable(resumable =>
                {
                    resumable.Key = context => (string?)context.Request.RouteValues["key"];
                    resumable.MaxProducers = 1;
                }),
            services => services.AddSingleton<IProblemDetailsService, Wordless>());
        source.Push(new Tick(1));
        using OpenStream stream = await ResumeServer.OpenAsync(server, "/ticks/a");
        await ResumeServer.ReadDataAsync(stream);

        Answer refused = await ResumeServer.GetAsync(server, "/ticks/b");

        Assert.Equal((500, StreamOutcomeReason.Refused), (refused.Status, Assert.Single(closed)));
        source.End();
    }

    private static void Map(WebApplication app, int[] runs) =>
        app.MapGet("/runs/{key:int}", (int key) => TypedResults.Extensions.EventStream(RunAsync(runs, key)))
            .Resumable(resumable => resumable.Key = context => (string?)context.Request.RouteValues["key"]);

    private static async IAsyncEnumerable<Tick> RunAsync(int[] runs, int key)
    {
        yield return new Tick(Interlocked.Increment(ref runs[key]));
        await Task.Yield();
        yield return new Tick(2);
    }

    private sealed class Wordless : IProblemDetailsService
    {
        public ValueTask WriteAsync(ProblemDetailsContext context) => throw new NotSupportedException();

        public ValueTask<bool> TryWriteAsync(ProblemDetailsContext context) => throw new NotSupportedException();
    }
}

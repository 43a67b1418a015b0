using Gai.Pipelines.Hosting;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.FunctionalTests.Resuming;

/// <summary>What is not the id of an event that can be gone on from.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "The stream that reads the source closes it.")]
public sealed class InputTests
{
    private readonly ManualSequence<Tick> _source = new();
    private int _runs;

    [Theory]
    [InlineData("17", "it has 36 digits and letters from a to v, and this one has 2.")]
    [InlineData("00000000000000000000000000000000000w", "this one has another at index 35.")]
    [InlineData("vvvvvvvvvvvvvvvvvvvvvvvvvv0000000001", "this one is none that a server makes.")]
    public async Task Get_IdIsMalformed_SaysHow(string id, string expected)
    {
        await using TestServer server = await StartAsync();

        Answer byHeader = await ResumeServer.GetAsync(server, "/ticks", lastEventId: id);
        Answer byQuery = await ResumeServer.GetAsync(server, $"/ticks?lastEventId={id}");

        Assert.Equal((400, 400), (byHeader.Status, byQuery.Status));
        Assert.Contains(expected, byHeader.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(("Last-Event-ID", "lastEventId"), (byHeader.Json.GetProperty("parameter").GetString(), byQuery.Json.GetProperty("parameter").GetString()));
        Assert.Equal(0, _runs);
    }

    [Fact]
    public async Task Get_IdOfAStreamOfAnotherEndpoint_IsRefused()
    {
        await using TestServer server = await StartAsync();
        Answer other = await ResumeServer.GetAsync(server, "/other");
        string id = ResumeServer.IdOf(other.Body.Split("\n\n")[0]);

        Answer answer = await ResumeServer.GetAsync(server, "/ticks", lastEventId: id);

        Assert.Equal((400, "invalid_request"), (answer.Status, answer.Json.GetProperty("code").GetString()));
        Assert.Contains("a stream that is not this one", answer.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, _runs);
    }

    [Fact]
    public async Task Get_IdOfTheStreamOfAnotherKey_IsRefused()
    {
        await using TestServer server = await StartAsync();
        Answer one = await ResumeServer.GetAsync(server, "/keyed/1");

        Answer answer = await ResumeServer.GetAsync(server, "/keyed/2", lastEventId: ResumeServer.IdOf(one.Body.Split("\n\n")[0]));

        Assert.Equal(400, answer.Status);
    }

    [Fact]
    public async Task Get_EventAndStreamDisagree_IsRefused()
    {
        await using TestServer server = await StartAsync();

        Answer answer = await ResumeServer.GetAsync(server, $"/ticks?streamId={LogId.New()}&lastEventId={new LogPosition(LogId.New(), 1)}");

        Assert.Equal((400, "streamId"), (answer.Status, answer.Json.GetProperty("parameter").GetString()));
    }

    /// <summary>An EventSource keeps the query that it was opened with, also when its stream was forgotten and it has been given another one since.</summary>
    [Fact]
    public async Task Get_HeaderIsOfAnotherStreamThanTheQuery_GoesOnWithTheHeaders()
    {
        await using TestServer server = await StartAsync();
        _source.Push(new Tick(1), new Tick(2)).End();
        Answer whole = await ResumeServer.GetAsync(server, "/ticks");
        string[] events = whole.Body.Split("\n\n");

        Answer rest = await ResumeServer.GetAsync(server, $"/ticks?streamId={LogId.New()}", lastEventId: ResumeServer.IdOf(events[0]));
        Answer nothing = await ResumeServer.GetAsync(server, $"/ticks?streamId={LogId.New()}", lastEventId: ResumeServer.IdOf(events[1]));

        Assert.Equal((200, 204), (rest.Status, nothing.Status));
        Assert.Equal((Header(whole), $"{events[1]}\n\n"), (Header(rest), rest.Body));
        Assert.Equal(1, _runs);
    }

    [Fact]
    public async Task Get_HeadersDisagree_IsRefused()
    {
        await using TestServer server = await StartAsync();
        using HttpRequestMessage request = ResumeServer.Request(HttpMethod.Get, "/ticks", lastEventId: new LogPosition(LogId.New(), 1).ToString());
        request.Headers.Add("Stream-Id", LogId.New().ToString());

        Answer answer = await server.SendAsync(request);

        Assert.Equal((400, "Stream-Id"), (answer.Status, answer.Json.GetProperty("parameter").GetString()));
    }

    [Theory]
    [InlineData("a\u0001b")]
    [InlineData("")]
    public async Task Get_KeyIsNone_SaysWhy(string key)
    {
        await using TestServer server = await StartAsync();

        Answer answer = await ResumeServer.GetAsync(server, $"/by-query?key={Uri.EscapeDataString(key)}");

        Assert.Equal((400, "invalid_request"), (answer.Status, answer.Json.GetProperty("code").GetString()));
    }

    [Theory]
    [InlineData(MissedEvents.Gap, 200)]
    [InlineData(MissedEvents.FromStart, 200)]
    [InlineData(MissedEvents.Refuse, 412)]
    public async Task Get_IdOfAnUnknownStream_IsAnsweredAsChosen(MissedEvents missed, int status)
    {
        await using TestServer server = await StartAsync(missed);
        _source.Push(new Tick(1)).End();

        Answer answer = await ResumeServer.GetAsync(server, "/ticks", lastEventId: new LogPosition(LogId.New(), 5).ToString());

        Assert.Equal(status, answer.Status);
        Assert.Equal(missed == MissedEvents.Gap, answer.Body.Contains($"event: gap\ndata: {{\"dropped\":0,\"first_id\":\"{Header(answer)}", StringComparison.Ordinal));
        Assert.Equal(status == 200, answer.Body.Contains("{\"n\":1}", StringComparison.Ordinal));
        Assert.Equal(status == 412, answer.Body.Contains("events_missed", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(MissedEvents.Gap, 200)]
    [InlineData(MissedEvents.FromStart, 200)]
    [InlineData(MissedEvents.Refuse, 412)]
    public async Task Get_EventsBehindTheIdAreEvicted_IsAnsweredAsChosen(MissedEvents missed, int status)
    {
        await using TestServer server = await StartAsync(missed, new LogOptions { MaxEvents = 2 });
        _source.Push(new Tick(1));
        string id;
        using (OpenStream stream = await ResumeServer.OpenAsync(server, "/ticks"))
        {
            id = ResumeServer.IdOf(await ResumeServer.ReadDataAsync(stream));
        }

        _source.Push([.. Enumerable.Range(2, 9).Select(n => new Tick(n))]).End();
        await _source.Disposed;

        Answer answer = await ResumeServer.GetAsync(server, "/ticks", lastEventId: id);

        Assert.Equal(status, answer.Status);
        string first = new LogPosition(LogId.TryParse(id.AsSpan(0, LogId.TextLength), out LogId log) ? log : default, 9).ToString();
        Assert.Equal(missed == MissedEvents.Gap, answer.Body.Contains($"event: gap\ndata: {{\"dropped\":7,\"first_id\":\"{first}\"}}", StringComparison.Ordinal));
        Assert.Equal(missed == MissedEvents.Refuse, answer.Body.Contains($"7 events behind this id can no longer be had; the first that can be had is {first}.", StringComparison.Ordinal));
        Assert.Equal(status == 200, answer.Body.EndsWith("data: {\"n\":10}\n\n", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Get_LastIdOfAStreamThatHasEnded_Is204AndNothingRuns()
    {
        await using TestServer server = await StartAsync();
        _source.Push(new Tick(1), new Tick(2)).End();
        Answer whole = await ResumeServer.GetAsync(server, "/ticks");
        string[] events = whole.Body.Split("\n\n");

        Assert.Equal(204, (await ResumeServer.GetAsync(server, "/ticks", lastEventId: ResumeServer.IdOf(events[1]))).Status);
        Assert.Equal(200, (await ResumeServer.GetAsync(server, "/ticks", lastEventId: ResumeServer.IdOf(events[0]))).Status);
        Assert.Equal(204, (await ResumeServer.GetAsync(server, "/ticks?lastEventId=gai.done")).Status);
        Assert.Equal(1, _runs);
    }

    [Fact]
    public async Task Get_AcceptsAnotherFormatThanTheStreamHas_Is406()
    {
        await using TestServer server = await StartAsync();
        Answer sse = await ResumeServer.GetAsync(server, "/keyed/1");

        Answer records = await ResumeServer.GetAsync(server, "/keyed/1", accept: "application/x-ndjson");

        Assert.Equal((200, 406), (sse.Status, records.Status));
        Assert.Contains("written as text/event-stream", records.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_AcceptsOneDocumentOnly_IsAnsweredWithoutALog()
    {
        await using TestServer server = await StartAsync();

        Answer document = await ResumeServer.GetAsync(server, "/other", accept: "application/json");

        Assert.Equal("[{\"n\":1},{\"n\":2}]", document.Body);
        Assert.DoesNotContain("stream-id", document.Headers.Keys);
        Assert.Equal(0, ResumeServer.LogsOf(server).Count);
    }

    [Fact]
    public void Resumable_OptionOutOfItsRange_NamesItAndTheRemedy()
    {
        Exception failure = Assert.ThrowsAny<Exception>(() => new Builder().Resumable(resumable => resumable.MaxProducers = 0));
        Assert.Equal("MaxProducers is 0. Set it to at least 1.", failure.Message);
    }

    [Fact]
    public async Task Resumable_EndpointAnswersDelete_IsRefusedWithTheReason()
    {
        InvalidOperationException failure = await Assert.ThrowsAsync<InvalidOperationException>(() => ResumeServer.StartAsync(app =>
            app.MapMethods("/ticks", ["GET", "DELETE"], () => TypedResults.Extensions.EventStream(_source)).Resumable()));

        Assert.Contains("DELETE on a resumable endpoint cancels", failure.Message, StringComparison.Ordinal);
    }

    private static string Header(Answer answer) => answer.Headers.GetValueOrDefault("stream-id", "none");

    private Task<TestServer> StartAsync(MissedEvents missed = MissedEvents.Gap, LogOptions? log = null) => ResumeServer.StartAsync(app =>
    {
        app.MapEventStream("/ticks", _ =>
        {
            _runs++;
            return _source;
        }).Resumable(resumable =>
        {
            resumable.Missed = missed;
            resumable.Log = log ?? LogOptions.Default;
        });
        app.MapEventStream("/other", _ => Sources.Ticks(2)).Resumable();
        app.MapEventStream("/keyed/{key}", _ => Sources.Ticks(2)).Resumable(resumable => resumable.Key = context => (string?)context.Request.RouteValues["key"]);
        app.MapEventStream("/by-query", _ => Sources.Ticks(2)).Resumable(resumable => resumable.Key = context => context.Request.Query["key"].ToString());
    });

    private sealed class Builder : IEndpointConventionBuilder
    {
        public void Add(Action<EndpointBuilder> convention)
        {
        }
    }
}

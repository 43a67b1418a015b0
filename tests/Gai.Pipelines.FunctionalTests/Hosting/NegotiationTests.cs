using Gai.Pipelines.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.FunctionalTests.Hosting;

public sealed class NegotiationTests
{
    private const string Sse = "data: {\"n\":1}\n\ndata: {\"n\":2}\n\n";
    private const string Ndjson = "{\"n\":1}\n{\"n\":2}\n";
    private const string Json = "[{\"n\":1},{\"n\":2}]";

    [Theory]
    [InlineData(null, "text/event-stream", Sse)]
    [InlineData("*/*", "text/event-stream", Sse)]
    [InlineData("text/event-stream", "text/event-stream", Sse)]
    [InlineData("application/x-ndjson", "application/x-ndjson", Ndjson)]
    [InlineData("application/jsonl", "application/jsonl", Ndjson)]
    [InlineData("application/json", "application/json; charset=utf-8", Json)]
    [InlineData("application/json;q=0.9, application/x-ndjson;q=0.8, */*;q=0.1", "application/json; charset=utf-8", Json)]
    [InlineData("text/event-stream;q=0, */*", "application/x-ndjson", Ndjson)]
    public async Task Get_Accept_ChoosesFormat(string? accept, string contentType, string body)
    {
        await using TestServer server = await StartAsync();
        foreach (string version in (string[])["1.1", "2"])
        {
            Answer answer = await server.GetAsync("/ticks", accept, version);

            Assert.Equal((200, contentType, body), (answer.Status, answer.ContentType, answer.Body));
        }
    }

    [Theory]
    [InlineData("text/event-stream", "event: text_delta\ndata: {\"text\":\"Hi\"}\n\nid: gai.done\nevent: done\ndata: {\"finished\":true}\n\n")]
    [InlineData("application/x-ndjson", "{\"type\":\"text_delta\",\"text\":\"Hi\"}\n{\"type\":\"done\",\"finished\":true}\n")]
    [InlineData("application/json", "[{\"type\":\"text_delta\",\"text\":\"Hi\"},{\"type\":\"done\",\"finished\":true}]")]
    public async Task Get_StreamEvents_SpeakGaiInEachFormat(string accept, string body)
    {
        await using TestServer server = await StartAsync();

        Assert.Equal(body, (await server.GetAsync("/chat", accept)).Body);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Get_NothingFits_Gets406ThatNamesWhatIsOffered(string version)
    {
        await using TestServer server = await StartAsync();

        Answer answer = await server.GetAsync("/watched", "text/html;q=0.9, image/*", version);

        Assert.Equal((406, "application/problem+json", "Accept"), (answer.Status, answer.ContentType, answer.Headers["Vary"]));
        string detail = answer.Json.GetProperty("detail").GetString()!;
        foreach (string part in (string[])["text/event-stream", "application/x-ndjson", "application/jsonl", "application/json", "text/html;q=0.9, image/*"])
        {
            Assert.Contains(part, detail, StringComparison.Ordinal);
        }

        Assert.False(_watched.IsStarted);
        Assert.Equal(StreamOutcomeReason.Refused, Assert.Single(_outcomes).Reason);
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("image/png")]
    [InlineData("text/event-stream;q=0")]
    public async Task Get_FormatChosenByEndpoint_BeatsAccept(string accept)
    {
        await using TestServer server = await StartAsync();

        Answer answer = await server.GetAsync("/sse", accept);

        Assert.Equal((200, "text/event-stream", Sse), (answer.Status, answer.ContentType, answer.Body));
    }

    private readonly Watched _watched = new();
    private readonly List<StreamOutcome> _outcomes = [];

    private Task<TestServer> StartAsync() => TestServer.StartAsync(app =>
    {
        app.MapGet("/ticks", () => TypedResults.Extensions.EventStream(Sources.Ticks(2)));
        app.MapGet("/chat", () => TypedResults.Extensions.EventStream(Sources.Texts("Hi")));
        app.MapGet("/sse", () => TypedResults.Extensions.EventStream(Sources.Ticks(2), new EventStreamResultOptions { Format = StreamFormat.ServerSentEvents }));
        app.MapGet("/watched", () => TypedResults.Extensions.EventStream(
            _watched.ThenSilence<Tick>([]), new EventStreamResultOptions { OnClosed = _outcomes.Add }));
    });
}

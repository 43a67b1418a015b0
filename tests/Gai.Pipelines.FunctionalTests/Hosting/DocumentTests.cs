using Gai.Pipelines.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.FunctionalTests.Hosting;

/// <summary>A stream as one JSON document.</summary>
public sealed class DocumentTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(10_000)]
    public async Task Get_Json_GivesOneArrayOfAllRecords(int count)
    {
        await using TestServer server = await StartAsync();

        Answer answer = await server.GetAsync($"/ticks?count={count}", "application/json");

        Assert.Equal((200, "application/json; charset=utf-8"), (answer.Status, answer.ContentType));
        Assert.Equal(Enumerable.Range(1, count), answer.Json.EnumerateArray().Select(tick => tick.GetProperty("n").GetInt32()));
    }

    [Theory]
    [InlineData(25, 200)] // 25 records of 9 characters, with commas and brackets 251 of the 256 bytes
    [InlineData(26, 406)]
    public async Task Get_AtTheLimit_GetsTheDocumentOr406(int count, int status)
    {
        await using TestServer server = await StartAsync();

        Answer answer = await server.GetAsync($"/small?count={count}", "application/json");

        Assert.Equal(status, answer.Status);
        if (status == 406)
        {
            Assert.Contains("256 bytes", answer.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        }

        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    [Fact]
    public async Task Get_OverTheLimit_EndsTheSource()
    {
        await using TestServer server = await StartAsync();

        Assert.Equal(406, (await server.GetAsync("/endless", "application/json")).Status);

        await _watched.Disposed;
        await server.IsIdleAsync();
        Assert.Equal((StreamOutcomeReason.SourceFailed, false), (_outcome?.Reason, _outcome?.HeadSent));
    }

    [Theory]
    [InlineData("/fail-late")]
    [InlineData("/chat-fail-late")]
    public async Task Get_SourceFailsAfterEvents_StillGetsARealStatus(string path)
    {
        await using TestServer server = await StartAsync();

        Answer answer = await server.GetAsync(path, "application/json");

        Assert.Equal((503, "application/problem+json", "Too busy."), (answer.Status, answer.ContentType, answer.Json.GetProperty("detail").GetString()));
    }

    private readonly Watched _watched = new();
    private StreamOutcome? _outcome;

    private Task<TestServer> StartAsync()
    {
        var busy = new StreamErrorException(new StreamError(StreamErrorCodes.Overloaded, "Too busy."));
        return TestServer.StartAsync(app =>
        {
            app.MapGet("/ticks", (int count) => TypedResults.Extensions.EventStream(Sources.Ticks(count)));
            app.MapGet("/small", (int count) => TypedResults.Extensions.EventStream(Enumerable.Repeat("1234567", count).ToAsyncEnumerable()))
                .WithEventStreamOptions(options => options.MaxDocumentBytes = 256);
            app.MapGet("/endless", () => TypedResults.Extensions.EventStream(_watched.ThenTicksForEver(), new EventStreamResultOptions { OnClosed = outcome => _outcome = outcome }));
            app.MapGet("/fail-late", () => TypedResults.Extensions.EventStream(Sources.TicksThen(1000, busy)));
            app.MapGet("/chat-fail-late", () => TypedResults.Extensions.EventStream(Sources.TextsThen(busy, "Hi")));
        });
    }
}

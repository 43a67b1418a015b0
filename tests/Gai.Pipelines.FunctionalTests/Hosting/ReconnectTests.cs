using System.Net.ServerSentEvents;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.FunctionalTests.Hosting;

/// <summary>What an EventSource does when a response ends (WHATWG HTML 9.2.3): it connects again, with the last id it saw.</summary>
public sealed class ReconnectTests
{
    private int _runs;

    [Theory]
    [InlineData("/done", "Used")]
    [InlineData("/failed", "Used")]
    [InlineData("/done", "NotUsed")]
    [InlineData("/failed", "NotUsed")]
    public async Task EventSource_StreamThatIsOver_IsToldToStayAwayBeforeTheSourceStarts(string path, string middleware)
    {
        await using TestServer server = await StartAsync(Enum.Parse<Middleware>(middleware));

        int[] statuses = await RunEventSourceAsync(server, path, 5);

        Assert.Equal([200, 204], statuses);
        Assert.Equal(1, _runs);
    }

    [Fact]
    public async Task EventSource_TemporaryError_MayComeAgain()
    {
        await using TestServer server = await StartAsync();

        int[] statuses = await RunEventSourceAsync(server, "/busy", 3);

        Assert.Equal([200, 200, 200], statuses);
        Assert.Equal(3, _runs);
    }

    [Theory]
    [InlineData("gai.done", 204)]
    [InlineData("gai.failed", 204)]
    [InlineData("gai.done2", 200)]
    [InlineData("GAI.DONE", 200)]
    [InlineData("17", 200)]
    [InlineData("", 200)]
    public async Task Get_LastEventId_OnlyTerminalOnesAreAnsweredWith204(string id, int status)
    {
        await using TestServer server = await StartAsync();

        Assert.Equal(status, (await server.GetAsync("/done", lastEventId: id)).Status);
        Assert.Equal(status == 204 ? 0 : 1, _runs);
    }

    [Fact]
    public async Task Get_EndpointThatDoesNotStream_IsLeftAlone()
    {
        await using TestServer server = await StartAsync();

        Assert.Equal(200, (await server.GetAsync("/other", lastEventId: "gai.done")).Status);
    }

    private static async Task<int[]> RunEventSourceAsync(TestServer server, string path, int connections)
    {
        List<int> statuses = [];
        string? lastId = null;
        while (statuses.Count < connections && (statuses.Count == 0 || statuses[^1] == 200))
        {
            Answer answer = await server.GetAsync(path, "text/event-stream", lastEventId: lastId);
            statuses.Add(answer.Status);
            var parser = SseParser.Create(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(answer.Body)));
            foreach (SseItem<string> item in parser.Enumerate())
            {
                lastId = item.EventId ?? lastId;
            }
        }

        return [.. statuses];
    }

    private Task<TestServer> StartAsync(Middleware middleware = Middleware.Used) => TestServer.StartAsync(
        app =>
        {
            app.MapGet("/other", () => "no stream");
            app.MapGet("/done", () => TypedResults.Extensions.EventStream(Counted(Sources.Texts("Hi"))));
            app.MapGet("/failed", () => TypedResults.Extensions.EventStream(Counted(Sources.TextsThen(new InvalidOperationException("broken"), "Hi"))));
            app.MapGet("/busy", () => TypedResults.Extensions.EventStream(Counted(Sources.TextsThen(
                new StreamErrorException(new StreamError(StreamErrorCodes.Overloaded, "Too busy.", Temporary: true)), "Hi"))));
        },
        middleware: middleware);

    private async IAsyncEnumerable<StreamEvent> Counted(IAsyncEnumerable<StreamEvent> events)
    {
        _runs++;
        await foreach (StreamEvent item in events)
        {
            yield return item;
        }
    }
}

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.FunctionalTests.Hosting;

public sealed class HeaderTests
{
    [Theory]
    [InlineData("1.1", null, "text/event-stream")]
    [InlineData("2", null, "text/event-stream")]
    [InlineData("1.1", "application/x-ndjson", "application/x-ndjson")]
    [InlineData("2", "application/jsonl", "application/jsonl")]
    public async Task Head_Stream_HasExactlyTheHeadersOfAStream(string version, string? accept, string contentType)
    {
        await using TestServer server = await StartAsync();

        Answer answer = await server.GetAsync("/ticks", accept, version);

        var expected = new SortedDictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            ["cache-control"] = "no-cache, no-store, no-transform",
            ["content-type"] = contentType,
            ["vary"] = "Accept",
            ["x-accel-buffering"] = "no",
        };
        if (version == "1.1")
        {
            // The server's own, once.
            expected["transfer-encoding"] = "chunked";
        }

        Assert.Equal(200, answer.Status);
        Assert.Equal(expected, answer.Headers);

        // Kestrel takes headers out of HTTP/2 that are malformed there, and warns of it.
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    [Fact]
    public async Task Head_OverHttp11_IsWellFormedToTheByte()
    {
        await using TestServer server = await StartAsync();
        using RawClient client = await RawClient.GetAsync(server.Http1Port, "/ticks");

        string response = await client.ReadThroughAsync("0\r\n\r\n");

        int end = response.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        string[] lines = response[..end].Split("\r\n");
        Assert.Equal("HTTP/1.1 200 OK", lines[0]);
        Assert.Equal(
            ["Cache-Control: no-cache, no-store, no-transform", "Content-Type: text/event-stream", "Transfer-Encoding: chunked", "Vary: Accept", "X-Accel-Buffering: no"],
            lines[1..].Where(line => !line.StartsWith("Date:", StringComparison.Ordinal) && !line.StartsWith("Server:", StringComparison.Ordinal)).Order());
    }

    [Fact]
    public async Task Head_JsonDocument_HasLengthAndNoStreamHeaders()
    {
        await using TestServer server = await StartAsync();

        Answer answer = await server.GetAsync("/ticks", "application/json");

        Assert.Equal(
            new SortedDictionary<string, string>
            {
                ["cache-control"] = "no-cache, no-store",
                ["content-length"] = "17",
                ["content-type"] = "application/json; charset=utf-8",
                ["vary"] = "Accept",
            },
            answer.Headers);
    }

    [Fact]
    public async Task Head_FormatChosenByEndpoint_DoesNotVary()
    {
        await using TestServer server = await StartAsync();

        Answer answer = await server.GetAsync("/ndjson", "text/event-stream");

        Assert.Equal("application/x-ndjson", answer.ContentType);
        Assert.False(answer.Headers.ContainsKey("Vary"));
    }

    [Fact]
    public async Task Head_EarlyFailure_CarriesNothingOfTheStreamThatDidNotCome()
    {
        await using TestServer server = await StartAsync();

        Answer answer = await server.GetAsync("/fail");

        Assert.Equal(500, answer.Status);
        Assert.Equal("application/problem+json", answer.ContentType);
        Assert.False(answer.Headers.ContainsKey("X-Accel-Buffering"));
        Assert.False(answer.Headers.ContainsKey("Cache-Control"));
    }

    [Theory]
    [InlineData("/fail", "text/event-stream")]
    [InlineData("/fail", "application/json")]
    [InlineData("/ticks", "image/png")]
    public async Task Head_ApplicationForbidsToStore_HoldsForTheAnswerInPlaceOfTheStream(string path, string accept)
    {
        await using TestServer server = await StartAsync();

        Answer answer = await server.GetAsync(path + "?private", accept);

        Assert.InRange(answer.Status, 400, 599);
        Assert.Equal("no-store", answer.Headers["Cache-Control"]);
    }

    private static Task<TestServer> StartAsync() => TestServer.StartAsync(app =>
    {
        app.Use((context, next) =>
        {
            if (context.Request.Query.ContainsKey("private"))
            {
                context.Response.Headers.CacheControl = "no-store";
            }

            return next(context);
        });
        app.MapGet("/ticks", () => TypedResults.Extensions.EventStream(Sources.Ticks(2)));
        app.MapGet("/ndjson", () => TypedResults.Extensions.EventStream(Sources.Ticks(2), new Gai.Pipelines.Hosting.EventStreamResultOptions { Format = StreamFormat.Ndjson }));
        app.MapGet("/fail", () => TypedResults.Extensions.EventStream(Sources.TicksThen(0, new InvalidOperationException("broken"))));
    });
}

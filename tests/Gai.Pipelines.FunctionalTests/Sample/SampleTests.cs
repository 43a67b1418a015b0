using System.Globalization;
using System.Net;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using Gai.Pipelines.FunctionalTests.Requests;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.FunctionalTests.Sample;

/// <summary>What the README promises of the sample.</summary>
public sealed class SampleTests(SampleProgram sample) : IClassFixture<SampleProgram>
{
    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Chat_OverSse_StreamsTokensAndEndsWithDone(string version)
    {
        using HttpClient client = NewClient(version);
        using HttpResponseMessage response = await client.SendAsync(TestServer.Get("/chat?q=hello", "text/event-stream").As(client), HttpCompletionOption.ResponseHeadersRead);

        List<SseItem<string>> items = await SseParser.Create(await response.Content.ReadAsStreamAsync()).EnumerateAsync().ToListAsync();

        Assert.Equal("start", items[0].EventType);
        Assert.True(items.Count(item => item.EventType == "text_delta") > 3, "an answer has several tokens");
        Assert.Equal(["finish", "done"], items[^2..].Select(item => item.EventType));
        Assert.Equal("gai.done", items[^1].EventId);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Chat_PostForNdjson_StreamsRecordsAndEndsWithDone(string version)
    {
        using HttpClient client = NewClient(version);
        using HttpRequestMessage request = Post("{\"messages\":[{\"role\":\"user\",\"content\":\"/echo one two three\"}]}");
        request.Headers.Add("Accept", "application/x-ndjson");
        using HttpResponseMessage response = await client.SendAsync(request.As(client));

        JsonElement[] records = [.. (await response.Content.ReadAsStringAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];

        Assert.Equal("one two three", string.Concat(records.Where(record => TypeOf(record) == "text_delta").Select(record => record.GetProperty("text").GetString())));
        Assert.Equal("done", TypeOf(records[^1]));

        static string? TypeOf(JsonElement record) => record.GetProperty("type").GetString();
    }

    [Fact]
    public async Task Chat_MalformedJson_Gets400ThatSaysWhere()
    {
        using HttpClient client = NewClient("1.1");
        using HttpResponseMessage response = await client.SendAsync(Post("{\"messages\":[{\"role\":\"user\",}]}"));

        string body = await response.Content.ReadAsStringAsync();

        Assert.Equal((HttpStatusCode.BadRequest, "application/problem+json"), (response.StatusCode, response.Content.Headers.ContentType?.ToString()));
        Assert.Contains("line 1, byte 29", body, StringComparison.Ordinal);
        Assert.Contains("$.messages[0]", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Chat_OtherOrigin_MayRead()
    {
        using HttpClient client = NewClient("1.1");
        using HttpRequestMessage request = TestServer.Get("/ticks?count=1");
        request.Headers.Add("Origin", "https://example.org");
        using HttpResponseMessage response = await client.SendAsync(request);

        Assert.Equal("*", Assert.Single(response.Headers.GetValues("Access-Control-Allow-Origin")));
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Ticks_AMillion_AllComeInOrder(string version)
    {
        const int Count = 1_000_000;
        using HttpClient client = NewClient(version);
        using HttpResponseMessage response = await client.SendAsync(
            TestServer.Get($"/ticks?count={Count}&intervalMs=0").As(client), HttpCompletionOption.ResponseHeadersRead).OrFail();

        int expected = 0;
        SseParser<int> parser = SseParser.Create(await response.Content.ReadAsStreamAsync(), static (_, data) => NumberOf(data));
        await foreach (SseItem<int> item in parser.EnumerateAsync())
        {
            expected++;
            if (item.Data != expected || item.EventId != expected.ToString(CultureInfo.InvariantCulture))
            {
                Assert.Fail($"Event {expected} has the number {item.Data} and the id {item.EventId}.");
            }
        }

        Assert.Equal(Count, expected);
    }

    [Fact]
    public async Task Translate_RowByRow_AnswersEachBeforeTheNextIsSent()
    {
        using HttpClient client = NewClient("2");
        var body = new RecordsContent();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/translate") { Content = body, Headers = { { "Accept", "application/x-ndjson" } } };
        Task<OpenStream> opening = OpenStream.OpenAsync(client, request.As(client));

        await body.WriteAsync("{\"id\":1,\"text\":\"Hello, stream of apples!\"}\n").OrFail();
        using OpenStream stream = await opening;
        Assert.Equal("{\"id\":1,\"text\":\"Ellohay, eamstray ofway applesway!\"}\n", await stream.ReadLineAsync());
        await body.WriteAsync("{\"id\":2,\"text\":\"rhythm, 42\"}\n");
        Assert.Equal("{\"id\":2,\"text\":\"rhythmay, 42\"}\n", await stream.ReadLineAsync());
        body.End();

        Assert.Equal(string.Empty, await stream.ReadRestAsync());
    }

    [Fact]
    public async Task Metrics_AfterAStream_TellOfIt()
    {
        using HttpClient client = NewClient("1.1");
        double before = Events(await FiguresAsync(client));
        using HttpResponseMessage response = await client.SendAsync(TestServer.Get("/ticks?count=3&intervalMs=0"));
        await response.Content.ReadAsByteArrayAsync();

        JsonElement figures = await FiguresOfEndedStreamAsync().OrFail("the stream is measured");

        Assert.True(Events(figures) >= before + 3, $"{Events(figures)} events after {before}");
        Assert.Equal("{event}", figures.GetProperty("gai.stream.events").GetProperty("unit").GetString());
        Assert.True(figures.GetProperty("gai.stream.active").GetProperty("value").GetDouble() >= 0);
        Assert.True(figures.GetProperty("gai.stream.time_to_first_event").GetProperty("distribution").GetProperty("count").GetInt64() >= 1);

        static double Events(JsonElement figures) => figures.GetProperty("gai.stream.events").GetProperty("value").GetDouble();

        // A stream is measured when its response is over, which the client may learn first.
        async Task<JsonElement> FiguresOfEndedStreamAsync()
        {
            while (true)
            {
                JsonElement figures = await FiguresAsync(client);
                if (HasEnded(figures))
                {
                    return figures;
                }
            }
        }

        static bool HasEnded(JsonElement figures) =>
            figures.TryGetProperty("gai.stream.duration", out JsonElement duration) && duration.TryGetProperty("by", out JsonElement by) &&
            by.GetProperty("http.route").TryGetProperty("/ticks", out _) && by.GetProperty("gai.stream.outcome").TryGetProperty("completed", out _);
    }

    private static async Task<JsonElement> FiguresAsync(HttpClient client)
    {
        using HttpResponseMessage response = await client.GetAsync("/metrics.json").OrFail();
        Assert.Equal("no-store", response.Headers.CacheControl?.ToString());
        using JsonDocument document = JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync());
        return document.RootElement.GetProperty("figures").Clone();
    }

    private static int NumberOf(ReadOnlySpan<byte> data)
    {
        var reader = new Utf8JsonReader(data);
        while (reader.Read() && !(reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("n"u8)))
        {
        }

        reader.Read();
        return reader.GetInt32();
    }

    private static HttpRequestMessage Post(string body) => new(HttpMethod.Post, "/chat") { Content = new StringContent(body, Encoding.UTF8, "application/json") };

    private HttpClient NewClient(string version) => new()
    {
        BaseAddress = sample.Addresses[version == "2" ? 1 : 0],
        DefaultRequestVersion = version == "2" ? HttpVersion.Version20 : HttpVersion.Version11,
        DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };
}

/// <summary>The default version of a client does not count for a request that is made by hand.</summary>
file static class Requests
{
    public static HttpRequestMessage As(this HttpRequestMessage request, HttpClient client)
    {
        request.Version = client.DefaultRequestVersion;
        request.VersionPolicy = client.DefaultVersionPolicy;
        return request;
    }
}

using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Threading.Channels;
using Gai.Pipelines.FaultHost;
using Gai.Pipelines.Hosting;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.FunctionalTests.Faults;

/// <summary>A proxy that hands every byte on by itself, also in the middle of a letter, of a frame and of HTTP's own framing, and holds bytes back.</summary>
/// <remarks>What holds: clients read the same bytes and the same events as without it, and so does a server that reads records; what was held back comes in order.</remarks>
public sealed class SplitTests
{
    private static readonly string[] Texts = ["Hello", " wörld ", "\r\n\r\ndata: x\n\n", "🌍🏳️‍🌈", "\u2028\u0085", "", "日本語", new string('é', 300)];

    private readonly Channel<string> _channel = Channel.CreateUnbounded<string>();

    [Theory]
    [InlineData("1.1", "text/event-stream")]
    [InlineData("1.1", "application/x-ndjson")]
    [InlineData("2", "text/event-stream")]
    [InlineData("2", "application/x-ndjson")]
    public async Task Split_AtEveryByte_ClientsReadTheSame(string version, string accept)
    {
        await using FaultServer server = await StartAsync();
        using var proxy = new SplittingProxy(PortOf(server, version));
        using HttpClient client = ClientOf(proxy, version);

        string direct = (await server.Server.GetAsync("/chat", accept, version)).Body;
        using OpenStream split = await OpenStream.OpenAsync(client, RequestOf("/chat", accept, version));
        Assert.Equal(direct, await split.ReadRestAsync());

        using OpenStream again = await OpenStream.OpenAsync(client, RequestOf("/chat", accept, version));
        var text = new StringBuilder();
        await foreach (StreamEvent item in StreamEventReader.ReadAsync(again.Body, accept == "text/event-stream" ? StreamFormat.ServerSentEvents : StreamFormat.Ndjson))
        {
            text.Append(item.Type == StreamEventType.TextDelta ? item.Text.ToString() : "");
        }

        Assert.Equal(string.Concat(Texts), text.ToString());
        await server.NothingIsLeftAsync(StreamOutcomeReason.Completed, StreamOutcomeReason.Completed, StreamOutcomeReason.Completed);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Split_AtEveryByte_ClientThatComesBackReadsTheSame(string version)
    {
        await using FaultServer server = await StartAsync();
        using var proxy = new SplittingProxy(PortOf(server, version));
        using HttpClient http = ClientOf(proxy, version);
        var client = new EventStreamClient(http);

        var names = new List<string>();
        await foreach (SseFrame frame in client.ReadAsync(new Uri("/chat", UriKind.Relative)))
        {
            names.Add(frame.Name);
        }

        Assert.Equal([.. Enumerable.Repeat("text_delta", Texts.Length), "done"], names.Where(static name => name is "text_delta" or "done"));
        await server.NothingIsLeftAsync(StreamOutcomeReason.Completed);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Split_RequestBodyAtEveryByte_ServerReadsTheSameRecords(string version)
    {
        const int Records = 50;
        await using FaultServer server = await StartAsync();
        using var proxy = new SplittingProxy(PortOf(server, version));
        using HttpClient client = ClientOf(proxy, version);
        string records = string.Concat(Enumerable.Range(1, Records).Select(static n => $"{{\"item\":\"naïve 🌍 {n}\",\"count\":{n}}}\n"));

        string direct = (await server.Server.SendAsync(Post(), version)).Body;
        using HttpRequestMessage request = Post();
        using HttpResponseMessage response = await client.SendAsync(request).OrFail("the answer");

        Assert.Equal(Records, direct.Count(static character => character == '\n'));
        Assert.Equal(direct, await response.Content.ReadAsStringAsync());
        await server.NothingIsLeftAsync(StreamOutcomeReason.Completed, StreamOutcomeReason.Completed);

        HttpRequestMessage Post()
        {
            HttpRequestMessage post = RequestOf("/echo", "application/x-ndjson", version);
            post.Method = HttpMethod.Post;
            post.Content = new StringContent(records, new MediaTypeHeaderValue("application/x-ndjson"));
            return post;
        }
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Hold_WhileEventsAndKeepAlivesAreWritten_AllComeInOrderWhenReleased(string version)
    {
        await using FaultServer server = await StartAsync();
        using var proxy = new SplittingProxy(PortOf(server, version));
        using RawClient client = version == "2" ? await RawClient.GetOverHttp2Async(proxy.Port, "/channel") : await RawClient.GetAsync(proxy.Port, "/channel");
        var expected = new StringBuilder();
        Give(1);
        await client.ReadBodyAsync(expected.Length);

        proxy.Hold();
        for (int n = 2; n < 10; n++)
        {
            Give(n);
            await Eventually.IsTrueAsync(() => _channel.Reader.Count == 0, () => "the event is not taken");
            server.Time.Advance(TimeSpan.FromSeconds(20));
            await Eventually.IsTrueAsync(() => server.Server.Scheduler.EntryCount == 1, () => "the stream has no entry");
        }

        _channel.Writer.Complete();
        await server.Server.IsIdleAsync();
        proxy.Release();

        Assert.Equal("clean", await client.ReadToEndAsync());
        string[] frames = client.Body.Text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(expected.ToString(), string.Concat(frames.Where(static frame => frame != ": keep-alive").Select(static frame => frame + "\n\n")));
        Assert.InRange(frames.Count(static frame => frame == ": keep-alive"), 8, 9);
        await server.NothingIsLeftAsync(StreamOutcomeReason.Completed);

        void Give(int number)
        {
            expected.Append(Numbered.Frame(number, 100));
            _channel.Writer.TryWrite(Numbered.Event(number, 100));
        }
    }

    private static int PortOf(FaultServer server, string version) => version == "2" ? server.Server.Http2Port : server.Server.Http1Port;

    private static HttpClient ClientOf(SplittingProxy proxy, string version)
    {
        HttpClient client = Wire.Client(version);
        client.BaseAddress = new Uri($"http://127.0.0.1:{proxy.Port}");
        return client;
    }

    private static HttpRequestMessage RequestOf(string path, string accept, string version) => new(HttpMethod.Get, path)
    {
        Version = version == "2" ? HttpVersion.Version20 : HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Headers = { { "Accept", accept } },
    };

    private Task<FaultServer> StartAsync() => FaultServer.StartAsync(map: (app, witness) =>
    {
        app.MapGet("/chat", () => TypedResults.Extensions.EventStream(Sources.Texts(Texts), witness.Noted));
        app.MapGet("/channel", () => TypedResults.Extensions.EventStream(_channel.Reader, witness.Noted));
        app.MapPost("/echo", (NdjsonBody<Order> orders) => TypedResults.Extensions.EventStream(orders, witness.Noted));
    });
}

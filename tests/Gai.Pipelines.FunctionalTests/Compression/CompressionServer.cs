using System.Collections.Concurrent;
using System.Net;
using System.Threading.Channels;
using Gai.Pipelines.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.FunctionalTests.Compression;

/// <summary>A server that compresses, and streams whose events come when the test says so.</summary>
internal sealed class CompressionServer : IAsyncDisposable
{
    public const StreamCompression Both = StreamCompression.Gzip | StreamCompression.Brotli;

    private readonly List<HttpClient> _clients = [];

    private CompressionServer()
    {
    }

    public TestServer Server { get; private set; } = null!;

    /// <summary>Gets the events of the streams, in the order in which they are opened one after the other.</summary>
    public Channel<Tick> Ticks { get; private set; } = Channel.CreateUnbounded<Tick>();

    public Watched Watched { get; } = new();

    public ConcurrentQueue<StreamOutcome> Outcomes { get; } = new();

    public static async Task<CompressionServer> StartAsync(
        StreamCompression compression = Both,
        Action<EventStreamOptions>? options = null,
        Action<IServiceCollection>? services = null,
        Action<WebApplication>? before = null,
        Action<WebApplication>? map = null,
        Action<KestrelServerOptions>? kestrel = null)
    {
        var made = new CompressionServer();
        made.Server = await TestServer.StartAsync(
            app =>
            {
                before?.Invoke(app);
                made.Map(app);
                map?.Invoke(app);
            },
            services,
            all =>
            {
                all.Compression = compression;
                options?.Invoke(all);
            },
            kestrel: kestrel);
        return made;
    }

    /// <summary>Makes a client that decompresses as it reads, as a browser does.</summary>
    public HttpClient NewDecompressing(string version, DecompressionMethods methods = DecompressionMethods.All)
    {
        var client = new HttpClient(new SocketsHttpHandler { AutomaticDecompression = methods, ResponseDrainTimeout = TimeSpan.Zero })
        {
            BaseAddress = Server.Client(version).BaseAddress,
            DefaultRequestVersion = version == "2" ? HttpVersion.Version20 : HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _clients.Add(client);
        return client;
    }

    /// <summary>Gets a whole response as it is on the wire.</summary>
    public async Task<(Answer Answer, byte[] Body)> GetRawAsync(string path, string acceptEncoding, string? accept = null, string version = "1.1", string method = "GET")
    {
        using HttpRequestMessage request = TestServer.Get(path, accept);
        request.Method = new HttpMethod(method);
        request.Headers.TryAddWithoutValidation("Accept-Encoding", acceptEncoding);
        request.Version = version == "2" ? HttpVersion.Version20 : HttpVersion.Version11;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        using HttpResponseMessage response = await Server.Client(version).SendAsync(request);
        byte[] body = await response.Content.ReadAsByteArrayAsync();
        return (new Answer(response, System.Text.Encoding.UTF8.GetString(body)), body);
    }

    public async ValueTask DisposeAsync()
    {
        _clients.ForEach(client => client.Dispose());
        await Server.DisposeAsync();
    }

    private void Map(WebApplication app)
    {
        var watched = new EventStreamResultOptions { OnClosed = Outcomes.Enqueue };
        app.MapGet("/ticks", () => TypedResults.Extensions.EventStream(Ticks.Reader, watched));
        app.MapGet("/three", () => TypedResults.Extensions.EventStream(Sources.Ticks(3), watched));
        app.MapGet("/none", () => TypedResults.Extensions.EventStream(Sources.Ticks(0), watched));
        app.MapMethods("/three", ["HEAD"], () => TypedResults.Extensions.EventStream(Sources.Ticks(3), watched));
        app.MapGet("/as-it-is", () => TypedResults.Extensions.EventStream(Sources.Ticks(3))).WithEventStreamOptions(own => own.Compression = StreamCompression.None);
        app.MapGet("/fails", () => TypedResults.Extensions.EventStream(Sources.TicksThen(0, new InvalidOperationException("broken")), watched));
        app.MapGet("/chat-fails", () => TypedResults.Extensions.EventStream(Sources.TextsThen(new InvalidOperationException("broken"), "Hi", " you"), watched));
        app.MapGet("/chat", () => TypedResults.Extensions.EventStream(Watched.ThenSilence(new[] { StreamEvent.TextDelta("Hi") }), watched));
        app.MapGet("/idle", () => TypedResults.Extensions.EventStream(Watched.ThenSilence<Tick>([new(1)]), watched));
        app.MapGet("/flood", () => TypedResults.Extensions.EventStream(Watched.ThenTicksForEver(), watched));
    }
}

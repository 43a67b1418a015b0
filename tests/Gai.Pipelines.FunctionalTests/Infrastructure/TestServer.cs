using System.Net;
using System.Net.Sockets;
using Gai.Pipelines.Hosting;
using Gai.Pipelines.Internal;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gai.Pipelines.FunctionalTests;

/// <summary>An application on a real Kestrel, on two free loopback ports: HTTP/1.1 and HTTP/2 without TLS.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly HttpClient[] _clients;
    private readonly int[] _ports;

    private TestServer(WebApplication app, LogSink logs)
    {
        App = app;
        Logs = logs;
        _ports = [.. app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Select(a => new Uri(a).Port)];
        _clients = [NewClient(HttpVersion.Version11), NewClient(HttpVersion.Version20)];
    }

    public WebApplication App { get; }

    public LogSink Logs { get; }

    /// <summary>Gets the port of HTTP/1.1, for clients that write the bytes themselves.</summary>
    public int Http1Port => _ports[0];

    /// <summary>Gets the port of HTTP/2, for clients that write the bytes themselves.</summary>
    public int Http2Port => _ports[1];

    public StreamRegistry Streams => App.Services.GetRequiredService<StreamRegistry>();

    public StreamScheduler Scheduler => App.Services.GetRequiredService<StreamScheduler>();

    public static async Task<TestServer> StartAsync(
        Action<WebApplication> map,
        Action<IServiceCollection>? services = null,
        Action<EventStreamOptions>? options = null,
        Middleware middleware = Middleware.Used,
        Action<KestrelServerOptions>? kestrel = null,
        Action<IWebHostBuilder>? web = null)
    {
        var logs = new LogSink();
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(server =>
        {
            server.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http1);
            server.Listen(IPAddress.Loopback, 0, listen => listen.Protocols = HttpProtocols.Http2);
            kestrel?.Invoke(server);
        });
        web?.Invoke(builder.WebHost);
        builder.Logging.AddProvider(logs).SetMinimumLevel(LogLevel.Debug);
        builder.Services.AddRouting().AddCors();
        services?.Invoke(builder.Services);
        builder.Services.AddGaiPipelines(all =>
        {
            // A test that ends leaves streams open: nobody is to wait for them.
            all.DrainMode = DrainMode.EndAtOnce;
            options?.Invoke(all);
        });

        WebApplication app = builder.Build();
        app.UseCors();
        if (middleware == Middleware.Used)
        {
            app.UseGaiPipelines();
        }

        map(app);
        await app.StartAsync();
        return new TestServer(app, logs);
    }

    /// <summary>Gives the client of a version of HTTP ("1.1" or "2").</summary>
    public HttpClient Client(string version) => _clients[version == "2" ? 1 : 0];

    /// <summary>Makes a client with connections of its own.</summary>
    public HttpClient NewClient(string version, int receiveBuffer = 0) => NewClient(version == "2" ? HttpVersion.Version20 : HttpVersion.Version11, receiveBuffer);

    public static HttpRequestMessage Get(string path, string? accept = null, string? lastEventId = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        if (lastEventId is not null)
        {
            request.Headers.TryAddWithoutValidation("Last-Event-ID", lastEventId);
        }

        return request;
    }

    /// <summary>Gets a whole response. Fails if it does not end as HTTP prescribes.</summary>
    public async Task<Answer> GetAsync(string path, string? accept = null, string version = "1.1", string? lastEventId = null) =>
        await SendAsync(Get(path, accept, lastEventId), version);

    public async Task<Answer> SendAsync(HttpRequestMessage request, string version = "1.1")
    {
        using HttpRequestMessage sent = WithVersion(request, version);
        using HttpResponseMessage response = await Client(version).SendAsync(sent).OrFail($"the whole response to {request.RequestUri}");
        return new Answer(response, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Opens a response, to read it piece by piece.</summary>
    public Task<OpenStream> OpenAsync(string path, string? accept = null, string version = "1.1", HttpClient? client = null) =>
        OpenStream.OpenAsync(client ?? Client(version), WithVersion(Get(path, accept), version));

    /// <summary>Sends all clients away and takes no new ones, as a server does that stops; but this one goes on.</summary>
    public void Drain()
    {
        _ = Streams.CloseAsync();
        Streams.EndAll();
    }

    /// <summary>Waits until nothing is left of any stream: no entry in the registry, none in the scheduler, no source that was given up.</summary>
    public async Task IsIdleAsync()
    {
        await Eventually.IsTrueAsync(() => Streams.Count == 0, () => $"{Streams.Count} streams are left");
        await Eventually.IsTrueAsync(() => Scheduler.EntryCount == 0, () => $"{Scheduler.EntryCount} entries are left in the scheduler");
        await Eventually.IsTrueAsync(() => DetachedSources.Count == 0, () => $"{DetachedSources.Count} sources are detached");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (HttpClient client in _clients)
        {
            client.Dispose();
        }

        // A stream that a test has left open may be waited for, on a clock that nobody moves any more.
        Task stopping = App.StopAsync();
        await (App.Services.GetService<TimeProvider>() is ManualTimeProvider time ? time.PassUntilDoneAsync(stopping) : stopping.OrFail());
        await App.DisposeAsync();
    }

    private static HttpRequestMessage WithVersion(HttpRequestMessage request, string version)
    {
        request.Version = version == "2" ? HttpVersion.Version20 : HttpVersion.Version11;
        request.VersionPolicy = HttpVersionPolicy.RequestVersionExact;
        return request;
    }

    private HttpClient NewClient(Version version, int receiveBuffer = 0)
    {
        // A client that leaves shall leave at once, and not read on for two seconds to keep its connection.
        var handler = new SocketsHttpHandler { EnableMultipleHttp2Connections = true, ResponseDrainTimeout = TimeSpan.Zero };
        if (receiveBuffer > 0)
        {
            handler.ConnectCallback = async (context, cancellationToken) =>
            {
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveBufferSize = receiveBuffer };
                await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            };
        }

        return new HttpClient(handler)
        {
            BaseAddress = new Uri($"http://127.0.0.1:{_ports[version.Major - 1]}"),
            DefaultRequestVersion = version,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }
}

/// <summary>Whether the application uses the middleware.</summary>
internal enum Middleware
{
    Used,
    NotUsed,
}

/// <summary>A whole response.</summary>
internal sealed class Answer(HttpResponseMessage response, string body)
{
    public int Status { get; } = (int)response.StatusCode;

    public string Body { get; } = body;

    public string? ContentType { get; } = response.Content.Headers.ContentType?.ToString();

    /// <summary>Gets all headers but those that every response of Kestrel has, in lower case.</summary>
    public SortedDictionary<string, string> Headers { get; } = HeadersOf(response);

    public System.Text.Json.JsonElement Json => System.Text.Json.JsonDocument.Parse(Body).RootElement;

    private static SortedDictionary<string, string> HeadersOf(HttpResponseMessage response)
    {
        var headers = new SortedDictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach ((string name, System.Net.Http.Headers.HeaderStringValues value) in response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated))
        {
            if (name is not ("Date" or "Server"))
            {
                // HTTP/2 knows only lower case.
                headers[name.ToLowerInvariant()] = value.ToString();
            }
        }

        return headers;
    }
}

using System.Net;
using Gai.Pipelines.FunctionalTests.Compression;
using Gai.Pipelines.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.FunctionalTests.Proxies;

/// <summary>A server that streams, and a proxy before it.</summary>
internal sealed class ProxyScene(CompressionServer server, Proxy proxy, List<string?> codings) : IAsyncDisposable
{
    private readonly HttpClient _client = new(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.All, ResponseDrainTimeout = TimeSpan.Zero })
    {
        BaseAddress = proxy.Address,
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public TestServer Server => server.Server;

    public Uri Address => proxy.Address;

    public Watched Watched => server.Watched;

    public System.Threading.Channels.ChannelWriter<Tick> Ticks => server.Ticks.Writer;

    /// <summary>Gets the codings in which the server has sent streams, whatever became of them in the proxy.</summary>
    public IReadOnlyList<string?> SentCodings
    {
        get
        {
            lock (codings)
            {
                return [.. codings];
            }
        }
    }

    /// <param name="kind">The proxy.</param>
    /// <param name="compression">What the server may compress with.</param>
    /// <param name="options">Its options.</param>
    /// <param name="silence">How long the proxy waits for a silent server; without it longer than any test lasts.</param>
    public static async Task<ProxyScene> StartAsync(
        ProxyKind kind, StreamCompression compression = StreamCompression.None, Action<EventStreamOptions>? options = null, TimeSpan? silence = null)
    {
        var codings = new List<string?>();
        CompressionServer server = await CompressionServer.StartAsync(
            compression,
            options,
            before: app => app.Use((context, next) =>
            {
                context.Response.OnStarting(() =>
                {
                    lock (codings)
                    {
                        codings.Add(context.Response.Headers.ContentEncoding);
                    }

                    return Task.CompletedTask;
                });
                return next(context);
            }),
            map: app =>
            {
                app.MapGet("/limited", () => TypedResults.Extensions.EventStream(Sources.TextsThen(new StreamErrorException(
                    new StreamError(StreamErrorCodes.RateLimited, "Slow down.", Temporary: true, RetryAfter: TimeSpan.FromSeconds(7))))));
                app.MapGet("/done", () => TypedResults.Extensions.EventStream(Sources.Texts("Hi", " you")));
            },

            // HAProxy names the scheme https to a server of HTTP/2, whatever it is.
            kestrel: all => all.AllowAlternateSchemes = true);
        try
        {
            return new ProxyScene(server, await Proxy.StartAsync(kind, server.Server, silence ?? TimeSpan.FromMinutes(5)), codings);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public Task<OpenStream> OpenAsync(string path, string? accept = null) => OpenStream.OpenAsync(_client, TestServer.Get(path, accept));

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await server.DisposeAsync();
        await proxy.DisposeAsync();
    }
}

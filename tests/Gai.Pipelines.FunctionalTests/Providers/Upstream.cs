using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Gai.Pipelines.AI;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.FunctionalTests.Providers;

/// <summary>A provider on a real Kestrel, which writes what a test has written down.</summary>
internal sealed class Upstream : IAsyncDisposable
{
    public const string Done = "data: [DONE]\n\n";

    private readonly TestServer _server;

    private Upstream(TestServer server) => _server = server;

    /// <summary>Gets the bodies of the requests.</summary>
    public ConcurrentQueue<JsonElement> Requests { get; } = new();

    /// <summary>Gets the headers of the last request.</summary>
    public IHeaderDictionary Headers { get; private set; } = new HeaderDictionary();

    public Uri BaseAddress => new($"http://127.0.0.1:{_server.Http1Port}/v1");

    public static async Task<Upstream> StartAsync(Func<HttpContext, Task> answer)
    {
        Upstream? upstream = null;
        TestServer server = await TestServer.StartAsync(
            app => app.MapPost("{**path}", async context =>
            {
                upstream!.Headers = new HeaderDictionary(new Dictionary<string, Microsoft.Extensions.Primitives.StringValues>(context.Request.Headers, StringComparer.OrdinalIgnoreCase));
                using JsonDocument body = await JsonDocument.ParseAsync(context.Request.Body);
                upstream.Requests.Enqueue(body.RootElement.Clone());
                await answer(context);
            }),
            middleware: Middleware.NotUsed);
        return upstream = new Upstream(server);
    }

    /// <summary>Answers with a stream, in pieces of so many bytes, each in a packet of its own.</summary>
    public static Task<Upstream> StreamingAsync(string stream, int pieceBytes = 64 * 1024) => StartAsync(context => WriteAsync(context, stream, pieceBytes));

    public static async Task WriteAsync(HttpContext context, string stream, int pieceBytes = 64 * 1024, string contentType = "text/event-stream")
    {
        context.Response.ContentType = contentType;
        byte[] bytes = Encoding.UTF8.GetBytes(stream);
        for (int at = 0; at < bytes.Length; at += pieceBytes)
        {
            await context.Response.Body.WriteAsync(bytes.AsMemory(at, Math.Min(pieceBytes, bytes.Length - at)));
            await context.Response.Body.FlushAsync();
        }
    }

    public static string Delta(string delta, string finish = "null") =>
        $$"""data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1763800000,"model":"mock-1","choices":[{"index":0,"delta":{{delta}},"finish_reason":{{finish}}}]}""" + "\n\n";

    public static string Usage(string usage) =>
        $$"""data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1763800000,"model":"mock-1","choices":[],"usage":{{usage}}}""" + "\n\n";

    /// <summary>A client of this provider over HTTP/1.1.</summary>
    public OpenAICompatibleChatClient NewClient(HttpClient? http = null, OpenAICompatibleOptions? options = null) =>
        new(http ?? _server.Client("1.1"), (options ?? new OpenAICompatibleOptions { BaseAddress = BaseAddress, Model = "mock-1", ApiKey = "key-1" }) with { BaseAddress = BaseAddress });

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}

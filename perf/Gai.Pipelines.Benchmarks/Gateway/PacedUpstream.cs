using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gai.Pipelines.Benchmarks.Gateway;

/// <summary>A model server that speaks OpenAI's chat completions at a pace, and writes into every piece of text when it was sent.</summary>
internal sealed class PacedUpstream : IAsyncDisposable
{
    private const string Head = "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1763800000,\"model\":\"paced\",\"choices\":[{\"index\":0,\"delta\":";
    private const string Tail = ",\"finish_reason\":null}]}\n\n";
    private const string End = "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"created\":1763800000,\"model\":\"paced\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

    private readonly WebApplication _server;

    private PacedUpstream(WebApplication server) => _server = server;

    public Uri Address => new(_server.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    /// <summary>Begins to listen on a free port of the loopback interface.</summary>
    /// <param name="events">How many pieces of text a stream has.</param>
    /// <param name="interval">The time between two of them.</param>
    public static async Task<PacedUpstream> StartAsync(int events, TimeSpan interval)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        WebApplication server = builder.Build();
        server.MapPost("/v1/chat/completions", context => StreamAsync(context, events, interval));
        await server.StartAsync();
        return new PacedUpstream(server);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private static async Task StreamAsync(HttpContext context, int events, TimeSpan interval)
    {
        context.Response.ContentType = "text/event-stream";
        PipeWriter output = context.Response.BodyWriter;
        Encoding.UTF8.GetBytes(Head + "{\"role\":\"assistant\",\"content\":\"\"}" + Tail, output);
        await output.FlushAsync();
        using var timer = new PeriodicTimer(interval);
        for (int sent = 0; sent < events && await timer.WaitForNextTickAsync(context.RequestAborted); sent++)
        {
            string time = Stopwatch.GetTimestamp().ToString(CultureInfo.InvariantCulture);
            Encoding.UTF8.GetBytes($"{Head}{{\"content\":\"@{time}\"}}{Tail}", output);
            await output.FlushAsync();
        }

        Encoding.UTF8.GetBytes(End, output);
        await output.FlushAsync();
    }
}

using System.Text.Json;
using System.Threading.Channels;
using Gai.Pipelines.LoadTests.Measuring;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.LoadTests.Servers;

/// <summary>The loop that most people write: each event becomes a string, is written and flushed.</summary>
internal sealed class HandContender(ContenderSpec spec, WireFormat format) : Contender<string>(spec, format)
{
    public const string Name = "hand";

    public override string Event(string text) => text;

    public override async Task PullAsync(HttpContext context, IAsyncEnumerable<string> events)
    {
        SetHead(context.Response);
        await foreach (string text in events)
        {
            await context.Response.WriteAsync(
                Format == WireFormat.Sse
                    ? $"event: text_delta\ndata: {JsonSerializer.Serialize(new Delta(text), LoadJson.Default.Delta)}\n\n"
                    : JsonSerializer.Serialize(new Row(Row.TextDelta, text), LoadJson.Default.Row) + "\n",
                context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
        }
    }

    public override Task ReadAsync(HttpContext context, Channel<string> events) =>
        PullAsync(context, events.Reader.ReadAllAsync(context.RequestAborted));
}

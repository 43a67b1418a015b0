using System.Text.Json;
using System.Threading.Channels;
using Gai.Pipelines.LoadTests.Measuring;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.LoadTests.Servers;

/// <summary>The loop that most people write for NDJSON: the serializer writes each record into the body.</summary>
internal sealed class JsonContender(ContenderSpec spec, WireFormat format) : Contender<Row>(spec, format)
{
    public const string Name = "json";

    private static readonly ReadOnlyMemory<byte> LineBreak = "\n"u8.ToArray();

    public override Row Event(string text) => new(Row.TextDelta, text);

    public override async Task PullAsync(HttpContext context, IAsyncEnumerable<Row> events)
    {
        SetHead(context.Response);
        Stream body = context.Response.Body;
        await foreach (Row row in events)
        {
            await JsonSerializer.SerializeAsync(body, row, LoadJson.Default.Row, context.RequestAborted);
            await body.WriteAsync(LineBreak, context.RequestAborted);
            await body.FlushAsync(context.RequestAborted);
        }
    }

    public override Task ReadAsync(HttpContext context, Channel<Row> events) =>
        PullAsync(context, events.Reader.ReadAllAsync(context.RequestAborted));

    public override Task EchoAsync(HttpContext context) => PullAsync(
        context,
        JsonSerializer.DeserializeAsyncEnumerable(context.Request.BodyReader, LoadJson.Default.Row, topLevelValues: true, context.RequestAborted)!);
}

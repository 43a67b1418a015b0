using System.Buffers;
using System.IO.Pipelines;
using System.Net.ServerSentEvents;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Threading.Channels;
using Gai.Pipelines.Benchmarks.Sinks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.Benchmarks.Kestrel;

/// <summary>Endpoints that answer with the same thousand text deltas over SSE, from the same kind of iterator.</summary>
internal static class Contenders
{
    public const int Events = 1_000;

    // As ours: flushed although more is ready.
    private const int UnflushedLimit = 16 * 1024;
    private const string Text = "Hello!";

    private static readonly JsonEncodedText TextName = JsonEncodedText.Encode("text");

    public static ReadOnlySpan<byte> Frame => "event: text_delta\ndata: {\"text\":\"Hello!\"}\n\n"u8;

    /// <summary>What ours says besides, at the end.</summary>
    public static ReadOnlySpan<byte> Done => "id: gai.done\nevent: done\ndata: {\"finished\":true}\n\n"u8;

    public static void Map(WebApplication app)
    {
        app.MapGet("/framework", () => TypedResults.ServerSentEvents(PiecesAsync().WithNames()));
        app.MapGet("/gai", () => TypedResults.Extensions.EventStream(EventsAsync()));
        app.MapGet("/gai-producer", () => TypedResults.Extensions.EventStream<StreamEvent>(ProduceAsync));
        app.MapGet("/copy", CopyAsync);
        app.MapGet("/json-writer", WriteJsonAsync);
        app.MapGet("/formatter", FormatAsync);
        app.MapGet("/strings", WriteStringsAsync);
    }

    /// <summary>The floor: the finished frame, again and again, with one Advance for as many as a block holds. Each costs Kestrel a lock.</summary>
    private static async Task CopyAsync(HttpContext context)
    {
        PipeWriter output = Begin(context);
        Memory<byte> block = output.GetMemory(Frame.Length);
        int used = 0;
        await foreach (StreamEvent _ in EventsAsync())
        {
            if (block.Length - used < Frame.Length)
            {
                output.Advance(used);
                await FlushIfManyAsync(output);
                block = output.GetMemory(Frame.Length);
                used = 0;
            }

            Frame.CopyTo(block.Span[used..]);
            used += Frame.Length;
        }

        output.Advance(used);
        await output.FlushAsync();
    }

    /// <summary>A good loop by hand: a reused Utf8JsonWriter, straight into Kestrel's memory, flushed as seldom as ours.</summary>
    private static async Task WriteJsonAsync(HttpContext context)
    {
        PipeWriter output = Begin(context);
        using var json = new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true });
        await foreach (StreamEvent item in EventsAsync())
        {
            output.Write("event: text_delta\ndata: "u8);
            json.Reset();
            json.WriteStartObject();
            json.WriteString(TextName, item.Text.String);
            json.WriteEndObject();
            json.Flush();
            output.Write("\n\n"u8);
            await FlushIfManyAsync(output);
        }

        await output.FlushAsync();
    }

    /// <summary>The framework's formatter into the body.</summary>
    private static Task FormatAsync(HttpContext context)
    {
        Begin(context);
        var json = new Utf8JsonWriter(Stream.Null);
        return SseFormatter.WriteAsync(PiecesAsync().WithNames(), context.Response.Body, (item, output) =>
        {
            json.Reset(output);
            JsonSerializer.Serialize(json, item.Data, PieceJson.Default.Piece);
            json.Flush();
        });
    }

    /// <summary>The loop that everybody writes first.</summary>
    private static async Task WriteStringsAsync(HttpContext context)
    {
        Begin(context);
        await foreach (Piece piece in PiecesAsync())
        {
            await context.Response.WriteAsync($"event: text_delta\ndata: {JsonSerializer.Serialize(piece, PieceJson.Default.Piece)}\n\n");
            await context.Response.Body.FlushAsync();
        }
    }

    private static PipeWriter Begin(HttpContext context)
    {
        context.Response.ContentType = "text/event-stream";
        return context.Response.BodyWriter;
    }

    private static ValueTask<FlushResult> FlushIfManyAsync(PipeWriter output) => output.UnflushedBytes >= UnflushedLimit ? output.FlushAsync() : default;

    private static async Task ProduceAsync(ChannelWriter<StreamEvent> writer, CancellationToken cancellationToken)
    {
        await foreach (StreamEvent item in EventsAsync())
        {
            await writer.WriteAsync(item, cancellationToken);
        }
    }

#pragma warning disable CS1998 // An async iterator that has everything ready never awaits.
    private static async IAsyncEnumerable<StreamEvent> EventsAsync()
    {
        for (int i = 0; i < Events; i++)
        {
            yield return StreamEvent.TextDelta(Text);
        }
    }

    private static async IAsyncEnumerable<Piece> PiecesAsync()
    {
        for (int i = 0; i < Events; i++)
        {
            yield return new Piece(Text);
        }
    }
#pragma warning restore CS1998

    private static async IAsyncEnumerable<SseItem<Piece>> WithNames(this IAsyncEnumerable<Piece> pieces)
    {
        await foreach (Piece piece in pieces)
        {
            yield return new SseItem<Piece>(piece, "text_delta");
        }
    }
}

using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Threading.Channels;
using Gai.Pipelines.LoadTests.Measuring;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.LoadTests.Servers;

/// <summary>
/// The loop that somebody writes who knows Kestrel: one JSON writer, reused, straight into the memory of the response; a flush when the
/// source has nothing ready or enough has gathered; no string, no copy; what it allocates is the waiter of a channel
/// that is awaited with the token of the request.
/// </summary>
/// <remarks>With a window it drains the channel, waits for the rest of the window, drains it again and flushes.</remarks>
internal sealed class GoodContender(ContenderSpec spec, WireFormat format) : Contender<string>(spec, format)
{
    public const string Name = "good";

    private readonly TimeSpan _window = TimeSpan.FromMilliseconds(spec.Number("window") ?? 0);

    public override string Event(string text) => text;

    public override async Task PullAsync(HttpContext context, IAsyncEnumerable<string> events)
    {
        using EventWriter output = Begin(context);
        await using IAsyncEnumerator<string> source = events.GetAsyncEnumerator(context.RequestAborted);
        while (true)
        {
            ValueTask<bool> next = source.MoveNextAsync();
            if (!next.IsCompleted && output.HasUnflushed)
            {
                await output.FlushAsync(context.RequestAborted);
            }

            if (!await next)
            {
                break;
            }

            output.Write(source.Current);
            if (output.Unflushed >= UnflushedLimit)
            {
                await output.FlushAsync(context.RequestAborted);
            }
        }

        await output.FlushAsync(context.RequestAborted);
    }

    public override async Task ReadAsync(HttpContext context, Channel<string> events)
    {
        using EventWriter output = Begin(context);
        ChannelReader<string> source = events.Reader;
        while (await source.WaitToReadAsync(context.RequestAborted))
        {
            await DrainAsync(source, output, context.RequestAborted);
            if (_window > TimeSpan.Zero)
            {
                await Task.Delay(_window, context.RequestAborted);
                await DrainAsync(source, output, context.RequestAborted);
            }

            if (output.HasUnflushed)
            {
                await output.FlushAsync(context.RequestAborted);
            }
        }
    }

    public override Task EchoAsync(HttpContext context) => PullAsync(context, AnswerAsync(context));

    private static async IAsyncEnumerable<string> AnswerAsync(HttpContext context)
    {
        await foreach (Row? row in JsonSerializer.DeserializeAsyncEnumerable(context.Request.BodyReader, LoadJson.Default.Row, topLevelValues: true, context.RequestAborted))
        {
            yield return row!.Text;
        }
    }

    private async ValueTask DrainAsync(ChannelReader<string> source, EventWriter output, CancellationToken clientGone)
    {
        while (source.TryRead(out string? text))
        {
            output.Write(text);
            if (output.Unflushed >= UnflushedLimit)
            {
                await output.FlushAsync(clientGone);
            }
        }
    }

    private EventWriter Begin(HttpContext context)
    {
        SetHead(context.Response);
        return new EventWriter(context.Response.BodyWriter, Format);
    }

    private sealed class EventWriter(PipeWriter output, WireFormat format) : IDisposable
    {
        private static readonly JsonEncodedText TypeName = JsonEncodedText.Encode("type");
        private static readonly JsonEncodedText TypeValue = JsonEncodedText.Encode(Row.TextDelta);
        private static readonly JsonEncodedText TextName = JsonEncodedText.Encode("text");

        private readonly Utf8JsonWriter _json = new(output, new JsonWriterOptions { SkipValidation = true });
        private readonly bool _isSse = format == WireFormat.Sse;

        public long Unflushed { get; private set; }

        public bool HasUnflushed => Unflushed > 0;

        public void Write(string text)
        {
            if (_isSse)
            {
                output.Write("event: text_delta\ndata: "u8);
            }

            _json.WriteStartObject();
            if (!_isSse)
            {
                _json.WriteString(TypeName, TypeValue);
            }

            _json.WriteString(TextName, text);
            _json.WriteEndObject();
            _json.Flush();
            Unflushed += _json.BytesCommitted + (_isSse ? 26 : 1);
            _json.Reset();
            output.Write(_isSse ? "\n\n"u8 : "\n"u8);
        }

        public async ValueTask FlushAsync(CancellationToken clientGone)
        {
            Unflushed = 0;
            await output.FlushAsync(clientGone);
        }

        public void Dispose() => _json.Dispose();
    }
}

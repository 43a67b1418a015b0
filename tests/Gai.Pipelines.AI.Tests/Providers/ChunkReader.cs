using System.IO.Pipelines;
using System.Text;
using Gai.Pipelines.AI.Providers;

namespace Gai.Pipelines.AI.Tests.Providers;

/// <summary>Reads streams of chat completions that a test has written down.</summary>
internal static class ChunkReader
{
    public static string Frame(string json) => $"data: {json}\n\n";

    public static string Delta(string delta, string finish = "null") =>
        Frame($$"""{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1763800000,"model":"mock-1","choices":[{"index":0,"delta":{{delta}},"finish_reason":{{finish}}}]}""");

    /// <summary>Reads a stream in pieces of so many bytes. What an event holds is copied, as its owner may only use it until the next.</summary>
    public static async Task<List<StreamEvent>> ReadAsync(string stream, int pieceBytes = int.MaxValue, SseReaderOptions? options = null)
    {
        var events = new List<StreamEvent>();
        await foreach (StreamEvent item in Open(stream, pieceBytes, options))
        {
            events.Add(Owned(item));
        }

        return events;
    }

    public static StreamEvent Owned(in StreamEvent item) => item.Type switch
    {
        StreamEventType.TextDelta => StreamEvent.TextDelta(item.Text.Utf8.ToArray()),
        StreamEventType.ReasoningDelta => StreamEvent.ReasoningDelta(item.Text.Utf8.ToArray()),
        StreamEventType.ToolCallDelta => StreamEvent.ToolCallDelta(item.Id!, item.Name, item.Text.Utf8.ToArray()),
        StreamEventType.ToolCall => StreamEvent.ToolCall(item.Id!, item.Name!, item.Text.Utf8.ToArray()),
        _ => item,
    };

    public static IAsyncEnumerable<StreamEvent> Open(string stream, int pieceBytes = int.MaxValue, SseReaderOptions? options = null) =>
        CompletionEvents.ReadStreamAsync(
            PipeReader.Create(new Pieces(Encoding.UTF8.GetBytes(stream), pieceBytes)), options ?? SseReaderOptions.Default, "test", CancellationToken.None);

    private sealed class Pieces(byte[] bytes, int size) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(size, buffer.Length)], cancellationToken);
    }
}

using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Gai.Pipelines.Internal;

/// <summary>Serializes values into a frame with a writer that is kept for the thread.</summary>
internal static class JsonValue
{
    [ThreadStatic]
    private static Utf8JsonWriter? _cached;

    /// <summary>Writes a value as compact JSON, without line ends even if a converter writes some.</summary>
    public static void WriteOnOneLine<T>(FrameWriter output, T value, JsonTypeInfo<T> typeInfo)
    {
        int start = output.Frame.Length;
        Utf8JsonWriter writer = Rent(output, typeInfo.Options.Encoder);
        JsonSerializer.Serialize(writer, value, typeInfo);
        writer.Flush();
        Return(writer);
        LineBreaks.Fold(output, start);
    }

    /// <summary>Takes the thread's writer. One that is not returned, because a serializer threw, is left to the collector.</summary>
    private static Utf8JsonWriter Rent(FrameWriter output, JavaScriptEncoder? encoder)
    {
        Utf8JsonWriter? writer = _cached;
        _cached = null;
        if (writer is null || writer.Options.Encoder != encoder)
        {
            // The serializer has checked what it writes; the depth is its own options' business.
            return new Utf8JsonWriter(output, new JsonWriterOptions { Encoder = encoder, SkipValidation = true, MaxDepth = 1000 });
        }

        writer.Reset(output);
        return writer;
    }

    private static void Return(Utf8JsonWriter writer)
    {
        writer.Reset(Nowhere.Instance);
        _cached = writer;
    }

    /// <summary>What a cached writer points to, so that it keeps no stream alive.</summary>
    private sealed class Nowhere : IBufferWriter<byte>
    {
        public static readonly Nowhere Instance = new();

        public void Advance(int count)
        {
        }

        public Memory<byte> GetMemory(int sizeHint = 0) => Memory<byte>.Empty;

        public Span<byte> GetSpan(int sizeHint = 0) => [];
    }
}

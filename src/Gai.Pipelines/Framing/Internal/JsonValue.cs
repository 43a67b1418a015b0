using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Gai.Pipelines.Internal;

/// <summary>Serializes values into a frame with a writer that is kept for the thread.</summary>
/// <remarks>Of options with an encoder and of those without one each has its writer: streams of both kinds take turns on one thread.</remarks>
internal static class JsonValue
{
    [ThreadStatic]
    private static Utf8JsonWriter? _plain;

    [ThreadStatic]
    private static Utf8JsonWriter? _encoding;

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
        ref Utf8JsonWriter? kept = ref KeptFor(encoder);
        Utf8JsonWriter? writer = kept;
        kept = null;
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
        KeptFor(writer.Options.Encoder) = writer;
    }

    private static ref Utf8JsonWriter? KeptFor(JavaScriptEncoder? encoder) => ref encoder is null ? ref _plain : ref _encoding;

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

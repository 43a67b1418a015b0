using System.Buffers.Text;
using System.Text.Json.Serialization.Metadata;

namespace Gai.Pipelines;

/// <summary>Writes one payload of the plain dialect: strings and bytes raw in SSE, everything else as JSON.</summary>
internal static class PlainPayload
{
    public static void WriteSse<T>(FrameWriter output, in SseFields fields, T payload, JsonTypeInfo<T>? typeInfo)
    {
        if (payload is string text)
        {
            SseEncoder.WriteText(output, fields, text);
        }
        else if (payload is byte[] bytes)
        {
            SseEncoder.WriteUtf8(output, fields, bytes);
        }
        else if (typeof(T) == typeof(string) || typeof(T) == typeof(byte[]))
        {
            // A null string or array: an event with empty data, as the framework's own formatter has it.
            SseEncoder.WriteUtf8(output, fields, []);
        }
        else
        {
            SseEncoder.WriteJson(output, fields, payload, typeInfo!);
        }
    }

    public static void WriteRecord<T>(FrameWriter output, T payload, JsonTypeInfo<T>? typeInfo)
    {
        if (typeInfo is not null)
        {
            NdjsonEncoder.WriteRecord(output, payload, typeInfo);
        }
        else if (payload is string text)
        {
            NdjsonEncoder.WriteString(output, text);
        }
        else if (payload is byte[] bytes)
        {
            var fields = new Internal.JsonFields(output, hasFields: false);
            fields.Base64([], bytes);
            output.Write("\n"u8);
        }
        else
        {
            output.Write("null\n"u8);
        }
    }

    /// <summary>Writes what keeps records alive, where that is no record: plain has none of its own.</summary>
    public static void WriteKeepAlive(FrameWriter output, NdjsonKeepAlive keepAlive)
    {
        if (keepAlive == NdjsonKeepAlive.BlankLine)
        {
            output.Write("\n"u8);
        }
    }

    /// <summary>Checks that there is a way to write the type.</summary>
    public static JsonTypeInfo<T>? Require<T>(JsonTypeInfo<T>? typeInfo) =>
        typeInfo is not null || typeof(T) == typeof(string) || typeof(T) == typeof(byte[])
            ? typeInfo
            : throw new ArgumentNullException(
                nameof(typeInfo),
                $"Events of type {typeof(T).Name} are written as JSON, which needs a JsonTypeInfo<{typeof(T).Name}>. Give one of a JsonSerializerContext.");
}

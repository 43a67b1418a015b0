using System.Text.Json.Serialization.Metadata;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>Encodes NDJSON (ndjson-spec 1.0) and JSON Lines: one JSON value a line, into a <see cref="FrameWriter"/>.</summary>
/// <remarks>
/// Each record is compact JSON and ends with LF; no byte order mark and no blank line is written. A record is sent when
/// the caller commits it. The methods keep no state: they may be called on several threads, each with a frame writer of its own.
/// </remarks>
public static class NdjsonEncoder
{
    /// <summary>Encodes a value as one record.</summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    /// <param name="output">The frame.</param>
    /// <param name="value">The value.</param>
    /// <param name="typeInfo">How it is serialized. The result is compact, whatever its options say of indentation.</param>
    /// <exception cref="FrameTooLargeException">The frame would have more bytes than its writer allows.</exception>
    public static void WriteRecord<T>(FrameWriter output, T value, JsonTypeInfo<T> typeInfo)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(typeInfo);
        JsonValue.WriteOnOneLine(output, value, typeInfo);
        output.Write("\n"u8);
    }

    /// <summary>Encodes a string as one record.</summary>
    /// <param name="output">The frame.</param>
    /// <param name="text">The text.</param>
    /// <exception cref="FrameTooLargeException">The frame would have more bytes than its writer allows.</exception>
    public static void WriteString(FrameWriter output, EventText text)
    {
        ArgumentNullException.ThrowIfNull(output);
        JsonText.WriteString(output, text);
        output.Write("\n"u8);
    }

    /// <summary>Encodes JSON that is there already as one record.</summary>
    /// <param name="output">The frame.</param>
    /// <param name="json">One JSON value. Line breaks between its tokens become spaces.</param>
    /// <exception cref="FormatException">It is not one JSON value.</exception>
    /// <exception cref="FrameTooLargeException">The frame would have more bytes than its writer allows.</exception>
    public static void WriteJson(FrameWriter output, EventText json)
    {
        ArgumentNullException.ThrowIfNull(output);
        RawJson.Write(output, json, "null"u8, "The record");
        output.Write("\n"u8);
    }
}

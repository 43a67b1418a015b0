using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization.Metadata;
using System.Text.Unicode;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>Encodes Server-Sent Events (WHATWG HTML 9.2.5 and 9.2.6) into a <see cref="FrameWriter"/>.</summary>
/// <remarks>
/// Lines end with LF, and no byte order mark is written. A frame is sent when the caller commits it. The methods keep no
/// state: they may be called on several threads, each with a frame writer of its own.
/// </remarks>
public static class SseEncoder
{
    private const int LongestNumber = 20;

    private static ReadOnlySpan<byte> DataField => "data: "u8;

    private static ReadOnlySpan<byte> EventField => "event: "u8;

    private static ReadOnlySpan<byte> IdField => "id: "u8;

    private static ReadOnlySpan<byte> RetryField => "retry: "u8;

    private static ReadOnlySpan<byte> CommentStart => ": "u8;

    private static ReadOnlySpan<byte> LineEnd => "\n"u8;

    /// <summary>Encodes an event with text. Each of its lines (CR, LF or CRLF) becomes a line of data, which the client joins with LF.</summary>
    /// <param name="output">The frame.</param>
    /// <param name="fields">The other fields.</param>
    /// <param name="data">The text; unpaired surrogates become U+FFFD.</param>
    /// <exception cref="ArgumentOutOfRangeException">The retry time is negative.</exception>
    /// <exception cref="FrameTooLargeException">The frame would have more bytes than its writer allows.</exception>
    public static void WriteText(FrameWriter output, in SseFields fields, ReadOnlySpan<char> data)
    {
        ArgumentNullException.ThrowIfNull(output);
        WriteFields(output, fields);
        bool more = true;
        while (more)
        {
            output.Write(DataField);
            WriteTranscoded(output, NextLine(ref data, out more));
            output.Write(LineEnd);
        }

        output.Write(LineEnd);
    }

    /// <summary>Encodes an event with UTF-8 bytes. Each of their lines (CR, LF or CRLF) becomes a line of data.</summary>
    /// <param name="output">The frame.</param>
    /// <param name="fields">The other fields.</param>
    /// <param name="utf8">The bytes, written as they are but for their line ends.</param>
    /// <exception cref="ArgumentOutOfRangeException">The retry time is negative.</exception>
    /// <exception cref="FrameTooLargeException">The frame would have more bytes than its writer allows.</exception>
    public static void WriteUtf8(FrameWriter output, in SseFields fields, ReadOnlySpan<byte> utf8)
    {
        ArgumentNullException.ThrowIfNull(output);
        WriteFields(output, fields);
        bool more = true;
        while (more)
        {
            output.Write(DataField);
            output.Write(NextLine(ref utf8, out more));
            output.Write(LineEnd);
        }

        output.Write(LineEnd);
    }

    /// <summary>Encodes an event with a value as JSON.</summary>
    /// <typeparam name="T">The type of the value.</typeparam>
    /// <param name="output">The frame.</param>
    /// <param name="fields">The other fields.</param>
    /// <param name="value">The value.</param>
    /// <param name="typeInfo">How it is serialized. The result is compact, whatever its options say of indentation.</param>
    /// <exception cref="ArgumentOutOfRangeException">The retry time is negative.</exception>
    /// <exception cref="FrameTooLargeException">The frame would have more bytes than its writer allows.</exception>
    public static void WriteJson<T>(FrameWriter output, in SseFields fields, T value, JsonTypeInfo<T> typeInfo)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(typeInfo);
        WriteFields(output, fields);
        output.Write(DataField);
        JsonValue.WriteOnOneLine(output, value, typeInfo);
        output.Write("\n\n"u8);
    }

    /// <summary>Encodes a comment, which clients ignore and which keeps a connection alive.</summary>
    /// <param name="output">The frame.</param>
    /// <param name="text">The comment; each of its lines becomes a comment line.</param>
    /// <exception cref="FrameTooLargeException">The frame would have more bytes than its writer allows.</exception>
    public static void WriteComment(FrameWriter output, ReadOnlySpan<char> text)
    {
        ArgumentNullException.ThrowIfNull(output);
        bool more = true;
        while (more)
        {
            output.Write(CommentStart);
            WriteTranscoded(output, NextLine(ref text, out more));
            output.Write(LineEnd);
        }

        output.Write(LineEnd);
    }

    /// <summary>Encodes a block that only tells clients how long to wait before they connect again.</summary>
    /// <param name="output">The frame.</param>
    /// <param name="retry">The time, at least zero, written in whole milliseconds.</param>
    /// <exception cref="ArgumentOutOfRangeException">The time is negative.</exception>
    public static void WriteRetry(FrameWriter output, TimeSpan retry)
    {
        ArgumentNullException.ThrowIfNull(output);
        WriteFields(output, new SseFields(Retry: retry));
        output.Write(LineEnd);
    }

    /// <summary>Encodes the fields before the data.</summary>
    internal static void WriteFields(FrameWriter output, in SseFields fields)
    {
        if (fields.Retry < TimeSpan.Zero)
        {
            ThrowNegativeRetry(fields.Retry.GetValueOrDefault());
        }

        if (!fields.Id.IsNone)
        {
            output.Write(IdField);
            if (fields.Id.IsNumber)
            {
                WriteNumber(output, fields.Id.Number);
            }
            else
            {
                WriteTranscoded(output, fields.Id.Text);
            }

            output.Write(LineEnd);
        }

        if (fields.Name.Value is { } name)
        {
            output.Write(EventField);
            WriteTranscoded(output, name);
            output.Write(LineEnd);
        }

        if (fields.Retry is { } retry)
        {
            output.Write(RetryField);
            WriteNumber(output, (long)retry.TotalMilliseconds);
            output.Write(LineEnd);
        }
    }

    internal static void WriteNumber(FrameWriter output, long number)
    {
        Utf8Formatter.TryFormat(number, output.GetSpan(LongestNumber), out int written);
        output.Advance(written);
    }

    [DoesNotReturn]
    private static void ThrowNegativeRetry(TimeSpan retry) =>
        throw new ArgumentOutOfRangeException(
            nameof(retry),
            retry,
            "The field retry takes digits only, so a time below zero has no form. Give null for no field.");

    private static void WriteTranscoded(FrameWriter output, ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            int length = Math.Min(text.Length, 512);
            if (length < text.Length && char.IsHighSurrogate(text[length - 1]))
            {
                length--;
            }

            Utf8.FromUtf16(text[..length], output.GetSpan(3 * length), out _, out int written, replaceInvalidSequences: true);
            output.Advance(written);
            text = text[length..];
        }
    }

    private static ReadOnlySpan<TUnit> NextLine<TUnit>(ref ReadOnlySpan<TUnit> rest, out bool more)
        where TUnit : unmanaged, System.Numerics.INumberBase<TUnit>
    {
        TUnit cr = TUnit.CreateTruncating('\r');
        TUnit lf = TUnit.CreateTruncating('\n');
        ReadOnlySpan<TUnit> all = rest;
        int at = all.IndexOfAny(cr, lf);
        more = at >= 0;
        if (!more)
        {
            rest = [];
            return all;
        }

        int breakLength = all[at] == cr && at + 1 < all.Length && all[at + 1] == lf ? 2 : 1;
        rest = all[(at + breakLength)..];
        return all[..at];
    }
}

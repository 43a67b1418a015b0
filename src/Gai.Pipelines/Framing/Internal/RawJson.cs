using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Gai.Pipelines.Internal;

/// <summary>Writes JSON that somebody else made, after making sure that it is one value and stays on one line.</summary>
internal static class RawJson
{
    private static readonly JsonReaderOptions Strict = new() { MaxDepth = 256 };

    /// <summary>Writes one JSON value.</summary>
    /// <param name="output">The frame.</param>
    /// <param name="json">The value, as text or UTF-8.</param>
    /// <param name="ifEmpty">What is written for an empty text.</param>
    /// <param name="what">What the value is, for the error.</param>
    /// <exception cref="FormatException">It is not one JSON value.</exception>
    public static void Write(FrameWriter output, in EventText json, ReadOnlySpan<byte> ifEmpty, string what)
    {
        if (json.IsEmpty)
        {
            output.Write(ifEmpty);
        }
        else if (json.IsString)
        {
            int most = Encoding.UTF8.GetMaxByteCount(json.String.Length);
            byte[] rented = ArrayPool<byte>.Shared.Rent(most);
            int length = Encoding.UTF8.GetBytes(json.String, rented);
            Write(output, rented.AsSpan(0, length), what);
            ArrayPool<byte>.Shared.Return(rented);
        }
        else
        {
            Write(output, json.Utf8.Span, what);
        }
    }

    /// <summary>Writes one JSON value as the text of a JSON string, as some vendors have it.</summary>
    /// <exception cref="FormatException">It is not one JSON value.</exception>
    public static void WriteAsString(FrameWriter output, in EventText json, ReadOnlySpan<byte> ifEmpty, string what)
    {
        if (json.IsEmpty)
        {
            output.Write("\""u8);
            output.Write(ifEmpty);
            output.Write("\""u8);
            return;
        }

        Check(json, what);
        JsonText.WriteString(output, json);
    }

    /// <summary>Makes sure that a text is one JSON value.</summary>
    /// <exception cref="FormatException">It is not.</exception>
    public static void Check(in EventText json, string what)
    {
        if (!json.IsString)
        {
            Validate(json.Utf8.Span, what);
            return;
        }

        byte[] rented = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(json.String.Length));
        Validate(rented.AsSpan(0, Encoding.UTF8.GetBytes(json.String, rented)), what);
        ArrayPool<byte>.Shared.Return(rented);
    }

    /// <summary>Finds out whether a text is one JSON value.</summary>
    public static bool IsValid(in EventText json)
    {
        try
        {
            Check(json, "It");
            return true;
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static void Write(FrameWriter output, ReadOnlySpan<byte> json, string what)
    {
        Validate(json, what);
        LineBreaks.WriteFolded(output, json);
    }

    private static void Validate(ReadOnlySpan<byte> json, string what)
    {
        var reader = new Utf8JsonReader(json, Strict);
        try
        {
            while (reader.Read())
            {
                // A lazily read string hides invalid UTF-8 until somebody asks for it.
                if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && !System.Text.Unicode.Utf8.IsValid(reader.ValueSpan))
                {
                    throw new FormatException($"{what} contains invalid UTF-8 at byte {reader.TokenStartIndex}. Give UTF-8, or a string.");
                }
            }
        }
        catch (JsonException failure)
        {
            throw new FormatException($"{what} is not one JSON value: {failure.Message} Give one complete value.", failure);
        }
    }
}

using System.Globalization;
using System.Text;

namespace Gai.Pipelines.AI.Providers;

/// <summary>Unescapes JSON strings into UTF-8, also such as end in the middle of a surrogate pair.</summary>
/// <remarks><see cref="System.Text.Json.Utf8JsonReader.CopyString(Span{byte})"/> throws for those; providers that cut their text between UTF-16 units send them.</remarks>
internal static class JsonUnescape
{
    // "\uFFFD" in UTF-8: what stands for a half that nothing completes.
    private static ReadOnlySpan<byte> Replacement => [0xEF, 0xBF, 0xBD];

    /// <summary>Unescapes a string whose escapes have been checked.</summary>
    /// <param name="escaped">The characters between the quotation marks.</param>
    /// <param name="destination">Gets the text; it needs as many bytes, and three more if there is a half.</param>
    /// <param name="half">The high surrogate with which the text before has ended, and with which this one ends; 0 if it does not.</param>
    /// <returns>How many bytes were written.</returns>
    public static int Write(ReadOnlySpan<byte> escaped, Span<byte> destination, ref char half)
    {
        int written = 0;
        while (!escaped.IsEmpty)
        {
            int run = escaped.IndexOf((byte)'\\');
            ReadOnlySpan<byte> plain = run < 0 ? escaped : escaped[..run];
            if (!plain.IsEmpty)
            {
                written += End(ref half, destination[written..]);
                plain.CopyTo(destination[written..]);
                written += plain.Length;
                escaped = escaped[plain.Length..];
            }

            if (!escaped.IsEmpty)
            {
                written += WriteUnit(Decode(ref escaped), destination[written..], ref half);
            }
        }

        return written;
    }

    /// <summary>Ends a text. A half that is left is replaced.</summary>
    /// <returns>How many bytes were written.</returns>
    public static int End(ref char half, Span<byte> destination)
    {
        if (half == 0)
        {
            return 0;
        }

        half = '\0';
        Replacement.CopyTo(destination);
        return Replacement.Length;
    }

    private static int WriteUnit(char unit, Span<byte> destination, ref char half)
    {
        if (half != 0 && char.IsLowSurrogate(unit))
        {
            int pair = new Rune(half, unit).EncodeToUtf8(destination);
            half = '\0';
            return pair;
        }

        int written = End(ref half, destination);
        if (char.IsHighSurrogate(unit))
        {
            half = unit;
            return written;
        }

        Rune rune = Rune.TryCreate(unit, out Rune whole) ? whole : Rune.ReplacementChar;
        return written + rune.EncodeToUtf8(destination[written..]);
    }

    private static char Decode(ref ReadOnlySpan<byte> escaped)
    {
        const int Short = 2;
        const int Long = 6;
        byte kind = escaped[1];
        if (kind == (byte)'u')
        {
            char unit = (char)ushort.Parse(escaped[Short..Long], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            escaped = escaped[Long..];
            return unit;
        }

        escaped = escaped[Short..];
        return kind switch
        {
            (byte)'n' => '\n',
            (byte)'r' => '\r',
            (byte)'t' => '\t',
            (byte)'b' => '\b',
            (byte)'f' => '\f',
            _ => (char)kind,
        };
    }
}

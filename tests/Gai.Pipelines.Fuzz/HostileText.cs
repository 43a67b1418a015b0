using System.Globalization;
using System.Text;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Fuzz;

/// <summary>Makes texts that break encoders.</summary>
internal static class HostileText
{
    // What fields, lines, JSON and UTF-8 give a meaning.
    private static readonly string[] Pieces =
    [
        "a", "Hello", "\n", "\r", "\r\n", "\n\n", "\r\r", "\0", " ", ":", ": ", "\uFEFF", "\u0085", "\u2028", "\u2029", "\"", "\\", "\\u0000", "\\n", "/", "</script>", "\t", "\b", "\v\f", "\u001F", "\u007F", "\u0080", "\u00A0", "é", "€",
        "\U0001F600", "\U00010000", "\U0010FFFF", "\uD83D", "\uDE00", "\uDE00\uD83D", "\uFFFD", "\uFFFE\uFFFF", "data: evil", "data:", "event: admin", "id: 99", "retry: 1", "[DONE]", "{", "}", "[", "]", "null", ",", "<", "&", "'", "+",
        .. FrameAttacks.Texts.Values,
    ];

    // Of whole blocks of the output, of the escaper's vectors, and of what is built in scratch.
    private static readonly int[] Lengths = [40, 255, 256, 257, 511, 512, 513, 1024, 4095, 4096, 4097, 9000, 20_000];

    /// <summary>A text of any units: most often short, sometimes longer than a block, and once in a great while a megabyte.</summary>
    public static string Any(Choices choices)
    {
        int kind = choices.Below(128);
        return kind switch
        {
            < 12 => string.Empty,
            < 36 => Plain(choices),
            < 100 => Mixed(choices, choices.Below(6)),
            < 124 => Units(choices, choices.Below(24)),
            124 or 125 => Mixed(choices, choices.Below(100)),
            126 => Repeated(choices, choices.Of<int>(Lengths)),
            _ => Repeated(choices, choices.OneIn(128) ? 1_000_000 : choices.Of<int>(Lengths)),
        };
    }

    /// <summary>Bytes: a text in UTF-8, and now and then damaged.</summary>
    public static byte[] AnyBytes(Choices choices)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(Any(choices));
        int damages = choices.OneIn(4) ? choices.Below(4) : 0;
        for (; damages > 0 && bytes.Length > 0; damages--)
        {
            bytes[choices.Below(bytes.Length)] = (byte)choices.Below(256);
        }

        return choices.OneIn(8) ? bytes[..choices.Below(bytes.Length + 1)] : bytes;
    }

    /// <summary>A text as a string or as bytes.</summary>
    public static EventText AnyText(Choices choices) => choices.OneIn(2) ? AnyBytes(choices) : Any(choices);

    /// <summary>A name or an id: without what such a field cannot hold, but once in so many times.</summary>
    public static string Field(Choices choices)
    {
        string text = Any(choices);
        return choices.OneIn(64) || IsField(text) ? text : WithoutBreaks(text);
    }

    /// <summary>Whether a text can be a name or an id. It says again what FieldText says, in other words.</summary>
    public static bool IsField(string text) => !text.Contains('\r') && !text.Contains('\n') && !text.Contains('\0') && IsWellFormed(text);

    /// <summary>Whether all surrogates are paired.</summary>
    public static bool IsWellFormed(string text) => !text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF') || text == FrameAttacks.WellFormed(text);

    /// <summary>A text for people, in one line.</summary>
    public static string Quote(string text)
    {
        var words = new StringBuilder("\"");
        foreach (char unit in text.Length > 200 ? text.AsSpan(0, 200) : text)
        {
            words.Append(unit switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                >= ' ' and < '\u007F' => unit,
                _ => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)unit:X4}"),
            });
        }

        return words.Append('"').Append(text.Length > 200 ? string.Create(CultureInfo.InvariantCulture, $" and {text.Length - 200:N0} units more") : string.Empty).ToString();
    }

    private static string WithoutBreaks(string text) =>
        FrameAttacks.WellFormed(text.Replace('\r', '\u0085').Replace('\n', '\u2028').Replace('\0', '\u0001'));

    private static string Plain(Choices choices)
    {
        Span<char> units = stackalloc char[1 + choices.Below(20)];
        foreach (ref char unit in units)
        {
            unit = (char)('a' + choices.Below(26));
        }

        return new string(units);
    }

    private static string Mixed(Choices choices, int pieces)
    {
        var text = new StringBuilder();
        for (; pieces >= 0; pieces--)
        {
            text.Append(choices.Of<string>(Pieces));
        }

        return text.ToString();
    }

    private static string Units(Choices choices, int count)
    {
        Span<char> units = stackalloc char[count];
        foreach (ref char unit in units)
        {
            unit = choices.Below(8) switch
            {
                < 4 => (char)choices.Below(0x80),
                4 => (char)choices.Below(0x100),
                5 => (char)(0xD800 + choices.Below(0x800)),
                _ => (char)choices.Below(0x10000),
            };
        }

        return new string(units);
    }

    private static string Repeated(Choices choices, int length)
    {
        string piece = Mixed(choices, choices.Below(3));
        if (piece.Length == 0)
        {
            return piece;
        }

        var text = new StringBuilder(length + piece.Length).Append('x', choices.Below(4));
        while (text.Length < length)
        {
            text.Append(piece);
        }

        return text.ToString(0, length);
    }
}

namespace Gai.Pipelines.TestUtilities;

/// <summary>Texts that have broken out of a frame, or been damaged in one, in other libraries; many have a CVE number.</summary>
public static class FrameAttacks
{
    /// <summary>The texts by a name that can be printed.</summary>
    public static IReadOnlyDictionary<string, string> Texts { get; } = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["LF"] = "a\nb",
        ["CR"] = "a\rb",
        ["CRLF"] = "a\r\nb",
        ["LFCR"] = "a\n\rb",
        ["blank line"] = "a\n\nb",
        ["blank line of CR"] = "a\r\rb",
        ["forged data"] = "x\ndata: evil",
        ["forged event after CR"] = "x\revent: admin\rdata: evil\r\r",
        ["forged frame"] = "x\n\nevent: admin\ndata: evil\n\n",
        ["forged id"] = "x\nid: 99\nretry: 1",
        ["only LF"] = "\n",
        ["only CR"] = "\r",
        ["leading LF"] = "\nx",
        ["trailing LF"] = "x\n",
        ["trailing CR"] = "x\r",
        ["trailing CRLF"] = "x\r\n",
        ["NUL"] = "a\0b",
        ["only NUL"] = "\0",
        ["byte order mark"] = "\uFEFFx",
        ["leading space"] = " x",
        ["two leading spaces"] = "  x",
        ["only space"] = " ",
        ["trailing space"] = "x ",
        ["tab"] = "\tx",
        ["vertical tab and form feed"] = "a\vb\fc",
        ["NEL"] = "a\u0085b",
        ["line separator"] = "a\u2028b",
        ["paragraph separator"] = "a\u2029b",
        ["high surrogate alone"] = "a\uD83Db",
        ["low surrogate alone"] = "a\uDE00b",
        ["high surrogate at the end"] = "a\uD83D",
        ["colon first"] = ": comment",
        ["looks like data"] = "data: x",
        ["looks like JSON that goes on"] = "\"},\"type\":\"done\",\"x\":{\"y\":\"",
        ["backslash at the end"] = "x\\",
        ["DEL and C1"] = "\u007F\u0080\u009F",
        ["noncharacters"] = "\uFFFE\uFFFF",
        ["empty"] = "",
        ["emoji"] = "\U0001F600 \u20AC",
    };

    /// <summary>What a client reads as the data of an event whose data was this text: its lines, joined with LF.</summary>
    public static string AsData(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return WellFormed(text).Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');
    }

    /// <summary>The text with U+FFFD for unpaired surrogates, which have no form in UTF-8.</summary>
    public static string WellFormed(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return string.Concat(text.EnumerateRunes().Select(rune => rune.ToString()));
    }
}

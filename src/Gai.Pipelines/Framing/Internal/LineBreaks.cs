using System.Buffers;
using System.Runtime.CompilerServices;

namespace Gai.Pipelines.Internal;

/// <summary>Takes the line ends out of JSON, so that it stays on one line of its frame for every reader.</summary>
/// <remarks>
/// Valid JSON has CR and LF only between its tokens, where a space says the same, and Unicode's line ends (U+0085, U+2028,
/// U+2029) only inside strings, where an escape says the same. Were CR or LF between the quotation marks of a string, then
/// the JSON was broken before; the frame around it is not.
/// </remarks>
internal static class LineBreaks
{
    // In UTF-8, U+0085 begins with C2, U+2028 and U+2029 with E2.
    private static readonly SearchValues<byte> MayBreak = SearchValues.Create([(byte)'\r', (byte)'\n', 0xC2, 0xE2]);

    /// <summary>Writes JSON without its line ends.</summary>
    public static void WriteFolded(FrameWriter output, ReadOnlySpan<byte> json)
    {
        int at;
        while ((at = IndexOf(json)) >= 0)
        {
            output.Write(json[..at]);
            output.Write(json[at] switch
            {
                0xC2 => "\\u0085"u8,
                0xE2 => json[at + 2] == 0xA8 ? "\\u2028"u8 : "\\u2029"u8,
                _ => " "u8,
            });
            json = json[(at + LengthOf(json[at..]))..];
        }

        output.Write(json);
    }

    /// <summary>Takes the line ends out of what a serializer wrote at the end of the frame.</summary>
    /// <param name="output">The frame.</param>
    /// <param name="start">Where in the frame the JSON begins.</param>
    /// <remarks>A serializer writes none by itself; a converter that writes raw JSON can bring some.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fold(FrameWriter output, int start)
    {
        if (output.Frame[start..].ContainsAny(MayBreak))
        {
            FoldSlow(output, start);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void FoldSlow(FrameWriter output, int start)
    {
        ReadOnlySpan<byte> json = output.Frame[start..];
        if (IndexOf(json) < 0)
        {
            return;
        }

        byte[] copy = ArrayPool<byte>.Shared.Rent(json.Length);
        int length = json.Length;
        json.CopyTo(copy);
        output.Rewind(start);
        WriteFolded(output, copy.AsSpan(0, length));
        ArrayPool<byte>.Shared.Return(copy);
    }

    private static int IndexOf(ReadOnlySpan<byte> json)
    {
        int at = 0;
        int hit;
        while ((hit = json[at..].IndexOfAny(MayBreak)) >= 0)
        {
            at += hit;
            ReadOnlySpan<byte> here = json[at..];
            if (here[0] is (byte)'\r' or (byte)'\n' ||
                here.StartsWith("\u0085"u8) || here.StartsWith("\u2028"u8) || here.StartsWith("\u2029"u8))
            {
                return at;
            }

            at++;
        }

        return -1;
    }

    /// <summary>The bytes that are replaced: a raw line break takes the white space with it that indents the next line.</summary>
    private static int LengthOf(ReadOnlySpan<byte> json)
    {
        switch (json[0])
        {
            case 0xC2:
                return 2;
            case 0xE2:
                return 3;
            default:
                int end = json.IndexOfAnyExcept(" \t\r\n"u8);
                return end < 0 ? json.Length : end;
        }
    }
}

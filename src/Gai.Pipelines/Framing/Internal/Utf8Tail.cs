namespace Gai.Pipelines.Internal;

/// <summary>Finds a code point that is cut at the end of a piece of UTF-8.</summary>
internal static class Utf8Tail
{
    /// <summary>How many bytes at the end begin a code point that is not complete: 0 to 3.</summary>
    public static int IncompleteLength(ReadOnlySpan<byte> utf8)
    {
        int most = Math.Min(3, utf8.Length);
        for (int back = 1; back <= most; back++)
        {
            byte unit = utf8[^back];
            if ((unit & 0xC0) == 0x80)
            {
                continue;
            }

            int needed = unit switch
            {
                >= 0xC2 and <= 0xDF => 2,
                >= 0xE0 and <= 0xEF => 3,
                >= 0xF0 and <= 0xF4 => 4,
                _ => 1,
            };
            return needed > back && (back == 1 || MayFollow(unit, utf8[^(back - 1)])) ? back : 0;
        }

        return 0;
    }

    /// <summary>Whether a second byte goes on with the first. After some, not every continuation byte does (Unicode, table 3-7).</summary>
    private static bool MayFollow(byte first, byte second) => first switch
    {
        0xE0 => second >= 0xA0,
        0xED => second < 0xA0,
        0xF0 => second >= 0x90,
        0xF4 => second < 0x90,
        _ => true,
    };
}

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
            return needed > back ? back : 0;
        }

        return 0;
    }
}

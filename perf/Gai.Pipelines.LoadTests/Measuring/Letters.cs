namespace Gai.Pipelines.LoadTests.Measuring;

/// <summary>The text of an event: 14 letters, of which 7 say when it was due and 7 which one of its stream it is.</summary>
/// <remarks>The letters need no escaping in JSON and differ from event to event, as the text of a model does.</remarks>
internal static class Letters
{
    /// <summary>How many letters there are.</summary>
    public const int Length = HalfLength * 2;

    private const int HalfLength = 7;
    private const int BitsPerLetter = 6;
    private const long HalfMask = (1L << (HalfLength * BitsPerLetter)) - 1;
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    private static readonly byte[] Values = MakeValues();

    /// <summary>Writes a text.</summary>
    /// <param name="due">The time at which the schedule wants the event, in microseconds; zero says nothing.</param>
    /// <param name="number">The number of the event in its stream, from zero.</param>
    public static string Of(long due, long number) => string.Create(Length, (due, number), static (text, parts) =>
    {
        Write(text[..HalfLength], parts.due);
        Write(text[HalfLength..], parts.number);
    });

    /// <summary>Writes a text as bytes.</summary>
    public static void Write(Span<byte> text, long due, long number)
    {
        for (int i = HalfLength - 1; i >= 0; i--, due >>= BitsPerLetter, number >>= BitsPerLetter)
        {
            text[i] = (byte)Alphabet[(int)(due & (Alphabet.Length - 1))];
            text[HalfLength + i] = (byte)Alphabet[(int)(number & (Alphabet.Length - 1))];
        }
    }

    /// <summary>Reads the time; letters that are none of ours read as zero.</summary>
    public static long Due(ReadOnlySpan<byte> text) => Read(text[..HalfLength]);

    /// <summary>Reads the number.</summary>
    public static long Number(ReadOnlySpan<byte> text) => Read(text.Slice(HalfLength, HalfLength));

    /// <summary>How long ago an event was due. Times begin again at zero after 50 days.</summary>
    public static long Since(long due, long now) => (now - due) & HalfMask;

    private static void Write(Span<char> half, long value)
    {
        for (int i = half.Length - 1; i >= 0; i--, value >>= BitsPerLetter)
        {
            half[i] = Alphabet[(int)(value & (Alphabet.Length - 1))];
        }
    }

    private static long Read(ReadOnlySpan<byte> half)
    {
        long value = 0;
        foreach (byte letter in half)
        {
            value = (value << BitsPerLetter) | Values[letter];
        }

        return value;
    }

    private static byte[] MakeValues()
    {
        var values = new byte[256];
        for (int i = 0; i < Alphabet.Length; i++)
        {
            values[Alphabet[i]] = (byte)i;
        }

        return values;
    }
}

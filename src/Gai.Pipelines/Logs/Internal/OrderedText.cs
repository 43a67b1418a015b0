using System.Numerics;

namespace Gai.Pipelines.Internal;

/// <summary>Writes numbers as text of a fixed width that has their order: base32hex (RFC 4648, section 7) in lower case, the highest digit first.</summary>
internal static class OrderedText
{
    private const int BitsPerDigit = 5;

    public static ReadOnlySpan<byte> Digits => "0123456789abcdefghijklmnopqrstuv"u8;

    public static void Write<TUnit>(Span<TUnit> text, UInt128 number)
        where TUnit : unmanaged, INumberBase<TUnit>
    {
        for (int i = text.Length - 1; i >= 0; i--)
        {
            text[i] = TUnit.CreateTruncating(Digits[(int)(number & 31)]);
            number >>= BitsPerDigit;
        }
    }

    /// <summary>Adds one to the number that the text is.</summary>
    public static void Increment(Span<byte> text)
    {
        for (int i = text.Length - 1; i >= 0; i--)
        {
            byte digit = text[i];
            if (digit != (byte)'v')
            {
                text[i] = digit == (byte)'9' ? (byte)'a' : (byte)(digit + 1);
                return;
            }

            text[i] = (byte)'0';
        }
    }

    /// <summary>Reads exactly what <see cref="Write"/> has written: one number has one text.</summary>
    public static bool TryRead(ReadOnlySpan<char> text, int length, out UInt128 number)
    {
        number = 0;
        if (text.Length != length)
        {
            return false;
        }

        foreach (char unit in text)
        {
            int digit = unit switch
            {
                >= '0' and <= '9' => unit - '0',
                >= 'a' and <= 'v' => unit - 'a' + 10,
                _ => -1,
            };

            // The top digit of 128 bits has only three of them.
            if (digit < 0 || number >> (128 - BitsPerDigit) != 0)
            {
                return false;
            }

            number = (number << BitsPerDigit) | (UInt128)(uint)digit;
        }

        return true;
    }
}

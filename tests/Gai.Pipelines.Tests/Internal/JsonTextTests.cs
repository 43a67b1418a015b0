using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Gai.Pipelines.Internal;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Internal;

public sealed class JsonTextTests
{
    private const int LongestContext = 40;

    // What the context is made of: plain, and no two neighbours alike, so that a shift is noticed.
    private const string Context = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRST";

    [Fact]
    public void Escape_EveryUtf16Unit_ReadsBackAndEscapesOnlyWhatItMust()
    {
        byte[] output = new byte[64];
        for (int unit = 0; unit <= char.MaxValue; unit++)
        {
            char[] text = [(char)unit];
            byte[] written = output[..JsonText.Escape(text, output)];

            string readBack = JsonDocument.Parse(Quoted(written)).RootElement.GetString()!;
            Assert.Equal(char.IsSurrogate((char)unit) ? "\uFFFD" : new string(text), readBack);
            Assert.Equal(MustBeEscaped((char)unit), written[0] == '\\');
        }
    }

    [Fact]
    public void Escape_EveryUtf16UnitAtEveryPlaceOfAsciiText_IsThereAndNothingElseChanges()
    {
        byte[] alone = new byte[64];
        byte[] output = new byte[LongestContext * JsonText.MaxExpansion];
        byte[] expected = new byte[output.Length];
        char[] text = Context.ToCharArray();
        for (int unit = 0; unit <= char.MaxValue; unit++)
        {
            int size = JsonText.Escape([(char)unit], alone);
            for (int place = 0; place <= 20; place++)
            {
                text[place] = (char)unit;
                for (int length = place + 1; length <= LongestContext; length++)
                {
                    int written = JsonText.Escape(text.AsSpan(0, length), output);
                    int total = Surround(alone.AsSpan(0, size), place, length, expected);
                    if (!output.AsSpan(0, written).SequenceEqual(expected.AsSpan(0, total)))
                    {
                        Assert.Fail($"U+{unit:X4} at {place} of {length}: {Encoding.UTF8.GetString(output, 0, written)}");
                    }
                }

                text[place] = Context[place];
            }
        }
    }

    [Fact]
    public void Escape_EveryCodePointAsUtf8AtEveryPlaceOfAsciiText_IsAsFromUtf16()
    {
        byte[] alone = new byte[64];
        byte[] utf8 = new byte[LongestContext + 4];
        byte[] output = new byte[utf8.Length * JsonText.MaxExpansion];
        byte[] expected = new byte[output.Length];
        Span<char> units = stackalloc char[2];
        for (int code = 0; code <= 0x10FFFF; code += code < 0x3000 ? 1 : 13)
        {
            if (!Rune.TryCreate(code, out Rune rune))
            {
                continue;
            }

            int size = JsonText.Escape(units[..rune.EncodeToUtf16(units)], alone);
            for (int place = 0; place <= 20; place++)
            {
                Encoding.ASCII.GetBytes(Context.AsSpan(0, place), utf8);
                int own = rune.EncodeToUtf8(utf8.AsSpan(place));
                Encoding.ASCII.GetBytes(Context.AsSpan(place + 1, LongestContext - place - 1), utf8.AsSpan(place + own));
                for (int length = place + 1; length <= LongestContext; length += 1 + (length / 8))
                {
                    int written = JsonText.Escape(utf8.AsSpan(0, length - 1 + own), output);
                    int total = Surround(alone.AsSpan(0, size), place, length, expected);
                    if (!output.AsSpan(0, written).SequenceEqual(expected.AsSpan(0, total)))
                    {
                        Assert.Fail($"U+{code:X4} at {place} of {length}: {Encoding.UTF8.GetString(output, 0, written)}");
                    }
                }
            }
        }
    }

    [Fact]
    public void Escape_EveryCodePointOfTheOtherPlanes_IsWrittenAsItIs()
    {
        byte[] output = new byte[64];
        for (int code = 0x10000; code <= 0x10FFFF; code++)
        {
            string text = "ab" + char.ConvertFromUtf32(code) + "c";
            int written = JsonText.Escape(text, output);
            if (!output.AsSpan(0, written).SequenceEqual(Encoding.UTF8.GetBytes(text)))
            {
                Assert.Fail($"U+{code:X}: {Encoding.UTF8.GetString(output, 0, written)}");
            }
        }
    }

    [Fact]
    public void Escape_EveryPairOfBytes_ReadsAsTheFrameworkDecodesThem()
    {
        byte[] output = new byte[64];
        for (int pair = 0; pair <= ushort.MaxValue; pair++)
        {
            AssertDecodes([(byte)(pair >> 8), (byte)pair], output);
            AssertDecodes([(byte)'x', (byte)(pair >> 8), (byte)pair, (byte)'"'], output);
        }
    }

    [Fact]
    public void Write_AnyBytes_ReadAsTheFrameworkDecodesThem() =>
        Prop.ForAll(
            Gen.Elements<byte>(0x00, 0x0A, 0x22, 0x41, 0x5C, 0x7F, 0x80, 0x85, 0xA8, 0xBF, 0xC0, 0xC2, 0xE0, 0xE2, 0xED, 0xEF, 0xF0, 0xF4, 0xF5, 0xFF)
                .ArrayOf().ToArbitrary(),
            bytes =>
            {
                // 250 letters before them put the bytes on the border of two pieces.
                byte[] text = [.. new string('a', 250).Select(letter => (byte)letter), .. bytes];
                return Decode(Encoded.Bytes(output => JsonText.WriteString(output, text))) == Encoding.UTF8.GetString(text);
            })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(1000).WithEndSize(30));

    [Fact]
    public void Write_AnyText_ReadsBack() =>
        Prop.ForAll(
            Gen.Elements('a', 'b', 'c', '"', '\\', '\n', '\0', '\u007F', '\u0085', '\u00E9', '\u2028', '\u20AC', '\uD83D', '\uD83D', '\uDE00', '\uDE00', '\uFFFF')
                .ArrayOf().ToArbitrary(),
            units =>
            {
                string text = new string('a', 250) + new string(units);
                return Decode(Encoded.Bytes(output => JsonText.WriteString(output, text))) == FrameAttacks.WellFormed(text);
            })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(1000).WithEndSize(30));

    [Theory]
    [InlineData("\U0001F600")]
    [InlineData("\u20AC")]
    [InlineData("\u00E9")]
    [InlineData("\u2028")]
    [InlineData("\u0085")]
    public void Write_CodePointOnTheBorderOfPieces_IsNotSplit(string codePoint)
    {
        for (int before = 250; before < 262; before++)
        {
            string text = new string('a', before) + codePoint + new string('b', 300) + codePoint;

            Assert.Equal(text, Decode(Encoded.Bytes(output => JsonText.WriteString(output, text))));
            Assert.Equal(text, Decode(Encoded.Bytes(output => JsonText.WriteString(output, Encoding.UTF8.GetBytes(text)))));
        }
    }

    [Theory]
    [InlineData("plain letters, ")]
    [InlineData("\u0000\u0001\u001F\"\\\u007F")]
    [InlineData("\U0001F600x\u20AC\u00E9\u2028\n")]
    public void Write_64Kilobytes_ReadsBack(string part)
    {
        string text = string.Concat(Enumerable.Repeat(part, 65_536 / part.Length));

        Assert.Equal(text, Decode(Encoded.Bytes(output => JsonText.WriteString(output, text))));
        Assert.Equal(text, Decode(Encoded.Bytes(output => JsonText.WriteString(output, Encoding.UTF8.GetBytes(text)))));
    }

    [Fact]
    public void WriteString_NullAndEmpty_IsAnEmptyString()
    {
        Assert.Equal("\"\"", Encoded.Text(output => JsonText.WriteString(output, default)));
        Assert.Equal("\"\"", Encoded.Text(output => JsonText.WriteString(output, (string?)null)));
        Assert.Equal("\"\"", Encoded.Text(output => JsonText.WriteString(output, Array.Empty<byte>())));
    }

    private static bool MustBeEscaped(char unit) => unit < ' ' || unit is '"' or '\\' or '\u007F' or '\u0085' or '\u2028' or '\u2029';

    private static int Surround(ReadOnlySpan<byte> own, int place, int length, Span<byte> expected)
    {
        Encoding.ASCII.GetBytes(Context.AsSpan(0, place), expected);
        own.CopyTo(expected[place..]);
        int after = length - place - 1;
        Encoding.ASCII.GetBytes(Context.AsSpan(place + 1, after), expected[(place + own.Length)..]);
        return place + own.Length + after;
    }

    private static void AssertDecodes(byte[] bytes, byte[] output)
    {
        int written = JsonText.Escape(bytes, output);
        string actual = Decode(Quoted(output.AsSpan(0, written)));
        if (actual != Encoding.UTF8.GetString(bytes))
        {
            Assert.Fail($"{Convert.ToHexString(bytes)}: {actual}");
        }
    }

    private static string Decode(byte[] json) => JsonDocument.Parse(json).RootElement.GetString()!;

    private static byte[] Quoted(ReadOnlySpan<byte> inside) => [(byte)'"', .. inside, (byte)'"'];
}

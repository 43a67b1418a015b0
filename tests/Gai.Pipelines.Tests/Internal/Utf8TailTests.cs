using System.Buffers;
using System.Text;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines.Tests.Internal;

public sealed class Utf8TailTests
{
    [Fact]
    public void IncompleteLength_EveryCodePointCutAnywhere_CountsTheBytesBeforeTheCut()
    {
        byte[] bytes = new byte[6];
        for (int code = 0; code <= 0x10FFFF; code += code < 0x1000 ? 1 : 17)
        {
            if (!Rune.TryCreate(code, out Rune rune))
            {
                continue;
            }

            bytes[0] = (byte)'a';
            int length = rune.EncodeToUtf8(bytes.AsSpan(1));
            for (int cut = 0; cut <= length; cut++)
            {
                int expected = cut == length ? 0 : cut;
                if (Utf8Tail.IncompleteLength(bytes.AsSpan(0, 1 + cut)) != expected || Utf8Tail.IncompleteLength(bytes.AsSpan(1, cut)) != expected)
                {
                    Assert.Fail($"U+{code:X4} cut after {cut} of {length} bytes.");
                }
            }
        }
    }

    [Theory]
    [InlineData(new byte[] { })]
    [InlineData(new byte[] { 0x80 })]
    [InlineData(new byte[] { 0x80, 0x80, 0x80, 0x80 })]
    [InlineData(new byte[] { 0xC0 })]
    [InlineData(new byte[] { 0xF5 })]
    [InlineData(new byte[] { 0xFF })]
    [InlineData(new byte[] { 0xE2, 0x82, 0xAC, 0x80 })]
    [InlineData(new byte[] { 0xE0, 0x80 })]
    [InlineData(new byte[] { 0xED, 0xA0 })]
    [InlineData(new byte[] { 0xF0, 0x8F, 0xBF })]
    [InlineData(new byte[] { 0xF4, 0x90, 0x80 })]
    public void IncompleteLength_NothingThatCouldGoOn_IsZero(byte[] bytes) => Assert.Equal(0, Utf8Tail.IncompleteLength(bytes));

    [Fact]
    public void IncompleteLength_AnyTail_IsAsTheFrameworkSeesIt()
    {
        Span<byte> bytes = stackalloc byte[3];
        for (int tail = 0; tail <= 0xFFFFFF; tail += tail < 0x10000 ? 1 : 7)
        {
            bytes[0] = (byte)(tail >> 16);
            bytes[1] = (byte)(tail >> 8);
            bytes[2] = (byte)tail;
            int expected = 3;
            while (expected > 0 && Rune.DecodeFromUtf8(bytes[^expected..], out _, out _) != OperationStatus.NeedMoreData)
            {
                expected--;
            }

            if (Utf8Tail.IncompleteLength(bytes) != expected)
            {
                Assert.Fail($"{tail:X6} ends with {expected} bytes of a code point, not {Utf8Tail.IncompleteLength(bytes)}.");
            }
        }
    }
}

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
    public void IncompleteLength_NothingThatCouldGoOn_IsZero(byte[] bytes) => Assert.Equal(0, Utf8Tail.IncompleteLength(bytes));
}

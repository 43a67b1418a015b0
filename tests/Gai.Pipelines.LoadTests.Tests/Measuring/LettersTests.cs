using System.Text;
using Gai.Pipelines.LoadTests.Measuring;

namespace Gai.Pipelines.LoadTests.Tests.Measuring;

public sealed class LettersTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 2)]
    [InlineData(123_456_789_012, 987_654_321)]
    [InlineData((1L << 42) - 1, (1L << 42) - 1)]
    public void Of_AnyTimeAndNumber_IsReadBack(long due, long number)
    {
        string text = Letters.Of(due, number);
        byte[] bytes = Encoding.ASCII.GetBytes(text);
        Assert.Equal(14, text.Length);
        Assert.Equal(due, Letters.Due(bytes));
        Assert.Equal(number, Letters.Number(bytes));

        Letters.Write(bytes, due, number);
        Assert.Equal(text, Encoding.ASCII.GetString(bytes));
    }

    [Fact]
    public void Since_AcrossTheEndOfTime_IsStillHowLongAgo()
    {
        long last = (1L << 42) - 1;
        Assert.Equal(11, Letters.Since(last, 10));
        Assert.Equal(5, Letters.Since(Letters.Due(Encoding.ASCII.GetBytes(Letters.Of((1L << 42) + 100, 0))), (1L << 42) + 105));
    }
}

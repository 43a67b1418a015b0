using System.Text.Json;
using Gai.Pipelines.LoadTests.Measuring;

namespace Gai.Pipelines.LoadTests.Tests.Measuring;

public sealed class HistogramTests
{
    private static readonly double[] Shares = [0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1];

    [Fact]
    public void Quantile_NoValues_IsZero() => Assert.Equal(0, new Histogram().Quantile(0.5));

    [Fact]
    public void Quantile_SmallValues_IsExact()
    {
        var histogram = new Histogram();
        for (int value = 1; value <= 100; value++)
        {
            histogram.Record(value);
        }

        Assert.Equal(50, histogram.Quantile(0.5));
        Assert.Equal(99, histogram.Quantile(0.99));
        Assert.Equal(100, histogram.Quantile(1));
        Assert.Equal(1, histogram.Quantile(0));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1_000)]
    [InlineData(1_000_000)]
    public void Quantile_AnyValues_IsWithinAHundredthOfTheSortedOnes(int scale)
    {
        var random = new Random(1);
        long[] values = [.. Enumerable.Range(0, 20_000).Select(_ => (long)(-Math.Log(1 - random.NextDouble()) * 1_000 * scale))];
        var histogram = new Histogram();
        foreach (long value in values)
        {
            histogram.Record(value);
        }

        Array.Sort(values);
        foreach (double share in Shares)
        {
            long exact = values[Math.Clamp((int)Math.Ceiling(share * values.Length) - 1, 0, values.Length - 1)];
            Assert.InRange(histogram.Quantile(share), exact, exact + (exact / 100) + 1);
        }

        Assert.Equal(values[^1], histogram.Max);
    }

    [Fact]
    public void Record_ExtremeValues_HaveBuckets()
    {
        var histogram = new Histogram();
        foreach (long value in (long[])[-5, 0, 255, 256, 257, long.MaxValue])
        {
            histogram.Record(value);
        }

        Assert.Equal(6, histogram.Count);
        Assert.Equal(long.MaxValue, histogram.Quantile(1));
        Assert.Equal(0, histogram.Quantile(0.3));
    }

    [Fact]
    public void Add_TwoHistograms_IsTheHistogramOfAllValues()
    {
        var all = new Histogram();
        var first = new Histogram();
        var second = new Histogram();
        for (int value = 0; value < 5_000; value++)
        {
            all.Record(value * 7);
            (value % 3 == 0 ? first : second).Record(value * 7);
        }

        first.Add(second);
        AssertSame(all, first);
    }

    [Fact]
    public void ToData_ThroughAFile_IsTheSameHistogram()
    {
        var histogram = new Histogram();
        for (int value = 0; value < 5_000; value++)
        {
            histogram.Record((long)value * value);
        }

        string file = JsonSerializer.Serialize(histogram.ToData());
        AssertSame(histogram, Histogram.Of(JsonSerializer.Deserialize<HistogramData>(file)!));
    }

    private static void AssertSame(Histogram expected, Histogram actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        Assert.Equal(expected.Max, actual.Max);
        Assert.All(Shares, share => Assert.Equal(expected.Quantile(share), actual.Quantile(share)));
    }
}

using Gai.Pipelines.LoadTests.Engines;

namespace Gai.Pipelines.LoadTests.Tests.Engines;

public sealed class LoadEngineTests
{
    [Fact]
    public void Schedule_Poisson_HasTheRateAndTheSpreadOfOne()
    {
        long[] times = [.. LoadEngine.Schedule(new Arrivals.Poisson(PerSecond: 1_000, Seconds: 100, Seed: 1))];
        double[] gaps = [.. times.Zip(times[1..], static (left, right) => (double)(right - left))];
        double mean = gaps.Average();
        double deviation = Math.Sqrt(gaps.Average(gap => (gap - mean) * (gap - mean)));

        // Exponential: the deviation of the gaps is their mean. 100,000 arrivals are within 1% of both.
        Assert.InRange(times.Length, 99_000, 101_000);
        Assert.InRange(deviation / mean, 0.98, 1.02);
        Assert.All(times, static time => Assert.InRange(time, 0, 100_000_000));
        Assert.True(times.SequenceEqual(times.Order()));
    }

    [Fact]
    public void Schedule_SameSeed_IsTheSame() => Assert.Equal(
        LoadEngine.Schedule(new Arrivals.Poisson(100, 5, Seed: 3)),
        LoadEngine.Schedule(new Arrivals.Poisson(100, 5, Seed: 3)));

    [Fact]
    public void Schedule_Together_IsNoFasterThanItMayBe() =>
        Assert.Equal([0, 500, 1_000], LoadEngine.Schedule(new Arrivals.Together(3, PerSecond: 2_000)));
}

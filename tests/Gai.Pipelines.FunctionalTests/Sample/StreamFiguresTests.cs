using System.Diagnostics.Metrics;
using Gai.Pipelines.Chat.Figures;
using Gai.Pipelines.TestUtilities;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.FunctionalTests.Sample;

/// <summary>What /metrics.json makes of measurements.</summary>
public sealed class StreamFiguresTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ManualTimeProvider _time = new();
    private readonly Meter _meter;
    private readonly StreamFigures _figures;

    public StreamFiguresTests()
    {
        IMeterFactory meters = _services.GetRequiredService<IMeterFactory>();
        _figures = new StreamFigures(meters, _time);
        _meter = meters.Create("Gai.Pipelines");
    }

    public void Dispose()
    {
        _figures.Dispose();
        _services.Dispose();
    }

    [Fact]
    public void Read_Counter_IsItsSumInAllAndByTag()
    {
        Counter<long> counter = _meter.CreateCounter<long>("c", "{event}");
        counter.Add(2, new KeyValuePair<string, object?>("status", 503));
        counter.Add(3, new KeyValuePair<string, object?>("status", 429));
        counter.Add(4, new KeyValuePair<string, object?>("status", 503));
        _time.Advance(TimeSpan.FromSeconds(9));

        FiguresDocument read = _figures.Read();

        Assert.Equal(9, read.Seconds);
        Assert.Equal(("{event}", 9, null), (read.Figures["c"].Unit, read.Figures["c"].Value, read.Figures["c"].Distribution));
        Assert.Equal(new Dictionary<string, double> { ["503"] = 6, ["429"] = 3 }, read.Figures["c"].By!["status"]);
    }

    [Fact]
    public void Read_Observable_IsWhatItSaysNow()
    {
        int value = 5;
        _meter.CreateObservableUpDownCounter("o", () => value);

        Assert.Equal(5, _figures.Read().Figures["o"].Value);
        value = 3;
        Assert.Equal(3, _figures.Read().Figures["o"].Value);
    }

    [Fact]
    public void Read_Histogram_HasQuantilesWithinItsBuckets()
    {
        Histogram<double> histogram = _meter.CreateHistogram("h", "s", null, advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = [1, 2, 4] });
        for (int i = 0; i < 98; i++)
        {
            histogram.Record(1.5, new KeyValuePair<string, object?>("outcome", "completed"));
        }

        histogram.Record(0.5);
        histogram.Record(100);

        FigureDocument read = _figures.Read().Figures["h"];

        Assert.Equal((100, 247.5, 100), (read.Distribution!.Count, read.Distribution.Sum, read.Distribution.Max));
        Assert.InRange(read.Distribution.P50, 1.49, 1.51);
        Assert.Equal(2, read.Distribution.P99);
        Assert.Equal(98, read.By!["outcome"]["completed"]);
        Assert.Null(read.Value);
    }

    [Theory]
    [InlineData(new[] { 3L }, 3, 3, 3)]
    [InlineData(new[] { 1L, 1L, 1L, 1L }, 1, 1, 1)]
    [InlineData(new long[0], 0, 0, 0)]
    public void Read_FewValues_NoQuantileIsOutsideOfThem(long[] values, double p50, double p99, double max)
    {
        Histogram<long> histogram = _meter.CreateHistogram("h", "{event}", null, advice: new InstrumentAdvice<long> { HistogramBucketBoundaries = [1, 2, 4] });
        foreach (long value in values)
        {
            histogram.Record(value);
        }

        DistributionDocument read = _figures.Read().Figures["h"].Distribution!;

        Assert.Equal((p50, p99, max), (read.P50, read.P99, read.Max));
    }

    [Fact]
    public void Read_MetersOfOthers_AreNotHeard()
    {
        using var meters = new ServiceCollection().AddMetrics().BuildServiceProvider();
        meters.GetRequiredService<IMeterFactory>().Create("Gai.Pipelines").CreateCounter<long>("other").Add(1);
        _services.GetRequiredService<IMeterFactory>().Create("Other").CreateCounter<long>("other").Add(1);

        Assert.Empty(_figures.Read().Figures);
    }

    [Fact]
    public void Hear_ManyThreads_LosesNothing()
    {
        Counter<long> counter = _meter.CreateCounter<long>("c");
        Histogram<double> histogram = _meter.CreateHistogram<double>("h");

        Parallel.For(0, 10_000, _ =>
        {
            counter.Add(1, new KeyValuePair<string, object?>("tag", "value"));
            histogram.Record(1);
        });

        FiguresDocument read = _figures.Read();
        Assert.Equal((10_000, 10_000, 10_000), (read.Figures["c"].Value, read.Figures["c"].By!["tag"]["value"], read.Figures["h"].Distribution!.Count));
    }
}

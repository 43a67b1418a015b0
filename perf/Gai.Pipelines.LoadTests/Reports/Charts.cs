using System.Globalization;
using Gai.Pipelines.LoadTests.Measuring;

namespace Gai.Pipelines.LoadTests.Reports;

/// <summary>The charts that reports are good for.</summary>
internal static class Charts
{
    private static readonly double[] Shares = [0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9998, 0.9999];
    private static readonly double[] NamedShares = [0.5, 0.9, 0.99, 0.999, 0.9999];

    /// <summary>Draws what there are figures for.</summary>
    /// <returns>The name of a file without its ending, a title, and the drawing.</returns>
    public static IReadOnlyList<Drawing> Draw(ReportSet reports) =>
        [.. new[] { Peers(reports), Latency(reports), Rates(reports), Memory(reports) }.OfType<Drawing>()];

    private static Drawing? Peers(ReportSet reports)
    {
        BarPanel?[] panels =
        [
            Panel(reports, Cases.Burst, "Million events/s, one stream, SSE (more is better)", static run => run.EventsPerSecond / 1e6, "0.00"),
            Panel(reports, Cases.BurstNdjson, "Million records/s, one stream, NDJSON (more is better)", static run => run.EventsPerSecond / 1e6, "0.00"),
            Panel(reports, Cases.Push, "Million events/s through a channel (more is better)", static run => run.EventsPerSecond / 1e6, "0.00"),
            Panel(reports, Cases.BurstHttp2, "Million events/s over HTTP/2 (more is better)", static run => run.EventsPerSecond / 1e6, "0.00"),
            Panel(reports, Cases.Paced, "CPU µs an event, 500 streams x 50/s (less is better)", static run => run.CpuPerEvent, "0.0"),
            Panel(reports, Cases.Fast, "CPU µs an event, 60 streams x 1,000/s (less is better)", static run => run.CpuPerEvent, "0.0"),
            Panel(reports, Cases.Paced, "p99 latency in ms, 500 streams x 50/s (less is better)", static run => run.LatencyAt(0.99), "0.0"),
            Panel(reports, Cases.Connect, "New streams/s, first byte p99 below 50 ms (more is better)", Metric.HighestRate.Of, "#,0"),
        ];
        BarPanel[] found = [.. panels.OfType<BarPanel>()];
        return found.Length == 0
            ? null
            : new Drawing("load-peers", "Ours beside each peer", new BarChart("Ours beside each peer", "Medians of the rounds; each panel has a scale of its own. Grey: floors, which write nothing themselves.", found).Draw());
    }

    private static BarPanel? Panel(ReportSet reports, string name, string title, Func<RunFigures, double> figure, string format) => reports.Find(name) is { } report
        ? new BarPanel(title, format, [.. report.Case.Contenders.Select(contender => new Bar(contender, Spread.Of(report.Of(contender).Select(figure)).Median))])
        : null;

    private static Drawing? Latency(ReportSet reports)
    {
        if (reports.Find(Cases.Paced) is not { } report)
        {
            return null;
        }

        Series[] series = [.. report.Case.Contenders.Select(contender => new Series(contender, LatencyPoints(report.Of(contender))))];
        (double, string)[] ticks = [.. NamedShares.Select(static share => (Nines(share), string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.##}%")))];
        const string Title = "How late events come, 500 streams x 50/s";
        return new Drawing("load-latency", Title, new LineChart(
            Title,
            "From when the schedule wants an event to when the client has it; all rounds together.",
            new Axis("share of the events", Nines(0), Nines(0.9999), true, ticks),
            Axis.Logarithmic("ms", series.SelectMany(static line => line.Points).Select(static point => point.Y)),
            series).Draw());
    }

    private static (double X, double Y)[] LatencyPoints(IReadOnlyList<RunFigures> runs)
    {
        var sum = new Histogram();
        foreach (RunFigures run in runs)
        {
            sum.Add(Histogram.Of(run.Latency));
        }

        return [.. Shares.Select(share => (Nines(share), Math.Max(1, sum.Quantile(share)) / 1_000.0))];
    }

    /// <summary>One in how many is beyond a share: what makes the tail as wide as the rest.</summary>
    private static double Nines(double share) => 1 / (1 - share);

    private static Drawing? Rates(ReportSet reports)
    {
        (int Rate, LoadReport Report)[] found = [.. Cases.Rates.Select(rate => (rate, reports.Find(Cases.RateCase(rate)))).Where(static found => found.Item2 is not null).Select(static found => (found.rate, found.Item2!))];
        if (found.Length < 2)
        {
            return null;
        }

        Series[] series = SeriesOf(found.Select(static one => ((double)one.Rate, one.Report)), static run => run.CpuPerEvent);
        const string Title = "Processor time of the server for an event";
        return new Drawing("load-rate", Title, new LineChart(
            Title,
            "500 streams, all produced by one engine; the more events a second, the more of them a flush can take.",
            new Axis("events a second on each stream", found[0].Rate, found[^1].Rate, true, [.. found.Select(static one => ((double)one.Rate, one.Rate.ToString(CultureInfo.InvariantCulture)))]),
            Axis.FromZero("µs", series.SelectMany(static line => line.Points).Select(static point => point.Y), "0.##"),
            series).Draw());
    }

    private static Drawing? Memory(ReportSet reports)
    {
        (int Streams, LoadReport Report)[] found =
            [.. Cases.StreamCounts.Select(streams => (streams, reports.Find(Cases.StreamsCase(streams)))).Where(static found => found.Item2 is not null).Select(static found => (found.streams, found.Item2!))];
        if (found.Length < 2)
        {
            return null;
        }

        Series[] series = SeriesOf(
            found.Select(static one => ((double)one.Streams, one.Report)), static run => Metric.IdleHeap.Of(run) * run.Streams / 1e6);
        const string Title = "Managed heap for silent streams";
        return new Drawing("load-memory", Title, new LineChart(
            Title,
            "What the heap of the server holds more than without streams, after a full collection, but for the pinned blocks of Kestrel's pool.",
            new Axis("streams", 0, found[^1].Streams, false, [.. found.Select(static one => ((double)one.Streams, one.Streams.ToString("#,0", CultureInfo.InvariantCulture)))]),
            Axis.FromZero("MB", series.SelectMany(static line => line.Points).Select(static point => point.Y), "0.##"),
            series).Draw());
    }

    private static Series[] SeriesOf(IEnumerable<(double X, LoadReport Report)> reports, Func<RunFigures, double> figure)
    {
        (double X, LoadReport Report)[] all = [.. reports];
        return
        [
            .. all.SelectMany(static one => one.Report.Case.Contenders).Distinct(StringComparer.Ordinal)
                .Select(contender => new Series(contender, [.. all.Where(one => one.Report.Of(contender).Count > 0).Select(one => (one.X, Spread.Of(one.Report.Of(contender).Select(figure)).Median))]))
                .Where(static series => series.Points.Count > 1),
        ];
    }
}

/// <summary>A chart.</summary>
/// <param name="Name">What its file is called, without its ending.</param>
/// <param name="Title">What it shows.</param>
/// <param name="Svg">The drawing.</param>
internal sealed record Drawing(string Name, string Title, string Svg);

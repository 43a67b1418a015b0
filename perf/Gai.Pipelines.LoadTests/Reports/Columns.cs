using Gai.Pipelines.LoadTests.Measuring;

namespace Gai.Pipelines.LoadTests.Reports;

/// <summary>A column of a table of servers.</summary>
/// <param name="Name">What stands above it.</param>
/// <param name="Figure">The figure of a run.</param>
/// <param name="Format">How it is written.</param>
internal sealed record Column(string Name, Func<RunFigures, double> Figure, string Format)
{
    /// <summary>The columns that have something to say in a report.</summary>
    public static IReadOnlyList<Column> Of(LoadReport report) => [.. All(report).Where(column => report.Runs.Any(run => column.Figure(run) != 0))];

    private static IEnumerable<Column> All(LoadReport report) =>
    [
        .. report.Case.Settings.Rate > 0 ? Array.Empty<Column>() : [new("events/s", static run => run.EventsPerSecond, "#,0")],
        new("CPU/event, µs", static run => run.CpuPerEvent, "0.000"),
        new("allocated/event, B", Metric.Allocated.Of, "0.0"),
        new("p50, ms", static run => run.LatencyAt(0.5), "0.00"),
        new("p99, ms", static run => run.LatencyAt(0.99), "0.00"),
        new("p99.9, ms", static run => run.LatencyAt(0.999), "0.00"),
        new("max, ms", static run => run.LatencyAt(1), "0.0"),
        new("first byte p50, ms", static run => run.FirstByteAt(0.5), "0.00"),
        new("first byte p99, ms", static run => run.FirstByteAt(0.99), "0.00"),
        new("heap, MB", static run => run.Server.HeapBytes / 1e6, "0.0"),
        new("resident, MB", static run => run.Server.ResidentBytes / 1e6, "0"),
        new("compiled methods", static run => run.Server.CompiledMethods, "0"),
        new("client busy, %", static run => run.Client.Share * 100, "0"),
        .. report.Runs.SelectMany(static run => run.More.Keys).Distinct(StringComparer.Ordinal).Where(static key => key != MoreFigures.SourceBytes)
            .Select(static key => new Column(key, run => run.More.GetValueOrDefault(key), "#,0.##")),
    ];
}

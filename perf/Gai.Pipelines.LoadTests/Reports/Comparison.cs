using System.Globalization;
using Gai.Pipelines.LoadTests.Measuring;
using Spectre.Console;

namespace Gai.Pipelines.LoadTests.Reports;

/// <summary>Two reports side by side: what a maintainer looks at before and after a change.</summary>
/// <remarks>
/// Between two reports lie hours and maybe another machine: so beside each figure stands the same one against the first other server
/// of its own report, which was measured in the same minutes. If both moved, the server moved.
/// </remarks>
internal static class Comparison
{
    private static readonly (string Name, Func<RunFigures, double> Figure, string Format)[] Figures =
    [
        ("events/s", static run => run.EventsPerSecond, "#,0"),
        ("CPU/event, µs", static run => run.CpuPerEvent, "0.000"),
        ("allocated/event, B", Metric.Allocated.Of, "0.0"),
        ("p50, ms", static run => run.LatencyAt(0.5), "0.00"),
        ("p99, ms", static run => run.LatencyAt(0.99), "0.00"),
        ("first byte p99, ms", static run => run.FirstByteAt(0.99), "0.00"),
        ("heap per stream without pinned, B", Metric.IdleHeap.Of, "#,0"),
        ("CPU, % of a core", Metric.IdleCpu.Of, "0.00"),
        ("highest rate", Metric.HighestRate.Of, "#,0"),
    ];

    /// <summary>Shows what both have.</summary>
    public static void Show(string nameA, ReportSet a, string nameB, ReportSet b)
    {
        var table = new Table().Title(Markup.Escape($"A = {nameA}, B = {nameB}: medians of the rounds (least to greatest)"));
        foreach (string column in (string[])["case", "server", "figure", "A", "B", "B : A", "against", "A", "B"])
        {
            table.AddColumn(column);
        }

        foreach (LoadReport before in a.All.Select(static stored => stored.Report))
        {
            if (b.Find(before.Case.Name) is { } after)
            {
                AddCase(table, before, after);
            }
        }

        AnsiConsole.Write(table);
    }

    private static void AddCase(Table table, LoadReport before, LoadReport after)
    {
        foreach (string contender in before.Case.Contenders.Intersect(after.Case.Contenders, StringComparer.Ordinal))
        {
            string? peer = before.Case.Contenders.Intersect(after.Case.Contenders, StringComparer.Ordinal).FirstOrDefault(other => other != before.Case.Contenders[0]);
            foreach ((string name, Func<RunFigures, double> figure, string format) in Figures)
            {
                var old = Spread.Of(before.Of(contender).Select(figure));
                var now = Spread.Of(after.Of(contender).Select(figure));
                if (old.Greatest == 0 && now.Greatest == 0)
                {
                    continue;
                }

                table.AddRow(
                    Markup.Escape(before.Case.Name),
                    Markup.Escape(contender),
                    name,
                    Text(old, format),
                    Text(now, format),
                    Ratio(now.Median / old.Median, old, now),
                    peer is null || peer == contender ? string.Empty : Markup.Escape(peer),
                    peer is null || peer == contender ? string.Empty : RatioTo(before, contender, peer, figure),
                    peer is null || peer == contender ? string.Empty : RatioTo(after, contender, peer, figure));
            }
        }
    }

    /// <summary>A ratio; in bold if the two ranges do not touch, so that it is more than the spread of the rounds.</summary>
    private static string Ratio(double ratio, Spread old, Spread now)
    {
        string text = double.IsFinite(ratio) ? ratio.ToString("0.00", CultureInfo.InvariantCulture) : "-";
        return old.Greatest < now.Least || now.Greatest < old.Least ? $"[bold]{text}[/]" : text;
    }

    private static string RatioTo(LoadReport report, string contender, string peer, Func<RunFigures, double> figure)
    {
        double ratio = Spread.OfRatios(report.Of(contender), report.Of(peer), figure).Median;
        return double.IsFinite(ratio) ? string.Create(CultureInfo.InvariantCulture, $"{ratio:0.00} x") : string.Empty;
    }

    private static string Text(Spread spread, string format) => spread.Least.ToString(format, CultureInfo.InvariantCulture) == spread.Greatest.ToString(format, CultureInfo.InvariantCulture)
        ? spread.Median.ToString(format, CultureInfo.InvariantCulture)
        : $"{spread.Median.ToString(format, CultureInfo.InvariantCulture)} ({spread.Least.ToString(format, CultureInfo.InvariantCulture)} to {spread.Greatest.ToString(format, CultureInfo.InvariantCulture)})";
}

using System.Globalization;
using Gai.Pipelines.LoadTests.Measuring;
using Spectre.Console;

namespace Gai.Pipelines.LoadTests.Reports;

/// <summary>Shows a report: medians of the rounds, and the first server against each other one, round by round.</summary>
internal static class ConsoleTable
{
    public static void Show(LoadReport report)
    {
        Column[] columns = [.. Column.Of(report)];
        var table = new Table().Title(Markup.Escape(report.Case.Name));
        table.AddColumn("server");
        foreach (Column column in columns)
        {
            table.AddColumn(new TableColumn(Markup.Escape(column.Name)).RightAligned());
        }

        foreach (string contender in report.Case.Contenders)
        {
            table.AddRow([new Text(contender), .. columns.Select(column => Cell(report.Of(contender), column))]);
        }

        AnsiConsole.Write(table);
        ShowRatios(report);
    }

    private static void ShowRatios(LoadReport report)
    {
        if (report.Case.Contenders.Count < 2)
        {
            return;
        }

        string first = report.Case.Contenders[0];
        var table = new Table().Title(Markup.Escape($"{first} against others: median ratio of the rounds (least to greatest)"));
        table.AddColumn("against");
        foreach (string column in (string[])["events/s", "CPU/event", "p50", "p99", "first byte p50", "first byte p99"])
        {
            table.AddColumn(new TableColumn(column).RightAligned());
        }

        foreach (string other in report.Case.Contenders.Skip(1))
        {
            table.AddRow(
            [
                new Text(other),
                Ratio(report, other, static run => run.EventsPerSecond),
                Ratio(report, other, static run => run.CpuPerEvent),
                Ratio(report, other, static run => run.LatencyAt(0.5)),
                Ratio(report, other, static run => run.LatencyAt(0.99)),
                Ratio(report, other, static run => run.FirstByteAt(0.5)),
                Ratio(report, other, static run => run.FirstByteAt(0.99)),
            ]);
        }

        AnsiConsole.Write(table);
    }

    private static Text Ratio(LoadReport report, string other, Func<RunFigures, double> figure)
    {
        var ratio = Spread.OfRatios(report.Of(report.Case.Contenders[0]), report.Of(other), figure);
        return new Text(double.IsFinite(ratio.Median) && ratio.Median > 0
            ? string.Create(CultureInfo.InvariantCulture, $"{ratio.Median:0.00} ({ratio.Least:0.00} to {ratio.Greatest:0.00})")
            : string.Empty);
    }

    private static Text Cell(IReadOnlyList<RunFigures> runs, Column column) =>
        new(Spread.Of(runs.Select(column.Figure)).Median.ToString(column.Format, CultureInfo.InvariantCulture));
}

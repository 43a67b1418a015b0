using System.Globalization;
using System.Text;
using Gai.Pipelines.LoadTests.Commands;
using Gai.Pipelines.LoadTests.Measuring;

namespace Gai.Pipelines.LoadTests.Reports;

/// <summary>What stands in PERFORMANCE.md between the markers of this program.</summary>
internal static class MarkdownTables
{
    private static readonly string[] ColumnsOfTuning = ["events/s", "CPU/event, µs", "p50, ms", "p99, ms", "heap, MB", "resident, MB", "heap per stream, B", "resident per stream, B"];

    private const string Claims = "dotnet run -c Release --project perf/Gai.Pipelines.Benchmarks -- claims";

    /// <summary>The table of targets.</summary>
    public static string Targets(ReportSet reports)
    {
        var table = new StringBuilder();
        table.AppendLine("| # | work | target | measured | medians | reached | again with |");
        table.AppendLine("|---|---|---|---|---|---|---|");
        foreach (RowLine line in RowTable.Judge(reports))
        {
            table.AppendLine(CultureInfo.InvariantCulture, $"| {line.Number} | {line.Work} | {line.Target} | {line.Measured} | {line.Figures} | {(line.Reached == false ? "**no**" : line.Word)}{line.Doubt} | `{line.Command}` |");
        }

        table.AppendLine();
        table.AppendLine("Medians of the rounds, in brackets the least and the greatest; a ratio or a difference is taken within a round. *Not in every round*: the median decides, and the limit lies between the least and the greatest. What makes rounds doubtful stands below the tables of the servers.");
        table.AppendLine(CultureInfo.InvariantCulture, $"Again: `{CommandText.Program} <command>`, the last row with `{Claims}`.");
        table.Append(Origins(reports));
        return table.ToString();
    }

    /// <summary>How many streams a core carries, by what an event costs at a rate; empty without a report of the rates.</summary>
    public static string Capacity(ReportSet reports)
    {
        var text = new StringBuilder();
        foreach (int rate in Cases.Rates)
        {
            if (reports.Find(Cases.RateCase(rate)) is not { } report)
            {
                continue;
            }

            if (text.Length == 0)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"| events/s of a stream | {string.Join(" | ", report.Case.Contenders.Select(static contender => $"`{contender}`"))} |");
                text.AppendLine(CultureInfo.InvariantCulture, $"|--:|{string.Concat(Enumerable.Repeat("--:|", report.Case.Contenders.Count))}");
            }

            IEnumerable<string> cells = report.Case.Contenders.Select(contender =>
                (1_000_000 / (rate * Spread.Of(report.Of(contender).Select(Metric.Cpu.Of)).Median)).ToString("#,0", CultureInfo.InvariantCulture));
            text.AppendLine(CultureInfo.InvariantCulture, $"| {rate} | {string.Join(" | ", cells)} |");
        }

        return text.ToString();
    }

    /// <summary>A table of servers for each case.</summary>
    public static string Servers(ReportSet reports)
    {
        var text = new StringBuilder();
        foreach (StoredReport stored in reports.All.Where(static stored => !IsPartOfChart(stored.Report.Case.Name) && !IsTuning(stored.Report.Case.Name)))
        {
            LoadReport report = stored.Report;
            IReadOnlyList<Column> columns = Column.Of(report);
            text.AppendLine(CultureInfo.InvariantCulture, $"**`{report.Case.Name}`**: {Describe(report)}");
            text.AppendLine();
            text.AppendLine(CultureInfo.InvariantCulture, $"| server | {string.Join(" | ", columns.Select(static column => column.Name))} |");
            text.AppendLine(CultureInfo.InvariantCulture, $"|---|{string.Concat(Enumerable.Repeat("--:|", columns.Count))}");
            foreach (string contender in report.Case.Contenders)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"| `{contender}` | {string.Join(" | ", columns.Select(column => Cell(report, contender, column)))} |");
            }

            text.AppendLine();
            foreach (string doubt in Doubts(report))
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"Doubtful: {doubt}.");
                text.AppendLine();
            }
        }

        return text.ToString();
    }

    /// <summary>What each setting is worth: the defaults first, the others as ratios to them.</summary>
    public static string Tuning(ReportSet reports)
    {
        var text = new StringBuilder();
        foreach (StoredReport stored in reports.All.Where(static stored => IsTuning(stored.Report.Case.Name)))
        {
            LoadReport report = stored.Report;
            string defaults = report.Case.Contenders[0];
            Column[] columns = [.. Column.Of(report).Where(static column => ColumnsOfTuning.Contains(column.Name))];
            text.AppendLine(CultureInfo.InvariantCulture, $"**`{report.Case.Name}`**: `{report.Case.Scenario}`, {Describe(report)}");
            text.AppendLine();
            text.AppendLine(CultureInfo.InvariantCulture, $"| setting | {string.Join(" | ", columns.Select(static column => column.Name))} |");
            text.AppendLine(CultureInfo.InvariantCulture, $"|---|{string.Concat(Enumerable.Repeat("--:|", columns.Length))}");
            foreach (string contender in report.Case.Contenders)
            {
                string name = contender == defaults ? "the defaults" : $"`{contender[(defaults.Length + 1)..]}`";
                text.AppendLine(CultureInfo.InvariantCulture, $"| {name} | {string.Join(" | ", columns.Select(column => CellWithRatio(report, contender, defaults, column)))} |");
            }

            text.AppendLine();
        }

        text.AppendLine("Medians of the rounds; in brackets the median ratio to the defaults in the same round.");
        return text.ToString();
    }

    /// <summary>The charts.</summary>
    /// <param name="charts">The files and what they show.</param>
    public static string Charts(IEnumerable<(string File, string Title)> charts)
    {
        var text = new StringBuilder();
        foreach ((string file, string title) in charts)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"![{title}]({Path.GetRelativePath(Repository.Root, file).Replace('\\', '/')})");
            text.AppendLine();
        }

        return text.ToString();
    }

    /// <summary>What a case is, in a line.</summary>
    public static string Describe(LoadReport report)
    {
        Scenarios.LoadSettings settings = report.Case.Settings;
        var parts = new List<string>();
        if (settings.Streams > 0)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{settings.Streams:#,0} {(settings.Streams == 1 ? "stream" : "streams")}{(report.Case.Scenario == "burst" ? " in turn" : string.Empty)}"));
        }

        if (settings.Events > 0)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{settings.Events:#,0} events each"));
        }

        if (settings.Rate > 0)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{settings.Rate:#,0}/s{(report.Case.Scenario == "connect" ? " arrive" : " each")}"));
        }

        if (settings.SlowShare > 0)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{settings.SlowShare:0%} of them slow"));
        }

        parts.Add(Client.ProtocolNames.Text(settings.Protocol));
        parts.Add(string.Create(CultureInfo.InvariantCulture, $"{report.Case.Rounds} rounds"));
        return string.Join(", ", parts) + ".";
    }

    /// <summary>What makes the figures of a report doubtful, without the figures in it.</summary>
    public static IEnumerable<string> Doubts(LoadReport report) => report.Runs
        .SelectMany(static run => run.Doubts.Select(doubt => $"`{run.Contender}`, round {run.Round.ToString(CultureInfo.InvariantCulture)}: {doubt}"));

    /// <summary>A median.</summary>
    public static string Cell(LoadReport report, string contender, Column column) =>
        Spread.Of(report.Of(contender).Select(column.Figure)).Median.ToString(column.Format, CultureInfo.InvariantCulture);

    private static string CellWithRatio(LoadReport report, string contender, string defaults, Column column) => contender == defaults
        ? Cell(report, contender, column)
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{Cell(report, contender, column)} ({Spread.OfRatios(report.Of(contender), report.Of(defaults), column.Figure).Median:0.00} x)");

    private static bool IsTuning(string name) => Cases.Tuning.Any(load => load.Name == name);

    private static bool IsPartOfChart(string name) =>
        Cases.Rates.Any(rate => Cases.RateCase(rate) == name) || Cases.StreamCounts.SkipLast(1).Any(streams => Cases.StreamsCase(streams) == name);

    private static string Origins(ReportSet reports)
    {
        IEnumerable<string> origins = reports.All
            .GroupBy(static stored => stored.Folder)
            .OrderByDescending(static folder => folder.Max(static stored => stored.Report.Info.Time))
            .Select(static folder => folder.First().Report.Info.Origin(
                Path.GetFileName(folder.Key), $"{CommandText.Program} compare --cases {string.Join(',', folder.Select(static stored => stored.Report.Case.Name))}"));
        return string.Concat(reports.Claims is { } claims ? origins.Append(claims.Info.Origin(claims.Folder, Claims)) : origins);
    }
}

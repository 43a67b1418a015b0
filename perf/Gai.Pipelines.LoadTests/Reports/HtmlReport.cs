using System.Globalization;
using System.Net;
using System.Text;
using Gai.Pipelines.LoadTests.Commands;

namespace Gai.Pipelines.LoadTests.Reports;

/// <summary>All of it as one page that needs nothing else: targets, charts, a table for each case.</summary>
internal static class HtmlReport
{
    private const string Style =
        """
        :root{color-scheme:light dark;--surface:#fcfcfb;--text:#0b0b0b;--quiet:#52514e;--line:#e2e1dc;--bad:#b3261e;--good:#0a6b3d}
        @media(prefers-color-scheme:dark){:root{--surface:#1a1a19;--text:#fff;--quiet:#c3c2b7;--line:#383835;--bad:#ff8a80;--good:#5fd39a}}
        body{background:var(--surface);color:var(--text);font:14px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif;max-width:1200px;margin:2rem auto;padding:0 1rem}
        h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2.5rem}h3{font-size:1rem;margin:2rem 0 .25rem}
        p,li{color:var(--quiet);max-width:75ch}code{font-size:.92em}
        .wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
        th,td{padding:.3rem .7rem;border-bottom:1px solid var(--line);text-align:right;vertical-align:top}
        th{font-weight:600;color:var(--quiet)}th:first-child,td:first-child,.words td,.words th{text-align:left}
        .yes{color:var(--good)}.no{color:var(--bad);font-weight:600}svg{max-width:100%;height:auto;margin:1rem 0}
        """;

    /// <summary>Writes the page.</summary>
    public static string Write(ReportSet reports, IReadOnlyList<Drawing> drawings)
    {
        var page = new StringBuilder();
        RunInfo info = reports.All.MaxBy(static stored => stored.Report.Info.Time)!.Report.Info;
        page.Append(CultureInfo.InvariantCulture, $"<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>Gai.Pipelines under load</title><style>{Style}</style></head><body>\n");
        page.Append(CultureInfo.InvariantCulture, $"<h1>Gai.Pipelines under load</h1><p>Commit <code>{info.Commit}</code>, {info.Date}, {Text(info.Machine)}, {Text(info.OperatingSystem)}, {Text(info.Runtime)}. ");
        page.Append("Servers take turns, each in a process of its own, new in every round; the client checks every event. Medians of the rounds, in brackets the least and the greatest; ratios are taken within a round.</p>\n");
        AddTargets(page, reports);
        page.Append("<h2>Charts</h2>\n");
        foreach (Drawing drawing in drawings)
        {
            page.Append(drawing.Svg);
        }

        page.Append("<h2>Cases</h2>\n");
        foreach (StoredReport stored in reports.All)
        {
            AddCase(page, stored.Report);
        }

        return page.Append("</body></html>\n").ToString();
    }

    private static void AddTargets(StringBuilder page, ReportSet reports)
    {
        page.Append("<h2>Targets</h2><div class=\"wide\"><table class=\"words\"><tr><th>#</th><th>work</th><th>target</th><th>measured</th><th>medians</th><th>reached</th></tr>\n");
        foreach (RowLine line in RowTable.Judge(reports))
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{line.Number}</td><td>{Code(line.Work)}</td><td>{Code(line.Target)}</td><td>{Code(line.Measured)}</td><td>{Code(line.Figures)}</td><td class=\"{(line.Reached is null ? "unknown" : line.Word)}\">{line.Word}{line.Doubt}</td></tr>\n");
        }

        page.Append("</table></div>\n");
    }

    private static void AddCase(StringBuilder page, LoadReport report)
    {
        IReadOnlyList<Column> columns = Column.Of(report);
        page.Append(CultureInfo.InvariantCulture, $"<h3>{Text(report.Case.Name)}</h3><p>{Text(MarkdownTables.Describe(report))} Again: <code>{CommandText.Program} compare --cases {Text(report.Case.Name)}</code></p>\n");
        page.Append(CultureInfo.InvariantCulture, $"<div class=\"wide\"><table><tr><th>server</th>{string.Concat(columns.Select(static column => $"<th>{Text(column.Name)}</th>"))}</tr>\n");
        foreach (string contender in report.Case.Contenders)
        {
            page.Append(CultureInfo.InvariantCulture, $"<tr><td>{Text(contender)}</td>{string.Concat(columns.Select(column => $"<td>{MarkdownTables.Cell(report, contender, column)}</td>"))}</tr>\n");
        }

        page.Append("</table></div>\n");
        foreach (string note in report.Runs.SelectMany(static run => run.Problems.Select(problem => $"`{run.Contender}` failed: {problem}")).Concat(MarkdownTables.Doubts(report).Select(static doubt => $"Doubtful: {doubt}")))
        {
            page.Append(CultureInfo.InvariantCulture, $"<p>{Code(note)}.</p>\n");
        }
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    /// <summary>Turns what stands between backticks into code.</summary>
    private static string Code(string text) =>
        string.Concat(Text(text).Split('`').Select(static (part, number) => number % 2 == 1 ? $"<code>{part}</code>" : part));
}

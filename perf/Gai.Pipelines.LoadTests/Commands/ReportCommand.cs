using System.CommandLine;
using Gai.Pipelines.LoadTests.Reports;
using Spectre.Console;

namespace Gai.Pipelines.LoadTests.Commands;

/// <summary>Makes of the reports a page, charts, and the tables of PERFORMANCE.md.</summary>
internal static class ReportCommand
{
    private static readonly Argument<string?> Folder = new("folder")
    {
        Arity = ArgumentArity.ZeroOrOne,
        Description = "a folder, or the name of one in perf/reports; without it the newest report of each case",
    };

    private static readonly Option<bool> PageOnly = new("--page-only") { Description = "leave PERFORMANCE.md alone" };

    public static Command Create()
    {
        var command = new Command("report", "draws the charts, and writes load.html and the tables of PERFORMANCE.md, from the JSON of the reports") { Folder, PageOnly };
        command.SetAction(static (parsed, _) => Task.FromResult(Run(parsed)));
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        ReportSet reports = ReportSet.Read(parsed.GetValue(Folder));
        string folder = reports.All.MaxBy(static stored => stored.Report.Info.Time)!.Folder;
        IReadOnlyList<Drawing> drawings = Charts.Draw(reports);
        var files = new List<(string File, string Title)>();
        foreach (Drawing drawing in drawings)
        {
            files.Add((Path.Combine(folder, $"{drawing.Name}.svg"), drawing.Title));
            File.WriteAllText(files[^1].File, drawing.Svg);
        }

        string page = Path.Combine(folder, "load.html");
        File.WriteAllText(page, HtmlReport.Write(reports, drawings));
        AnsiConsole.WriteLine($"Wrote {Path.GetRelativePath(Repository.Root, page)}.");
        if (!parsed.GetValue(PageOnly))
        {
            var performance = new PerformanceFile();
            performance.Replace("load-targets", MarkdownTables.Targets(reports));
            performance.Replace("load-capacity", MarkdownTables.Capacity(reports));
            performance.Replace("load-charts", MarkdownTables.Charts(files));
            performance.Replace("load-servers", MarkdownTables.Servers(reports));
            performance.Replace("load-tuning", MarkdownTables.Tuning(reports));
            performance.Save();
            AnsiConsole.WriteLine("Wrote the tables of PERFORMANCE.md.");
        }

        return 0;
    }
}

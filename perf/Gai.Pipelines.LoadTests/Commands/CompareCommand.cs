using System.CommandLine;
using Gai.Pipelines.LoadTests.Engines;
using Gai.Pipelines.LoadTests.Reports;
using Spectre.Console;

namespace Gai.Pipelines.LoadTests.Commands;

/// <summary>Without reports it runs the cases of PERFORMANCE.md, ours beside each peer; with two of them it sets these side by side.</summary>
internal static class CompareCommand
{
    private static readonly Argument<string[]> Reports = new("reports")
    {
        Arity = new ArgumentArity(0, 2),
        Description = "two folders, or names of folders in perf/reports, to be set side by side",
    };

    private static readonly Option<bool> Quick = new("--quick") { Description = "only see, within two minutes, that everything works and nothing is lost or doubled; no report" };
    private static readonly Option<string?> Names = new("--cases") { Description = "only these cases, of all and of --tuning, with commas; without it all of them, which takes about 2.7 hours" };
    private static readonly Option<string?> RowNumbers = new("--rows") { Description = "only the cases that these rows of the table of targets need, such as 1,7a" };
    private static readonly Option<bool> Tuning = new("--tuning") { Description = "the cases that choose the defaults instead: ours with one setting changed at a time" };
    private static readonly Option<int> Rounds = new("--rounds") { Description = "turns of each server; without it as many as the case says" };
    private static readonly Option<string?> Out = new("--out") { Description = "the folder of the reports; 'none' keeps nothing. Default: perf/reports/<date>-<commit>" };
    private static readonly Option<string> Engine = LoadEngines.Option();

    public static Command Create()
    {
        var command = new Command("compare", "all cases, ours beside each peer (the same as `all`); or, with two reports: A beside B");
        command.Aliases.Add("all");
        command.Arguments.Add(Reports);
        foreach (Option option in (Option[])[Quick, Tuning, Names, RowNumbers, Rounds, Out, Engine])
        {
            command.Options.Add(option);
        }

        command.SetAction(static (parsed, _) => RunAsync(parsed));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        string[] reports = parsed.GetValue(Reports) ?? [];
        if (reports.Length == 2)
        {
            Comparison.Show(reports[0], ReportSet.Read(reports[0]), reports[1], ReportSet.Read(reports[1]));
            return 0;
        }

        if (reports.Length == 1)
        {
            throw new ArgumentException("compare takes two reports, or none.");
        }

        ILoadEngine engine = LoadEngines.Create(parsed.GetValue(Engine)!);
        if (parsed.GetValue(Quick))
        {
            return await QuickRun.RunAsync(engine, Choose(parsed, [.. Cases.Quick()]));
        }

        bool isGood = true;
        bool isChoice = parsed.GetValue(Names) is not null || parsed.GetValue(RowNumbers) is not null;
        foreach (LoadCase load in Choose(parsed, isChoice ? [.. Cases.All, .. Cases.Tuning] : parsed.GetValue(Tuning) ? Cases.Tuning : Cases.All))
        {
            LoadCase adapted = parsed.GetValue(Rounds) is > 0 and int rounds ? load with { Rounds = rounds } : load;
            LoadReport report = await new CaseRunner(engine, new ServerSource(), new ProgressDisplay()).RunAsync(adapted, $"{CommandText.Program} compare --cases {load.Name}");
            ConsoleTable.Show(report);
            LoadReportFiles.Save(report, parsed.GetValue(Out));
            isGood &= report.Runs.All(static run => run.IsGood);
        }

        AnsiConsole.WriteLine("`report` draws the charts and writes the tables of PERFORMANCE.md.");
        return isGood ? 0 : 1;
    }

    private static IReadOnlyList<LoadCase> Choose(ParseResult parsed, IReadOnlyList<LoadCase> cases)
    {
        var names = new HashSet<string>(Split(parsed.GetValue(Names)), StringComparer.Ordinal);
        string[] rows = Split(parsed.GetValue(RowNumbers));
        names.UnionWith(Targets.All.Where(row => rows.Contains(row.Number)).Select(static row => row.Case));
        string? unknown = names.FirstOrDefault(name => !cases.Any(load => load.Name == name)) ?? rows.FirstOrDefault(static number => !Targets.All.Any(row => row.Number == number));
        return unknown is not null
            ? throw new ArgumentException($"'{unknown}' is no case and no row; cases: {string.Join(", ", cases.Select(static load => load.Name))}.")
            : names.Count == 0 ? cases : [.. cases.Where(load => names.Contains(load.Name))];
    }

    private static string[] Split(string? names) => names?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];
}

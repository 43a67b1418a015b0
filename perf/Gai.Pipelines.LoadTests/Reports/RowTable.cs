using System.Globalization;
using Gai.Pipelines.LoadTests.Measuring;

namespace Gai.Pipelines.LoadTests.Reports;

/// <summary>The table of targets: what was to be reached, what was measured, and how to measure it again.</summary>
internal static class RowTable
{
    /// <summary>Judges all rows. One that was not measured says so.</summary>
    public static IReadOnlyList<RowLine> Judge(ReportSet reports) =>
    [
        .. Targets.All.Select(row => Judge(row, reports)),
        InProcess(reports.Claims),
    ];

    private static RowLine Judge(Row row, ReportSet reports)
    {
        string command = $"compare --cases {row.Case}";
        if (reports.Find(row.Case) is not { } report || row.Servers.Except(report.Case.Contenders, StringComparer.Ordinal).Any())
        {
            return new RowLine(row.Number, row.Work, row.Target, "not measured", string.Empty, null, command);
        }

        string[] problems = [.. report.Runs.Where(run => row.Servers.Contains(run.Contender)).SelectMany(static run => run.Problems)];
        if (problems.Length > 0)
        {
            return new RowLine(row.Number, row.Work, row.Target, $"failed: {problems[0]}", string.Empty, false, command);
        }

        Verdict verdict = row.Judge(report);
        return new RowLine(row.Number, row.Work, row.Target, verdict.Measured, verdict.Figures, verdict.Reached, command, verdict.InEveryRound, row.DoubtfulRounds(report), report.Case.Rounds);
    }

    /// <summary>The last row, which the benchmarks measure.</summary>
    private static RowLine InProcess(BenchmarkResults? claims)
    {
        const double MostMicroseconds = 5;
        const string Work = "100 text deltas of 14 letters as one SSE response, in process, into nothing";
        const string Target = "at most 5 µs";
        const string Command = "claims";
        double[] times = claims?.Measurements
            .Where(static measurement => measurement.Type == "ResponseClaims" && measurement.Method == "Gai")
            .Select(static measurement => measurement.Nanoseconds / 1_000).ToArray() ?? [];
        if (times.Length == 0)
        {
            return new RowLine("10", Work, Target, "not measured", string.Empty, null, Command);
        }

        var time = Spread.Of(times);
        var verdict = Verdict.Of(
            string.Create(CultureInfo.InvariantCulture, $"{time.Median:0.00} µs ({time.Least:0.00} to {time.Greatest:0.00})"), string.Empty, time, Bound.AtMost, MostMicroseconds);
        return new RowLine("10", Work, Target, verdict.Measured, verdict.Figures, verdict.Reached, Command, verdict.InEveryRound);
    }
}

/// <summary>A line of the table.</summary>
/// <param name="Reached"><see langword="null"/> if it was not measured.</param>
/// <param name="InEveryRound">Whether every round says the same.</param>
/// <param name="DoubtfulRounds">In how many rounds something makes the figure doubtful.</param>
/// <param name="Rounds">Of how many.</param>
internal sealed record RowLine(
    string Number, string Work, string Target, string Measured, string Figures, bool? Reached, string Command, bool InEveryRound = true, int DoubtfulRounds = 0, int Rounds = 0)
{
    /// <summary>Whether the target was reached, in a word.</summary>
    public string Word => Reached switch { true => "yes", false => "no", null => "?" };

    /// <summary>What to think of that; empty if there is no doubt.</summary>
    public string Doubt =>
        (InEveryRound ? string.Empty : ", not in every round") +
        (DoubtfulRounds == 0 ? string.Empty : string.Create(CultureInfo.InvariantCulture, $", doubtful in {DoubtfulRounds} of {Rounds} rounds"));
}

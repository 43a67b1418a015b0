using Gai.Pipelines.LoadTests.Measuring;
using Gai.Pipelines.LoadTests.Scenarios;

namespace Gai.Pipelines.LoadTests.Reports;

/// <summary>A scenario run against several servers by turns: A B A B. This is what a file of a report holds.</summary>
/// <param name="Info">Where and when.</param>
/// <param name="Case">What was run.</param>
/// <param name="Command">The command that runs it again.</param>
/// <param name="Runs">What was measured, a run for each server and round.</param>
internal sealed record LoadReport(RunInfo Info, LoadCase Case, string Command, IReadOnlyList<RunFigures> Runs)
{
    /// <summary>The runs of a server, by rounds.</summary>
    public IReadOnlyList<RunFigures> Of(string contender) => [.. Runs.Where(run => run.Contender == contender).OrderBy(static run => run.Round)];
}

/// <summary>A scenario, how much of it, and the servers.</summary>
/// <param name="Name">What its files are called.</param>
/// <param name="Scenario">The scenario.</param>
/// <param name="Settings">How much of it.</param>
/// <param name="Contenders">The servers, in the order in which they take turns.</param>
/// <param name="Rounds">How many turns each has.</param>
internal sealed record LoadCase(string Name, string Scenario, LoadSettings Settings, IReadOnlyList<string> Contenders, int Rounds);

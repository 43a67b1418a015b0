using Gai.Pipelines.LoadTests.Engines;
using Gai.Pipelines.LoadTests.Measuring;
using Spectre.Console;

namespace Gai.Pipelines.LoadTests.Reports;

/// <summary>Runs every case once and briefly: each server in it is a check that everything works and that nothing is lost or doubled.</summary>
internal static class QuickRun
{
    /// <summary>Runs them. The last line is <c>N passed, N failed</c>.</summary>
    /// <returns>Zero if there were checks and none failed.</returns>
    public static async Task<int> RunAsync(ILoadEngine engine, IReadOnlyList<LoadCase> cases)
    {
        int passed = 0;
        int failed = 0;
        await using var servers = new ServerPool();
        foreach (LoadCase load in cases)
        {
            LoadReport report = await new CaseRunner(engine, servers, new QuietDisplay()).RunAsync(load, string.Empty);
            RunFigures[] bad = [.. report.Runs.Where(static run => !run.IsGood)];
            passed += report.Runs.Count - bad.Length;
            failed += bad.Length;
            AnsiConsole.WriteLine($"{load.Name}: {string.Join(", ", report.Runs.Select(static run => $"{run.Contender} {(run.IsGood ? "ok" : "FAILED")}"))}");
            foreach (RunFigures run in bad)
            {
                AnsiConsole.WriteLine($"  {run.Contender}: {string.Join("; ", run.Problems)}");
            }
        }

        AnsiConsole.WriteLine($"{passed} passed, {failed} failed");
        return failed == 0 && passed > 0 ? 0 : 1;
    }

    private sealed class QuietDisplay : IProgressDisplay
    {
        public Task<T> ShowAsync<T>(string title, Func<Action<double>, Task<T>> work) => work(static _ => { });

        public void Say(RunFigures run)
        {
        }
    }
}

using Gai.Pipelines.LoadTests.Engines;
using Gai.Pipelines.LoadTests.Measuring;
using Gai.Pipelines.LoadTests.Scenarios;
using Gai.Pipelines.LoadTests.Servers;

namespace Gai.Pipelines.LoadTests.Reports;

/// <summary>Runs a case: in each round every server has its turn, in a process of its own that is new and has been warmed up.</summary>
/// <remarks>
/// A ratio is taken within a round, so that a busy minute of the machine spoils a round and not the comparison; and a new process for
/// each round, because how the runtime has optimized its code differs from process to process, for us as for others.
/// </remarks>
internal sealed class CaseRunner(ILoadEngine engine, ServerSource servers, IProgressDisplay display)
{
    public async Task<LoadReport> RunAsync(LoadCase load, string command)
    {
        IScenario scenario = ScenarioList.Find(load.Scenario);
        var runs = new List<RunFigures>();
        for (int round = 1; round <= load.Rounds; round++)
        {
            // Another begins in each round: who follows whom is nobody's luck.
            int first = (round - 1) % load.Contenders.Count;
            foreach (string contender in load.Contenders.Skip(first).Concat(load.Contenders.Take(first)))
            {
                string title = $"{load.Name}, round {round} of {load.Rounds}: {contender}";
                RunFigures figures = await display.ShowAsync(title, progress => RunOneAsync(scenario, load.Settings, ContenderSpec.Parse(contender), progress));
                runs.Add(figures with { Contender = contender, Round = round });
                display.Say(runs[^1]);
            }
        }

        return new LoadReport(RunInfo.Now(), load, command, runs);
    }

    private async Task<RunFigures> RunOneAsync(IScenario scenario, LoadSettings settings, ContenderSpec contender, Action<double> progress)
    {
        ServerProcess? server = null;
        RunFigures? figures = null;
        try
        {
            server = await servers.TakeAsync(contender, WireFormat.Of(settings.Format));
            using var run = new ScenarioRun(server, settings, engine, progress);
            await scenario.WarmUpAsync(run);
            figures = await scenario.MeasureAsync(run);
        }
        catch (Exception failure) when (failure is InvalidOperationException or TimeoutException or IOException)
        {
            figures = RunFigures.Failed(failure.Message);
        }
        finally
        {
            if (server is not null)
            {
                await servers.GiveBackAsync(server, figures is { IsGood: true });
            }
        }

        return figures;
    }
}

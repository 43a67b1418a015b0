using System.Globalization;
using Gai.Pipelines.LoadTests.Client;
using Gai.Pipelines.LoadTests.Engines;
using Gai.Pipelines.LoadTests.Measuring;
using Gai.Pipelines.LoadTests.Servers;

namespace Gai.Pipelines.LoadTests.Scenarios;

/// <summary>One producer, many readers: each event goes to all of them, as fast as the slowest takes them; a log waits for none of them.</summary>
internal sealed class FanoutScenario : IScenario
{
    public string Name => "fanout";

    public string Does => "one producer, --streams readers, each of which gets all --events, as fast as they go";

    public LoadSettings Defaults { get; } = new() { Streams = 100, Events = 100_000 };

    public LoadSettings Quick { get; } = new() { Streams = 10, Events = 1_000 };

    public Task WarmUpAsync(ScenarioRun run) => run.SettleAsync(client => LoadAsync(run, run.OwnEngine, client, Math.Min(1_000, run.Settings.Events)));

    public async Task<RunFigures> MeasureAsync(ScenarioRun run)
    {
        using LoadClient client = run.CreateClient();
        ServerUsage begin = await run.Server.CollectAsync();
        Task<IReadOnlyList<StreamResult>> load = LoadAsync(run, run.Engine, client, run.Settings.Events);
        while (await Task.WhenAny(load, Task.Delay(200)) != load)
        {
            run.Report((double)client.Events / (run.Settings.Streams * run.Settings.Events));
        }

        ServerUsage end = await run.Server.UsageAsync();
        IReadOnlyList<StreamResult> streams = await load;
        return run.Figures(client, streams, (begin, end), streams.Sum(static stream => stream.Events)) with { FirstByte = HistogramData.Empty };
    }

    private Task<IReadOnlyList<StreamResult>> LoadAsync(ScenarioRun run, ILoadEngine engine, LoadClient client, long events)
    {
        string path = string.Create(CultureInfo.InvariantCulture, $"{Paths.Counted(Paths.Fanout, events)}&readers={run.Settings.Streams}");
        return engine.RunAsync(
            client, Name, new Arrivals.Together(run.Settings.Streams), _ => new StreamRequest(path, run.Format, new Expectation(events, NumberMask: Ring.Size - 1)));
    }
}

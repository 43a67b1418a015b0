using Gai.Pipelines.LoadTests.Client;
using Gai.Pipelines.LoadTests.Engines;
using Gai.Pipelines.LoadTests.Measuring;
using Gai.Pipelines.LoadTests.Servers;

namespace Gai.Pipelines.LoadTests.Scenarios;

/// <summary>One stream, a million events as fast as they go; several times in turn, so that a server is measured for more than a moment.</summary>
internal sealed class BurstScenario : IScenario
{
    private const long WarmEvents = 50_000;

    public string Name => "burst";

    public string Does => "one stream, --events as fast as they go, --streams times in turn; with --push from another thread through a channel";

    public LoadSettings Defaults { get; } = new() { Streams = 15, Events = 1_000_000, WarmSeconds = 1 };

    public LoadSettings Quick { get; } = new() { Streams = 1, Events = 20_000 };

    public Task WarmUpAsync(ScenarioRun run) =>
        run.SettleAsync(client => run.OwnEngine.RunAsync(client, Name, new Arrivals.InTurn(2), _ => Request(run, Math.Min(WarmEvents, run.Settings.Events))), run.Settings.WarmSeconds);

    public async Task<RunFigures> MeasureAsync(ScenarioRun run)
    {
        LoadSettings settings = run.Settings;
        using LoadClient client = run.CreateClient();
        ServerUsage begin = await run.Server.CollectAsync();
        Task<IReadOnlyList<StreamResult>> load = run.Engine.RunAsync(client, Name, new Arrivals.InTurn(settings.Streams), _ => Request(run, settings.Events));
        while (await Task.WhenAny(load, Task.Delay(200)) != load)
        {
            run.Report((double)client.Events / (settings.Streams * settings.Events));
        }

        ServerUsage end = await run.Server.UsageAsync();
        IReadOnlyList<StreamResult> streams = await load;
        return run.Figures(client, streams, (begin, end), streams.Sum(static stream => stream.Events)) with { FirstByte = HistogramData.Empty };
    }

    private static StreamRequest Request(ScenarioRun run, long events) => new(
        Paths.Counted(run.Settings.Push ? Paths.Push : Paths.Burst, events),
        run.Format,
        new Expectation(events, NumberMask: Ring.Size - 1));
}

using Gai.Pipelines.LoadTests.Client;
using Gai.Pipelines.LoadTests.Engines;
using Gai.Pipelines.LoadTests.Measuring;
using Gai.Pipelines.LoadTests.Servers;

namespace Gai.Pipelines.LoadTests.Scenarios;

/// <summary>Streams that say nothing: what one of them holds of the managed heap, and the processor time that all of them cost.</summary>
internal sealed class IdleScenario : IScenario
{
    private const int WarmStreams = 200;

    // Gradually, so that the buffers that the server holds while it reads requests are few, and much alike for each server.
    private const double OpenedPerSecond = 2_000;

    public string Name => "idle";

    public string Does => "--streams that say nothing: heap of each, and CPU of all over --seconds";

    public LoadSettings Defaults { get; } = new() { Streams = 10_000, Seconds = 31, WarmSeconds = 4 };

    public LoadSettings Quick { get; } = new() { Streams = 100, Seconds = 0.2, WarmSeconds = 0.1 };

    public async Task WarmUpAsync(ScenarioRun run)
    {
        for (int i = 0; i < (run.Settings.Quick ? 1 : 3); i++)
        {
            using (LoadClient client = run.CreateClient())
            {
                await OpenAsync(run, run.OwnEngine, client, Math.Min(WarmStreams, run.Settings.Streams));
                await Task.Delay(run.Settings.Quick ? 0 : 1_200);
            }

            await UntilOpenAsync(run, 0);
        }
    }

    public async Task<RunFigures> MeasureAsync(ScenarioRun run)
    {
        LoadSettings settings = run.Settings;
        ServerUsage empty = await run.Server.CollectAsync();
        Task<IReadOnlyList<StreamResult>> load;
        ServerUsage full, begin, end;
        LoadClient client;
        using (client = run.CreateClient())
        {
            load = await OpenAsync(run, run.Engine, client, settings.Streams);
            await Task.Delay(TimeSpan.FromSeconds(settings.WarmSeconds));
            full = await run.Server.CollectAsync();
            begin = await run.Server.UsageAsync();
            for (double waited = 0; waited < settings.Seconds; waited += 0.5)
            {
                await Task.Delay(TimeSpan.FromSeconds(Math.Min(0.5, settings.Seconds - waited)));
                run.Report(waited / settings.Seconds);
            }

            end = await run.Server.UsageAsync();
        }

        IReadOnlyList<StreamResult> streams = await load;
        await UntilOpenAsync(run, 0);
        return run.Figures(client, streams, (begin, end), 0, new Dictionary<string, double>(StringComparer.Ordinal)
        {
            [MoreFigures.HeapPerStream] = (double)(full.HeapBytes - empty.HeapBytes) / settings.Streams,
            [MoreFigures.PinnedPerStream] = (double)(full.PinnedBytes - empty.PinnedBytes) / settings.Streams,
            [MoreFigures.ResidentPerStream] = (double)(full.ResidentBytes - empty.ResidentBytes) / settings.Streams,
            [MoreFigures.CpuShare] = 100.0 * (end.CpuMicroseconds - begin.CpuMicroseconds) / (end.Time - begin.Time),
            [MoreFigures.KeepAlives] = streams.Sum(static stream => stream.KeepAlives),
        }) with { FirstByte = HistogramData.Empty };
    }

    private async Task<Task<IReadOnlyList<StreamResult>>> OpenAsync(ScenarioRun run, ILoadEngine engine, LoadClient client, int streams)
    {
        Task<IReadOnlyList<StreamResult>> load = engine.RunAsync(
            client, Name, new Arrivals.Together(streams, OpenedPerSecond), _ => new StreamRequest(Paths.Idle, run.Format, new Expectation(Events: null)));
        await UntilOpenAsync(run, streams);
        return load;
    }

    private static Task UntilOpenAsync(ScenarioRun run, int streams) => ScenarioRun.UntilAsync(
        async () => (await run.Server.StreamsAsync()).Open == streams,
        TimeSpan.FromSeconds(60),
        () => $"{streams} streams should be open. {run.Server.Errors}");
}

using Gai.Pipelines.LoadTests.Client;
using Gai.Pipelines.LoadTests.Engines;
using Gai.Pipelines.LoadTests.Measuring;
using Gai.Pipelines.LoadTests.Servers;

namespace Gai.Pipelines.LoadTests.Scenarios;

/// <summary>Records go up and come back down while the request is still being sent; an event's way is there and back.</summary>
internal sealed class DuplexScenario : IScenario
{
    public string Name => "duplex";

    public string Does => "--streams that each send --rate records a second and get each back, over one request (ndjson)";

    public LoadSettings Defaults { get; } = new() { Format = WireFormat.Ndjson.Name, Streams = 100, Rate = 100, Seconds = 6, WarmSeconds = 2 };

    public LoadSettings Quick { get; } = new() { Format = WireFormat.Ndjson.Name, Streams = 5, Rate = 100, Seconds = 0.5, WarmSeconds = 0.1 };

    public Task WarmUpAsync(ScenarioRun run)
    {
        const int Records = 100;
        const int Streams = 20;
        return run.SettleAsync(client => run.OwnEngine.RunAsync(client, Name, new Arrivals.Together(Streams), _ => Request(run, Records, Records, interval: 2_000)));
    }

    public async Task<RunFigures> MeasureAsync(ScenarioRun run)
    {
        LoadSettings settings = run.Settings;
        long warm = (long)(settings.WarmSeconds * settings.Rate);
        long records = warm + (long)(settings.Seconds * settings.Rate);
        using LoadClient client = run.CreateClient();
        Task<IReadOnlyList<StreamResult>> load = run.Engine.RunAsync(
            client, Name, new Arrivals.Together(settings.Streams), _ => Request(run, records, warm, (long)(1_000_000 / settings.Rate)));

        // From when the first part is over until shortly before the end, so that neither opening nor closing streams is part of it.
        await Task.WhenAny(load, Task.Delay(TimeSpan.FromSeconds(settings.WarmSeconds)));
        (ServerUsage begin, long before) = (await run.Server.UsageAsync(), client.Events);
        for (int tenth = 0; tenth < 9; tenth++)
        {
            await Task.WhenAny(load, Task.Delay(TimeSpan.FromSeconds(settings.Seconds / 10)));
            run.Report(tenth / 10.0);
        }

        (ServerUsage end, long after) = (await run.Server.UsageAsync(), client.Events);
        IReadOnlyList<StreamResult> streams = await load.WaitAsync(TimeSpan.FromSeconds(settings.Seconds + 30));
        return run.Figures(client, streams, (begin, end), after - before) with { FirstByte = HistogramData.Empty };
    }

    private static StreamRequest Request(ScenarioRun run, long records, long measureFrom, long interval) =>
        new(Paths.Echo, run.Format, new Expectation(records, MeasureFrom: measureFrom)) { Upload = new Upload(records, interval) };
}

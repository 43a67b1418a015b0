using Gai.Pipelines.LoadTests.Client;
using Gai.Pipelines.LoadTests.Engines;
using Gai.Pipelines.LoadTests.Measuring;
using Gai.Pipelines.LoadTests.Servers;

namespace Gai.Pipelines.LoadTests.Scenarios;

/// <summary>Many streams, one engine that produces an event for each of them at every tick, as a batching inference server does.</summary>
/// <remarks>
/// The schedule waits for nobody: an event says when it was due, and is late from then on. A first part of the ticks, on the same
/// streams, is not measured.
/// </remarks>
internal class TickingScenario(string name, string does, LoadSettings defaults, LoadSettings quick) : IScenario
{
    private const int WarmStreams = 50;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public string Name => name;

    public string Does => does;

    public LoadSettings Defaults => defaults;

    public LoadSettings Quick => quick;

    /// <summary>Ticks fast, so that the code is compiled as it will stay however slowly it is to be measured.</summary>
    public Task WarmUpAsync(ScenarioRun run)
    {
        int streams = Math.Min(WarmStreams, run.Settings.Streams);
        var plan = new TickPlan(Warm: 0, Measured: run.Settings.Quick ? 10 : 150, Interval: 5_000);
        return run.SettleAsync(async client =>
        {
            Task<IReadOnlyList<StreamResult>> load = run.OwnEngine.RunAsync(client, Name, new Arrivals.Together(streams), _ => Fast(run, plan));
            await TickAsync(run, load, streams, plan, static _ => { });
            await run.Server.CompleteAsync();
            await load.WaitAsync(Patience);
        });
    }

    public async Task<RunFigures> MeasureAsync(ScenarioRun run)
    {
        LoadSettings settings = run.Settings;
        var plan = new TickPlan((long)(settings.WarmSeconds * settings.Rate), (long)(settings.Seconds * settings.Rate), (long)(1_000_000 / settings.Rate));
        using LoadClient client = run.CreateClient();
        Task<IReadOnlyList<StreamResult>> load = run.Engine.RunAsync(client, Name, new Arrivals.Together(settings.Streams), number => Request(run, plan, number));
        ServerUsage? before = null;
        TickState state = await TickAsync(run, load, settings.Streams, plan, run.Report, async () => before = SlowStreams(settings) > 0 ? await run.Server.CollectAsync() : null);
        long all = (plan.Warm + plan.Measured) * settings.Streams;
        if (SlowStreams(settings) == 0)
        {
            await UntilOrEndAsync(run, load, () => Task.FromResult(client.Events >= all - state.Skipped), "Not all events came.");
        }

        ServerUsage end = await run.Server.UsageAsync();
        var more = new Dictionary<string, double>(StringComparer.Ordinal)
        {
            [MoreFigures.EngineLag] = state.MaxLag / 1_000.0,
            [MoreFigures.SourceBytes] = state.SourceBytes,
        };
        if (before is not null)
        {
            await LookAsync(run, before, state, more);
        }

        await run.Server.CompleteAsync();
        await UntilOrEndAsync(run, load, () => Task.FromResult(client.Ended >= settings.Streams - SlowStreams(settings)), "Not all streams ended.");
        client.Dispose();
        IReadOnlyList<StreamResult> streams = await load;
        if (state.Skipped > 0 && SlowStreams(settings) == 0)
        {
            run.Doubt($"{state.Skipped} events found a full channel and were not produced");
        }

        return run.Figures(client, streams, (state.Begin!, end), plan.Measured * (settings.Streams - SlowStreams(settings)), more) with { FirstByte = HistogramData.Empty };
    }

    /// <summary>How many of the streams are read slowly, the first ones. Their events count for nothing but themselves.</summary>
    protected virtual int SlowStreams(LoadSettings settings) => 0;

    /// <summary>Looks at a server some of whose streams are read slowly, while all of them are still open.</summary>
    protected virtual Task LookAsync(ScenarioRun run, ServerUsage before, TickState state, Dictionary<string, double> more) => Task.CompletedTask;

    protected virtual StreamRequest Request(ScenarioRun run, TickPlan plan, int number) => Fast(run, plan);

    private static StreamRequest Fast(ScenarioRun run, TickPlan plan) =>
        new(Paths.Live, run.Format, new Expectation(plan.Warm + plan.Measured, MeasureFrom: plan.Warm));

    /// <summary>Lets the engine tick when all streams are there.</summary>
    private static async Task<TickState> TickAsync(ScenarioRun run, Task<IReadOnlyList<StreamResult>> load, int streams, TickPlan plan, Action<double> report, Func<Task>? before = null)
    {
        await UntilOrEndAsync(run, load, async () => (await run.Server.StreamsAsync()).Joined == streams, "Not all streams were opened.");
        await (before?.Invoke() ?? Task.CompletedTask);
        await run.Server.TickAsync(plan);
        while (true)
        {
            TickState state = await run.Server.TicksAsync();
            report((double)state.Ticks / (plan.Warm + plan.Measured));
            if (state.IsOver)
            {
                return state;
            }

            // Seldom, and then just when it is over: what comes behind the last tick would count as time in which nothing happens.
            long left = (plan.Warm + plan.Measured - state.Ticks) * plan.Interval / 1_000;
            await Task.Delay((int)Math.Clamp(left, 5, 500));
        }
    }

    /// <summary>Waits for something; if the streams end before, says why.</summary>
    private static Task UntilOrEndAsync(ScenarioRun run, Task<IReadOnlyList<StreamResult>> load, Func<Task<bool>> isTrue, string problem) => ScenarioRun.UntilAsync(
        async () =>
        {
            if (load.IsCompleted && !await isTrue())
            {
                throw new InvalidOperationException($"{problem} {(await load).Select(static stream => stream.Problem).FirstOrDefault(static text => text is not null)}");
            }

            return await isTrue();
        },
        Patience,
        () => $"{problem} {run.Server.Errors}");
}

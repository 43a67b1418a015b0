using Gai.Pipelines.LoadTests.Client;
using Gai.Pipelines.LoadTests.Measuring;
using Gai.Pipelines.LoadTests.Servers;

namespace Gai.Pipelines.LoadTests.Scenarios;

/// <summary>A share of the clients reads a kilobyte a second: the others must not notice, and the server must not hold more and more for them.</summary>
/// <remarks>
/// A slow stream's channel is full when the system's buffer for its connection is, which is soon only if that is small (<c>+send-buffer=16384</c>). The engine waits for nobody and leaves
/// out what has no room: so gaps are right there, and nowhere else.
/// </remarks>
internal sealed class SlowScenario() : TickingScenario(
    "slow",
    "--streams x --rate events/s from the ticking engine, of which --slow-share are read at 1 KB/s; latency is that of the others",
    new LoadSettings { Streams = 50, Rate = 1_000, Seconds = 8, WarmSeconds = 3, SlowShare = 0.2 },
    new LoadSettings { Streams = 10, Rate = 200, Seconds = 0.5, WarmSeconds = 0.1, SlowShare = 0.2 })
{
    private const int SlowBytesPerSecond = 1_024;

    protected override int SlowStreams(LoadSettings settings) => (int)Math.Round(settings.Streams * settings.SlowShare);

    protected override StreamRequest Request(ScenarioRun run, TickPlan plan, int number)
    {
        StreamRequest request = base.Request(run, plan, number);
        return number >= SlowStreams(run.Settings)
            ? request
            : request with { ReadRate = SlowBytesPerSecond, Expected = new Expectation(Events: null, MeasureFrom: long.MaxValue, GapsAllowed: true) };
    }

    protected override async Task LookAsync(ScenarioRun run, ServerUsage before, TickState state, Dictionary<string, double> more)
    {
        ServerUsage full = await run.Server.CollectAsync();
        more[MoreFigures.SkippedBySlow] = state.Skipped;
        more[MoreFigures.HeldBySlow] = (full.HeapBytes - before.HeapBytes) / (double)Math.Max(1, SlowStreams(run.Settings));
        if (state.Skipped == 0 && !run.Settings.Quick)
        {
            run.Doubt("no stream was ever full: all that the slow clients had not read was in the system's buffers");
        }
    }
}

using System.Net;
using Gai.Pipelines.LoadTests.Client;
using Gai.Pipelines.LoadTests.Engines;
using Gai.Pipelines.LoadTests.Measuring;
using Gai.Pipelines.LoadTests.Servers;

namespace Gai.Pipelines.LoadTests.Scenarios;

/// <summary>Short streams that arrive by chance, each on a connection of its own over HTTP/1.1: how long the first byte takes, and how many a second are too many.</summary>
/// <remarks>Times count from when a stream was due, whether the client or the server was late.</remarks>
internal sealed class ConnectScenario : IScenario
{
    private const double MostMilliseconds = 50;
    private const double Precision = 1.05;
    private const double ProbeSeconds = 2;
    private const double MostRate = 16_000; // what is open at once has to stay below the limit of open files

    // A closed connection keeps its port for a minute; with many addresses there are always enough of them.
    private static readonly IPAddress[] Sources = [.. Enumerable.Range(2, 32).Select(static last => new IPAddress([127, 0, 0, (byte)last]))];

    public string Name => "connect";

    public string Does => "streams of --events arrive by chance at --rate a second; then the highest rate at which 99 of 100 first bytes take less than 50 ms";

    public LoadSettings Defaults { get; } = new() { Events = 100, Rate = 300, Seconds = 6 };

    public LoadSettings Quick { get; } = new() { Events = 100, Rate = 50, Seconds = 0.5 };

    public Task WarmUpAsync(ScenarioRun run) => run.SettleAsync(client => LoadAsync(run, run.OwnEngine, client, new Arrivals.Together(run.Settings.Quick ? 2 : 100, PerSecond: 1_000)));

    public async Task<RunFigures> MeasureAsync(ScenarioRun run)
    {
        LoadSettings settings = run.Settings;
        using LoadClient client = run.CreateClient(Sources);
        ServerUsage begin = await run.Server.CollectAsync();
        IReadOnlyList<StreamResult> streams = await LoadAsync(run, run.Engine, client, new Arrivals.Poisson(settings.Rate, settings.Seconds, Seed: 1));
        ServerUsage end = await run.Server.UsageAsync();
        var more = new Dictionary<string, double>(StringComparer.Ordinal);
        if (!settings.Quick)
        {
            double busiest;
            (more[MoreFigures.HighestRate], busiest) = await FindHighestRateAsync(run);
            more[MoreFigures.ClientAtHighestRate] = busiest * 100;
            run.DoubtIfClientWasBusy(busiest, "at the highest rate");
        }

        return run.Figures(client, streams, (begin, end), streams.Sum(static stream => stream.Events), more);
    }

    /// <summary>Doubles the rate until it is too high, then halves the step until the limit is known well enough.</summary>
    /// <returns>The rate, and how busy the client was at it, from 0 to 1.</returns>
    private async Task<(double Rate, double ClientShare)> FindHighestRateAsync(ScenarioRun run)
    {
        double share = 0;
        double good = run.Settings.Rate;
        double bad = good;
        while (bad == good && good < MostRate)
        {
            bad = Math.Min(good * 2, MostRate);
            if (await KeepsUpAsync(run, bad) is { } busy)
            {
                (good, share) = (bad, busy);
            }
        }

        while (bad / good > Precision)
        {
            double middle = Math.Sqrt(good * bad);
            if (await KeepsUpAsync(run, middle) is { } busy)
            {
                (good, share) = (middle, busy);
            }
            else
            {
                bad = middle;
            }

            run.Report(1 - ((bad / good) - 1));
        }

        return (good, share);
    }

    /// <summary>Tries a rate; a second time if it fails, since a moment of the machine can spoil one.</summary>
    /// <returns>How busy the client was, from 0 to 1; <see langword="null"/> if it was too much.</returns>
    private async Task<double?> KeepsUpAsync(ScenarioRun run, double rate)
    {
        for (int attempt = 1; attempt <= 2; attempt++)
        {
            using LoadClient client = run.CreateClient(Sources);
            long begin = Clock.Now;
            IReadOnlyList<StreamResult> streams = await LoadAsync(run, run.OwnEngine, client, new Arrivals.Poisson(rate, ProbeSeconds, Seed: attempt));
            if (streams.All(static stream => stream.Problem is null) && client.FirstByte().Quantile(0.99) < MostMilliseconds * 1_000)
            {
                return run.ClientShare(client, begin, Clock.Now);
            }
        }

        return null;
    }

    private Task<IReadOnlyList<StreamResult>> LoadAsync(ScenarioRun run, ILoadEngine engine, LoadClient client, Arrivals arrivals) => engine.RunAsync(
        client, Name, arrivals, _ => new StreamRequest(Paths.Counted(Paths.Burst, run.Settings.Events), run.Format, new Expectation(run.Settings.Events, NumberMask: Ring.Size - 1)));
}

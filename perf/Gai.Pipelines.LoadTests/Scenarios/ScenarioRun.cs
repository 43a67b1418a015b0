using System.Globalization;
using System.Net;
using Gai.Pipelines.LoadTests.Client;
using Gai.Pipelines.LoadTests.Engines;
using Gai.Pipelines.LoadTests.Measuring;
using Gai.Pipelines.LoadTests.Servers;

namespace Gai.Pipelines.LoadTests.Scenarios;

/// <summary>One server under one scenario: what a scenario works with.</summary>
internal sealed class ScenarioRun(ServerProcess server, LoadSettings settings, ILoadEngine engine, Action<double> progress) : IDisposable
{
    private const double BusyClient = 0.9;
    private const int MostCompiled = 40;

    private readonly CpuTrack _cpu = new();
    private readonly int _errorsBefore = server.Errors.Length;
    private readonly List<string> _doubts = [];

    public ServerProcess Server => server;

    public LoadSettings Settings => settings;

    /// <summary>Opens the streams that are measured.</summary>
    public ILoadEngine Engine => engine;

    /// <summary>Opens those that only warm up the server or look for a limit.</summary>
    public ILoadEngine OwnEngine { get; } = new LoadEngine();

    public WireFormat Format { get; } = WireFormat.Of(settings.Format);

    /// <summary>Makes a client, which lives until it is disposed of.</summary>
    /// <param name="sources">The addresses that its connections come from; none leaves it to the system.</param>
    public LoadClient CreateClient(IReadOnlyList<IPAddress>? sources = null) =>
        new(new ClientSettings(server.Address(settings.Protocol), settings.Protocol, sources ?? [], settings.ClientThreads));

    /// <summary>Says how far it is, from 0 to 1.</summary>
    public void Report(double share) => progress(Math.Clamp(share, 0, 1));

    /// <summary>Notes what makes the figures doubtful.</summary>
    public void Doubt(string why) => _doubts.Add(why);

    /// <summary>How busy the threads of a client were between two times of <see cref="Clock"/>, from 0 to 1.</summary>
    public double ClientShare(LoadClient client, long begin, long end) => _cpu.Between(begin, end) / (end - begin) / client.Threads;

    /// <summary>Notes it if the client may have been the limit.</summary>
    /// <param name="share">How busy it was.</param>
    /// <param name="when">When.</param>
    public void DoubtIfClientWasBusy(double share, string when)
    {
        if (share > BusyClient)
        {
            Doubt(string.Create(CultureInfo.InvariantCulture, $"the client was busy for {share:0%} of the time {when}: it may have been the limit"));
        }
    }

    /// <summary>Waits for something to become true, with a deadline that fails loudly.</summary>
    public static async Task UntilAsync(Func<Task<bool>> isTrue, TimeSpan patience, Func<string> problem)
    {
        long deadline = Clock.Now + (long)patience.TotalMicroseconds;
        while (!await isTrue())
        {
            if (Clock.Now > deadline)
            {
                throw new TimeoutException(problem());
            }

            await Task.Delay(20);
        }
    }

    /// <summary>Runs a small load again and again until the server compiles hardly anything more: then its code stays as it is.</summary>
    /// <param name="load">The load.</param>
    /// <param name="seconds">How long at least: what a server does only now and then is compiled later than the rest.</param>
    public async Task SettleAsync(Func<LoadClient, Task> load, double seconds = 0)
    {
        const int Few = 3;
        const int QuietSlices = 2;
        TimeSpan slice = settings.Quick ? TimeSpan.Zero : TimeSpan.FromMilliseconds(300);
        long earliest = Clock.Now + (long)(seconds * 1_000_000);
        long latest = Math.Max(earliest, Clock.Now + (settings.Quick ? 0 : 15_000_000));
        int quiet = 0;
        int compiled = (await server.UsageAsync()).CompiledMethods;
        do
        {
            long end = Clock.Now + (long)slice.TotalMicroseconds;
            do
            {
                using LoadClient client = CreateClient();
                await load(client);
            }
            while (Clock.Now < end);

            // Methods are queued for optimization when no new ones have been compiled for 100 ms.
            await Task.Delay(slice / 2);
            int now = await AskAsync();
            quiet = now - compiled <= Few ? quiet + 1 : 0;
            compiled = now;
        }
        while ((quiet < QuietSlices && Clock.Now < latest) || Clock.Now < earliest);
    }

    /// <summary>Asks for all that is asked for while a server is measured: to answer is code of its process as well, and compiled anew when it has run often enough.</summary>
    /// <returns>How many methods were compiled until now.</returns>
    private async Task<int> AskAsync()
    {
        const int Often = 8;
        for (int i = 0; i < (settings.Quick ? 0 : Often); i++)
        {
            await server.TicksAsync();
            await server.StreamsAsync();
            await server.UsageAsync();
        }

        return (await server.UsageAsync()).CompiledMethods;
    }

    /// <summary>Puts together what was measured.</summary>
    public RunFigures Figures(
        LoadClient client,
        IReadOnlyList<StreamResult> streams,
        (ServerUsage Begin, ServerUsage End) server,
        long events,
        IReadOnlyDictionary<string, double>? more = null)
    {
        double share = ClientShare(client, server.Begin.Time, server.End.Time);
        DoubtIfClientWasBusy(share, "while it was measured");
        ServerFigures used = ServerFigures.Between(server.Begin, server.End);
        if (used.CompiledMethods > MostCompiled && !settings.Quick)
        {
            Doubt(string.Create(CultureInfo.InvariantCulture, $"{used.CompiledMethods} methods were compiled while it was measured: it was not warm"));
        }

        return new RunFigures(
            (server.End.Time - server.Begin.Time) / 1_000_000.0,
            streams.Count,
            events,
            streams.Sum(static stream => stream.Bytes),
            used,
            new ClientFigures((long)_cpu.Between(server.Begin.Time, server.End.Time), share),
            client.Latency().ToData(),
            client.FirstByte().ToData(),
            more ?? new Dictionary<string, double>(StringComparer.Ordinal),
            [.. Problems(streams)],
            [.. _doubts]);
    }

    public void Dispose() => _cpu.Dispose();

    private IEnumerable<string> Problems(IReadOnlyList<StreamResult> streams)
    {
        foreach (IGrouping<string, StreamResult> problem in streams.Where(static stream => stream.Problem is not null).GroupBy(static stream => stream.Problem!))
        {
            yield return $"{problem.Count()} of {streams.Count} streams: {problem.Key}";
        }

        string errors = server.Errors[_errorsBefore..];
        if (errors.Length > 0)
        {
            yield return $"the server logged: {errors[..Math.Min(400, errors.Length)]}";
        }
    }
}

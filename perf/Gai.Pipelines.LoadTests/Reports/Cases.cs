using Gai.Pipelines.LoadTests.Client;
using Gai.Pipelines.LoadTests.Measuring;
using Gai.Pipelines.LoadTests.Scenarios;
using Gai.Pipelines.LoadTests.Servers;

namespace Gai.Pipelines.LoadTests.Reports;

/// <summary>The cases that PERFORMANCE.md shows, each a scenario with its servers.</summary>
internal static class Cases
{
    public const string Burst = "burst-sse-h1";
    public const string BurstOthers = "burst-others-sse-h1";
    public const string Push = "burst-push-sse-h1";
    public const string Paced = "paced-sse-h1";
    public const string PacedOthers = "paced-others-sse-h1";
    public const string Fast = "fast-sse-h1";
    public const string BurstNdjson = "burst-ndjson-h1";
    public const string PacedNdjson = "paced-ndjson-h1";
    public const string BurstHttp2 = "burst-sse-h2";
    public const string PacedHttp2 = "paced-sse-h2";
    public const string FastHttp2 = "fast-sse-h2";
    public const string IdleHeap = "idle-heap-sse-h1";
    public const string IdleCpu = "idle-cpu-sse-h1";
    public const string FanoutPaced = "fanout-paced-sse-h1";
    public const string BurstResumable = "burst-resumable-sse-h1";
    public const string Connect = "connect-sse-h1";

    public const string Gai = GaiContender.Name;
    public const string GaiWindow10 = "gai+window=10";
    public const string GaiWindow50 = "gai+window=50";
    public const string GaiChannel = "gai+source=channel";
    public const string GaiResumable = "gai+resumable";
    public const string GaiPull = "gai+source=pull";
    public const string GaiTyped = GaiTypedContender.Name;
    public const string GaiLog = GaiLogContender.Name;
    public const string Framework = FrameworkContender.Name;
    public const string Hand = HandContender.Name;
    public const string Good = GoodContender.Name;
    public const string GoodWindow10 = "good+window=10";
    public const string GoodWindow50 = "good+window=50";
    public const string Json = JsonContender.Name;
    public const string Copy = CopyContender.Name;
    public const string CopyLoop = "copy+loop";
    public const string Raw = RawServer.Name;
    public const string Bare = BareContender.Name;
    public const string BareHead = "bare+head";

    private const int Rounds = 5;

    // Without it the system takes megabytes for a client that does not read, and a server does not notice until after minutes.
    private const string SmallSendBuffer = "+send-buffer=16384";

    // Until each stream has been kept alive once and the code for that is compiled as it stays.
    private const double KeepAliveRound = 20;

    // Until logs have been evicted and forgotten as well as written and read.
    private const double LogsComeAndGo = 10;
    private const int FewRounds = 3;

    /// <summary>Rates at which the processor time of an event is shown.</summary>
    public static IReadOnlyList<int> Rates { get; } = [5, 10, 20, 50, 100];

    /// <summary>Numbers of silent streams at which the memory is shown.</summary>
    public static IReadOnlyList<int> StreamCounts { get; } = [1_000, 2_500, 5_000, 10_000];

    /// <summary>All of them, in the order in which they are run.</summary>
    public static IReadOnlyList<LoadCase> All { get; } =
    [
        Case(Burst, "burst", Gai, Framework, Good, Copy, CopyLoop),
        Case(BurstOthers, "burst", static settings => settings, FewRounds, Gai, GaiTyped, Hand, Raw),
        Case(Push, "burst", static settings => settings with { Push = true }, Rounds, Gai, Framework, Good),
        Case(Paced, "paced", Gai, GaiPull, Framework, Copy, Raw, GaiWindow50, GoodWindow50),
        Case(PacedOthers, "paced", static settings => settings, FewRounds, Gai, Good, Hand, GaiTyped),
        Case(Fast, "fast", Gai, GaiPull, Framework, Copy, GaiWindow10, GoodWindow10),
        Case(BurstNdjson, "burst", Ndjson, Rounds, Gai, Json, Good),
        Case(PacedNdjson, "paced", Ndjson, Rounds, Gai, Json),
        Case(BurstHttp2, "burst", Http2, Rounds, Gai, Framework, Good),
        Case(PacedHttp2, "paced", Http2, Rounds, Gai, Framework),
        Case(FastHttp2, "fast", Http2, Rounds, Gai, Framework, GaiWindow10),
        Case(IdleHeap, "idle", static settings => settings with { Seconds = 0.5 }, Rounds, Gai, GaiChannel, GaiLog, Framework, Bare, BareHead),
        Case(IdleCpu, "idle", static settings => settings with { WarmSeconds = KeepAliveRound }, Rounds, Gai, GaiChannel, Bare),
        Case(Connect, "connect", Gai, Framework),
        Case("fanout-sse-h1", "fanout", static settings => settings, FewRounds, Gai, GaiLog, Framework, Good, Copy, Hand),
        Case(FanoutPaced, "paced", static settings => settings with { Streams = 1_000 }, Rounds, Gai, GaiLog),
        Case(BurstResumable, "burst", static settings => settings with { Events = 50_000, Streams = 100, WarmSeconds = LogsComeAndGo }, Rounds, Gai, GaiResumable),
        Case("slow-sse-h1", "slow", static settings => settings, FewRounds, Gai + SmallSendBuffer, Framework + SmallSendBuffer, Good + SmallSendBuffer),
        Case("duplex-ndjson-h1", "duplex", static settings => settings, FewRounds, Gai, Json, Good),
        Case("duplex-ndjson-h2", "duplex", static settings => settings with { Protocol = Protocol.Http2 }, FewRounds, Gai, Json, Good),
        .. Rates.Select(static rate => Case(
            RateCase(rate), "paced", settings => settings with { Rate = rate, Seconds = 5, WarmSeconds = 1 }, FewRounds, Gai, Framework, GaiWindow50, Good, Raw)),
        .. StreamCounts.SkipLast(1).Select(static streams => Case(
            StreamsCase(streams), "idle", settings => settings with { Streams = streams, Seconds = 0.5 }, FewRounds, Gai, GaiChannel, Framework, Bare)),
    ];

    /// <summary>What chose the defaults, and what settings of Kestrel and of the runtime are worth: ours with the defaults first, and then with one thing changed.</summary>
    public static IReadOnlyList<LoadCase> Tuning { get; } =
    [
        Tune("unflushed-limit", "burst", "unflushed=4096", "unflushed=8192", "unflushed=32768", "unflushed=65536"),
        Tune("channel-capacity", "burst", static settings => settings with { Push = true }, "capacity=16", "capacity=64", "capacity=1024") with { Rounds = Rounds },
        Tune("window", "fast", "window=2", "window=5", "window=10", "window=20", "window=50"),
        Tune("wakes-paced", "paced", "pool", "inline"),
        Tune("wakes-fast", "fast", "pool", "inline"),
        Tune("settings-paced", "paced", "kestrel-inline", "io-queues=1", "io-queues=4", "gc=workstation", "env:DOTNET_ThreadPool_UnfairSemaphoreSpinLimit=0"),
        Tune("settings-burst", "burst", "kestrel-inline", "max-response-buffer=16384", "max-response-buffer=262144", "max-response-buffer=1048576", "gc=workstation"),
        Tune("settings-idle", "idle", static settings => settings with { Streams = 5_000, Seconds = 0.5 }, "gc=workstation", "env:DOTNET_GCConserveMemory=5", "env:DOTNET_GCConserveMemory=9"),
    ];

    /// <summary>The case of a rate.</summary>
    public static string RateCase(int rate) => $"rate-{rate}-sse-h1";

    /// <summary>The case of a number of silent streams.</summary>
    public static string StreamsCase(int streams) => streams == StreamCounts[^1] ? IdleHeap : $"idle-{streams}-sse-h1";

    /// <summary>The same cases, so short that they show only that everything works.</summary>
    public static IEnumerable<LoadCase> Quick() => All
        .Where(static load => !load.Name.StartsWith("rate-", StringComparison.Ordinal) && !(load.Name.StartsWith("idle-", StringComparison.Ordinal) && load.Name != IdleHeap))
        .Select(static load => load with
        {
            Rounds = 1,
            Settings = ScenarioList.Find(load.Scenario).Quick with { Format = load.Settings.Format, Protocol = load.Settings.Protocol, Push = load.Settings.Push, Quick = true },
        });

    private static LoadSettings Ndjson(LoadSettings settings) => settings with { Format = WireFormat.Ndjson.Name };

    private static LoadSettings Http2(LoadSettings settings) => settings with { Protocol = Protocol.Http2 };

    private static LoadCase Tune(string name, string scenario, params string[] options) => Tune(name, scenario, static settings => settings, options);

    private static LoadCase Tune(string name, string scenario, Func<LoadSettings, LoadSettings> adapt, params string[] options) =>
        Case($"tuning-{name}", scenario, settings => adapt(settings with { Seconds = settings.Seconds / 2 }), FewRounds, [Gai, .. options.Select(static option => $"{Gai}+{option}")]);

    private static LoadCase Case(string name, string scenario, params string[] contenders) => Case(name, scenario, static settings => settings, Rounds, contenders);

    private static LoadCase Case(string name, string scenario, Func<LoadSettings, LoadSettings> adapt, int rounds, params string[] contenders) =>
        new(name, scenario, adapt(ScenarioList.Find(scenario).Defaults), contenders, rounds);
}

namespace Gai.Pipelines.LoadTests.Scenarios;

/// <summary>The scenarios.</summary>
internal static class ScenarioList
{
    // Kestrel's heartbeat and the pool's gate come once a second, and what comes for the thirtieth time is compiled anew. Until then it is measured:
    // a server starts and settles for 20 s at most.
    private const double BeforeHeartbeatsAreCompiled = 5;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<IScenario> All { get; } =
    [
        new BurstScenario(),
        new TickingScenario(
            "paced",
            "--streams x --rate events/s, all produced by one ticking engine, as a batching inference server does",
            new LoadSettings { Streams = 500, Rate = 50, Seconds = 5, WarmSeconds = BeforeHeartbeatsAreCompiled },
            new LoadSettings { Streams = 20, Rate = 50, Seconds = 0.5, WarmSeconds = 0.1 }),
        new TickingScenario(
            "fast",
            "the same, few streams at a high rate",
            new LoadSettings { Streams = 60, Rate = 1_000, Seconds = 5, WarmSeconds = BeforeHeartbeatsAreCompiled },
            new LoadSettings { Streams = 5, Rate = 1_000, Seconds = 0.5, WarmSeconds = 0.1 }),
        new IdleScenario(),
        new FanoutScenario(),
        new SlowScenario(),
        new ConnectScenario(),
        new DuplexScenario(),
    ];

    /// <summary>Finds one by its name.</summary>
    public static IScenario Find(string name) => All.FirstOrDefault(scenario => scenario.Name == name)
        ?? throw new ArgumentException($"There is no scenario '{name}'; there are {string.Join(", ", All.Select(static scenario => scenario.Name))}.");
}

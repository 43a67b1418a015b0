using Gai.Pipelines.LoadTests.Measuring;

namespace Gai.Pipelines.LoadTests.Scenarios;

/// <summary>A kind of load. It knows no server and no engine: it asks the one for streams and leaves it to the other when.</summary>
internal interface IScenario
{
    /// <summary>What it is called on the command line.</summary>
    string Name { get; }

    /// <summary>What it does, in a line.</summary>
    string Does { get; }

    /// <summary>Which settings it has, and how much of it there is if nothing is said.</summary>
    LoadSettings Defaults { get; }

    /// <summary>How much of it shows within a second or two that it works.</summary>
    LoadSettings Quick { get; }

    /// <summary>Lets the server run until its code is compiled as it will stay.</summary>
    Task WarmUpAsync(ScenarioRun run);

    /// <summary>Runs it once, and measures.</summary>
    Task<RunFigures> MeasureAsync(ScenarioRun run);
}

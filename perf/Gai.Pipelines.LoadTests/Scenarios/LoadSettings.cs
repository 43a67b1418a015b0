using Gai.Pipelines.LoadTests.Client;
using Gai.Pipelines.LoadTests.Measuring;

namespace Gai.Pipelines.LoadTests.Scenarios;

/// <summary>How much of a scenario there shall be. A scenario has its own defaults for what is not said.</summary>
internal sealed record LoadSettings
{
    /// <summary>How events look.</summary>
    public string Format { get; init; } = WireFormat.Sse.Name;

    /// <summary>What is spoken.</summary>
    public Protocol Protocol { get; init; }

    /// <summary>How many streams.</summary>
    public int Streams { get; init; }

    /// <summary>Events a second on a stream, or arrivals a second.</summary>
    public double Rate { get; init; }

    /// <summary>Events of a stream.</summary>
    public long Events { get; init; }

    /// <summary>How long it is measured.</summary>
    public double Seconds { get; init; }

    /// <summary>How long it runs before: on the same streams, or a burst on others and at least so long.</summary>
    public double WarmSeconds { get; init; }

    /// <summary>Whether a burst comes from another thread through a channel.</summary>
    public bool Push { get; init; }

    /// <summary>The share of clients that read slowly, from 0 to 1.</summary>
    public double SlowShare { get; init; }

    /// <summary>Threads of the client.</summary>
    public int ClientThreads { get; init; } = 1;

    /// <summary>Whether it shall only be seen to work.</summary>
    public bool Quick { get; init; }
}

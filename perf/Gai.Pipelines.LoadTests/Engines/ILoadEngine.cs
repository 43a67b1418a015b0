using Gai.Pipelines.LoadTests.Client;

namespace Gai.Pipelines.LoadTests.Engines;

/// <summary>Decides when streams are opened. What a stream is, and what is measured, is the scenario's.</summary>
internal interface ILoadEngine
{
    /// <summary>Opens streams as the arrivals say, and waits until all have ended.</summary>
    /// <param name="client">Opens and reads a stream.</param>
    /// <param name="name">The scenario.</param>
    /// <param name="arrivals">When they arrive.</param>
    /// <param name="request">What each asks for, by its number from zero.</param>
    /// <returns>What came of each.</returns>
    Task<IReadOnlyList<StreamResult>> RunAsync(LoadClient client, string name, Arrivals arrivals, Func<int, StreamRequest> request);
}

/// <summary>When streams arrive.</summary>
internal abstract record Arrivals
{
    /// <summary>One after the other, each when the last has ended.</summary>
    public sealed record InTurn(int Streams) : Arrivals;

    /// <summary>All together, but no faster than a server's backlog of connections bears.</summary>
    public sealed record Together(int Streams, double PerSecond = 4_000) : Arrivals;

    /// <summary>By chance, as from many users who know nothing of each other, whether the server keeps up or not.</summary>
    /// <param name="PerSecond">How many a second on average.</param>
    /// <param name="Seconds">For how long.</param>
    /// <param name="Seed">The same seed gives the same arrivals.</param>
    public sealed record Poisson(double PerSecond, double Seconds, int Seed) : Arrivals;
}

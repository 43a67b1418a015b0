using Gai.Pipelines.LoadTests.Measuring;

namespace Gai.Pipelines.LoadTests.Tests;

/// <summary>Makes runs with a few figures.</summary>
internal static class Runs
{
    public static RunFigures Of(string contender, int round, double seconds = 1, long events = 1, long cpu = 0, long allocated = 0, params (string Name, double Value)[] more) =>
        RunFigures.Failed(string.Empty) with
        {
            Contender = contender,
            Round = round,
            Seconds = seconds,
            Events = events,
            Server = new ServerFigures(cpu, 0, allocated, 0, 0, 0, 0),
            More = more.ToDictionary(static figure => figure.Name, static figure => figure.Value),
            Problems = [],
        };
}

using Gai.Pipelines.LoadTests.Client;
using Gai.Pipelines.LoadTests.Measuring;

namespace Gai.Pipelines.LoadTests.Engines;

/// <summary>The engine of this program: a schedule made beforehand, which the client's thread keeps to the microsecond.</summary>
internal sealed class LoadEngine : ILoadEngine
{
    // Between making a schedule and its first arrival, so that none is late from the start.
    private const long LeadMicroseconds = 20_000;

    public async Task<IReadOnlyList<StreamResult>> RunAsync(LoadClient client, string name, Arrivals arrivals, Func<int, StreamRequest> request)
    {
        if (arrivals is Arrivals.InTurn inTurn)
        {
            var results = new List<StreamResult>(inTurn.Streams);
            for (int i = 0; i < inTurn.Streams; i++)
            {
                results.Add(await client.OpenAsync(request(i)));
            }

            return results;
        }

        long start = Clock.Now + LeadMicroseconds;
        return await Task.WhenAll(Schedule(arrivals).Select((after, number) => client.OpenAsync(request(number) with { Due = start + after })).ToArray());
    }

    /// <summary>Makes a schedule: the microseconds after the start at which each stream is due.</summary>
    internal static IEnumerable<long> Schedule(Arrivals arrivals) => arrivals switch
    {
        Arrivals.Together together => Enumerable.Range(0, together.Streams).Select(number => (long)(number * 1_000_000 / together.PerSecond)),
        Arrivals.Poisson poisson => Chance(poisson),
        _ => throw new ArgumentException($"{arrivals} has no schedule."),
    };

    private static IEnumerable<long> Chance(Arrivals.Poisson arrivals)
    {
#pragma warning disable CA5394 // Arrivals are no secret; they have to be the same each time.
        var random = new Random(arrivals.Seed);
        double after = 0;
        while (true)
        {
            // The gaps of a Poisson process are exponential.
            after += -Math.Log(1 - random.NextDouble()) / arrivals.PerSecond;
            if (after >= arrivals.Seconds)
            {
                yield break;
            }

            yield return (long)(after * 1_000_000);
        }
#pragma warning restore CA5394
    }
}

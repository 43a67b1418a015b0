using System.Runtime.CompilerServices;
using Gai.Pipelines.LoadTests.Measuring;

namespace Gai.Pipelines.LoadTests.Servers;

/// <summary>Sources that cost as little as a source can: events made beforehand, again and again, or none at all.</summary>
internal static class Ring
{
    /// <summary>How many events there are; their numbers repeat after so many.</summary>
    public const int Size = 1024;

    /// <summary>Makes the events.</summary>
    public static T[] Make<T>(Func<string, T> make) => [.. Enumerable.Range(0, Size).Select(number => make(Letters.Of(0, number)))];

#pragma warning disable CS1998 // An async iterator that has everything ready never awaits.
    /// <summary>Yields so many events, each of them ready.</summary>
    public static async IAsyncEnumerable<T> PullAsync<T>(T[] ring, long count)
    {
        for (long i = 0; i < count; i++)
        {
            yield return ring[i & (Size - 1)];
        }
    }
#pragma warning restore CS1998

    /// <summary>Yields nothing until it is cancelled.</summary>
    public static async IAsyncEnumerable<T> SilenceAsync<T>([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.Infinite, cancellationToken);
        yield break;
    }
}

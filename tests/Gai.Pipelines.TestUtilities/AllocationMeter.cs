using System.Diagnostics;

namespace Gai.Pipelines.TestUtilities;

/// <summary>Counts the bytes that a piece of code allocates, once warm, on the thread that runs it.</summary>
public static class AllocationMeter
{
    /// <summary>How many rounds are measured together.</summary>
    public const int Rounds = 10_000;

    // Code of the first tier boxes where the optimized one does not, the runtime replaces it in the background when it finds
    // time, and tests that run beside this one take arrays out of the shared pool. So a series that allocates is repeated.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Runs an action in series of <see cref="Rounds"/> and tells how many bytes the best whole series has allocated.</summary>
    /// <param name="action">What is measured. It gets the number of the round.</param>
    /// <returns>0 as soon as one series allocates nothing at all; what allocates in each round never gets there.</returns>
    public static long BytesOf(Action<int> action)
    {
        ArgumentNullException.ThrowIfNull(action);
        long start = Stopwatch.GetTimestamp();
        long least = Measure(action);
        while (least > 0 && Stopwatch.GetElapsedTime(start) < Patience)
        {
            least = Math.Min(least, Measure(action));
        }

        return least;
    }

    private static long Measure(Action<int> action)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < Rounds; round++)
        {
            action(round);
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}

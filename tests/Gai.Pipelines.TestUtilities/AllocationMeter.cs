namespace Gai.Pipelines.TestUtilities;

/// <summary>Counts the bytes that a piece of code allocates on the thread that runs it.</summary>
public static class AllocationMeter
{
    /// <summary>How many rounds are measured.</summary>
    public const int Rounds = 10_000;

    // Tier-1 code replaces the first one in the background, after 30 calls and some time: its allocations must be over.
    private const int WarmUpRounds = 2_000;

    /// <summary>Runs an action many times and tells how many bytes the measured rounds have allocated together.</summary>
    /// <param name="action">What is measured. It gets the number of the round.</param>
    public static long BytesOf(Action<int> action)
    {
        ArgumentNullException.ThrowIfNull(action);
        for (int round = 0; round < WarmUpRounds; round++)
        {
            action(round);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int round = 0; round < Rounds; round++)
        {
            action(round);
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}

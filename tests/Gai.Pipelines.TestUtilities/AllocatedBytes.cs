namespace Gai.Pipelines.TestUtilities;

/// <summary>Counts what a thread allocates, to the byte.</summary>
public static class AllocatedBytes
{
    private const int MostAttempts = 100;

    /// <summary>Counts what a call allocates on this thread. It is repeated if a garbage collection comes between.</summary>
    /// <remarks>A collection takes the rest of the block from which the thread allocates, up to 8 KB, and counts it as allocated.</remarks>
    /// <param name="action">The call.</param>
    public static long Of(Action action) => Of(static () => { }, action);

    /// <inheritdoc cref="Of(Action)"/>
    /// <param name="prepare">Is called before each attempt, and not counted.</param>
    /// <param name="action">The call.</param>
    public static long Of(Action prepare, Action action)
    {
        for (int attempt = 0; attempt < MostAttempts; attempt++)
        {
            prepare();

            // Waits for a collection in the background to end.
            GC.Collect();
            int collections = GC.CollectionCount(0);
            long before = GC.GetAllocatedBytesForCurrentThread();
            action();
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            if (GC.CollectionCount(0) == collections)
            {
                return allocated;
            }
        }

        throw new InvalidOperationException($"A garbage collection came between in each of {MostAttempts} attempts.");
    }
}

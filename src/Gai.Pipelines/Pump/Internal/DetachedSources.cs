namespace Gai.Pipelines.Internal;

/// <summary>Closes sources, and counts those that ignored their cancellation and have not returned yet.</summary>
internal static class DetachedSources
{
    private static int _count;

    public static int Count => Volatile.Read(ref _count);

    /// <summary>Waits for a source to close, but not for ever.</summary>
    /// <returns>What it threw.</returns>
    public static async ValueTask<Exception?> CloseAsync<T>(StreamSource<T> source, StreamOutcome outcome, TimeSpan limit, TimeProvider time)
    {
        Task closing = CancelAndCloseAsync(source, outcome);
        await closing.WaitAsync(limit, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!closing.IsCompleted)
        {
            _ = WatchAsync(closing);
        }

        return closing.Exception?.InnerException;
    }

    private static async Task CancelAndCloseAsync<T>(StreamSource<T> source, StreamOutcome outcome)
    {
        try
        {
            if (outcome.Reason != StreamOutcomeReason.Completed)
            {
                await source.CancelAsync();
            }
        }
        finally
        {
            await source.CloseAsync(outcome);
        }
    }

    /// <summary>Counts a source until its closing is done.</summary>
    private static async Task WatchAsync(Task closing)
    {
        Interlocked.Increment(ref _count);
        try
        {
            await closing;
        }
        catch (Exception)
        {
            // Its stream is long over and has been reported.
        }
        finally
        {
            Interlocked.Decrement(ref _count);
        }
    }
}

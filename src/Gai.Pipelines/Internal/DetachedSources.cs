namespace Gai.Pipelines.Internal;

/// <summary>Counts the sources that ignored their cancellation and have not returned yet.</summary>
internal static class DetachedSources
{
    private static int _count;

    public static int Count => Volatile.Read(ref _count);

    /// <summary>Counts a source until its closing, which has taken too long to be waited for, is done.</summary>
    public static async Task WatchAsync(Task closing)
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

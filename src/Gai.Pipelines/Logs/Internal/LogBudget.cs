namespace Gai.Pipelines.Internal;

/// <summary>Counts the memory of all logs of a process, and asks for some back when there is too much.</summary>
internal sealed class LogBudget(long maxBytes, Action? trim)
{
    private long _bytes;

    /// <summary>What the logs have done so far.</summary>
    public LogCounts Counts { get; } = new();

    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Counts memory. Not under a log's lock: others may have to give some back.</summary>
    public void Take(int bytes)
    {
        if (Interlocked.Add(ref _bytes, bytes) > maxBytes)
        {
            trim?.Invoke();
        }
    }

    public void Free(int bytes) => Interlocked.Add(ref _bytes, -bytes);
}

namespace Gai.Pipelines;

public sealed partial class StreamLogs
{
    private readonly Lock _trimLock = new();

    /// <summary>Gives memory back: what nobody misses first.</summary>
    private void Trim(long bytes)
    {
        if (!_trimLock.TryEnter())
        {
            // Somebody is at it.
            return;
        }

        try
        {
            StreamLog[] logs = LeastRecentlyRead();
            long target = Options.MaxTotalBytes;
            foreach (StreamLog log in logs)
            {
                if (Budget.Bytes <= target)
                {
                    return;
                }

                if (log is { Readers: 0, Memory.HasEnded: true })
                {
                    Forget(log);
                }
            }

            foreach (StreamLog log in logs)
            {
                TrimTo(target, log, log.LowestNeeded());
            }

            foreach (StreamLog log in logs)
            {
                TrimTo(target, log, long.MaxValue);
            }
        }
        finally
        {
            _trimLock.Exit();
        }
    }

    private void TrimTo(long target, StreamLog log, long below)
    {
        long wanted = Budget.Bytes - target;
        if (wanted > 0)
        {
            log.Memory.Trim(wanted, below);
        }
    }

    /// <summary>All logs: those that have ended first, and of either kind the least recently read first.</summary>
    private StreamLog[] LeastRecentlyRead()
    {
        StreamLog[] logs;
        lock (_lock)
        {
            logs = [.. _byId.Values];
        }

        // The times change while they are compared.
        (bool IsOpen, long ReadAt)[] order = Array.ConvertAll(logs, static log => (!log.Memory.HasEnded, log.Memory.ReadAt));
        Array.Sort(order, logs);
        return logs;
    }
}

using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

public sealed partial class StreamLogs
{
    // All logs are looked at and put in order, which a producer at the bound must not pay for every segment that it fills.
    private const int TrimmedPart = 16;

    private readonly Lock _trimLock = new();

    /// <summary>Gives memory back, and some more than has to be: what nobody misses first.</summary>
    private void Trim()
    {
        if (!_trimLock.TryEnter())
        {
            // Somebody is at it.
            return;
        }

        try
        {
            StreamLog[] logs = LeastRecentlyRead();
            long target = Options.MaxTotalBytes - (Options.MaxTotalBytes / TrimmedPart / LogSegment.Bytes * LogSegment.Bytes);
            foreach (StreamLog log in logs)
            {
                if (Budget.Bytes <= target)
                {
                    return;
                }

                if (log is { Readers: 0, Memory.HasEnded: true, WaitsForStore: false })
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

    /// <summary>All logs: first those that are forgotten and wait for the store, then those that have ended, and of each kind the least recently read first.</summary>
    private StreamLog[] LeastRecentlyRead()
    {
        StreamLog[] logs;
        int forgotten;
        lock (_lock)
        {
            forgotten = _leaving.Count;
            logs = [.. _leaving, .. _byId.Values];
        }

        // The times change while they are compared.
        var order = new (int Rank, long ReadAt)[logs.Length];
        for (int i = 0; i < logs.Length; i++)
        {
            order[i] = (i < forgotten ? 0 : logs[i].Memory.HasEnded ? 1 : 2, logs[i].Memory.ReadAt);
        }

        Array.Sort(order, logs);
        return logs;
    }
}

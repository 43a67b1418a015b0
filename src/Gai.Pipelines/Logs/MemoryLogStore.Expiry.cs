using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

// What has expired, and what then is forgotten.
public sealed partial class MemoryLogStore
{
    /// <inheritdoc/>
    public ValueTask<int> DeleteExpiredAsync(int maxFrames, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxFrames, 1);
        cancellationToken.ThrowIfCancellationRequested();
        int deleted = 0;
        lock (_lock)
        {
            foreach (StoredLog log in _byId.Values.ToArray())
            {
                if (deleted >= maxFrames)
                {
                    break;
                }

                if (log.HasExpired(Now))
                {
                    Forget(log);
                    deleted += 1 + log.FrameCount;
                }
                else if (log.Description.Kind == LogKind.Topic)
                {
                    deleted += log.DropOlderThan(Now - log.Description.KeepFor);
                }
            }
        }

        return new(deleted);
    }

    /// <summary>Finds the log that holds a key. One that is over, and only waits to be deleted, is deleted now.</summary>
    private StoredLog? HolderOf(LogKey key)
    {
        if (_byKey.TryGetValue(key, out StoredLog? log) && log.HasExpired(Now))
        {
            Forget(log);
            return null;
        }

        return log;
    }

    private void Forget(StoredLog log)
    {
        _byId.Remove(log.Description.Id);
        FreeKey(log);
    }

    private void FreeKey(StoredLog log)
    {
        if (_byKey.TryGetValue(log.Description.Key, out StoredLog? holder) && holder == log)
        {
            _byKey.Remove(log.Description.Key);
        }
    }
}

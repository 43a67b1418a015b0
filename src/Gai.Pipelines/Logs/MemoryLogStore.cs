using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>Keeps logs in the memory of this process: the default, and what several hosts in one process share, as in tests.</summary>
/// <remarks>
/// Alone (the default) it holds nothing: a <c>StreamLogs</c> then keeps its logs in its own segments, and nothing is copied. Shared
/// (<see cref="IsShared"/>) it keeps a copy of every frame until it expires. Thread-safe.
/// </remarks>
public sealed partial class MemoryLogStore : ILogStore
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly Dictionary<LogKey, StoredLog> _byKey = [];
    private readonly Dictionary<LogId, StoredLog> _byId = [];
    private readonly LogWatchers<LogId> _watchers = new();
    private long _lastToken;

    /// <summary>Makes an empty store.</summary>
    /// <param name="timeProvider">The clock of leases and ages; <see langword="null"/> for the system's.</param>
    public MemoryLogStore(TimeProvider? timeProvider = null) => _time = timeProvider ?? TimeProvider.System;

    /// <inheritdoc/>
    /// <value>Default <see langword="false"/>.</value>
    public bool IsShared { get; init; }

    /// <inheritdoc/>
    public ValueTask<LogClaim> ClaimAsync(LogDescription proposal, TimeSpan lease, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(proposal);
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if (HolderOf(proposal.Key) is not { } log)
            {
                log = new StoredLog(proposal, proposal.Kind == LogKind.Topic ? 0 : ++_lastToken) { LeaseUntil = Now + lease };
                _byKey.Add(proposal.Key, log);
                _byId.Add(proposal.Id, log);
            }

            bool isOwner = log.Token != 0 && log.Description.Id == proposal.Id && log.End is null;
            return new(new LogClaim(log.Description, isOwner, isOwner ? log.Token : 0));
        }
    }

    /// <inheritdoc/>
    public ValueTask<LogDescription?> FindAsync(LogKey key, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return new(HolderOf(key)?.Description);
        }
    }

    /// <inheritdoc/>
    public ValueTask<LogDescription?> FindAsync(LogId log, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return new(_byId.GetValueOrDefault(log)?.Description);
        }
    }

    /// <inheritdoc/>
    public ValueTask AppendAsync(LogId log, long fencingToken, LogBatch batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentOutOfRangeException.ThrowIfLessThan(batch.FirstSequence, 1, nameof(batch));
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            OwnedBy(log, fencingToken).Append(batch, Now);
        }

        _watchers.Signal(log, LogChange.Frames);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<long> PublishAsync(LogId log, Guid publication, LogBatch batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentOutOfRangeException.ThrowIfNotEqual(batch.FirstSequence, 0, nameof(batch));
        cancellationToken.ThrowIfCancellationRequested();
        long first;
        lock (_lock)
        {
            first = _byId.GetValueOrDefault(log)?.NumberOf(publication) ?? OwnedBy(log, fencingToken: 0).Publish(publication, batch, Now);
        }

        _watchers.Signal(log, LogChange.Frames);
        return new(first);
    }

    /// <inheritdoc/>
    public ValueTask CompleteTopicAsync(LogId log, LogBatch marker, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(marker);
        ArgumentOutOfRangeException.ThrowIfNotEqual(marker.FirstSequence, 0, nameof(marker));
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if (!_byId.TryGetValue(log, out StoredLog? stored) || stored.Description.Kind != LogKind.Topic)
            {
                throw new LogFencedException(log);
            }

            if (stored.End is null)
            {
                stored.Add(marker, Now);
                Finish(stored, LogEnd.Completed);
            }
        }

        _watchers.Signal(log, LogChange.Frames);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask EndAsync(LogId log, long fencingToken, LogEnd end, long lastSequence, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if (!_byId.TryGetValue(log, out StoredLog? stored) || stored.Description.Kind != LogKind.Generation || stored.Token != fencingToken || stored.End?.Outcome == LogOutcome.Lost)
            {
                throw new LogFencedException(log);
            }

            if (stored.End is null)
            {
                if (stored.Last < lastSequence)
                {
                    throw new ArgumentException($"The log has frames up to {stored.Last}, and its owner has added {lastSequence}: what it lacks has to be added again before it ends.", nameof(lastSequence));
                }

                Finish(stored, end);
            }
        }

        _watchers.Signal(log, LogChange.Frames);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<LogLease> RenewAsync(LogId log, long fencingToken, TimeSpan lease, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            StoredLog stored = OwnedBy(log, fencingToken);
            stored.LeaseUntil = Now + lease;
            return new(new LogLease(stored.IsCancelRequested, stored.ReadAt is { } at ? Now - at : null));
        }
    }

    /// <inheritdoc/>
    public ValueTask<LogState?> ReadAsync(LogId log, long first, int maxBytes, LogBatch into, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(into);
        ArgumentOutOfRangeException.ThrowIfLessThan(first, 1);
        cancellationToken.ThrowIfCancellationRequested();
        bool isLost = false;
        LogState? state = null;
        lock (_lock)
        {
            into.Clear(first);
            if (_byId.TryGetValue(log, out StoredLog? stored))
            {
                isLost = stored.HasLostOwner(Now);
                if (isLost)
                {
                    Finish(stored, LogEnd.Lost);
                }

                state = stored.Read(first, maxBytes, into);
            }
        }

        if (isLost)
        {
            _watchers.Signal(log, LogChange.Ownership);
        }

        return new(state);
    }

    /// <inheritdoc/>
    public IDisposable Watch(LogId log, Action<LogChange> onChange) => _watchers.Add(log, onChange);

    /// <inheritdoc/>
    public ValueTask NoteReaderAsync(LogId log, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            if (_byId.TryGetValue(log, out StoredLog? stored))
            {
                stored.ReadAt = Now;
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<bool> RequestCancelAsync(LogId log, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        bool isOpen;
        lock (_lock)
        {
            isOpen = _byId.TryGetValue(log, out StoredLog? stored) && stored.End is null;
            if (isOpen)
            {
                stored!.IsCancelRequested = true;
            }
        }

        _watchers.Signal(log, LogChange.Ownership);
        return new(isOpen);
    }

    /// <inheritdoc/>
    public ValueTask<bool> RemoveAsync(LogId log, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        bool isThere;
        lock (_lock)
        {
            isThere = _byId.TryGetValue(log, out StoredLog? stored);
            if (isThere)
            {
                Forget(stored!);
            }
        }

        _watchers.Signal(log, LogChange.Ownership);
        return new(isThere);
    }

    private TimeSpan Now => _time.GetElapsedTime(0);

    private StoredLog OwnedBy(LogId log, long fencingToken) =>
        _byId.TryGetValue(log, out StoredLog? stored) && stored.Token == fencingToken && stored.End is null
            ? stored
            : throw new LogFencedException(log);

    private void Finish(StoredLog log, LogEnd end)
    {
        log.Finish(end, Now);
        if (log.IsVoid)
        {
            FreeKey(log);
        }
    }
}

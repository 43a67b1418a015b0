using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>Knows the logs of a process: begins them once, finds them again, bounds their memory, and shares them with other nodes through a store.</summary>
/// <remarks>Thread-safe. A server has one. A log that has ended is found until <see cref="LogOptions.MaxAge"/> is over or the memory is needed.</remarks>
public sealed partial class StreamLogs : IAsyncDisposable, IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<LogKey, Task<StreamLog>> _byKey = [];
    private readonly Dictionary<LogId, StreamLog> _byId = [];
    private readonly Dictionary<LogId, Task<StreamLog?>> _opening = [];

    // Those that are no longer found, until their producers are done and the store has what there is or is given up.
    private readonly HashSet<StreamLog> _leaving = [];
    private readonly ILogStore? _store;
    private readonly StoreSweep? _sweep;
    private bool _isStopping;

    /// <summary>Makes a set of logs.</summary>
    /// <param name="options">What they share; <see langword="null"/> for the defaults.</param>
    public StreamLogs(StreamLogsOptions? options = null)
    {
        Options = options ?? new StreamLogsOptions();
        Budget = new LogBudget(Options.MaxTotalBytes, Trim);
        if (Options.Store.IsShared)
        {
            _store = Options.Store;
            _sweep = new StoreSweep(_store, Options.Scheduler);
        }
    }

    /// <summary>Gets what the logs share.</summary>
    public StreamLogsOptions Options { get; }

    /// <summary>Gets how many logs this node has, its copies of others' included.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _byId.Count;
            }
        }
    }

    /// <summary>Gets how many bytes of memory they take.</summary>
    public long MemoryBytes => Budget.Bytes;

    internal LogBudget Budget { get; }

    /// <summary>How many cursors there are, and how many events of this node's producers and publishers the store lacks.</summary>
    internal (long Cursors, long StoreLag) Sum()
    {
        lock (_lock)
        {
            // One whose store is given up waits for it no longer, and one that is forgotten may wait for it still.
            IEnumerable<StreamLog> lagging = _byId.Values.Concat(_leaving).Where(static log => log.WaitsForStore);
            return (_byId.Values.Sum(static log => (long)log.Readers), lagging.Sum(static log => log.LastSequence - log.DurableSequence) + WaitingOfTopics());
        }
    }

    /// <summary>Whether other nodes can read what this one produces.</summary>
    internal bool IsShared => _store is not null;

    internal bool IsStopping => Volatile.Read(ref _isStopping);

    /// <summary>Finds the log of a key, or begins it. Of any number of starts with one key, at the same moment and on any nodes, one begins it and the others attach.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="start">What to begin.</param>
    /// <param name="produce">Makes the producer; called once, and only if this start begins the log. It belongs to no request.</param>
    /// <param name="cancellationToken">Gives up waiting. A log that is being begun goes on to begin.</param>
    /// <returns>The log, which may have ended, and may have another format, dialect or owner than <paramref name="start"/> says: look at its <see cref="StreamLog.Description"/>.</returns>
    /// <exception cref="InvalidOperationException">The node is shutting down, or a topic has the key.</exception>
    /// <exception cref="Exception">What <paramref name="produce"/> or the store has thrown. Nothing was begun.</exception>
    public async ValueTask<LogAttachment> GetOrStartAsync<T>(LogStart start, Func<LogProducer<T>> produce, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(start);
        ArgumentNullException.ThrowIfNull(produce);
        TaskCompletionSource<StreamLog>? starting = null;
        Task<StreamLog>? known;
        lock (_lock)
        {
            ThrowIfStopping();
            if (!_byKey.TryGetValue(start.Key, out known) || MayBeReplaced(known))
            {
                starting = new TaskCompletionSource<StreamLog>(TaskCreationOptions.RunContinuationsAsynchronously);
                _byKey[start.Key] = known = starting.Task;
            }
        }

        bool isNew = false;
        if (starting is not null)
        {
            isNew = await StartAsync(start, produce, starting).WaitAsync(cancellationToken);
        }

        StreamLog log = await known.WaitAsync(cancellationToken);
        return log.Description.Kind == LogKind.Generation
            ? new LogAttachment(log, isNew)
            : throw new InvalidOperationException($"The key {start.Key} is that of a topic. Give the stream another key.");
    }

    /// <summary>Finds a log by the id of one of its events, at this node or any.</summary>
    /// <param name="log">The log: <see cref="LogPosition.Log"/> of what a client sends back.</param>
    /// <param name="options">The bounds of a copy, if the log is another node's; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The log, or <see langword="null"/> if there is none or it has expired.</returns>
    public ValueTask<StreamLog?> FindAsync(LogId log, LogOptions? options = null, CancellationToken cancellationToken = default)
    {
        Task<StreamLog?>? opening;
        lock (_lock)
        {
            if (_byId.TryGetValue(log, out StreamLog? known) || _store is null)
            {
                return new(known);
            }

            if (!_opening.TryGetValue(log, out opening))
            {
                opening = OpenCopyAsync(log, description: null, options ?? LogOptions.Default);
                _opening.Add(log, opening);
            }
        }

        return new(opening.WaitAsync(cancellationToken));
    }

    /// <summary>Finds the log that holds a key, at this node or any.</summary>
    /// <param name="key">The key.</param>
    /// <param name="options">The bounds of a copy, if the log is another node's; <see langword="null"/> for the defaults.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The log, or <see langword="null"/>.</returns>
    public async ValueTask<StreamLog?> FindAsync(LogKey key, LogOptions? options = null, CancellationToken cancellationToken = default)
    {
        Task<StreamLog>? known;
        lock (_lock)
        {
            _byKey.TryGetValue(key, out known);
        }

        if (known is not null && (_store is null || !MayBeReplaced(known)))
        {
            return await known.WaitAsync(cancellationToken);
        }

        return _store is not null && await _store.FindAsync(key, cancellationToken) is { } description
            ? await FindAsync(description.Id, options, cancellationToken)
            : null;
    }

    /// <summary>Cancels the producer of a log, at whatever node it is. Readers get the dialect's error <c>cancelled</c>.</summary>
    /// <param name="log">The log.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Whether there was something to cancel.</returns>
    public async ValueTask<bool> CancelAsync(LogId log, CancellationToken cancellationToken = default)
    {
        StreamLog? here;
        lock (_lock)
        {
            _byId.TryGetValue(log, out here);
        }

        return here is { IsProducedHere: true }
            ? here.Cancel()
            : _store is not null && await _store.RequestCancelAsync(log, cancellationToken);
    }

    /// <summary>Cancels the producer of the log that holds a key, at whatever node it is.</summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Whether there was something to cancel.</returns>
    public async ValueTask<bool> CancelAsync(LogKey key, CancellationToken cancellationToken = default) =>
        await IdOfAsync(key, cancellationToken) is { } log && await CancelAsync(log, cancellationToken);

    /// <summary>Cancels the producer of the log that holds a key, forgets the log at all nodes and frees the key: the next start begins a new generation.</summary>
    /// <remarks>Other nodes learn of it from the store. One that has produced the log, or has read it to its end, finds it by its id for as long as it keeps it.</remarks>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Whether there was one.</returns>
    /// <exception cref="Exception">What the store has thrown. A log of this node is cancelled and forgotten here all the same.</exception>
    public async ValueTask<bool> RemoveAsync(LogKey key, CancellationToken cancellationToken = default)
    {
        if (await IdOfAsync(key, cancellationToken) is not { } id)
        {
            return false;
        }

        StreamLog? here;
        lock (_lock)
        {
            _byId.TryGetValue(id, out here);
        }

        try
        {
            if (_store is not null)
            {
                await _store.RemoveAsync(id, cancellationToken);
            }
        }
        finally
        {
            if (here is not null)
            {
                Forget(here);
            }
        }

        return true;
    }

    /// <summary>Lets no new logs begin, waits for the producers of this node to end, and at last ends them: their readers elsewhere get what there is and the error <c>producer_lost</c>.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>A task that is done when nothing is at work any more, a little after the token is cancelled at the latest.</returns>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        StreamLog[] logs;
        lock (_lock)
        {
            Volatile.Write(ref _isStopping, true);
            logs = [.. _byId.Values.Concat(_leaving).Where(static log => log.IsProducedHere)];
        }

        Task ended = Task.WhenAll(logs.Select(static log => log.DrainAsync()));
        await ended.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Array.ForEach(logs, static log => log.Lose());

        // What is written then is small; a store that does not take it learns of the loss by the lease.
        await ended.WaitAsync(TimeSpan.FromSeconds(1), Options.Scheduler.TimeProvider, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Array.ForEach(logs, static log => log.GiveUp());
    }

    /// <summary>Ends all producers at once and forgets all logs.</summary>
    /// <returns>A task that is done when that is done.</returns>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(new CancellationToken(canceled: true));
        _sweep?.Dispose();
        StreamLog[] logs;
        lock (_lock)
        {
            logs = [.. _byId.Values];
        }

        Array.ForEach(logs, Forget);
    }

    /// <summary>Does what <see cref="DisposeAsync"/> does, and waits for nothing.</summary>
    public void Dispose() => _ = DisposeAsync().AsTask();
}

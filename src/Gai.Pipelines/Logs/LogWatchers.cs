namespace Gai.Pipelines;

/// <summary>The callbacks of <see cref="ILogStore.Watch"/> at one node: what every store needs.</summary>
/// <typeparam name="TLog">What the store's signals call a log: its id, or something shorter.</typeparam>
/// <remarks>Thread-safe. Callbacks run on the thread that signals, outside any lock.</remarks>
public sealed class LogWatchers<TLog>
    where TLog : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TLog, List<Watcher>> _watchers = [];

    /// <summary>Adds a callback.</summary>
    /// <param name="log">The log.</param>
    /// <param name="onChange">What to call.</param>
    /// <returns>Takes it out when it is disposed of; a call that is under way is not waited for.</returns>
    public IDisposable Add(TLog log, Action<LogChange> onChange)
    {
        ArgumentNullException.ThrowIfNull(log);
        ArgumentNullException.ThrowIfNull(onChange);
        var watcher = new Watcher(this, log, onChange);
        lock (_lock)
        {
            if (!_watchers.TryGetValue(log, out List<Watcher>? ofLog))
            {
                _watchers.Add(log, ofLog = []);
            }

            ofLog.Add(watcher);
        }

        return watcher;
    }

    /// <summary>Calls the callbacks of a log. Not to be called under a lock.</summary>
    /// <param name="log">The log.</param>
    /// <param name="change">What may have changed.</param>
    public void Signal(TLog log, LogChange change)
    {
        ArgumentNullException.ThrowIfNull(log);
        Watcher[] watchers;
        lock (_lock)
        {
            watchers = _watchers.TryGetValue(log, out List<Watcher>? ofLog) ? [.. ofLog] : [];
        }

        Call(watchers, change);
    }

    /// <summary>Has everybody look, with <see cref="LogChange.Anything"/>: signals may have been lost.</summary>
    public void SignalAll()
    {
        Watcher[] watchers;
        lock (_lock)
        {
            watchers = [.. _watchers.Values.SelectMany(static ofLog => ofLog)];
        }

        Call(watchers, LogChange.Anything);
    }

    private static void Call(Watcher[] watchers, LogChange change)
    {
        foreach (Watcher watcher in watchers)
        {
            watcher.OnChange(change);
        }
    }

    private void Remove(Watcher watcher)
    {
        lock (_lock)
        {
            if (_watchers.TryGetValue(watcher.Log, out List<Watcher>? ofLog) && ofLog.Remove(watcher) && ofLog.Count == 0)
            {
                _watchers.Remove(watcher.Log);
            }
        }
    }

    private sealed class Watcher(LogWatchers<TLog> owner, TLog log, Action<LogChange> onChange) : IDisposable
    {
        public TLog Log { get; } = log;

        public Action<LogChange> OnChange { get; } = onChange;

        public void Dispose() => owner.Remove(this);
    }
}

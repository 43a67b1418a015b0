namespace Gai.Pipelines.Internal;

/// <summary>The callbacks that a store calls when something of a log may have changed. Thread-safe.</summary>
internal sealed class LogWatchers
{
    private readonly Lock _lock = new();
    private readonly Dictionary<LogId, List<Watcher>> _watchers = [];

    public IDisposable Add(LogId log, Action<LogChange> onChange)
    {
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

    /// <summary>Calls the callbacks of a log. Not under a lock of the caller's.</summary>
    public void Signal(LogId log, LogChange change)
    {
        Watcher[] watchers;
        lock (_lock)
        {
            watchers = _watchers.TryGetValue(log, out List<Watcher>? ofLog) ? [.. ofLog] : [];
        }

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

    private sealed class Watcher(LogWatchers owner, LogId log, Action<LogChange> onChange) : IDisposable
    {
        public LogId Log { get; } = log;

        public Action<LogChange> OnChange { get; } = onChange;

        public void Dispose() => owner.Remove(this);
    }
}

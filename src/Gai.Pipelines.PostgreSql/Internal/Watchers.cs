namespace Gai.Pipelines.PostgreSql.Internal;

/// <summary>The callbacks of this node, by what a notification calls their logs. Thread-safe.</summary>
internal sealed class Watchers
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ulong, List<Watcher>> _watchers = [];

    public IDisposable Add(ulong log, Action<LogChange> onChange)
    {
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

    public void Signal(ulong log, LogChange change)
    {
        Watcher[] watchers;
        lock (_lock)
        {
            watchers = _watchers.TryGetValue(log, out List<Watcher>? ofLog) ? [.. ofLog] : [];
        }

        Array.ForEach(watchers, watcher => watcher.OnChange(change));
    }

    /// <summary>Tells everybody to look: signals may have been lost.</summary>
    public void SignalAll()
    {
        Watcher[] watchers;
        lock (_lock)
        {
            watchers = [.. _watchers.Values.SelectMany(static ofLog => ofLog)];
        }

        Array.ForEach(watchers, static watcher => watcher.OnChange(LogChange.Anything));
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

    private sealed class Watcher(Watchers owner, ulong log, Action<LogChange> onChange) : IDisposable
    {
        public ulong Log { get; } = log;

        public Action<LogChange> OnChange { get; } = onChange;

        public void Dispose() => owner.Remove(this);
    }
}

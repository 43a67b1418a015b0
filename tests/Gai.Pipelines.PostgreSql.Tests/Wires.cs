namespace Gai.Pipelines.PostgreSql.Tests;

/// <summary>A store whose answers and signals pass through here.</summary>
internal abstract class WireStore(ILogStore inner) : ILogStore
{
    public bool IsShared => true;

    public ValueTask<LogClaim> ClaimAsync(LogDescription proposal, TimeSpan lease, CancellationToken cancellationToken) => Pass(() => inner.ClaimAsync(proposal, lease, cancellationToken));

    public ValueTask<LogDescription?> FindAsync(LogKey key, CancellationToken cancellationToken) => Pass(() => inner.FindAsync(key, cancellationToken));

    public ValueTask<LogDescription?> FindAsync(LogId log, CancellationToken cancellationToken) => Pass(() => inner.FindAsync(log, cancellationToken));

    public ValueTask AppendAsync(LogId log, long fencingToken, LogBatch batch, CancellationToken cancellationToken) => Pass(() => inner.AppendAsync(log, fencingToken, batch, cancellationToken));

    public ValueTask<long> PublishAsync(LogId log, Guid publication, LogBatch batch, CancellationToken cancellationToken) => Pass(() => inner.PublishAsync(log, publication, batch, cancellationToken));

    public ValueTask CompleteTopicAsync(LogId log, LogBatch marker, CancellationToken cancellationToken) => Pass(() => inner.CompleteTopicAsync(log, marker, cancellationToken));

    public ValueTask EndAsync(LogId log, long fencingToken, LogEnd end, long lastSequence, CancellationToken cancellationToken) => Pass(() => inner.EndAsync(log, fencingToken, end, lastSequence, cancellationToken));

    public ValueTask<LogLease> RenewAsync(LogId log, long fencingToken, TimeSpan lease, CancellationToken cancellationToken) => Pass(() => inner.RenewAsync(log, fencingToken, lease, cancellationToken));

    public ValueTask<LogState?> ReadAsync(LogId log, long first, int maxBytes, LogBatch into, CancellationToken cancellationToken) => Pass(() => inner.ReadAsync(log, first, maxBytes, into, cancellationToken));

    public virtual IDisposable Watch(LogId log, Action<LogChange> onChange) => inner.Watch(log, onChange);

    public ValueTask NoteReaderAsync(LogId log, CancellationToken cancellationToken) => Pass(() => inner.NoteReaderAsync(log, cancellationToken));

    public ValueTask<bool> RequestCancelAsync(LogId log, CancellationToken cancellationToken) => Pass(() => inner.RequestCancelAsync(log, cancellationToken));

    public ValueTask<bool> RemoveAsync(LogId log, CancellationToken cancellationToken) => Pass(() => inner.RemoveAsync(log, cancellationToken));

    public ValueTask<int> DeleteExpiredAsync(int maxFrames, CancellationToken cancellationToken) => Pass(() => inner.DeleteExpiredAsync(maxFrames, cancellationToken));

    protected virtual T Pass<T>(Func<T> call) => call();
}

/// <summary>A store whose signals get lost.</summary>
internal sealed class DeafStore(ILogStore inner) : WireStore(inner)
{
    public override IDisposable Watch(LogId log, Action<LogChange> onChange) => new Nothing();

    private sealed class Nothing : IDisposable
    {
        public void Dispose()
        {
        }
    }
}

/// <summary>A store that can be cut off from its node: nothing of it gets there, as after kill -9.</summary>
internal sealed class CutStore(ILogStore inner) : WireStore(inner)
{
    public bool IsCut { get; set; }

    protected override T Pass<T>(Func<T> call) => IsCut ? throw new IOException("Cut off.") : call();
}

using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Gai.Pipelines.Internal;

/// <summary>Reads from a pipe, and fails a read that brings nothing for too long.</summary>
internal sealed class IdleTimeoutPipeReader : PipeReader, IDisposable
{
    private readonly PipeReader _inner;
    private readonly TimeSpan _timeout;
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private long _begunAt;
    private int _reads;
    private int _state; // the number of the read that waits, or one of State

    public IdleTimeoutPipeReader(PipeReader inner, TimeSpan timeout, TimeProvider time)
    {
        _inner = inner;
        _timeout = timeout;
        _time = time;
        _timer = time.CreateTimer(static reader => ((IdleTimeoutPipeReader)reader!).OnTimeout(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <exception cref="TimeoutException">Nothing came for too long.</exception>
    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        // Also where there is always something, as from a client that floods.
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<ReadResult>(cancellationToken);
        }

        return _inner.TryRead(out ReadResult result) ? new ValueTask<ReadResult>(result) : ReadSlowAsync(cancellationToken);
    }

    public override bool TryRead(out ReadResult result) => _inner.TryRead(out result);

    public override void AdvanceTo(SequencePosition consumed) => _inner.AdvanceTo(consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => _inner.AdvanceTo(consumed, examined);

    public override void CancelPendingRead() => _inner.CancelPendingRead();

    public override void Complete(Exception? exception = null)
    {
        Dispose();
        _inner.Complete(exception);
    }

    public void Dispose() => _timer.Dispose();

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> ReadSlowAsync(CancellationToken cancellationToken)
    {
        Volatile.Write(ref _begunAt, _time.GetTimestamp());
        _reads = _reads == int.MaxValue ? 1 : _reads + 1;
        Volatile.Write(ref _state, _reads);
        _timer.Change(_timeout, Timeout.InfiniteTimeSpan);
        bool hasTimedOut = false;
        ReadResult result;
        try
        {
            result = await _inner.ReadAsync(cancellationToken);
        }
        finally
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            hasTimedOut = Interlocked.Exchange(ref _state, State.Idle) == State.TimedOut;
        }

        if (hasTimedOut)
        {
            // Whoever asked gets no result to give back.
            _inner.AdvanceTo(result.Buffer.Start);
            throw new TimeoutException($"Nothing came for {_timeout}, not even a keep-alive: the connection is taken for dead.");
        }

        return result;
    }

    /// <summary>Ends the read that waits. A timer that fires late, when its read is over, must not end the next one.</summary>
    private void OnTimeout()
    {
        // Before the clock is looked at: meanwhile that read may end and another begin.
        int read = Volatile.Read(ref _state);
        TimeSpan left = _timeout - _time.GetElapsedTime(Volatile.Read(ref _begunAt));
        if (left > TimeSpan.Zero)
        {
            _timer.Change(left, Timeout.InfiniteTimeSpan);
        }
        else if (read > State.Idle && Interlocked.CompareExchange(ref _state, State.TimedOut, read) == read)
        {
            _inner.CancelPendingRead();
        }
    }

    private static class State
    {
        public const int Idle = 0;
        public const int TimedOut = -1;
    }
}

using System.Threading.Tasks.Sources;

namespace Gai.Pipelines.Internal;

/// <summary>What can wake a pump.</summary>
[Flags]
internal enum WakeSignals
{
    None = 0,

    /// <summary>The source has something, or has ended.</summary>
    Source = 1,

    /// <summary>A time has come: keep-alive, commit window, deadline.</summary>
    Tick = 2,

    /// <summary>The flush window is over.</summary>
    Window = 4,

    /// <summary>The client has left.</summary>
    ClientGone = 8,

    /// <summary>Somebody ends the stream: <see cref="StreamEnding"/>.</summary>
    Ending = 16,

    /// <summary>A flush that had to wait for the client has ended.</summary>
    Flushed = 32,
}

/// <summary>The one thing a pump waits for: any number of signallers, one waiter, no allocation however often it waits.</summary>
/// <remarks>
/// An entry in the scheduler as well, and no object beside it: thousands of streams wait, and each for some time. For the same reason it is not made of a
/// <c>ManualResetValueTaskSourceCore</c>, which also keeps a result, an error and a context.
/// </remarks>
internal class Wake : TimingEntry, IValueTaskSource, IThreadPoolWorkItem
{
    private const int Waiting = 1 << 30;

    // Stands in place of the continuation when a wait is over.
    private static readonly Action<object?> Over = static _ => { };

    private Action<object?>? _continuation;
    private object? _continuationState;
    private int _state;

    /// <summary>Whether there is a signal that has not been taken.</summary>
    public bool IsSignalled => Volatile.Read(ref _state) != 0;

    /// <summary>Adds signals and lets the waiter run, here or on the thread pool. Thread-safe.</summary>
    public void Signal(WakeSignals signals, bool onThreadPool = false)
    {
        int seen = Volatile.Read(ref _state);
        while (true)
        {
            int found = Interlocked.CompareExchange(ref _state, (seen | (int)signals) & ~Waiting, seen);
            if (found == seen)
            {
                break;
            }

            seen = found;
        }

        if ((seen & Waiting) != 0)
        {
            Continue(onThreadPool);
        }
    }

    /// <summary>Takes all signals. Only for the waiter.</summary>
    public WakeSignals Take() => (WakeSignals)Interlocked.Exchange(ref _state, 0);

    /// <summary>Waits until there is a signal. Only for the one waiter, who goes on in no context but its own.</summary>
    public ValueTask WaitAsync()
    {
        _continuation = null;
        return Interlocked.CompareExchange(ref _state, Waiting, 0) == 0
            ? new ValueTask(this, token: 0)
            : ValueTask.CompletedTask;
    }

    protected internal override void OnDue() => Signal(WakeSignals.Tick, onThreadPool: true);

    /// <summary>The turn of its stream has come, in the ready queue or in the pool's.</summary>
    void IThreadPoolWorkItem.Execute() => Signal(WakeSignals.Source);

    void IValueTaskSource.GetResult(short token)
    {
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) =>
        ReferenceEquals(Volatile.Read(ref _continuation), Over) ? ValueTaskSourceStatus.Succeeded : ValueTaskSourceStatus.Pending;

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        _continuationState = state;
        if (Interlocked.CompareExchange(ref _continuation, continuation, null) is not null)
        {
            ThreadPool.UnsafeQueueUserWorkItem(continuation, state, preferLocal: true);
        }
    }

    private void Continue(bool onThreadPool)
    {
        Action<object?>? continuation = Interlocked.Exchange(ref _continuation, Over);
        if (continuation is null)
        {
            return;
        }

        object? state = _continuationState;
        if (onThreadPool)
        {
            ThreadPool.UnsafeQueueUserWorkItem(continuation, state, preferLocal: true);
        }
        else
        {
            continuation(state);
        }
    }
}

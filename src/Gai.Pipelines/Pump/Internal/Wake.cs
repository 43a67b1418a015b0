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
/// <remarks>An entry in the scheduler as well, and no object beside it: thousands of streams wait, and each for some time.</remarks>
internal class Wake : TimingEntry, IValueTaskSource
{
    private const int Waiting = 1 << 30;

    private ManualResetValueTaskSourceCore<bool> _core;
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
            _core.RunContinuationsAsynchronously = onThreadPool;
            _core.SetResult(true);
        }
    }

    /// <summary>Takes all signals. Only for the waiter.</summary>
    public WakeSignals Take() => (WakeSignals)Interlocked.Exchange(ref _state, 0);

    /// <summary>Waits until there is a signal. Only for the one waiter.</summary>
    public ValueTask WaitAsync()
    {
        _core.Reset();
        return Interlocked.CompareExchange(ref _state, Waiting, 0) == 0
            ? new ValueTask(this, _core.Version)
            : ValueTask.CompletedTask;
    }

    protected internal override void OnDue() => Signal(WakeSignals.Tick, onThreadPool: true);

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}

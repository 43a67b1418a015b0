using System.Collections.Concurrent;

namespace Gai.Pipelines.Internal;

/// <summary>Runs the streams whose channels have got something, one after the other, on as few threads of the pool as will do.</summary>
/// <remarks>
/// A producer of many streams writes to one channel after the other. Left to themselves the channels queue a reader each, for which all threads of the
/// pool wake up; with little to do for each, looking for more work costs them more than the work (perf/reports/2026-11-26-9280dea8). Kestrel has such a queue for what its sockets send.
/// It is a synchronization context because that is how a channel can be told where to call back, without an allocation.
/// </remarks>
/// <param name="milliseconds">A coarse clock.</param>
/// <param name="watch">Has <see cref="HelpIfHeldUp"/> called every half second as long as <see cref="HasItems"/>.</param>
internal sealed class ReadyQueue(Func<long> milliseconds, Action watch) : SynchronizationContext, IThreadPoolWorkItem
{
    // So many in a row, and there is work for another thread.
    private const int ManyItems = 64;

    // A stream takes microseconds, and so long it takes if something in it blocks. The others do not wait for it.
    private const long HeldUpMilliseconds = 10;

    private readonly ConcurrentQueue<(SendOrPostCallback Callback, object? State)> _items = new();
    private int _threads;
    private long _lastTaken;

    /// <summary>Whether something waits for a thread.</summary>
    public bool HasItems => !_items.IsEmpty;

    /// <summary>Has a callback run here when a question is answered.</summary>
    public void WhenAnswered(ValueTask<bool> question, Action callback)
    {
        SynchronizationContext? before = Current;
        SetSynchronizationContext(this);
        try
        {
            question.ConfigureAwait(true).GetAwaiter().UnsafeOnCompleted(callback);
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    public override void Post(SendOrPostCallback d, object? state)
    {
        _items.Enqueue((d, state));
        if (Interlocked.CompareExchange(ref _threads, 1, 0) == 0)
        {
            Start();
        }
        else
        {
            HelpIfHeldUp();
            watch();
        }
    }

    /// <summary>Calls another thread if none has taken anything for long. Thread-safe.</summary>
    public void HelpIfHeldUp()
    {
        if (!_items.IsEmpty && milliseconds() - Volatile.Read(ref _lastTaken) > HeldUpMilliseconds)
        {
            Interlocked.Increment(ref _threads);
            Start();
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        int taken = 0;
        while (true)
        {
            while (_items.TryDequeue(out (SendOrPostCallback Callback, object? State) item))
            {
                Volatile.Write(ref _lastTaken, milliseconds());
                if (++taken % ManyItems == 0 && Volatile.Read(ref _threads) < Environment.ProcessorCount)
                {
                    Interlocked.Increment(ref _threads);
                    Start();
                }

                item.Callback(item.State);
            }

            // What came after the last look has found this thread still counted, and left itself to it: the others may be held up.
            Interlocked.Decrement(ref _threads);
            if (_items.IsEmpty)
            {
                return;
            }

            Interlocked.Increment(ref _threads);
        }
    }

    private void Start()
    {
        Volatile.Write(ref _lastTaken, milliseconds());
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }
}

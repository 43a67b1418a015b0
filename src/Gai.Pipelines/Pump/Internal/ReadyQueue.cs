using System.Collections.Concurrent;

namespace Gai.Pipelines.Internal;

/// <summary>Runs the streams whose channels have got something, and the logs whose readers may go on, one after the other, on as few threads of the pool as will do.</summary>
/// <remarks>
/// A producer of many streams writes to one channel after the other. Left to themselves the channels queue a reader each, for which all threads of the
/// pool wake up; with little to do for each, looking for more work costs them more than the work (perf/reports/2026-11-26-9280dea8). Kestrel has such a queue for what its sockets send.
/// It is a synchronization context because that is how a channel can be told to call back at once, and not on a thread of the pool, without an allocation:
/// the callback does no more than put the stream in here.
/// </remarks>
/// <param name="milliseconds">A coarse clock.</param>
/// <param name="watch">Has <see cref="HelpIfHeldUp"/> called every half second as long as <see cref="HasItems"/>.</param>
internal sealed class ReadyQueue(Func<long> milliseconds, Action watch) : SynchronizationContext, IThreadPoolWorkItem
{
    // So many in a row, and there is work for another thread.
    private const int ManyItems = 64;

    // An item takes microseconds, and so long it takes if something in it blocks. The others do not wait for it.
    private const long HeldUpMilliseconds = 10;

    private readonly ConcurrentQueue<IThreadPoolWorkItem> _ready = new();

    // How many threads are at work or on their way, or fewer: none is counted that has left, and one too many does no harm.
    private int _threads;
    private long _lastTaken;

    /// <summary>Whether something waits for a thread.</summary>
    public bool HasItems => !_ready.IsEmpty;

    /// <summary>Has a callback called when a question is answered, by whoever answers it: all that it may do is to <see cref="Enqueue"/>.</summary>
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

    /// <summary>Has something run, behind what is ready already. Thread-safe.</summary>
    public void Enqueue(IThreadPoolWorkItem item)
    {
        _ready.Enqueue(item);
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

    // Right here, although the channel wants it elsewhere. What it posts is in the cache of the thread that has written to it, and only there.
    public override void Post(SendOrPostCallback d, object? state) => d(state);

    /// <summary>Calls another thread if none has taken anything for long. Thread-safe.</summary>
    public void HelpIfHeldUp()
    {
        if (milliseconds() - Volatile.Read(ref _lastTaken) > HeldUpMilliseconds && !_ready.IsEmpty)
        {
            // Those that are held up count no more: what comes when this one has left must not wait for them again.
            Volatile.Write(ref _threads, 1);
            Start();
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        int taken = 0;
        do
        {
            while (_ready.TryDequeue(out IThreadPoolWorkItem? item))
            {
                long now = milliseconds();
                if (_lastTaken != now)
                {
                    Volatile.Write(ref _lastTaken, now);
                }

                if (++taken % ManyItems == 0 && Volatile.Read(ref _threads) < Environment.ProcessorCount)
                {
                    Interlocked.Increment(ref _threads);
                    Start();
                }

                item.Execute();
            }
        }
        while (!TryLeave());
    }

    /// <summary>Ends the count of this thread.</summary>
    /// <returns>Whether it may leave: what came after its last look has found it still counted, and left itself to it.</returns>
    private bool TryLeave()
    {
        int threads = Volatile.Read(ref _threads);
        while (threads > 0)
        {
            int found = Interlocked.CompareExchange(ref _threads, threads - 1, threads);
            if (found == threads)
            {
                break;
            }

            threads = found;
        }

        if (_ready.IsEmpty)
        {
            return true;
        }

        Interlocked.Increment(ref _threads);
        return false;
    }

    private void Start()
    {
        Volatile.Write(ref _lastTaken, milliseconds());
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }
}

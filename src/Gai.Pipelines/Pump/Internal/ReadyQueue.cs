using System.Collections.Concurrent;

namespace Gai.Pipelines.Internal;

/// <summary>Runs the streams whose channels have got something, and the logs whose readers may go on, one after the other, on as few threads of the pool as will do.</summary>
/// <remarks>
/// A producer of many streams writes to one channel after the other. Left to themselves the channels queue a reader each, for which all threads of the
/// pool wake up; with little to do for each, looking for more work costs them more than the work (perf/reports/2026-11-26-9280dea8). Kestrel has such a queue for what its sockets send.
/// It is a synchronization context because that is how a channel can be told to call back at once, and not on a thread of the pool, without an allocation:
/// the callback does no more than put the stream in here.
/// </remarks>
internal sealed class ReadyQueue : SynchronizationContext
{
    // So many in a row, or so long, and there is work for another thread. The clock goes in steps of up to 4 ms.
    private const int ManyItems = 64;
    private const long LongMilliseconds = 5;

    // An item takes microseconds, and so long it takes if something in it blocks. The others do not wait for it.
    private const long HeldUpMilliseconds = 10;

    private readonly ConcurrentQueue<IThreadPoolWorkItem> _ready = new();
    private readonly Func<long> _milliseconds;
    private readonly Action _watch;
    private Crew _crew;
    private long _lastTaken;

    /// <param name="milliseconds">A coarse clock.</param>
    /// <param name="watch">Has <see cref="HelpIfHeldUp"/> called every half second as long as <see cref="HasItems"/>.</param>
    public ReadyQueue(Func<long> milliseconds, Action watch)
    {
        _milliseconds = milliseconds;
        _watch = watch;
        _crew = new Crew(this);
    }

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
        Crew crew = Volatile.Read(ref _crew);
        if (Interlocked.CompareExchange(ref crew.Threads, 1, 0) == 0)
        {
            Start(crew);
        }
        else
        {
            HelpIfHeldUp();
            _watch();
        }
    }

    // Right here, although the channel wants it elsewhere. What it posts is in the cache of the thread that has written to it, and only there.
    public override void Post(SendOrPostCallback d, object? state) => d(state);

    /// <summary>Calls another thread if none has taken anything for long. Thread-safe.</summary>
    public void HelpIfHeldUp()
    {
        long now = _milliseconds();
        long last = Volatile.Read(ref _lastTaken);

        // One of those who see it calls.
        if (now - last > HeldUpMilliseconds && !_ready.IsEmpty && Interlocked.CompareExchange(ref _lastTaken, now, last) == last)
        {
            // A crew of its own: those that are held up are counted where nobody looks any more, or what comes later would wait for them again.
            var crew = new Crew(this) { Threads = 1 };
            Volatile.Write(ref _crew, crew);
            Start(crew);
        }
    }

    private void Run(Crew crew)
    {
        int taken = 0;
        long since = _milliseconds();
        while (true)
        {
            while (_ready.TryDequeue(out IThreadPoolWorkItem? item))
            {
                long now = _milliseconds();
                if (_lastTaken != now)
                {
                    Volatile.Write(ref _lastTaken, now);
                }

                if ((++taken % ManyItems == 0 || (now - since > LongMilliseconds && !_ready.IsEmpty)) && MayGrow(crew))
                {
                    since = now;
                    Interlocked.Increment(ref crew.Threads);
                    Start(crew);
                }

                item.Execute();
            }

            // What came after the last look has found this thread still counted, and left itself to it: the others may be held up.
            Interlocked.Decrement(ref crew.Threads);
            if (_ready.IsEmpty)
            {
                return;
            }

            Interlocked.Increment(ref crew.Threads);
        }
    }

    private bool MayGrow(Crew crew) => Volatile.Read(ref crew.Threads) < Environment.ProcessorCount && Volatile.Read(ref _crew) == crew;

    private void Start(Crew crew)
    {
        Volatile.Write(ref _lastTaken, _milliseconds());
        ThreadPool.UnsafeQueueUserWorkItem(crew, preferLocal: false);
    }

    /// <summary>The threads that are at work for the queue or on their way. Another crew takes over if these are held up.</summary>
    private sealed class Crew(ReadyQueue queue) : IThreadPoolWorkItem
    {
        public int Threads;

        void IThreadPoolWorkItem.Execute() => queue.Run(this);
    }
}

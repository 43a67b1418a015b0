using System.Diagnostics;

namespace Gai.Pipelines.Internal;

/// <summary>The frames of a log that are in memory, and the cursors that read them.</summary>
/// <remarks>
/// One writer fills segments and publishes what it has filled; any number of cursors copy what is published. The lock is taken once a flush by the
/// writer and a few times a wake by a cursor, never an event.
/// </remarks>
internal sealed partial class LogMemory
{
    private const int TickMilliseconds = 64;

    private readonly Lock _lock = new();
    private readonly LogOptions _options;
    private readonly StreamScheduler _scheduler;
    private readonly LogBudget _budget;
    private readonly long _start;
    private readonly long _maxAge;

    // A ring: the log grows at one end and is evicted at the other.
    private LogSegment?[] _segments = new LogSegment?[4];
    private int _head;
    private int _count;
    private long _first;
    private long _last;
    private long _bytes;
    private long _publishedOffset;
    private LogEnd? _end;
    private bool _hasEnded;

    // What a store has that is written behind. Without one nobody waits for more.
    private long _stored = long.MaxValue;
    private int _mayLag;
    private bool _isReleased;

    public LogMemory(LogOptions options, StreamScheduler scheduler, LogBudget budget, long firstSequence = 1)
    {
        _options = options;
        _scheduler = scheduler;
        _budget = budget;
        _start = scheduler.CoarseMilliseconds;
        _maxAge = (long)options.MaxAge.TotalMilliseconds / TickMilliseconds;
        _first = firstSequence;
        _last = _assigned = firstSequence - 1;
        _readAt = _start;
    }

    /// <summary>Is called after each flush, on the writer's thread: it hands on and does nothing itself.</summary>
    public Action? Published { get; set; }

    /// <summary>The number of the first frame in memory; one more than the last if there is none.</summary>
    public long First
    {
        get
        {
            lock (_lock)
            {
                return _first;
            }
        }
    }

    /// <summary>The number of the last frame that is published.</summary>
    public long Last => Volatile.Read(ref _last);

    public LogEnd? End
    {
        get
        {
            lock (_lock)
            {
                return _end;
            }
        }
    }

    /// <summary>Whether there will be no more.</summary>
    public bool HasEnded => Volatile.Read(ref _hasEnded);

    /// <summary>Whether the last frame tells clients why the log has not completed.</summary>
    public bool EndIsInFrames { get; private set; }

    /// <summary>The bytes of the frames in memory.</summary>
    public long Bytes
    {
        get
        {
            lock (_lock)
            {
                return _bytes;
            }
        }
    }

    private int Now => (int)((_scheduler.CoarseMilliseconds - _start) / TickMilliseconds);

    /// <summary>Says how long it is until the oldest frame is too old.</summary>
    /// <returns>At least zero; <see langword="null"/> if no frame can be.</returns>
    public TimeSpan? UntilTooOld()
    {
        lock (_lock)
        {
            if (_first >= _last || _count == 0)
            {
                return null;
            }

            LogSegment head = At(0);
            long wait = head.Times[(int)(_first - head.First)] + _maxAge + 1 - Now;
            return TimeSpan.FromMilliseconds(Math.Max(0, wait) * TickMilliseconds);
        }
    }

    /// <summary>Evicts what is too old.</summary>
    public void EvictOld()
    {
        lock (_lock)
        {
            EvictToBounds(Now);
        }
    }

    /// <summary>Notes what a store has that is written behind: what it lacks is not evicted for the log's own events and bytes, until that is too much.</summary>
    /// <param name="last">The number of the last frame that it has.</param>
    /// <param name="mayLag">How many frames it may lack.</param>
    public void NoteStored(long last, int mayLag)
    {
        lock (_lock)
        {
            _stored = last;
            _mayLag = mayLag;
            EvictToBounds(Now);
        }
    }

    /// <summary>Gives up whole segments, the oldest first, none from <paramref name="below"/> on, and never the last frame.</summary>
    /// <returns>How many bytes of memory that has freed.</returns>
    public long Trim(long wantedBytes, long below)
    {
        long freed = 0;
        lock (_lock)
        {
            long before = _first;
            while (freed < wantedBytes && _count > 1 && At(0).Last < Math.Min(below, _last))
            {
                LogSegment head = At(0);
                freed += head.Capacity;
                while (_first <= head.Last)
                {
                    EvictFrame(head);
                }

                DropHead();
            }

            if (_first > before)
            {
                _budget.Counts.OnEvicted(_first - before);
            }
        }

        return freed;
    }

    /// <summary>Gives all memory back as soon as the last cursor has left. Nothing is written afterwards: who still could finds that the log has ended.</summary>
    public void Release()
    {
        lock (_lock)
        {
            _isReleased = true;
            ReleaseIfUnread();
        }
    }

    private void EvictToBounds(int now)
    {
        long before = _first;
        while (_first < _last)
        {
            LogSegment head = At(0);
            if (_first > head.Last)
            {
                DropHead();
            }
            else if (IsTooMuch() || now - head.Times[(int)(_first - head.First)] > _maxAge)
            {
                EvictFrame(head);
            }
            else
            {
                break;
            }
        }

        while (_count > 1 && _first > At(0).Last)
        {
            DropHead();
        }

        if (_first > before)
        {
            _budget.Counts.OnEvicted(_first - before);
        }
    }

    private bool IsTooMuch() => _first <= _stored
        ? _last - _first >= _options.MaxEvents || _bytes > _options.MaxBytes
        : _last - _first >= Math.Max(_options.MaxEvents, _mayLag);

    private void EvictFrame(LogSegment head) => _bytes -= head.LengthOf((int)(_first++ - head.First));

    private void DropHead()
    {
        LogSegment head = At(0);
        _segments[_head] = null;
        _head = (_head + 1) % _segments.Length;
        _count--;
        _budget.Free(head.Capacity);
        head.IsEvicted = true;
        ReturnIfUnused(head);
    }

    private static void ReturnIfUnused(LogSegment segment)
    {
        if (segment is { IsEvicted: true, Pins: 0 })
        {
            segment.Return();
        }
    }

    private void ReleaseIfUnread()
    {
        if (_isReleased && _readers == 0)
        {
            while (_count > 0)
            {
                DropHead();
            }

            _first = _last + 1;
            _bytes = 0;
            _tail = null;
            _end ??= LogEnd.Lost;
            Volatile.Write(ref _hasEnded, true);
        }
    }

    private LogSegment At(int index) => _segments[(_head + index) % _segments.Length]!;

    private void AddTail(LogSegment segment)
    {
        if (_count == _segments.Length)
        {
            var larger = new LogSegment?[2 * _count];
            for (int i = 0; i < _count; i++)
            {
                larger[i] = At(i);
            }

            _segments = larger;
            _head = 0;
        }

        _segments[(_head + _count++) % _segments.Length] = segment;
    }

    /// <summary>Finds the segment of a frame that is in memory.</summary>
    private LogSegment Find(long sequence)
    {
        // Most readers are at the end.
        int low = 0;
        int high = _count - 1;
        int middle = high;
        while (low < high)
        {
            if (At(middle).First <= sequence)
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }

            middle = (low + high + 1) / 2;
        }

        Debug.Assert(At(low).First <= sequence && sequence <= At(low).Last);
        return At(low);
    }
}

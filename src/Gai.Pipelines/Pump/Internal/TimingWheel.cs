namespace Gai.Pipelines.Internal;

/// <summary>A hashed timing wheel (Varghese and Lauck, scheme 6): adding and removing an entry costs the same however many there are.</summary>
/// <remarks>
/// Its timer comes for the next entry and not for every tick: each time it wakes a thread of the pool, which looks for more work for longer than most
/// entries take.
/// </remarks>
internal sealed partial class TimingWheel : IDisposable
{
    private const int SlotCount = 512;

    private readonly Lock _lock = new();
    private readonly TimingEntry?[] _slots = new TimingEntry?[SlotCount];
    private readonly TimeProvider _time;
    private readonly TimeSpan _resolution;
    private readonly TimeSpan _longestRest;
    private readonly Action<TimeSpan>? _onVisit;
    private readonly Func<bool>? _isWatched;
    private readonly long _start;
    private ITimer? _timer;
    private long _tick;
    private long _armedTick = long.MaxValue;
    private bool _isDisposed;
    private int _count;

    /// <param name="time">The clock.</param>
    /// <param name="resolution">How far the ticks are apart.</param>
    /// <param name="onVisit">Is told how late the timer comes, each time, before the entries that have become due.</param>
    /// <param name="isWatched">Whether visits go on without entries. See <see cref="Watch"/>.</param>
    /// <param name="longestRest">
    /// So often it comes at least while there are entries: to learn whether the clock stood still, and to go on with what is due if another thread is held up
    /// there. Half a second by default.
    /// </param>
    public TimingWheel(TimeProvider time, TimeSpan resolution, Action<TimeSpan>? onVisit = null, Func<bool>? isWatched = null, TimeSpan? longestRest = null)
    {
        _time = time;
        _resolution = resolution;
        _longestRest = longestRest ?? TimeSpan.FromMilliseconds(500);
        _onVisit = onVisit;
        _isWatched = isWatched;
        _start = time.GetTimestamp();
    }

    public int Count => Volatile.Read(ref _count);

    /// <summary>Sets the time of an entry, whether it waits already or not. A retired entry is left alone.</summary>
    public void Schedule(TimingEntry entry, TimeSpan delay)
    {
        lock (_lock)
        {
            ScheduleAt(entry, _time.GetElapsedTime(_start) + delay);
        }
    }

    /// <summary>Sets the time of an entry to the next multiple of a period, so that all entries of that period come together.</summary>
    public void ScheduleAtMultiple(TimingEntry entry, TimeSpan period)
    {
        lock (_lock)
        {
            ScheduleAt(entry, period * ((_time.GetElapsedTime(_start).Ticks / period.Ticks) + 1));
        }
    }

    /// <summary>Takes an entry out for good.</summary>
    public void Retire(TimingEntry entry)
    {
        lock (_lock)
        {
            entry.IsRetired = true;
            if (entry.IsQueued)
            {
                Unlink(entry);
                CountDown();
            }
        }
    }

    /// <summary>Sees to it that there are visits as long as whoever made the wheel wants them. Called when that has become so; costs nothing if there are any.</summary>
    public void Watch()
    {
        if (Volatile.Read(ref _armedTick) == long.MaxValue)
        {
            lock (_lock)
            {
                if (_armedTick == long.MaxValue)
                {
                    Arm(CurrentTick() + TicksOf(_longestRest));
                }
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _timer?.Dispose();
            _timer = null;
        }
    }

    private void ScheduleAt(TimingEntry entry, TimeSpan due)
    {
        if (entry.IsRetired)
        {
            return;
        }

        if (entry.IsQueued)
        {
            Unlink(entry);
        }
        else if (_count++ == 0)
        {
            _tick = CurrentTick();
        }

        // Rounded up: an entry is never early. The current tick has been looked through already.
        entry.DueTick = Math.Max(_tick + 1, (due.Ticks + _resolution.Ticks - 1) / _resolution.Ticks);
        Link(entry);
        if (entry.DueTick < _armedTick && _visitor != Environment.CurrentManagedThreadId)
        {
            Arm(Math.Min(entry.DueTick, CurrentTick() + TicksOf(_longestRest)));
        }
    }

    /// <summary>Sets the timer to the next slot with something in it, which may be there for a later round.</summary>
    private void ArmForNext()
    {
        long last = _tick + TicksOf(_longestRest);
        long next = _tick + 1;
        while (next < last && _slots[next % SlotCount] is null)
        {
            next++;
        }

        if (next < _armedTick)
        {
            Arm(next);
        }
    }

    private void Arm(long tick)
    {
        if (_isDisposed)
        {
            return;
        }

        _armedTick = tick;
        TimeSpan left = (_resolution * tick) - _time.GetElapsedTime(_start);

        // Timers count whole milliseconds.
        var dueTime = TimeSpan.FromMilliseconds(Math.Max(0, Math.Ceiling(left.TotalMilliseconds)));
        if (_timer is not null)
        {
            _timer.Change(dueTime, _longestRest);
            return;
        }

        // The timer outlives the request that happens to be the first: it must not keep that one's context.
        using (ExecutionContext.SuppressFlow())
        {
            _timer = _time.CreateTimer(static wheel => ((TimingWheel)wheel!).OnTick(), this, dueTime, _longestRest);
        }
    }

    private void DisarmIfEmpty()
    {
        if (_count == 0 && _due is null)
        {
            // Who wants visits from now on finds none coming, or is found here.
            Volatile.Write(ref _armedTick, long.MaxValue);
            Interlocked.MemoryBarrier();
            if (_isWatched?.Invoke() == true)
            {
                Arm(CurrentTick() + TicksOf(_longestRest));
            }
            else
            {
                _timer?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private long TicksOf(TimeSpan time) => Math.Max(1, time.Ticks / _resolution.Ticks);

    private long CurrentTick() => _time.GetElapsedTime(_start).Ticks / _resolution.Ticks;

    private void Link(TimingEntry entry)
    {
        ref TimingEntry? slot = ref _slots[entry.DueTick % SlotCount];
        entry.IsQueued = true;
        entry.Previous = null;
        entry.Next = slot;
        if (slot is not null)
        {
            slot.Previous = entry;
        }

        slot = entry;
    }

    private void Unlink(TimingEntry entry)
    {
        if (entry.Previous is null)
        {
            _slots[entry.DueTick % SlotCount] = entry.Next;
        }
        else
        {
            entry.Previous.Next = entry.Next;
        }

        if (entry.Next is not null)
        {
            entry.Next.Previous = entry.Previous;
        }

        entry.IsQueued = false;
        entry.Previous = entry.Next = null;
    }

    private void CountDown()
    {
        _count--;
        DisarmIfEmpty();
    }
}

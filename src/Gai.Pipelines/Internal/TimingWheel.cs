namespace Gai.Pipelines.Internal;

/// <summary>Something that waits for its time in a <see cref="TimingWheel"/>. The entry is its own list node.</summary>
internal abstract class TimingEntry
{
    internal TimingEntry? Previous;
    internal TimingEntry? Next;
    internal TimingEntry? NextDue;
    internal long DueTick;
    internal bool IsQueued;
    internal bool IsDue;
    internal bool IsRetired;

    /// <summary>The time has come. Called without any lock, on a timer's thread, one entry after the other. Who is held up here holds up nobody else: the next tick goes on with the others.</summary>
    protected internal abstract void OnDue();
}

/// <summary>A hashed timing wheel (Varghese and Lauck, scheme 6): adding and removing an entry costs the same however many there are.</summary>
internal sealed class TimingWheel : IDisposable
{
    private const int SlotCount = 512;

    private static readonly TimeSpan Standstill = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly TimingEntry?[] _slots = new TimingEntry?[SlotCount];
    private readonly TimeProvider _time;
    private readonly TimeSpan _resolution;
    private readonly Action? _onStandstill;
    private readonly long _start;
    private ITimer? _timer;
    private long _tick;
    private TimingEntry? _due;
    private int _count;

    /// <param name="time">The clock.</param>
    /// <param name="resolution">How far the ticks are apart.</param>
    /// <param name="onStandstill">Is called when ticks did not come for a second or more, before the entries that became due meanwhile.</param>
    public TimingWheel(TimeProvider time, TimeSpan resolution, Action? onStandstill = null)
    {
        _time = time;
        _resolution = resolution;
        _onStandstill = onStandstill;
        _start = time.GetTimestamp();
    }

    public int Count => Volatile.Read(ref _count);

    public TimeSpan Resolution => _resolution;

    /// <summary>Sets the time of an entry, whether it waits already or not. A retired entry is left alone.</summary>
    public void Schedule(TimingEntry entry, TimeSpan delay)
    {
        lock (_lock)
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
                StartTimer();
            }

            // Rounded up: an entry is never early. The current tick has been looked through already.
            TimeSpan due = _time.GetElapsedTime(_start) + delay;
            entry.DueTick = Math.Max(_tick + 1, (due.Ticks + _resolution.Ticks - 1) / _resolution.Ticks);
            Link(entry);
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

    public void Dispose()
    {
        lock (_lock)
        {
            _timer?.Dispose();
            _timer = null;
        }
    }

    private void StartTimer()
    {
        _tick = CurrentTick();

        // On the ticks and not between them, or an entry would be up to two ticks late. Timers count whole milliseconds.
        TimeSpan toNextTick = (_resolution * (_tick + 1)) - _time.GetElapsedTime(_start);
        var first = TimeSpan.FromMilliseconds(Math.Ceiling(toNextTick.TotalMilliseconds));
        if (_timer is not null)
        {
            _timer.Change(first, _resolution);
            return;
        }

        // The timer outlives the request that happens to be the first: it must not keep that one's context.
        using (ExecutionContext.SuppressFlow())
        {
            _timer = _time.CreateTimer(static wheel => ((TimingWheel)wheel!).OnTick(), this, first, _resolution);
        }
    }

    private void OnTick()
    {
        TakeDue();
        while (NextDue() is { } entry)
        {
            entry.OnDue();
        }
    }

    /// <summary>Takes what is due out of the slots, into a list of its own: an entry may be scheduled again before its turn has come.</summary>
    private void TakeDue()
    {
        lock (_lock)
        {
            long now = CurrentTick();
            if (_resolution * (now - _tick) >= Standstill)
            {
                _onStandstill?.Invoke();
            }

            long slotsToVisit = Math.Min(now - _tick, SlotCount);
            for (long tick = now - slotsToVisit + 1; tick <= now; tick++)
            {
                TimingEntry? next;
                for (TimingEntry? entry = _slots[tick % SlotCount]; entry is not null; entry = next)
                {
                    next = entry.Next;
                    if (entry.DueTick <= now)
                    {
                        Unlink(entry);
                        CountDown();
                        AddDue(entry);
                    }
                }
            }

            _tick = now;
        }
    }

    private void AddDue(TimingEntry entry)
    {
        if (!entry.IsDue)
        {
            entry.IsDue = true;
            entry.NextDue = _due;
            _due = entry;
        }
    }

    private TimingEntry? NextDue()
    {
        lock (_lock)
        {
            TimingEntry? entry = _due;
            if (entry is not null)
            {
                _due = entry.NextDue;
                entry.NextDue = null;
                entry.IsDue = false;
            }

            return entry;
        }
    }

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
        if (--_count == 0)
        {
            _timer?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }
}

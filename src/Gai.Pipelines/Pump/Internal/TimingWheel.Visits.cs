namespace Gai.Pipelines.Internal;

// What happens when its timer comes.
internal sealed partial class TimingWheel
{
    // So many in a row, and there is work for another thread.
    private const int ManyEntries = 64;

    private TimingEntry? _due;
    private int _visitor; // the thread that goes through what is due: it sets the timer when it is through
    private int _helpers;

    private void OnTick()
    {
        TakeDue();
        WorkOff();
        lock (_lock)
        {
            if (_visitor == Environment.CurrentManagedThreadId)
            {
                _visitor = 0;
            }

            ArmForNext();
            DisarmIfEmpty();
        }
    }

    /// <summary>Tells the entries that are due, one after the other. Of many, another thread tells its share.</summary>
    private void WorkOff()
    {
        for (int told = 1; NextDue() is { } entry; told++)
        {
            if (told % ManyEntries == 0)
            {
                CallHelper();
            }

            entry.OnDue();
        }
    }

    private void CallHelper()
    {
        if (Interlocked.Increment(ref _helpers) < Environment.ProcessorCount)
        {
            ThreadPool.UnsafeQueueUserWorkItem(static wheel => wheel.Help(), this, preferLocal: false);
        }
        else
        {
            Interlocked.Decrement(ref _helpers);
        }
    }

    private void Help()
    {
        WorkOff();
        Interlocked.Decrement(ref _helpers);
    }

    /// <summary>Takes what is due out of the slots, into a list of its own: an entry may be scheduled again before its turn has come.</summary>
    private void TakeDue()
    {
        lock (_lock)
        {
            long now = CurrentTick();
            _onVisit?.Invoke(_resolution * Math.Max(0, now - _armedTick));
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
                        AddDue(entry);
                        CountDown();
                    }
                }
            }

            _tick = now;

            // The timer comes again by itself, should an entry hold this thread up; and is set when all have had their turn, since most of them want the
            // same next time.
            if (_armedTick == long.MaxValue)
            {
                // It was stopped when it had come and before it got here.
                Arm(now + TicksOf(_longestRest));
            }
            else
            {
                _armedTick = now + TicksOf(_longestRest);
            }

            _visitor = Environment.CurrentManagedThreadId;
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
}

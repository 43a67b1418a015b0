using System.Runtime.CompilerServices;

namespace Gai.Pipelines.Internal;

/// <summary>Knows the times of one stream: the commit window, the keep-alive, how long bytes have been held.</summary>
/// <remarks>A write only notes the time. When the scheduler comes round, the entry looks whether that was long ago.</remarks>
internal sealed class PumpTimes : TimingEntry
{
    private const long LongestHoldMilliseconds = 5;

    // A clock costs as much as half an event. So many events after a flush are timed one by one; a source that gives more
    // than that without a wait is busy rather than blocked, and the scheduler watches it.
    private const int EventsTimedOneByOne = 16;
    private const double KeepAliveSpread = 0.1;
    private const double AgeSpread = 0.1;
    private const long Never = long.MaxValue;

    private readonly Wake _wake;
    private readonly StreamScheduler _scheduler;
    private readonly long _keepAlive;
    private readonly long _longestHold;
    private readonly long _writeTimeout;
    private WindowEntry? _window;
    private int _eventsHeld;
    private long _lookedAt;
    private long _heldSince = Never;
    private long _wroteAt;
    private long _commitAt;
    private long _flushingSince = Never;
    private long _expiresAt;

    public PumpTimes(Wake wake, PumpSettings settings)
    {
        _wake = wake;
        _scheduler = settings.Scheduler;

        // A little shorter for each stream by chance, so that those that began together are not kept alive in the same millisecond.
        _keepAlive = (long)(settings.KeepAliveInterval.TotalMilliseconds * (1 - (KeepAliveSpread * Random.Shared.NextDouble())));
        _writeTimeout = settings.WriteTimeout == Timeout.InfiniteTimeSpan ? Never : (long)settings.WriteTimeout.TotalMilliseconds;
        FlushPolicy policy = settings.FlushPolicy;
        if (policy.IsImmediate)
        {
            // A source that blocks instead of awaiting must not hold its own events back.
            _longestHold = LongestHoldMilliseconds;
        }
        else
        {
            _longestHold = (long)policy.Delay.TotalMilliseconds;
        }
    }

    public bool CommitIsDue => Now >= _commitAt;

    public bool KeepAliveIsDue => _keepAlive > 0 && Now - _wroteAt >= _keepAlive;

    /// <summary>Whether a flush has waited for the client too long. The time in which the server stood still does not count.</summary>
    public bool WriteIsOverdue => _flushingSince != Never && Now - WaitingSince >= _writeTimeout;

    /// <summary>Whether the stream has reached its greatest age; says so once.</summary>
    public bool TakeExpiry()
    {
        bool hasExpired = Now >= _expiresAt;
        _expiresAt = hasExpired ? Never : _expiresAt;
        return hasExpired;
    }

    private long Now => _scheduler.CoarseMilliseconds;

    private long WaitingSince => Math.Max(_flushingSince, _scheduler.StandstillEnd);

    public void Start(TimeSpan commitWindow, TimeSpan maxAge)
    {
        long now = Now;
        _expiresAt = maxAge == Timeout.InfiniteTimeSpan ? Never : now + (long)(maxAge.TotalMilliseconds * (1 - (AgeSpread * Random.Shared.NextDouble())));
        _lookedAt = _wroteAt = now;
        _commitAt = commitWindow == Timeout.InfiniteTimeSpan ? Never : now + (long)commitWindow.TotalMilliseconds;
        if (commitWindow == TimeSpan.Zero)
        {
            _wake.Signal(WakeSignals.Tick);
        }

        Reschedule();
    }

    /// <summary>Notes that all that was held is being written.</summary>
    public void OnFlush()
    {
        _heldSince = Never;
        _eventsHeld = 0;
        _lookedAt = _wroteAt = Now;
        _commitAt = Never;
        EndWindow();
    }

    /// <summary>Ends the flush window: what is held next begins a new one.</summary>
    public void EndWindow() => _window?.End();

    /// <summary>Begins the time that a flush may wait for the client.</summary>
    public void OnFlushWaits()
    {
        _flushingSince = _wroteAt;
        Reschedule();
    }

    /// <summary>Ends it: the client has taken what it had to be awaited for, and from now on it can be kept alive.</summary>
    public void OnFlushed()
    {
        _flushingSince = Never;
        _lookedAt = _wroteAt = Now;
        Reschedule();
    }

    /// <summary>Notes that the stream is not silent.</summary>
    public void OnWrite() => _wroteAt = Now;

    /// <summary>Notes that the source or the client was waited for: what comes next has not been held by a pull.</summary>
    public void OnResume() => _lookedAt = Now;

    /// <summary>Sees to it that an event of a source that may block is not held too long.</summary>
    /// <returns>Whether the oldest byte that is held has waited too long, the time of its own pull included.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool OnEvent() => _eventsHeld <= EventsTimedOneByOne && OnEarlyEvent();

    /// <summary>Begins the flush window of the bytes that are held, if it has not begun.</summary>
    /// <returns>Whether it has begun now.</returns>
    public bool HoldUntilWindowEnds()
    {
        _window ??= new WindowEntry(_wake, TimeSpan.FromMilliseconds(_longestHold));
        return _window.TryBegin(_scheduler.Milliseconds);
    }

    /// <summary>Sets the next time.</summary>
    public void Reschedule()
    {
        long wait = WaitFrom(Now);
        if (wait != Never)
        {
            _scheduler.Seconds.Schedule(this, TimeSpan.FromMilliseconds(Math.Max(0, wait)));
        }
    }

    public void Stop()
    {
        _scheduler.Seconds.Retire(this);
        if (_window is not null)
        {
            _scheduler.Milliseconds.Retire(_window);
        }
    }

    protected internal override void OnDue()
    {
        long now = Now;
        if (WaitFrom(now) <= 0)
        {
            // A keep-alive and a head are written here, for one stream after the other: ten thousand hops to other threads cost
            // more. An end runs the application's code.
            _wake.Signal(WakeSignals.Tick, onThreadPool: now >= _expiresAt || _flushingSince != Never);
        }
        else
        {
            Reschedule();
        }
    }

    private bool OnEarlyEvent()
    {
        if (_eventsHeld++ == EventsTimedOneByOne)
        {
            HoldUntilWindowEnds();
            return false;
        }

        if (_heldSince == Never)
        {
            _heldSince = _lookedAt;
        }

        _lookedAt = Now;
        return _lookedAt - _heldSince >= _longestHold;
    }

    private long WaitFrom(long now)
    {
        long next = Math.Min(_commitAt, _expiresAt);
        if (_flushingSince != Never)
        {
            // Nothing else can be written meanwhile.
            next = Math.Min(next, _writeTimeout == Never ? Never : WaitingSince + _writeTimeout);
        }
        else if (_keepAlive > 0)
        {
            next = Math.Min(next, _wroteAt + _keepAlive);
        }

        return next == Never ? Never : next - now;
    }

    /// <summary>The end of the time that bytes may be held; only streams that hold some pay for it.</summary>
    private sealed class WindowEntry(Wake wake, TimeSpan delay) : TimingEntry
    {
        private bool _hasBegun;

        public bool TryBegin(TimingWheel wheel)
        {
            bool begins = !_hasBegun;
            if (begins)
            {
                _hasBegun = true;

                // All windows of one length end together: one wake-up of the machine for all streams instead of one for each.
                wheel.ScheduleAtMultiple(this, delay);
            }

            return begins;
        }

        public void End() => _hasBegun = false;

        protected internal override void OnDue()
        {
            // Nothing may be held any more: a flush does not take the entry out.
            if (Volatile.Read(ref _hasBegun))
            {
                wake.Signal(WakeSignals.Window);
            }
        }
    }
}

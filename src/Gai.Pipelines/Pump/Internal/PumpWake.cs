using System.Runtime.CompilerServices;

namespace Gai.Pipelines.Internal;

/// <summary>The wake of a pump that knows the times of its stream: the commit window, the keep-alive, how long bytes have been held.</summary>
/// <remarks>A write only notes the time. When the scheduler comes round, the entry looks whether that was long ago.</remarks>
internal sealed class PumpWake : Wake
{
    private const long LongestHoldMilliseconds = 5;

    // A clock costs as much as half an event. So many events after a flush are timed one by one: more than most answers have that are
    // ready at once, since to be watched by the scheduler a stream wakes its thread and one of the pool. A source that gives more without a
    // wait is busy rather than blocked; and after a flush of as much as may be held it is so sooner.
    private const int MostTimed = 256;
    private const int MostTimedWhenBusy = 16;
    private const double KeepAliveSpread = 0.1;

    // Keep-alives of many streams go together: to wake threads for them ten times a second instead of twice costs a tenth of all that they cost.
    private const long KeepAliveBeat = 500;
    private const double AgeSpread = 0.1;
    private const long Never = long.MaxValue;

    private static readonly TimeSpan ShortestWithBeat = TimeSpan.FromSeconds(5);

    private WindowEntry? _window;
    private long _pullBeganAt;
    private long _heldSince = Never;
    private long _wroteAt; // while the client is awaited: since when, without the time in which the server stood still
    private long _keepAlive;
    private long _commitAt;
    private long _expiresAt;
    private int _timedSinceFlush;
    private bool _isClientAwaited;

    public PumpWake(PumpSettings settings)
    {
        Settings = settings;
        DrawKeepAlive();
    }

    public PumpSettings Settings { get; }

    public bool CommitIsDue => Now >= _commitAt;

    public bool KeepAliveIsDue => Now >= KeepAliveAt;

    /// <summary>Whether a flush has waited for the client too long. The time in which the server stood still does not count.</summary>
    public bool WriteIsOverdue => _isClientAwaited && Now >= GivesUpAt;

    /// <summary>Whether the stream has reached its greatest age; says so once.</summary>
    public bool TakeExpiry()
    {
        bool hasExpired = Now >= _expiresAt;
        _expiresAt = hasExpired ? Never : _expiresAt;
        return hasExpired;
    }

    private StreamScheduler Scheduler => Settings.Scheduler;

    private long Now => Scheduler.CoarseMilliseconds;

    // On a beat that all streams share, and before the interval is over rather than after it.
    private long KeepAliveAt => _keepAlive switch
    {
        0 => Never,
        _ when Settings.KeepAliveInterval < ShortestWithBeat => _wroteAt + _keepAlive,
        _ => (_wroteAt + _keepAlive) / KeepAliveBeat * KeepAliveBeat,
    };

    private long GivesUpAt => Settings.WriteTimeout == Timeout.InfiniteTimeSpan
        ? Never
        : _wroteAt + MillisecondsOf(Settings.WriteTimeout) + Scheduler.StoodStill;

    /// <summary>When something is due next. While the client is waited for nothing else can be written.</summary>
    private long NextTime => Math.Min(Math.Min(_commitAt, _expiresAt), _isClientAwaited ? GivesUpAt : KeepAliveAt);

    /// <summary>How long bytes may be held: a source that blocks instead of awaiting must not hold its own events back.</summary>
    private long LongestHold => Settings.FlushPolicy.IsImmediate ? LongestHoldMilliseconds : MillisecondsOf(Settings.FlushPolicy.Delay);

    public void Start()
    {
        (TimeSpan commitWindow, TimeSpan maxAge) = (Settings.CommitWindow, Settings.MaxAge);
        long now = Now;
        _expiresAt = maxAge == Timeout.InfiniteTimeSpan ? Never : now + (long)(maxAge.TotalMilliseconds * (1 - (AgeSpread * Random.Shared.NextDouble())));
        _pullBeganAt = _wroteAt = now;
        _commitAt = commitWindow == Timeout.InfiniteTimeSpan ? Never : now + MillisecondsOf(commitWindow);
        if (commitWindow == TimeSpan.Zero)
        {
            Signal(WakeSignals.Tick);
        }

        Reschedule();
    }

    /// <summary>Notes that all that was held is being written.</summary>
    /// <param name="isFull">Whether it is as much as may be held, and not a time that has come.</param>
    public void OnFlush(bool isFull)
    {
        _timedSinceFlush = isFull ? MostTimed - MostTimedWhenBusy : 0;
        _heldSince = Never;
        _pullBeganAt = _wroteAt = Now;
        _commitAt = Never;
        EndWindow();
    }

    /// <summary>Ends the flush window: what is held next begins a new one.</summary>
    public void EndWindow() => _window?.End();

    /// <summary>Begins the time that a flush may wait for the client.</summary>
    public void OnFlushWaits()
    {
        _isClientAwaited = true;
        _wroteAt = Now - Scheduler.StoodStill;
        Reschedule();
    }

    /// <summary>Ends it: the client has taken what it had to be awaited for, and from now on it can be kept alive.</summary>
    public void OnFlushed()
    {
        _isClientAwaited = false;
        _pullBeganAt = _wroteAt = Now;
        Reschedule();
    }

    /// <summary>Notes that the stream has been kept alive, or could not have been.</summary>
    public void OnKeepAlive()
    {
        _wroteAt = Now;
        DrawKeepAlive();
    }

    /// <summary>Notes that the source or the client was waited for: what comes next has not been held by a pull.</summary>
    public void OnResume() => _pullBeganAt = Now;

    /// <summary>Sees to it that an event of a source that may block is not held too long.</summary>
    /// <returns>Whether the oldest byte that is held has waited too long, the time of its own pull included.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool OnEvent() => _timedSinceFlush <= MostTimed && OnEarlyEvent();

    /// <summary>Begins the flush window of the bytes that are held, if it has not begun.</summary>
    /// <returns>Whether it has begun now.</returns>
    public bool HoldUntilWindowEnds()
    {
        _window ??= new WindowEntry(this, TimeSpan.FromMilliseconds(LongestHold));
        return _window.TryBegin(Scheduler.Fine);
    }

    /// <summary>Sets the next time.</summary>
    /// <returns>The time that it has set.</returns>
    public long Reschedule()
    {
        long next = NextTime;
        if (next != Never)
        {
            Scheduler.Coarse.Schedule(this, TimeSpan.FromMilliseconds(Math.Max(0, next - Now)));
        }

        return next;
    }

    public void Stop()
    {
        Scheduler.Coarse.Retire(this);
        if (_window is not null)
        {
            Scheduler.Fine.Retire(_window);
        }
    }

    protected internal override void OnDue()
    {
        long now = Now;
        if (NextTime <= now)
        {
            // A keep-alive and a head are written here, for one stream after the other: ten thousand hops to other threads cost
            // more. An end runs the application's code.
            Signal(WakeSignals.Tick, onThreadPool: now >= _expiresAt || _isClientAwaited);
        }
        else
        {
            // The pump may be at work: what has become due sooner since the look above must not be put off by it.
            long set;
            do
            {
                set = Reschedule();
            }
            while (NextTime < set);
        }
    }

    /// <summary>A little shorter each time by chance, so that streams that began together part.</summary>
    private void DrawKeepAlive() =>
        _keepAlive = (long)Math.Ceiling(Settings.KeepAliveInterval.TotalMilliseconds * (1 - (KeepAliveSpread * Random.Shared.NextDouble())));

    private bool OnEarlyEvent()
    {
        if (_timedSinceFlush++ == MostTimed)
        {
            HoldUntilWindowEnds();
            return false;
        }

        if (_heldSince == Never)
        {
            _heldSince = _pullBeganAt;
        }

        _pullBeganAt = Now;
        return _pullBeganAt - _heldSince >= LongestHold;
    }

    private static long MillisecondsOf(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMillisecond;

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

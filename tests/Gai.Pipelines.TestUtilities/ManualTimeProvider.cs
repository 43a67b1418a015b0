namespace Gai.Pipelines.TestUtilities;

/// <summary>A clock that stands still until a test moves it on.</summary>
/// <remarks>
/// Thread-safe. Timers fire only in <see cref="Advance"/>, on its caller's thread, in the order of their times and, where
/// these are equal, in the order in which they were armed; the clock shows the time of the timer while it fires. A timer
/// of zero fires with the next call of <see cref="Advance"/>.
/// </remarks>
public sealed class ManualTimeProvider : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _armed = [];
    private readonly List<(TimeSpan DueTime, TaskCompletionSource Arrival)> _waiters = [];
    private readonly DateTimeOffset _start;
    private TimeSpan _elapsed;
    private TimeSpan _wallClockOffset;
    private long _sequence;

    public ManualTimeProvider()
        : this(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
    }

    public ManualTimeProvider(DateTimeOffset start) => _start = start;

    /// <summary>Gets how many timers wait for their time.</summary>
    public int ArmedTimers
    {
        get
        {
            lock (_lock)
            {
                return _armed.Count;
            }
        }
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    private TimeSpan Elapsed
    {
        get
        {
            lock (_lock)
            {
                return _elapsed;
            }
        }
    }

    /// <summary>Gets or sets what is called before each look at the clock: what another thread does at that moment.</summary>
    public Action? OnTimestamp { get; set; }

    /// <summary>How often a timer has come.</summary>
    public int TimersFired { get; private set; }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _start + _elapsed + _wallClockOffset;
        }
    }

    // Not zero at the start: code that takes zero for "never" shall be found.
    public override long GetTimestamp()
    {
        OnTimestamp?.Invoke();
        return TimeSpan.TicksPerHour + Elapsed.Ticks;
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves the clock on and fires the timers that are due on the way.</summary>
    public void Advance(TimeSpan by)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
        TimeSpan target = Elapsed + by;
        while (TakeDue(target) is { } timer)
        {
            timer.Fire();
        }
    }

    /// <summary>Moves the clock on at once, as a machine that slept: timers fire only then, each once.</summary>
    public void Jump(TimeSpan by)
    {
        lock (_lock)
        {
            _elapsed += by;
        }

        Advance(TimeSpan.Zero);
    }

    /// <summary>Sets the clock on the wall, forward or back. Timers and time stamps do not follow it.</summary>
    public void SetWallClock(TimeSpan by)
    {
        lock (_lock)
        {
            _wallClockOffset += by;
        }
    }

    /// <summary>Waits until there is a timer that was armed with this time.</summary>
    public Task WaitForTimerAsync(TimeSpan dueTime)
    {
        lock (_lock)
        {
            if (_armed.Exists(timer => timer.DueTime == dueTime))
            {
                return Task.CompletedTask;
            }

            var arrival = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((dueTime, arrival));
            return arrival.Task.OrFail($"a timer is armed with {dueTime}");
        }
    }

    /// <summary>Waits until there is a timer that was armed with this time, and moves the clock on by it.</summary>
    public async Task PassTimerAsync(TimeSpan dueTime)
    {
        await WaitForTimerAsync(dueTime);
        Advance(dueTime);
    }

    /// <summary>Lets time pass until something is done that waits a while somewhere on its way.</summary>
    public async Task PassUntilDoneAsync(Task task)
    {
        await Deadline.UntilAsync(
            () =>
            {
                Advance(TimeSpan.FromSeconds(0.1));
                return task.IsCompleted;
            },
            "it is done");
        await task;
    }

    private ManualTimer? TakeDue(TimeSpan target)
    {
        lock (_lock)
        {
            ManualTimer? first = null;
            foreach (ManualTimer timer in _armed)
            {
                if (timer.DueAt <= target && (first is null || (timer.DueAt, timer.Sequence).CompareTo((first.DueAt, first.Sequence)) < 0))
                {
                    first = timer;
                }
            }

            TimeSpan now = first?.DueAt ?? target;
            _elapsed = now > _elapsed ? now : _elapsed;
            if (first is null)
            {
                return null;
            }

            _armed.Remove(first);
            TimersFired++;
            if (first.Period > TimeSpan.Zero)
            {
                Arm(first, first.Period);
            }

            return first;
        }
    }

    private void Arm(ManualTimer timer, TimeSpan dueTime)
    {
        timer.DueTime = dueTime;
        timer.DueAt = _elapsed + dueTime;
        timer.Sequence = _sequence++;
        _armed.Add(timer);
        for (int i = _waiters.Count - 1; i >= 0; i--)
        {
            if (_waiters[i].DueTime == dueTime)
            {
                _waiters[i].Arrival.SetResult();
                _waiters.RemoveAt(i);
            }
        }
    }

    private sealed class ManualTimer(ManualTimeProvider owner, TimerCallback callback, object? state) : ITimer
    {
        private bool _isDisposed;

        public TimeSpan DueTime { get; set; }

        public TimeSpan DueAt { get; set; }

        public long Sequence { get; set; }

        public TimeSpan Period { get; private set; }

        public void Fire() => callback(state);

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (owner._lock)
            {
                if (_isDisposed)
                {
                    return false;
                }

                owner._armed.Remove(this);
                Period = period;
                if (dueTime != Timeout.InfiniteTimeSpan)
                {
                    owner.Arm(this, dueTime);
                }

                return true;
            }
        }

        public void Dispose()
        {
            lock (owner._lock)
            {
                _isDisposed = true;
                owner._armed.Remove(this);
            }
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

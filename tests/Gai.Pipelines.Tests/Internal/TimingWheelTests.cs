using Gai.Pipelines.Internal;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Internal;

public sealed class TimingWheelTests : IDisposable
{
    private static readonly TimeSpan Resolution = TimeSpan.FromMilliseconds(100);

    // Timers count whole milliseconds.
    private static readonly TimeSpan Latest = Resolution + TimeSpan.FromMilliseconds(1);

    private readonly ManualTimeProvider _time = new();
    private readonly TimingWheel _wheel;
    private readonly long _start;

    public TimingWheelTests()
    {
        // Not on a tick.
        _wheel = new TimingWheel(_time, Resolution);
        _time.Advance(TimeSpan.FromMilliseconds(37));
        _start = _time.GetTimestamp();
    }

    private TimeSpan Elapsed => _time.GetElapsedTime(_start);

    public void Dispose() => _wheel.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(62)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(100)]
    [InlineData(15_000)]
    [InlineData(51_199)]
    [InlineData(51_200)]
    [InlineData(51_201)]
    [InlineData(200_000)]
    public void Schedule_AnyDelay_IsNeverEarlyAndAtMostATickLate(int delayMilliseconds)
    {
        TimeSpan delay = TimeSpan.FromMilliseconds(delayMilliseconds);
        Entry entry = Add(delay);
        _time.Advance(TimeSpan.FromSeconds(300));

        TimeSpan due = Assert.Single(entry.Due);
        Assert.InRange(due, delay, delay + Latest);
        Assert.Equal(0, _wheel.Count);
    }

    [Fact]
    public void Schedule_ManyEntriesAtRandom_EachComesOnceInItsTick()
    {
        var random = new Random(1);
        (Entry Entry, TimeSpan At)[] entries = new (Entry, TimeSpan)[5_000];
        for (int i = 0; i < entries.Length; i++)
        {
            TimeSpan delay = TimeSpan.FromTicks(random.NextInt64(TimeSpan.FromMinutes(3).Ticks));
            entries[i] = (Add(delay), Elapsed + delay);
            _time.Advance(TimeSpan.FromTicks(random.Next(100_000)));
        }

        _time.Advance(TimeSpan.FromMinutes(4));
        Assert.All(entries, one => Assert.InRange(Assert.Single(one.Entry.Due), one.At, one.At + Latest));
        Assert.Equal(0, _wheel.Count);
        Assert.Equal(0, _time.ArmedTimers);
    }

    [Fact]
    public void ScheduleAtMultiple_EntriesOfDifferentMoments_ComeTogether()
    {
        TimeSpan period = TimeSpan.FromMilliseconds(300);
        Entry[] entries = [new Entry(this), new Entry(this), new Entry(this)];
        foreach (Entry entry in entries)
        {
            _wheel.ScheduleAtMultiple(entry, period);
            _time.Advance(TimeSpan.FromMilliseconds(70));
        }

        Assert.All(entries, entry => Assert.Empty(entry.Due));
        _time.Advance(period);
        Assert.Single(entries.SelectMany(entry => entry.Due).Distinct());
        Assert.All(entries, entry => Assert.Single(entry.Due));
    }

    [Fact]
    public void OnTick_NothingIsDueSoon_RestsUntilThenButLooksAtTheClock()
    {
        Add(TimeSpan.FromSeconds(10));
        int before = _time.TimersFired;
        _time.Advance(TimeSpan.FromSeconds(9));

        Assert.InRange(_time.TimersFired - before, 18, 19);
    }

    [Fact]
    public void Schedule_EarlierThanTheNext_ComesInItsTime()
    {
        Add(TimeSpan.FromSeconds(10));
        _time.Advance(TimeSpan.FromMilliseconds(130));
        Entry early = Add(TimeSpan.FromMilliseconds(150));
        TimeSpan start = Elapsed;
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.InRange(Assert.Single(early.Due) - start, TimeSpan.FromMilliseconds(150), TimeSpan.FromMilliseconds(150) + Latest);
    }

    [Fact]
    public void Schedule_Again_MovesTheEntry()
    {
        Entry entry = Add(TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromMilliseconds(900));
        _wheel.Schedule(entry, TimeSpan.FromSeconds(1));
        Assert.Equal(1, _wheel.Count);
        _time.Advance(TimeSpan.FromMilliseconds(900));
        Assert.Empty(entry.Due);
        _wheel.Schedule(entry, TimeSpan.Zero);
        _time.Advance(Resolution);

        Assert.Single(entry.Due);
    }

    [Fact]
    public void Schedule_WithinOnDue_ComesAgain()
    {
        Entry entry = Add(TimeSpan.FromSeconds(1));
        entry.Action = () => _wheel.Schedule(entry, TimeSpan.Zero);
        _time.Advance(TimeSpan.FromMilliseconds(1_000) + Resolution * 3);

        Assert.InRange(entry.Due.Count, 3, 4);
        Assert.Equal(entry.Due.Distinct(), entry.Due);
    }

    [Fact]
    public void Retire_EntryThatWaits_NeverComesAndStopsTheTimer()
    {
        Entry entry = Add(TimeSpan.FromSeconds(1));
        _wheel.Retire(entry);
        Assert.Equal((0, 0), (_wheel.Count, _time.ArmedTimers));
        _wheel.Schedule(entry, TimeSpan.Zero);
        _time.Advance(TimeSpan.FromSeconds(2));

        Assert.Empty(entry.Due);
        Assert.Equal((0, 0), (_wheel.Count, _time.ArmedTimers));
    }

    [Fact]
    public void Retire_WhileDue_IsNotScheduledAgain()
    {
        Entry first = Add(TimeSpan.FromSeconds(1));
        Entry second = Add(TimeSpan.FromSeconds(1));
        first.Action = second.Action = () =>
        {
            _wheel.Retire(first);
            _wheel.Retire(second);
            _wheel.Schedule(first, TimeSpan.Zero);
            _wheel.Schedule(second, TimeSpan.Zero);
        };
        _time.Advance(TimeSpan.FromSeconds(5));

        // Both had been taken out already.
        Assert.Equal((1, 1), (first.Due.Count, second.Due.Count));
        Assert.Equal(0, _wheel.Count);
    }

    [Fact]
    public void Retire_Twice_CountsOnce()
    {
        Entry entry = Add(TimeSpan.FromSeconds(1));
        Add(TimeSpan.FromSeconds(1));
        _wheel.Retire(entry);
        _wheel.Retire(entry);

        Assert.Equal(1, _wheel.Count);
    }

    [Fact]
    public void OnTick_LastEntryHasCome_StopsTheTimerUntilTheNext()
    {
        Assert.Equal(0, _time.ArmedTimers);
        Add(TimeSpan.FromSeconds(1));
        Assert.Equal(1, _time.ArmedTimers);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal(0, _time.ArmedTimers);
        _time.Advance(TimeSpan.FromHours(1));

        Entry late = Add(TimeSpan.FromSeconds(1));
        TimeSpan start = Elapsed;
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.InRange(Assert.Single(late.Due), start + TimeSpan.FromSeconds(1), start + TimeSpan.FromSeconds(1) + Latest);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(60)]
    [InlineData(3_600)]
    public void OnTick_ClockJumps_BringsAllThatIsDueAtOnceAndTheRestInTime(int jumpSeconds)
    {
        TimeSpan jump = TimeSpan.FromSeconds(jumpSeconds);
        Entry[] due = [.. Enumerable.Range(1, 9).Select(i => Add(jump * i / 10))];
        Entry later = Add(jump + TimeSpan.FromSeconds(5));
        _time.Jump(jump);

        Assert.All(due, entry => Assert.Equal(jump, Assert.Single(entry.Due)));
        Assert.Empty(later.Due);
        _time.Advance(TimeSpan.FromSeconds(6));
        Assert.InRange(Assert.Single(later.Due), jump + TimeSpan.FromSeconds(5), jump + TimeSpan.FromSeconds(5) + Latest);
    }

    [Fact]
    public async Task OnTick_EntryIsSlow_HoldsNobodyElseUp()
    {
        using var entered = new ManualResetEventSlim();
        using var gate = new ManualResetEventSlim();
        Entry slow = Add(TimeSpan.FromMilliseconds(100));
        Entry other = Add(TimeSpan.FromMilliseconds(500));
        Entry together = Add(TimeSpan.FromMilliseconds(100));
        slow.Action = () =>
        {
            entered.Set();
            gate.Wait(CancellationToken.None);
        };
        Task first = Task.Run(() => _time.Advance(TimeSpan.FromMilliseconds(200)), CancellationToken.None);
        await Task.Run(() => entered.Wait(CancellationToken.None), CancellationToken.None).OrFail();
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((1, 1), (together.Due.Count, other.Due.Count));
        gate.Set();
        await first.OrFail();
        _time.Advance(Resolution);

        Assert.Equal((1, 1, 1), (slow.Due.Count, together.Due.Count, other.Due.Count));
    }

    [Fact]
    public void OnTick_TimerIsStoppedWhenItHasJustCome_IsSetAgain()
    {
        bool isWatched = false;
        int visits = 0;
        using var wheel = new TimingWheel(_time, Resolution, _ => visits++, () => isWatched);
        var last = new Entry(this);
        wheel.Schedule(last, TimeSpan.FromSeconds(10));
        _time.OnTimestamp = () =>
        {
            // Another thread, before the timer's thread has the lock.
            _time.OnTimestamp = null;
            wheel.Retire(last);
            isWatched = true;
        };
        _time.Advance(TimeSpan.FromMilliseconds(500));
        int before = visits;
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(visits > before);

        var next = new Entry(this);
        wheel.Schedule(next, TimeSpan.FromSeconds(1));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Single(next.Due);
        isWatched = false;
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0, _time.ArmedTimers);
    }

    [Fact]
    public async Task OnTick_ManyAreDue_AnotherThreadHelps()
    {
        Assert.SkipWhen(Environment.ProcessorCount == 1, "There is no other thread to call.");
        const int Entries = 100;
        int told = 0;
        var others = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var gate = new ManualResetEventSlim();
        for (int i = 0; i < Entries; i++)
        {
            Add(TimeSpan.FromMilliseconds(100)).Action = () =>
            {
                switch (Interlocked.Increment(ref told))
                {
                    case 64:
                        gate.Wait(CancellationToken.None);
                        break;
                    case Entries:
                        others.SetResult();
                        break;
                }
            };
        }

        Task first = Task.Run(() => _time.Advance(TimeSpan.FromMilliseconds(200)), CancellationToken.None);
        await others.Task.OrFail();
        gate.Set();
        await first.OrFail();
        _time.Advance(Resolution);
        Assert.Equal((Entries, 0), (told, _wheel.Count));
    }

    [Fact]
    public async Task ScheduleAndRetire_OnManyThreadsWhileTheClockRuns_LeaveNothingBehind()
    {
        using var stop = new CancellationTokenSource();
        Task clock = Task.Run(
            () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    _time.Advance(Resolution);
                }
            },
            CancellationToken.None);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(seed => Task.Run(
            () =>
            {
                var random = new Random(seed);
                for (int i = 0; i < 2_000; i++)
                {
                    var entry = new Entry(this);
                    for (int j = 0; j < 5; j++)
                    {
                        _wheel.Schedule(entry, Resolution * random.Next(4));
                    }

                    _wheel.Retire(entry);
                }
            },
            CancellationToken.None))).OrFail();
        await stop.CancelAsync();
        await clock.OrFail();

        Assert.Equal((0, 0), (_wheel.Count, _time.ArmedTimers));
    }

    private Entry Add(TimeSpan delay)
    {
        var entry = new Entry(this);
        _wheel.Schedule(entry, delay);
        return entry;
    }

    private sealed class Entry(TimingWheelTests owner) : TimingEntry
    {
        public List<TimeSpan> Due { get; } = [];

        public Action? Action { get; set; }

        protected internal override void OnDue()
        {
            Due.Add(owner.Elapsed);
            Action?.Invoke();
        }
    }
}

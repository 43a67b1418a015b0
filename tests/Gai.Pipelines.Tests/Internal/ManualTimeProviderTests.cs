using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Internal;

/// <summary>The clock on which the other tests rely.</summary>
public sealed class ManualTimeProviderTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly List<(string Name, TimeSpan At)> _fired = [];
    private readonly long _start;

    public ManualTimeProviderTests() => _start = _time.GetTimestamp();

    [Fact]
    public void Advance_SeveralTimers_FiresThemInOrderAtTheirTimes()
    {
        using ITimer late = Timer("late", 30, Timeout.Infinite);
        using ITimer periodic = Timer("periodic", 10, 10);
        using ITimer early = Timer("early", 5, Timeout.Infinite);
        _time.Advance(TimeSpan.FromMilliseconds(30));

        Assert.Equal([("early", 5), ("periodic", 10), ("periodic", 20), ("late", 30), ("periodic", 30)], Fired);
        Assert.Equal(1, _time.ArmedTimers);
    }

    [Fact]
    public void Change_AndDispose_HoldAtOnce()
    {
        using ITimer changed = Timer("changed", 10, 10);
        ITimer disposed = Timer("disposed", 10, 10);
        _time.Advance(TimeSpan.FromMilliseconds(5));
        changed.Change(TimeSpan.FromMilliseconds(7), Timeout.InfiniteTimeSpan);
        disposed.Dispose();
        _time.Advance(TimeSpan.FromMilliseconds(100));

        Assert.Equal([("changed", 12)], Fired);
        Assert.False(disposed.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan));
    }

    [Fact]
    public void Jump_PeriodicTimer_FiresAtTheNewTime()
    {
        using ITimer once = Timer("once", 10, Timeout.Infinite);
        _time.Jump(TimeSpan.FromSeconds(1));

        Assert.Equal([("once", 1_000)], Fired);
    }

    [Fact]
    public async Task WaitForTimerAsync_TimerComesLater_Waits()
    {
        Task armed = _time.WaitForTimerAsync(TimeSpan.FromSeconds(5));
        Assert.False(armed.IsCompleted);
        Task delay = Task.Delay(TimeSpan.FromSeconds(5), _time, CancellationToken.None);
        await armed;
        _time.Advance(TimeSpan.FromSeconds(5));

        await delay.OrFail();
    }

    private IEnumerable<(string, int)> Fired => _fired.Select(one => (one.Name, (int)one.At.TotalMilliseconds));

    private ITimer Timer(string name, int dueMilliseconds, int periodMilliseconds) =>
        _time.CreateTimer(
            _ => _fired.Add((name, _time.GetElapsedTime(_start))),
            null,
            TimeSpan.FromMilliseconds(dueMilliseconds),
            TimeSpan.FromMilliseconds(periodMilliseconds));
}

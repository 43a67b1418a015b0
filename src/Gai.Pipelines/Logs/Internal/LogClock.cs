namespace Gai.Pipelines.Internal;

/// <summary>When a log is to be looked at next: nobody reads it, it has ended, its frames grow old. One entry in the scheduler.</summary>
internal sealed class LogClock(StreamLog log) : TimingEntry
{
    public void Schedule(TimeSpan wait) =>
        log.Shared.Scheduler.Coarse.Schedule(this, wait == Timeout.InfiniteTimeSpan ? TimeSpan.FromDays(1) : wait);

    public void Retire() => log.Shared.Scheduler.Coarse.Retire(this);

    protected internal override void OnDue() =>
        ThreadPool.UnsafeQueueUserWorkItem(static log => log.Tend(), log, preferLocal: false);
}

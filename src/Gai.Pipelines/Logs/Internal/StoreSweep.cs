namespace Gai.Pipelines.Internal;

/// <summary>Deletes from time to time what has expired in a shared store. Every node does.</summary>
internal sealed class StoreSweep : TimingEntry, IDisposable
{
    private const int FramesAtOnce = 10_000;

    private static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    private readonly ILogStore _store;
    private readonly StreamScheduler _scheduler;
    private readonly CancellationTokenSource _stop = new();
    private int _framesAtOnce = FramesAtOnce;

    public StoreSweep(ILogStore store, StreamScheduler scheduler)
    {
        _store = store;
        _scheduler = scheduler;
        ScheduleNext();
    }

    public void Dispose()
    {
        _scheduler.Coarse.Retire(this);
        _stop.Cancel();
    }

    protected internal override void OnDue() => _ = Task.Run(SweepAsync, CancellationToken.None);

    private async Task SweepAsync()
    {
        try
        {
            while (await _store.DeleteExpiredAsync(_framesAtOnce, _stop.Token) > 0)
            {
                _framesAtOnce = Math.Min(FramesAtOnce, 2 * _framesAtOnce);
                await Task.Yield();
            }
        }
        catch (Exception)
        {
            // A store that is away, or frames so large that it takes too long: the next time, and fewer.
            _framesAtOnce = Math.Max(1, _framesAtOnce / 2);
        }

        ScheduleNext();
    }

    // Not all nodes at the same moment.
    private void ScheduleNext() => _scheduler.Coarse.Schedule(this, Interval * (0.5 + Random.Shared.NextDouble()));
}

namespace Gai.Pipelines.Internal;

/// <summary>What a loop beside the streams waits for: a signal, or a time of the scheduler. One waiter, any number of signallers.</summary>
internal sealed class LogPace(StreamScheduler scheduler)
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(1);

    private readonly Wake _wake = new();
    private ShortAlarm? _short;

    /// <summary>Lets the waiter go on, on the thread pool: whoever signals waits for nothing.</summary>
    public void Signal() => _wake.Signal(WakeSignals.Source, onThreadPool: true);

    /// <summary>Waits for a signal, or so long. It may also end early.</summary>
    public async ValueTask WaitAsync(TimeSpan atMost)
    {
        if (atMost < Short)
        {
            scheduler.Fine.Schedule(_short ??= new ShortAlarm(_wake), atMost);
        }
        else if (atMost != Timeout.InfiniteTimeSpan)
        {
            scheduler.Coarse.Schedule(_wake, atMost);
        }

        await _wake.WaitAsync();
        _wake.Take();
    }

    /// <summary>Ends the alarms. The last call of the waiter.</summary>
    public void Retire()
    {
        if (_short is not null)
        {
            scheduler.Fine.Retire(_short);
        }

        scheduler.Coarse.Retire(_wake);
    }

    // An entry is in one wheel.
    private sealed class ShortAlarm(Wake wake) : TimingEntry
    {
        protected internal override void OnDue() => wake.Signal(WakeSignals.Tick, onThreadPool: true);
    }
}

using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>Wakes the streams of a server when one of their times has come: one timer for all of them instead of one each.</summary>
/// <remarks>Thread-safe. The timers run only while a stream waits for something, or for a thread.</remarks>
public sealed class StreamScheduler : IDisposable
{
    private static readonly TimeSpan Standstill = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private long _stoodStill;

    /// <summary>Makes a scheduler.</summary>
    /// <param name="timeProvider">The clock.</param>
    public StreamScheduler(TimeProvider timeProvider)
        : this(timeProvider, hasReadyQueue: true)
    {
    }

    /// <param name="timeProvider">The clock.</param>
    /// <param name="hasReadyQueue">Whether streams with new events run one after the other, or each where its channel calls back, and the readers of a log as a work item each.</param>
    internal StreamScheduler(TimeProvider timeProvider, bool hasReadyQueue)
    {
        ArgumentNullException.ThrowIfNull(timeProvider);
        _time = timeProvider;
        Ready = hasReadyQueue ? new ReadyQueue(() => CoarseMilliseconds, () => Coarse!.Watch()) : null;
        Coarse = new TimingWheel(timeProvider, TimeSpan.FromMilliseconds(100), OnVisit, () => Ready is { HasItems: true });
        Fine = new TimingWheel(timeProvider, TimeSpan.FromMilliseconds(1), longestRest: TimeSpan.FromMilliseconds(100));
    }

    /// <summary>Gets the scheduler of the streams that name none, on the system's clock.</summary>
    public static StreamScheduler Shared { get; } = new(TimeProvider.System);

    /// <summary>Gets how many entries wait for their time. Zero when no stream is open.</summary>
    public int EntryCount => Coarse.Count + Fine.Count;

    internal TimeProvider TimeProvider => _time;

    /// <summary>Where streams run whose channels or logs have got something.</summary>
    internal ReadyQueue? Ready { get; }

    /// <summary>Keep-alives, commit windows, deadlines: what may be late by a tenth of a second.</summary>
    internal TimingWheel Coarse { get; }

    /// <summary>Flush windows, and what is read and written behind a log: what may be late by a millisecond.</summary>
    internal TimingWheel Fine { get; }

    /// <summary>For how many milliseconds the server, or its clock, has stood still, a second or more at a time: a thread pool without threads, a machine that slept.</summary>
    /// <remarks>Clients are not to blame for what did not happen meanwhile.</remarks>
    internal long StoodStill => Volatile.Read(ref _stoodStill);

    /// <summary>A clock for the hot path: cheap to read, exact to some milliseconds.</summary>
    internal long CoarseMilliseconds =>
        ReferenceEquals(_time, TimeProvider.System)
            ? Environment.TickCount64
            : _time.GetElapsedTime(0).Ticks / TimeSpan.TicksPerMillisecond;

    /// <summary>Stops the timers.</summary>
    public void Dispose()
    {
        Coarse.Dispose();
        Fine.Dispose();
    }

    private void OnVisit(TimeSpan late)
    {
        if (late >= Standstill)
        {
            Interlocked.Add(ref _stoodStill, late.Ticks / TimeSpan.TicksPerMillisecond);
        }

        Ready?.HelpIfHeldUp();
    }
}

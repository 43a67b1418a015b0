using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>Holds what the pump needs to know. Immutable; streams share it.</summary>
public sealed record PumpSettings
{
    /// <summary>The settings that a user gets who chooses nothing.</summary>
    public static PumpSettings Default { get; } = new();

    /// <summary>Gets when frames are flushed.</summary>
    /// <value>Default <see cref="FlushPolicy.Immediate"/>.</value>
    /// <exception cref="ArgumentNullException">It is <see langword="null"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Its delay or its bytes are out of their ranges.</exception>
    public FlushPolicy FlushPolicy { get; init => field = FlushPolicy.Checked(value); } = FlushPolicy.Immediate;

    /// <summary>Gets how many unflushed bytes are flushed although more events are ready.</summary>
    /// <value>Default 16 KiB, in bytes, at least 1.</value>
    /// <exception cref="ArgumentOutOfRangeException">The number is below 1.</exception>
    public int UnflushedLimitBytes { get; init => field = Limit.AtLeast(1, value); } = 16 * 1024; // perf/reports/2026-11-26-9280dea8: half and twice as much are no faster

    /// <summary>Gets the longest silence before the dialect's keep-alive is written.</summary>
    /// <value>Default 15 s; <see cref="TimeSpan.Zero"/> turns keep-alives off.</value>
    /// <remarks>Each silence is up to a tenth shorter by chance, and from 5 s on up to another half a second shorter: so streams that began together part, and those that are due about now are woken together.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The time is negative.</exception>
    public TimeSpan KeepAliveInterval { get; init => field = Limit.AtLeast(TimeSpan.Zero, value); } = TimeSpan.FromSeconds(15);

    /// <summary>Gets how long the head of the response waits for the first event.</summary>
    /// <value>Default 1 s; <see cref="TimeSpan.Zero"/> sends it at once, <see cref="Timeout.InfiniteTimeSpan"/> with the first event only; otherwise at most 49 days.</value>
    /// <exception cref="ArgumentOutOfRangeException">The time is out of its range.</exception>
    public TimeSpan CommitWindow { get; init => field = Limit.TimerOrZero(value); } = TimeSpan.FromSeconds(1);

    /// <summary>Gets how long the end of a stream waits for a source that ignores its cancellation.</summary>
    /// <value>Default 5 s, zero to 49 days. After it the source is detached: it runs on by itself and is disposed when it returns. <see cref="Timeout.InfiniteTimeSpan"/> waits for it however long that takes.</value>
    /// <exception cref="ArgumentOutOfRangeException">The time is out of its range.</exception>
    public TimeSpan DetachAfter { get; init => field = Limit.TimerOrZero(value); } = TimeSpan.FromSeconds(5);

    /// <summary>Gets how long a flush may wait for its client, which takes nothing, or too little of what the transport holds for it (Kestrel up to 80 KiB).</summary>
    /// <value>Default 1 min; more than zero, at most 49 days, or <see cref="Timeout.InfiniteTimeSpan"/> for no limit. After it the stream ends as <see cref="StreamOutcomeReason.TooSlow"/>. Looked at every 100 ms.</value>
    /// <exception cref="ArgumentOutOfRangeException">The time is out of its range.</exception>
    public TimeSpan WriteTimeout { get; init => field = Limit.Timer(value); } = TimeSpan.FromMinutes(1);

    /// <summary>Gets what becomes of events while the client does not read.</summary>
    /// <value>Default <see cref="SlowClientPolicy.Wait"/>.</value>
    public SlowClientPolicy SlowClientPolicy { get; init; }

    /// <summary>Gets how many bytes of events may wait for a slow client, as estimated, beside what the transport holds.</summary>
    /// <value>Default 256 KiB, in bytes, at least 1. Not used by <see cref="SlowClientPolicy.Wait"/>.</value>
    /// <exception cref="ArgumentOutOfRangeException">The number is below 1.</exception>
    public long SlowClientBudgetBytes { get; init => field = Limit.AtLeast(1, value); } = 256 * 1024;

    /// <summary>Gets the greatest age of a stream.</summary>
    /// <value>
    /// Default <see cref="Timeout.InfiniteTimeSpan"/>: no limit; otherwise more than zero, at most 49 days. After it the stream ends as <see cref="StreamOutcomeReason.Expired"/>, with a temporary
    /// error and without end marker, up to a tenth earlier by chance, so that streams that began together do not come back together.
    /// </value>
    /// <exception cref="ArgumentOutOfRangeException">The time is out of its range.</exception>
    public TimeSpan MaxAge { get; init => field = Limit.Timer(value); } = Timeout.InfiniteTimeSpan;

    /// <summary>Gets the most bytes that one frame may have.</summary>
    /// <value>Default 16 MiB, at least 256.</value>
    /// <exception cref="ArgumentOutOfRangeException">The number is below 256.</exception>
    public int MaxFrameBytes { get; init => field = Limit.AtLeast(256, value); } = FrameWriter.DefaultMaxFrameBytes;

    /// <summary>Gets what a client is told of an exception of the source.</summary>
    /// <value>By default <see cref="StreamErrorException.Error"/> where it is one, otherwise <see cref="StreamError.Internal"/>: the text of an exception does not leave the server.</value>
    /// <exception cref="ArgumentNullException">It is <see langword="null"/>.</exception>
    public Func<Exception, StreamError> DescribeFailure { get; init => field = Limit.NotNull(value); } = static failure =>
        failure is StreamErrorException known ? known.Error : StreamError.Internal;

    /// <summary>Gets the scheduler that all streams of a server share.</summary>
    /// <value>Default <see cref="StreamScheduler.Shared"/>.</value>
    /// <exception cref="ArgumentNullException">It is <see langword="null"/>.</exception>
    public StreamScheduler Scheduler { get; init => field = Limit.NotNull(value); } = StreamScheduler.Shared;

    /// <summary>Whether a window is bounded by fewer bytes than are flushed anyhow: then events are encoded as they come, since what gathers in a channel is not counted.</summary>
    internal bool CountsGathering => FlushPolicy.Bytes < Math.Min(UnflushedLimitBytes, FlushPolicy.DefaultBytes);

    /// <summary>How many bytes are flushed although more events are ready, whatever the policy.</summary>
    internal int FlushLimitBytes => FlushPolicy.IsImmediate ? UnflushedLimitBytes : Math.Min(UnflushedLimitBytes, FlushPolicy.Bytes);

    /// <summary>What is measured, if anything.</summary>
    internal StreamMetrics? Metrics { get; init; }
}

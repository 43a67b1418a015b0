using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>Bounds one log. Immutable; logs share it.</summary>
public sealed record LogOptions
{
    /// <summary>The options that a log gets for which nobody chooses any.</summary>
    public static LogOptions Default { get; } = new();

    /// <summary>Gets how many events are kept in memory. Beyond it the oldest are evicted, and whoever still wanted them is told of a gap; what a shared store lacks is kept up to <see cref="StreamLogsOptions.MaxStoreLag"/>.</summary>
    /// <value>Default 100,000; at least 1.</value>
    /// <exception cref="ArgumentOutOfRangeException">The number is below 1.</exception>
    public int MaxEvents { get; init => field = Limit.AtLeast(1, value); } = 100_000;

    /// <summary>Gets how many bytes of frames are kept in memory. The last frame is kept whatever its size, and what a shared store lacks up to <see cref="StreamLogsOptions.MaxStoreLag"/>.</summary>
    /// <value>Default 8 MiB, in bytes; at least 1.</value>
    /// <exception cref="ArgumentOutOfRangeException">The number is below 1.</exception>
    public int MaxBytes { get; init => field = Limit.AtLeast(1, value); } = 8 * 1024 * 1024;

    /// <summary>Gets how long an event is kept, and a whole log after its end. In a shared store a generation is kept as a whole until then.</summary>
    /// <value>Default 10 min; more than zero, at most 49 days. Looked at every 100 ms.</value>
    /// <exception cref="ArgumentOutOfRangeException">The time is out of its range.</exception>
    public TimeSpan MaxAge
    {
        get;
        init => field = value > TimeSpan.Zero && value <= TimeSpan.FromDays(49)
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "MaxAge must be more than zero and at most 49 days.");
    }

    = TimeSpan.FromMinutes(10);

    /// <summary>Gets how long a producer goes on without any reader, on any node. Then it is cancelled.</summary>
    /// <value>Default 2 min; more than zero, at most 49 days, or <see cref="Timeout.InfiniteTimeSpan"/>: it goes on to its end. A topic is not cancelled.</value>
    /// <exception cref="ArgumentOutOfRangeException">The time is out of its range.</exception>
    public TimeSpan AbandonAfter { get; init => field = Limit.Timer(value); } = TimeSpan.FromMinutes(2);
}

using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>Holds what all logs of a process share. Immutable.</summary>
public sealed record StreamLogsOptions
{
    /// <summary>Gets how many bytes of memory all logs together may take.</summary>
    /// <value>
    /// Default 256 MiB, in bytes; at least 64 KiB. Beyond it finished logs that nobody reads and a shared store has are forgotten, the least recently read
    /// first; then frames are evicted that all readers of their log have read and a shared store has, which is also what nobody reads and the store has; and only
    /// then others, those of logs that are expired first, then those of finished ones. That goes on until a sixteenth is free, rounded down to 16 KiB.
    /// </value>
    /// <exception cref="ArgumentOutOfRangeException">The number is below 64 KiB.</exception>
    public long MaxTotalBytes
    {
        get;
        init => field = value >= 64 * 1024
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "MaxTotalBytes must be at least 65536.");
    }

    = 256 * 1024 * 1024;

    /// <summary>Gets where logs are kept that several nodes share.</summary>
    /// <value>Default a <see cref="MemoryLogStore"/> of this process alone, which costs nothing.</value>
    public ILogStore Store { get; init; } = new MemoryLogStore();

    /// <summary>Gets the scheduler.</summary>
    /// <value>Default <see cref="StreamScheduler.Shared"/>.</value>
    public StreamScheduler Scheduler { get; init; } = StreamScheduler.Shared;

    /// <summary>Gets how long a node may be silent before another may declare its logs lost. Renewed three times as often.</summary>
    /// <value>Default 30 s; at least 1 s. Used with a shared store only. A store that cannot be written to for four times as long after a log has ended is given up for it.</value>
    /// <exception cref="ArgumentOutOfRangeException">The time is below 1 s.</exception>
    public TimeSpan Lease { get; init => field = Limit.AtLeast(TimeSpan.FromSeconds(1), value); } = TimeSpan.FromSeconds(30);

    /// <summary>Gets how long an event may wait for others before they are written to a shared store together.</summary>
    /// <value>Default 20 ms; at least zero. A slow store makes it longer.</value>
    /// <exception cref="ArgumentOutOfRangeException">The time is below zero.</exception>
    public TimeSpan StoreDelay { get; init => field = Limit.AtLeast(TimeSpan.Zero, value); } = TimeSpan.FromMilliseconds(20);

    /// <summary>Gets about how many bytes are written to a shared store, or read from it, at once.</summary>
    /// <value>Default 256 KiB, in bytes; at least 1. So many bytes are written without waiting for more; of a topic not more than these and one event at once.</value>
    /// <exception cref="ArgumentOutOfRangeException">The number is below 1.</exception>
    public int StoreBatchBytes { get; init => field = Limit.AtLeast(1, value); } = 256 * 1024;

    /// <summary>Gets how many events of a log a shared store may be behind.</summary>
    /// <value>
    /// Default 50,000; at least 1. A store that is further behind, since it is down or too slow, is given up for that log: its readers here go on, those at
    /// other nodes get what the store has and then the error <c>producer_lost</c>. When so many events of a topic wait for the store, more are refused, as
    /// when they have <see cref="MaxTotalBytes"/> together.
    /// </value>
    /// <exception cref="ArgumentOutOfRangeException">The number is below 1.</exception>
    public int MaxStoreLag { get; init => field = Limit.AtLeast(1, value); } = 50_000;

    /// <summary>Gets how often a reader of a log of another node looks by itself, as a net under the store's signals; also how long after a failure the store is tried again.</summary>
    /// <value>Default 1 s; at least 10 ms.</value>
    /// <exception cref="ArgumentOutOfRangeException">The time is below 10 ms.</exception>
    public TimeSpan PollInterval { get; init => field = Limit.AtLeast(TimeSpan.FromMilliseconds(10), value); } = TimeSpan.FromSeconds(1);

    /// <summary>Gets what is told when the store fails for a log of this node. It is tried again by itself.</summary>
    /// <value>Default <see langword="null"/>. Called on any thread; what it throws is ignored. Publishing to a topic takes no log: events wait for the store, and so do their tasks.</value>
    public Action<StreamLog, Exception>? OnStoreFailure { get; init; }

    /// <summary>Gets what is told when the store does not take what is published to a topic. It is tried again by itself.</summary>
    /// <value>Default <see langword="null"/>. Called on any thread; what it throws is ignored.</value>
    internal Action<LogId, Exception>? OnTopicStoreFailure { get; init; }
}

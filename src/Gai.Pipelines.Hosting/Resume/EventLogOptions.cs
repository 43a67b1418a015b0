namespace Gai.Pipelines.Hosting;

/// <summary>Holds what the logs of all resumable streams and topics of a server share.</summary>
/// <remarks>It is <see cref="EventStreamOptions.Logs"/>, in configuration the section <c>GaiPipelines:Logs</c>. Checked when the application starts.</remarks>
public sealed class EventLogOptions
{
    /// <summary>Gets or sets how many bytes of memory all logs together may take.</summary>
    /// <value>Default 256 MiB, in bytes; at least 64 KiB. Beyond it finished logs that nobody reads are forgotten, the least recently read first; then what all readers have read is evicted, and only then other events.</value>
    public long MaxTotalBytes { get; set; } = 256 * 1024 * 1024;

    /// <summary>Gets or sets how long this server may be silent before another one may declare its streams lost.</summary>
    /// <value>Default 30 s; at least 1 s. Used with a shared store only.</value>
    public TimeSpan Lease { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Gets or sets how long an event may wait for others before they are written to a shared store together.</summary>
    /// <value>Default 20 ms; at least zero. Readers at this server never wait for it.</value>
    public TimeSpan StoreDelay { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Gets or sets about how many bytes are written to a shared store, or read from it, at once.</summary>
    /// <value>Default 256 KiB, in bytes; at least 1.</value>
    public int StoreBatchBytes { get; set; } = 256 * 1024;

    /// <summary>Gets or sets how many events of a stream a shared store may be behind.</summary>
    /// <value>Default 50,000; at least 1. A store that is further behind is given up for that stream: its readers here go on, those at other servers are told <c>producer_lost</c>.</value>
    public int MaxStoreLag { get; set; } = 50_000;

    /// <summary>Gets or sets how often a shared store is looked at, as a net under its signals; also how long after a failure it is tried again.</summary>
    /// <value>Default 1 s; at least 10 ms.</value>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    internal EventLogOptions Clone() => (EventLogOptions)MemberwiseClone();

    internal StreamLogsOptions ToOptions() => new()
    {
        MaxTotalBytes = MaxTotalBytes,
        Lease = Lease,
        StoreDelay = StoreDelay,
        StoreBatchBytes = StoreBatchBytes,
        MaxStoreLag = MaxStoreLag,
        PollInterval = PollInterval,
    };

    internal void Check(List<string> failures)
    {
        Check(failures, nameof(MaxTotalBytes), MaxTotalBytes, MaxTotalBytes >= 64 * 1024, "65,536 bytes");
        Check(failures, nameof(Lease), Lease, Lease >= TimeSpan.FromSeconds(1), "00:00:01");
        Check(failures, nameof(StoreDelay), StoreDelay, StoreDelay >= TimeSpan.Zero, "00:00:00");
        Check(failures, nameof(StoreBatchBytes), StoreBatchBytes, StoreBatchBytes >= 1, "1 byte");
        Check(failures, nameof(MaxStoreLag), MaxStoreLag, MaxStoreLag >= 1, "1 event");
        Check(failures, nameof(PollInterval), PollInterval, PollInterval >= TimeSpan.FromMilliseconds(10), "00:00:00.010");
    }

    private static void Check<T>(List<string> failures, string setting, T value, bool isGood, string least)
    {
        if (!isGood)
        {
            failures.Add(FormattableString.Invariant($"Logs:{setting} is {value}. Set it to at least {least}."));
        }
    }
}

namespace Gai.Pipelines;

/// <summary>Says what log to begin if there is none with its key.</summary>
public sealed record LogStart
{
    /// <summary>Gets the key: two starts with the same one are one generation.</summary>
    public required LogKey Key { get; init; }

    /// <summary>Gets the format of the frames.</summary>
    /// <value>Any but <see cref="StreamFormat.JsonDocument"/>, which is sent as a whole.</value>
    /// <exception cref="ArgumentOutOfRangeException">It is <see cref="StreamFormat.JsonDocument"/>.</exception>
    public required StreamFormat Format
    {
        get;
        init => field = value is not StreamFormat.JsonDocument
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "A JSON document is sent as a whole and cannot be resumed. Choose a format of events or records.");
    }

    /// <summary>Gets the name of the dialect: see <see cref="LogDescription.Dialect"/>.</summary>
    public required string Dialect { get; init; }

    /// <summary>Gets who may read it again: see <see cref="LogDescription.Owner"/>.</summary>
    public string? Owner { get; init; }

    /// <summary>Gets the bounds of the log.</summary>
    /// <value>Default <see cref="LogOptions.Default"/>.</value>
    public LogOptions Options { get; init; } = LogOptions.Default;
}

/// <summary>Produces the events of a log.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>It belongs to no request: nothing of it may end with one, neither a scope of services nor a token.</remarks>
public sealed record LogProducer<T>
{
    /// <summary>Gets where the events come from. The log starts it, cancels it and closes it.</summary>
    public required StreamSource<T> Source { get; init; }

    /// <summary>Gets how the events are written: a new dialect in the format of the log. Ids that it writes are replaced by the log's.</summary>
    public required Dialect<T> Dialect { get; init; }

    /// <summary>Gets the settings of the pump.</summary>
    /// <value>
    /// Default <see cref="PumpSettings.Default"/>. Of them <see cref="PumpSettings.FlushPolicy"/>, <see cref="PumpSettings.UnflushedLimitBytes"/>,
    /// <see cref="PumpSettings.MaxFrameBytes"/>, <see cref="PumpSettings.DetachAfter"/> and <see cref="PumpSettings.DescribeFailure"/> matter; the others
    /// are about clients.
    /// </value>
    public PumpSettings Settings { get; init; } = PumpSettings.Default;

    /// <summary>Gets what is called when the log is there and nobody can have found it yet.</summary>
    /// <value>Default <see langword="null"/>. If it throws, nothing was begun.</value>
    internal Action<StreamLog>? OnPrepared { get; init; }

    /// <summary>Gets what is called first where the producer runs, which is nobody's flow: what it makes current there, such as a culture, is so for the source.</summary>
    /// <value>Default <see langword="null"/>. What it throws is ignored.</value>
    internal Action? OnStarting { get; init; }

    /// <summary>Gets what is called when the producer has ended and its source is closed, once, on any thread.</summary>
    /// <value>Default <see langword="null"/>. What it throws is ignored.</value>
    public Action<StreamLog, StreamOutcome>? OnEnded { get; init; }
}

/// <summary>Answers a start.</summary>
/// <param name="Log">The log of the key.</param>
/// <param name="IsNew">Whether this start began it; otherwise it was there, or another start at the same moment began it.</param>
public readonly record struct LogAttachment(StreamLog Log, bool IsNew);

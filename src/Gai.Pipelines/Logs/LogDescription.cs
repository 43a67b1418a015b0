namespace Gai.Pipelines;

/// <summary>Says what a log is. It is decided when the log begins and never changes; a store keeps it for all nodes.</summary>
public sealed record LogDescription
{
    /// <summary>Gets the log's id.</summary>
    public required LogId Id { get; init; }

    /// <summary>Gets the key under which it is found.</summary>
    public required LogKey Key { get; init; }

    /// <summary>Gets who writes it.</summary>
    public required LogKind Kind { get; init; }

    /// <summary>Gets the format of its frames. A reader gets this one and no other.</summary>
    public required StreamFormat Format { get; init; }

    /// <summary>Gets the name of its dialect, by which an endpoint recognises its own logs.</summary>
    /// <value>A name that the application or the hosting chooses, such as <c>gai</c>; the store only keeps it.</value>
    public required string Dialect { get; init; }

    /// <summary>Gets who may read it again: the name identifier of the principal that started it.</summary>
    /// <value><see langword="null"/> if nobody was signed in, and for a topic.</value>
    public string? Owner { get; init; }

    /// <summary>Gets when it began.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Gets how long a generation is kept after its end, and how long each event of a topic is kept.</summary>
    /// <value>More than zero.</value>
    public required TimeSpan KeepFor { get; init; }
}

/// <summary>Says who writes a log.</summary>
public enum LogKind
{
    /// <summary>One producer on one node, from its first event to its end. It numbers the events itself.</summary>
    Generation,

    /// <summary>Anybody on any node. The store numbers the events.</summary>
    Topic,
}

/// <summary>Says how a log has ended.</summary>
public enum LogOutcome
{
    /// <summary>The producer had no more. The end marker of the dialect is among the frames.</summary>
    Completed,

    /// <summary>The producer failed. If there is any frame, the dialect's error is the last.</summary>
    Failed,

    /// <summary>Somebody cancelled it, or nobody read it for too long. If there is any frame, the dialect's error is the last.</summary>
    Cancelled,

    /// <summary>The node of the producer is gone. Nothing in the frames says so: each reader is told at their end.</summary>
    Lost,
}

/// <summary>Says how a log has ended, and what readers are told.</summary>
/// <param name="Outcome">How it has ended.</param>
/// <param name="Error">What a reader is told; <see langword="null"/> if it has completed. A store keeps <see cref="StreamError.Code"/>, <see cref="StreamError.Message"/> and <see cref="StreamError.Temporary"/>; in the texts it may replace NUL and unpaired surrogates, which it must not refuse, by U+FFFD.</param>
public readonly record struct LogEnd(LogOutcome Outcome, StreamError? Error = null)
{
    /// <summary>Gets the end of a log whose producer had no more.</summary>
    public static LogEnd Completed { get; } = new(LogOutcome.Completed);

    /// <summary>Gets the end of a log whose producer's node is gone.</summary>
    public static LogEnd Lost { get; } = new(LogOutcome.Lost, StreamError.ProducerLost);
}

namespace Gai.Pipelines;

/// <summary>Says how a stream ended.</summary>
public enum StreamOutcomeReason
{
    /// <summary>The source ended and the client got everything, with the end marker of the dialect.</summary>
    Completed,

    /// <summary>The client left, the connection broke, or the request was cancelled: by a timeout of the server, for example.</summary>
    ClientGone,

    /// <summary>The source or a serializer threw, or the source said that it failed.</summary>
    SourceFailed,

    /// <summary>The server is shutting down.</summary>
    Drained,

    /// <summary>The client took nothing for the write timeout, or more waited for it than the budget allows.</summary>
    TooSlow,

    /// <summary>The stream reached its greatest age.</summary>
    Expired,

    /// <summary>The client may no longer read.</summary>
    Unauthorized,

    /// <summary>Somebody cancelled a stream that can be resumed, or nobody read it for too long.</summary>
    Cancelled,

    /// <summary>The stream never began: the client accepts none of its formats, has it already, or the server takes no new ones.</summary>
    Refused,
}

/// <summary>Tells how a stream ended and what was sent.</summary>
/// <param name="Reason">How it ended.</param>
/// <param name="Events">The events that were encoded.</param>
/// <param name="Bytes">The bytes of all frames, before the transport's own framing.</param>
/// <param name="Flushes">How often they were flushed.</param>
/// <param name="HeadSent">Whether the head of the response was sent before the end was known. If not, the response can still become another one.</param>
/// <param name="Exception">What the source threw, the transport beside <see cref="StreamOutcomeReason.ClientGone"/>, or at the end a listener to the stream's figures, if one did.</param>
public readonly record struct StreamOutcome(
    StreamOutcomeReason Reason,
    long Events,
    long Bytes,
    long Flushes,
    bool HeadSent,
    Exception? Exception = null)
{
    /// <summary>Gets how many events were dropped because the client was slow (<see cref="SlowClientPolicy.DropOldest"/>).</summary>
    public long Dropped { get; init; }

    /// <summary>Gets how many deltas were joined to the one before them because the client was slow (<see cref="SlowClientPolicy.MergeDeltas"/>).</summary>
    public long Merged { get; init; }

    /// <summary>Gets whether the exception came when the stream was over, and is not why it ended.</summary>
    internal bool IsLate { get; init; }
}

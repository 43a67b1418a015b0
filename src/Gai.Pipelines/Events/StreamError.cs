namespace Gai.Pipelines;

/// <summary>Tells a client why its stream failed. Everything in it is sent.</summary>
/// <param name="Code">A stable code for programs, such as <see cref="StreamErrorCodes.RateLimited"/>.</param>
/// <param name="Message">A sentence for people.</param>
/// <param name="Temporary">Whether the same request may succeed later.</param>
/// <param name="RetryAfter">How long to wait before trying again; <see langword="null"/> if unknown. A time below zero counts as zero.</param>
public readonly record struct StreamError(string Code, string Message, bool Temporary = false, TimeSpan? RetryAfter = null)
{
    /// <summary>Gets how long to wait before trying again.</summary>
    /// <value><see langword="null"/> if unknown; at least zero.</value>
    public TimeSpan? RetryAfter { get; init => field = AtLeastZero(value); } = AtLeastZero(RetryAfter);

    /// <summary>Gets which field of the request is wrong, as a path such as <c>messages[0].role</c>.</summary>
    /// <value><see langword="null"/> if it is not a field's fault. Told before a stream begins, and not in its error frames.</value>
    public string? Parameter { get; init; }

    /// <summary>What a client is told of a failure whose details are not for it.</summary>
    public static StreamError Internal { get; } = new(StreamErrorCodes.Internal, "The stream failed on the server.");

    /// <summary>What a client is told when the server shuts down.</summary>
    public static StreamError ServerDraining { get; } =
        new(StreamErrorCodes.ServerDraining, "The server is shutting down; connect again.", Temporary: true);

    /// <summary>What a client is told that may no longer read.</summary>
    public static StreamError Unauthorized { get; } =
        new(StreamErrorCodes.Unauthorized, "You may no longer read this stream; sign in again.");

    /// <summary>What a client is told when its stream has reached its greatest age.</summary>
    public static StreamError Expired { get; } =
        new(StreamErrorCodes.Expired, "The stream has reached its greatest age; connect again.", Temporary: true);

    /// <summary>What a reader is told when the node that produced its stream is gone.</summary>
    public static StreamError ProducerLost { get; } =
        new(StreamErrorCodes.ProducerLost, "The server that produced this stream is gone; what it had sent is all there is. Ask again.");

    /// <summary>What a reader is told of a stream that somebody cancelled.</summary>
    public static StreamError Cancelled { get; } = new(StreamErrorCodes.Cancelled, "The stream was cancelled.");

    // Providers send dates, and clocks differ: an error frame must not fail for that.
    private static TimeSpan? AtLeastZero(TimeSpan? time) => time < TimeSpan.Zero ? TimeSpan.Zero : time;
}

/// <summary>Holds the codes of the errors that the library itself sends, and those that dialects translate.</summary>
public static class StreamErrorCodes
{
    /// <summary>The request was wrong.</summary>
    public const string InvalidRequest = "invalid_request";

    /// <summary>The client has not said who it is, or may no longer read.</summary>
    public const string Unauthorized = "unauthorized";

    /// <summary>The client may not do this.</summary>
    public const string Forbidden = "forbidden";

    /// <summary>What was asked for does not exist.</summary>
    public const string NotFound = "not_found";

    /// <summary>The prompt is longer than the model can read.</summary>
    public const string ContextLengthExceeded = "context_length_exceeded";

    /// <summary>The request asks for something that is not offered.</summary>
    public const string Unsupported = "unsupported";

    /// <summary>Too many requests.</summary>
    public const string RateLimited = "rate_limited";

    /// <summary>The provider has no capacity now.</summary>
    public const string Overloaded = "overloaded";

    /// <summary>A safety check refused.</summary>
    public const string SafetyBlocked = "safety_blocked";

    /// <summary>Something took too long.</summary>
    public const string Timeout = "timeout";

    /// <summary>A connection to the provider failed.</summary>
    public const string Network = "network";

    /// <summary>The provider does not answer.</summary>
    public const string ProviderUnavailable = "provider_unavailable";

    /// <summary>The server failed.</summary>
    public const string Internal = "internal";

    /// <summary>The stream has reached its greatest age; a new one may go on.</summary>
    public const string Expired = "expired";

    /// <summary>Somebody cancelled the stream, or nobody read it for too long.</summary>
    public const string Cancelled = "cancelled";

    /// <summary>Events behind the one that the client has seen can no longer be had.</summary>
    public const string EventsMissed = "events_missed";

    /// <summary>The server that produced the stream is gone.</summary>
    public const string ProducerLost = "producer_lost";

    /// <summary>The server is shutting down; another one may answer.</summary>
    public const string ServerDraining = "server_draining";
}

/// <summary>Fails a stream with an error that is meant for the client.</summary>
/// <remarks>
/// The text of any other exception stays on the server. A source throws this one to say what the client shall read;
/// an event of type <see cref="StreamEventType.Error"/> becomes it.
/// </remarks>
public sealed class StreamErrorException : Exception
{
    /// <summary>Fails a stream with an error.</summary>
    /// <param name="error">What the client is told.</param>
    /// <param name="innerException">What caused it; not sent.</param>
    public StreamErrorException(StreamError error, Exception? innerException = null)
        : base($"{error.Code}: {error.Message}", innerException) => Error = error;

    /// <summary>Gets what the client is told.</summary>
    public StreamError Error { get; }
}

namespace Gai.Pipelines;

/// <summary>Holds what our own dialects let a user choose. Immutable; streams share it.</summary>
public sealed record DialectSettings
{
    /// <summary>The settings that a user gets who chooses nothing.</summary>
    public static DialectSettings Default { get; } = new();

    /// <summary>Gets whether events of SSE are numbered in their field <c>id</c>.</summary>
    /// <value>Default <see langword="false"/>. The numbers begin with 1. An id that an event brings itself is kept.</value>
    public bool EventIds { get; init; }

    /// <summary>Gets how long clients of SSE shall wait before they connect again.</summary>
    /// <value>Default <see langword="null"/>: the field <c>retry</c> is not sent. At least zero.</value>
    /// <exception cref="ArgumentOutOfRangeException">The time is below zero.</exception>
    public TimeSpan? RetryHint
    {
        get;
        init => field = value is not { } time || time >= TimeSpan.Zero
            ? value
            : throw new ArgumentOutOfRangeException(
                nameof(value),
                time,
                "RetryHint must be at least zero. Give null to send no hint.");
    }

    /// <summary>Gets whether each event of the gai dialect carries a time stamp (field <c>timestamp</c>, milliseconds since 1970).</summary>
    /// <value>Default <see langword="false"/>.</value>
    public bool Timestamps { get; init; }

    /// <summary>Gets the event name of an error in SSE.</summary>
    /// <value>Default <c>gai.error</c>: an event named <c>error</c> reaches the same listeners of an <c>EventSource</c> as a lost connection.</value>
    public EventName ErrorEventName { get; init; } = new("gai.error");

    /// <summary>Gets what keeps a stream of records alive when it is silent.</summary>
    /// <value>Default <see cref="NdjsonKeepAlive.None"/>.</value>
    public NdjsonKeepAlive NdjsonKeepAlive { get; init; }

    /// <summary>Gets how many bytes of padding a stream of SSE begins with, as a comment, for proxies that hold back the first bytes.</summary>
    /// <value>Default 0: none. In bytes; it has to fit into the first frame. Below zero is none.</value>
    public int OpeningPaddingBytes { get; init; }

    /// <summary>Gets the clock of the time stamps.</summary>
    /// <value>Default <see cref="TimeProvider.System"/>.</value>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}

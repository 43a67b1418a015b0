using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>Holds what can be chosen about a client that comes back. Immutable; clients share it.</summary>
public sealed record EventStreamClientOptions
{
    /// <summary>The options that a user gets who chooses nothing.</summary>
    public static EventStreamClientOptions Default { get; } = new();

    /// <summary>Gets the longest wait before the first attempt to connect again.</summary>
    /// <value>Default 500 ms. A server's field <c>retry</c> replaces it. The wait itself is random between zero and this, so that many clients do not come back at once.</value>
    public TimeSpan FirstBackoff
    {
        get;
        init => field = Limit.AtLeast(TimeSpan.Zero, value);
    } = TimeSpan.FromMilliseconds(500);

    /// <summary>Gets by how much the longest wait grows with each attempt that brings no event.</summary>
    /// <value>Default 1.5, at least 1.</value>
    public double BackoffFactor
    {
        get;
        init => field = Limit.AtLeast(1.0, value);
    } = 1.5;

    /// <summary>Gets what the longest wait does not grow beyond.</summary>
    /// <value>Default 30 s. Times that the server itself gives, <c>retry</c> and <c>Retry-After</c>, are not cut; a <c>Retry-After</c> is waited for in full, and the random wait after it.</value>
    public TimeSpan MaxBackoff
    {
        get;
        init => field = Limit.AtLeast(TimeSpan.Zero, value);
    } = TimeSpan.FromSeconds(30);

    /// <summary>Gets how long the connection may be silent; any byte counts, keep-alives too.</summary>
    /// <value>Default 45 s, three times the server's keep-alive. After it the connection is taken for dead and made anew. <see cref="Timeout.InfiniteTimeSpan"/> waits for ever.</value>
    public TimeSpan ReadTimeout
    {
        get;
        init => field = Limit.Timer(value);
    } = TimeSpan.FromSeconds(45);

    /// <summary>Gets whether the client comes back only when it has an id to resume from.</summary>
    /// <value>Default <see langword="false"/>, as an <c>EventSource</c>. With <see langword="true"/> a stream is never silently run again from its start: without an id a failure is thrown, and a response that ends as HTTP prescribes is the end.</value>
    public bool ResumeOnly { get; init; }

    /// <summary>Gets the limits of the reader.</summary>
    /// <value>Default <see cref="SseReaderOptions.Default"/>.</value>
    public SseReaderOptions Reader { get; init; } = SseReaderOptions.Default;

    /// <summary>Gets what is called when the state of the connection changes.</summary>
    /// <value>Default <see langword="null"/>. Called on the thread that reads; it must neither block nor throw.</value>
    public Action<EventStreamClientState>? OnStateChanged { get; init; }

    /// <summary>Gets the clock of waits and timeouts.</summary>
    /// <value>Default <see cref="TimeProvider.System"/>.</value>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Gets where the jitter comes from.</summary>
    /// <value>Default <see cref="Random.Shared"/>. Another one must be thread-safe if several streams use it.</value>
    public Random Random { get; init; } = Random.Shared;
}

/// <summary>Says where a connection is.</summary>
public enum EventStreamConnection
{
    /// <summary>A request is on its way.</summary>
    Connecting,

    /// <summary>The server answers with a stream.</summary>
    Open,

    /// <summary>The connection is lost and the client waits before the next attempt.</summary>
    Waiting,

    /// <summary>The stream is over: the server said so, or the client gave up.</summary>
    Closed,
}

/// <summary>Tells the state of a connection.</summary>
/// <param name="Connection">Where it is.</param>
/// <param name="LastEventId">The id of the last event that was read; empty if there was none.</param>
/// <param name="Wait">How long the client waits, when it does.</param>
/// <param name="Cause">Why the connection was lost, when it was; at the end what is thrown, if something is.</param>
public readonly record struct EventStreamClientState(
    EventStreamConnection Connection, string LastEventId, TimeSpan Wait = default, Exception? Cause = null);

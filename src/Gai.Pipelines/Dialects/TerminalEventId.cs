namespace Gai.Pipelines;

/// <summary>Holds the ids of last events.</summary>
/// <remarks>
/// An <c>EventSource</c> connects again whenever a response ends, and would run the prompt a second time (WHATWG HTML
/// 9.2.3). The end marker and a permanent error therefore carry one of these ids, the client sends it back as
/// <c>Last-Event-ID</c>, and 204 tells it to stay away.
/// </remarks>
public static class TerminalEventId
{
    /// <summary>The id of an end marker.</summary>
    public const string Done = "gai.done";

    /// <summary>The id of an error that trying again does not mend.</summary>
    public const string Failed = "gai.failed";

    /// <summary>Tells whether an id says that its stream is over.</summary>
    /// <param name="lastEventId">The value of <c>Last-Event-ID</c>.</param>
    /// <returns><see langword="true"/> for the ids of this class.</returns>
    public static bool Contains(string? lastEventId) => lastEventId is Done or Failed;
}

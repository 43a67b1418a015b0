namespace Gai.Pipelines;

/// <summary>Says how the frames of a stream are laid out in the body of a response.</summary>
public enum StreamFormat
{
    /// <summary>Server-Sent Events, <c>text/event-stream</c>.</summary>
    ServerSentEvents,

    /// <summary>One JSON value a line, <c>application/x-ndjson</c>.</summary>
    Ndjson,

    /// <summary>The same bytes as NDJSON under the name <c>application/jsonl</c>.</summary>
    JsonLines,

    /// <summary>All records in one JSON array, <c>application/json</c>, sent as a whole when the source has ended.</summary>
    JsonDocument,
}

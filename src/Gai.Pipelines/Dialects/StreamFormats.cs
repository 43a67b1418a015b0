namespace Gai.Pipelines;

/// <summary>Knows the media types of the formats.</summary>
public static class StreamFormats
{
    /// <summary>Gets the media type of a format, without parameters.</summary>
    /// <param name="format">The format.</param>
    /// <returns>The media type, such as <c>text/event-stream</c>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The format is not one of the enumeration.</exception>
    public static string MediaType(this StreamFormat format) => format switch
    {
        StreamFormat.ServerSentEvents => "text/event-stream",
        StreamFormat.Ndjson => "application/x-ndjson",
        StreamFormat.JsonLines => "application/jsonl",
        StreamFormat.JsonDocument => "application/json",
        _ => throw new ArgumentOutOfRangeException(nameof(format), format, "Unknown format; use one of StreamFormat."),
    };
}

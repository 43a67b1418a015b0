using System.Text.Json.Serialization.Metadata;

namespace Gai.Pipelines.Hosting;

/// <summary>Holds what can be chosen for one event stream.</summary>
public sealed class EventStreamResultOptions
{
    /// <summary>Gets or sets the name of all events in SSE.</summary>
    /// <value>Default <see langword="null"/>: no name. For the plain dialect; AI streams and <c>SseItem</c> name their events themselves.</value>
    public string? EventType { get; set; }

    /// <summary>Gets or sets how events are serialized.</summary>
    /// <value>
    /// Default <see langword="null"/>: as the application's <c>JsonOptions</c> say. Otherwise a <see cref="JsonTypeInfo{T}"/>
    /// of the type of the events, or of the data of an <c>SseItem</c>.
    /// </value>
    public JsonTypeInfo? JsonTypeInfo { get; set; }

    /// <summary>Gets or sets the format of the response, whatever the client accepts.</summary>
    /// <value>Default <see langword="null"/>: it is negotiated.</value>
    public StreamFormat? Format { get; set; }

    /// <summary>Gets or sets what is called when the stream is over, whichever way.</summary>
    /// <value>
    /// Default <see langword="null"/>. Called once, on any thread, when the stream has ended: after its last event, and before a JSON document or
    /// the end of compressed data is written. Of a stream that can be resumed it is called when its producer has ended; a request that only
    /// attaches to one gets <see cref="StreamOutcomeReason.Refused"/>, since its own source is not used. A producer that fills a bare
    /// <c>ChannelReader</c> learns by it that nobody reads any more.
    /// </value>
    public Action<StreamOutcome>? OnClosed { get; set; }
}

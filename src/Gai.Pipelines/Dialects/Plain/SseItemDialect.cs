using System.Net.ServerSentEvents;
using System.Text.Json.Serialization.Metadata;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>The plain dialect for the framework's <see cref="SseItem{T}"/>, which brings its own name, id and retry time.</summary>
/// <typeparam name="T">The type of the data.</typeparam>
/// <remarks>Over NDJSON only the data is written: the other fields have no place there.</remarks>
public sealed class SseItemDialect<T> : Dialect<SseItem<T>>
{
    private readonly JsonTypeInfo<T>? _typeInfo;
    private readonly DialectSettings _settings;
    private readonly bool _asRecords;
    private long _sequence;

    /// <summary>Begins a stream.</summary>
    /// <param name="typeInfo">How the data is serialized; not needed for <see cref="string"/> and <c>byte[]</c>.</param>
    /// <param name="settings">What the user has chosen.</param>
    /// <param name="format">SSE, or one of the formats made of records.</param>
    public SseItemDialect(JsonTypeInfo<T>? typeInfo, DialectSettings settings, StreamFormat format)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _typeInfo = PlainPayload.Require(typeInfo);
        _settings = settings;
        _asRecords = format != StreamFormat.ServerSentEvents;
    }

    /// <inheritdoc/>
    public override FailureClose FailureClose => FailureClose.Broken;

    /// <inheritdoc/>
    public override void WriteOpening(FrameWriter output)
    {
        if (!_asRecords)
        {
            SseOpening.Write(output, _settings);
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The item's name or id would break out of its field.</exception>
    public override void WriteEvent(FrameWriter output, in SseItem<T> item)
    {
        if (_asRecords)
        {
            PlainPayload.WriteRecord(output, item.Data, _typeInfo);
            return;
        }

        EventId id = item.EventId is { } own ? new EventId(own) : _settings.EventIds ? new EventId(++_sequence) : default;

        // The item says "message" where it was given no name; browsers dispatch an event without a name as just that.
        EventName name = item.EventType == SseParser.EventTypeDefault ? default : new EventName(item.EventType);
        PlainPayload.WriteSse(output, new SseFields(name, id, item.ReconnectionInterval), item.Data, _typeInfo);
    }

    /// <inheritdoc/>
    public override void WriteKeepAlive(FrameWriter output)
    {
        if (!_asRecords)
        {
            SseOpening.WriteKeepAlive(output);
        }
        else
        {
            PlainPayload.WriteKeepAlive(output, _settings.NdjsonKeepAlive);
        }
    }

    /// <summary>Writes a comment over SSE, <c>: gap 12</c>, and nothing over NDJSON.</summary>
    /// <inheritdoc/>
    public override void WriteGap(FrameWriter output, long dropped)
    {
        if (!_asRecords)
        {
            SseOpening.WriteGap(output, dropped);
        }
    }

    /// <summary>Writes an event <c>gap</c> over SSE, with <c>dropped</c> and <c>first_id</c>, and nothing over NDJSON.</summary>
    /// <inheritdoc/>
    public override void WriteGap(FrameWriter output, long dropped, EventId firstId)
    {
        if (!_asRecords)
        {
            SseOpening.WriteGapEvent(output, dropped, firstId);
        }
    }

    /// <summary>Writes nothing: the broken end of the response tells the client.</summary>
    /// <inheritdoc/>
    public override void WriteError(FrameWriter output, in StreamError error)
    {
    }

    /// <summary>Writes nothing: the clean end of the response tells the client.</summary>
    /// <inheritdoc/>
    public override void WriteEnd(FrameWriter output)
    {
    }

    internal override void CheckLoggable(in SseItem<T> item)
    {
        // The end of a stream has an id that says so, in a log as elsewhere.
        if (item.EventId is { } id && !TerminalEventId.Contains(id))
        {
            throw new InvalidOperationException(
                $"In a stream that can be resumed the log gives each event its id, and an event brings the id \"{id}\". Leave EventId null and put the id into the data.");
        }
    }
}

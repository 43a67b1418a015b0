using System.Text.Json.Serialization.Metadata;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>The plain dialect over Server-Sent Events: values of any type, and no records of its own.</summary>
/// <typeparam name="T">The type of the events. <see cref="string"/> and <c>byte[]</c> are written raw, all others as JSON.</typeparam>
/// <remarks>A clean end of the response means that the stream is complete; one that failed ends broken.</remarks>
public sealed class PlainSseDialect<T> : Dialect<T>
{
    private readonly JsonTypeInfo<T>? _typeInfo;
    private readonly EventName _name;
    private readonly DialectSettings _settings;
    private long _sequence;

    /// <summary>Begins a stream.</summary>
    /// <param name="typeInfo">How events are serialized; not needed for <see cref="string"/> and <c>byte[]</c>.</param>
    /// <param name="settings">What the user has chosen.</param>
    /// <param name="name">The name of all events; <c>default</c> for none.</param>
    public PlainSseDialect(JsonTypeInfo<T>? typeInfo, DialectSettings settings, EventName name = default)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _typeInfo = PlainPayload.Require(typeInfo);
        _settings = settings;
        _name = name;
    }

    /// <inheritdoc/>
    public override FailureClose FailureClose => FailureClose.Broken;

    /// <inheritdoc/>
    public override void WriteOpening(FrameWriter output) => SseOpening.Write(output, _settings);

    /// <inheritdoc/>
    public override void WriteEvent(FrameWriter output, in T item)
    {
        var fields = new SseFields(_name, _settings.EventIds ? new EventId(++_sequence) : default);
        PlainPayload.WriteSse(output, fields, item, _typeInfo);
    }

    /// <inheritdoc/>
    public override void WriteKeepAlive(FrameWriter output) => SseOpening.WriteKeepAlive(output);

    /// <summary>Writes a comment, <c>: gap 12</c>: values of any type have no place for it.</summary>
    /// <inheritdoc/>
    public override void WriteGap(FrameWriter output, long dropped) => SseOpening.WriteGap(output, dropped);

    /// <summary>Writes an event <c>gap</c> with <c>dropped</c> and <c>first_id</c>.</summary>
    /// <inheritdoc/>
    public override void WriteGap(FrameWriter output, long dropped, EventId firstId) => SseOpening.WriteGapEvent(output, dropped, firstId);

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
}

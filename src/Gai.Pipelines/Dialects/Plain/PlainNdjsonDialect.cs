using System.Text.Json.Serialization.Metadata;

namespace Gai.Pipelines;

/// <summary>The plain dialect over NDJSON: values of any type, one a line, and no records of its own.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>A clean end of the response means that the stream is complete; one that failed ends broken.</remarks>
public sealed class PlainNdjsonDialect<T> : Dialect<T>
{
    private readonly JsonTypeInfo<T>? _typeInfo;
    private readonly NdjsonKeepAlive _keepAlive;

    /// <summary>Begins a stream.</summary>
    /// <param name="typeInfo">How events are serialized; without it a <see cref="string"/> becomes a JSON string and a <c>byte[]</c> one in base64.</param>
    /// <param name="settings">What the user has chosen; <see langword="null"/> for the defaults.</param>
    public PlainNdjsonDialect(JsonTypeInfo<T>? typeInfo, DialectSettings? settings = null)
    {
        _typeInfo = PlainPayload.Require(typeInfo);
        _keepAlive = (settings ?? DialectSettings.Default).NdjsonKeepAlive;
    }

    /// <inheritdoc/>
    public override FailureClose FailureClose => FailureClose.Broken;

    /// <inheritdoc/>
    public override void WriteEvent(FrameWriter output, in T item) => PlainPayload.WriteRecord(output, item, _typeInfo);

    /// <inheritdoc/>
    public override void WriteKeepAlive(FrameWriter output) => PlainPayload.WriteKeepAlive(output, _keepAlive);

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

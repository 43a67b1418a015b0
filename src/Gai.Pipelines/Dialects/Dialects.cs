using System.Net.ServerSentEvents;
using System.Text.Json.Serialization.Metadata;

namespace Gai.Pipelines;

/// <summary>Holds the factories of our own dialects.</summary>
public static class Dialects
{
    /// <summary>Gets the dialect <c>gai</c>: the kind of an event is its name, the rest its data.</summary>
    public static DialectFactory<StreamEvent> Gai { get; } = new(static context =>
        context.Format == StreamFormat.ServerSentEvents ? new GaiSseDialect(context.Settings) : new GaiNdjsonDialect(context.Settings));

    /// <summary>Gets the dialect <c>gai.events.v1</c>: one self-contained record an event, with sequence number, time and ids.</summary>
    public static DialectFactory<StreamEvent> GaiEvents { get; } = new(static context =>
        new GaiEventsDialect(context.Settings, context.Format, context.Identity));

    /// <summary>Makes the plain dialect for values of any type, which has no records of its own.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="typeInfo">How events are serialized; not needed for <see cref="string"/> and <c>byte[]</c>.</param>
    /// <param name="name">The name of all events in SSE; <c>default</c> for none.</param>
    /// <returns>The factory.</returns>
    public static DialectFactory<T> Plain<T>(JsonTypeInfo<T>? typeInfo, EventName name = default) => new(context =>
        context.Format == StreamFormat.ServerSentEvents
            ? new PlainSseDialect<T>(typeInfo, context.Settings, name)
            : new PlainNdjsonDialect<T>(typeInfo, context.Settings));

    /// <summary>Makes the plain dialect for the framework's <see cref="SseItem{T}"/>.</summary>
    /// <typeparam name="T">The type of the data.</typeparam>
    /// <param name="typeInfo">How the data is serialized; not needed for <see cref="string"/> and <c>byte[]</c>.</param>
    /// <returns>The factory.</returns>
    public static DialectFactory<SseItem<T>> SseItems<T>(JsonTypeInfo<T>? typeInfo) => new(context =>
        new SseItemDialect<T>(typeInfo, context.Settings, context.Format));
}

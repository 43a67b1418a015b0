using System.Net.ServerSentEvents;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Gai.Pipelines.Hosting;

/// <summary>Finds the dialect of events for which none was named.</summary>
internal static class DefaultDialect
{
    /// <summary>AI events speak gai, all others plain.</summary>
    public static DialectFactory<T> For<T>(HttpContext context, EventStreamResultOptions? options)
    {
        if (IsItem(typeof(T)))
        {
            // As JSON an item would lose its name and id without a word.
            throw new InvalidOperationException(
                "This overload does not know the type of the data of an SseItem. Leave out the event type, which an item has itself; " +
                "or name the dialect: Dialects.SseItems(AppJson.Default.Data).");
        }

        return GaiFor<T>() ?? Dialects.Plain(TypeInfoOf<T>(context, options), new EventName(options?.EventType));
    }

    /// <summary>The same for the events of a topic.</summary>
    public static DialectFactory<T> For<T>(JsonOptions json, string topic)
    {
        if (IsItem(typeof(T)))
        {
            throw new InvalidOperationException(
                $"The type of the data of an SseItem is not known to the topic {topic}. Name its dialect: " +
                $"services.Configure<EventTopicOptions>(\"{topic}\", o => o.UseDialect(Dialects.SseItems(AppJson.Default.Data))).");
        }

        return GaiFor<T>() ?? Dialects.Plain(TypeInfoOf<T>(json));
    }

    /// <summary>The framework's items speak plain, with names and ids of their own.</summary>
    public static DialectFactory<SseItem<T>> ForItems<T>(HttpContext context, EventStreamResultOptions? options) =>
        Dialects.SseItems(TypeInfoOf<T>(context, options));

    private static JsonTypeInfo<T>? TypeInfoOf<T>(HttpContext context, EventStreamResultOptions? options)
    {
        if (options?.JsonTypeInfo is { } given)
        {
            return given as JsonTypeInfo<T> ?? throw new InvalidOperationException(
                $"The stream's JsonTypeInfo is for {given.Type.Name}, but its events are {typeof(T).Name}. Give a JsonTypeInfo<{typeof(T).Name}>.");
        }

        return TypeInfoOf<T>(context.RequestServices.GetRequiredService<IOptions<JsonOptions>>().Value);
    }

    /// <summary>Text and bytes are written as they are.</summary>
    private static JsonTypeInfo<T>? TypeInfoOf<T>(JsonOptions json) =>
        typeof(T) == typeof(string) || typeof(T) == typeof(byte[]) ? null : (JsonTypeInfo<T>)json.SerializerOptions.GetTypeInfo(typeof(T));

    private static DialectFactory<T>? GaiFor<T>() => typeof(T) == typeof(StreamEvent) ? (DialectFactory<T>)(object)Dialects.Gai : null;

    private static bool IsItem(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(SseItem<>);
}

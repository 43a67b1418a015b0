using System.Diagnostics.CodeAnalysis;
using Gai.Pipelines;
using Gai.Pipelines.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps endpoints that serve topics.</summary>
public static class EventTopicEndpointExtensions
{
    /// <summary>Maps GET requests to a topic: each client gets what is published from now on, or what it has missed since the event whose id it sends.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="endpoints">The application or a group.</param>
    /// <param name="pattern">The route.</param>
    /// <param name="topic">The topic's name. <see cref="EventTopics"/> publishes to it.</param>
    /// <returns>The endpoint's convention builder, for authorization, CORS, rate limits and options.</returns>
    /// <exception cref="ArgumentException">The name is none that a topic can have: see <see cref="EventTopics.OpenAsync"/>.</exception>
    public static IEndpointConventionBuilder MapEventTopic<T>(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern, string topic)
    {
        EventTopics.CheckName(topic);
        return endpoints.MapEventTopic<T>(pattern, _ => topic);
    }

    /// <summary>Maps GET requests to the topic that a request names.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="endpoints">The application or a group.</param>
    /// <param name="pattern">The route.</param>
    /// <param name="topic">
    /// Names the topic of a request. A topic lasts as long as the process: let clients choose among those that exist. A name that no topic can have
    /// is answered with 400.
    /// </param>
    /// <returns>The endpoint's convention builder, for authorization, CORS, rate limits and options.</returns>
    public static IEndpointConventionBuilder MapEventTopic<T>(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern, Func<HttpContext, string> topic)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        ArgumentNullException.ThrowIfNull(topic);
        IEndpointConventionBuilder endpoint = endpoints.MapGet(pattern, context => TopicEndpoint.HandleAsync<T>(context, topic));
        endpoint.Add(static builder => EventStreamMetadata.AddTo(builder, typeof(T), StreamMediaTypes));
        return endpoint;
    }

    private static string[] StreamMediaTypes { get; } =
        [.. Enum.GetValues<StreamFormat>().Where(static format => format != StreamFormat.JsonDocument).Select(static format => format.MediaType())];
}

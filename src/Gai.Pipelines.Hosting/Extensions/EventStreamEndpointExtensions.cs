using System.Diagnostics.CodeAnalysis;
using System.Net.ServerSentEvents;
using Gai.Pipelines;
using Gai.Pipelines.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps endpoints that stream, and sets their options.</summary>
public static class EventStreamEndpointExtensions
{
    /// <summary>Maps GET requests to a stream of what an async enumerable yields.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="endpoints">The application or a group.</param>
    /// <param name="pattern">The route.</param>
    /// <param name="source">Makes the events of a request. <c>HttpContext.RequestAborted</c> tells when its client leaves.</param>
    /// <returns>The endpoint's convention builder, for authorization, CORS, rate limits and options.</returns>
    public static IEndpointConventionBuilder MapEventStream<T>(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern, Func<HttpContext, IAsyncEnumerable<T>> source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return endpoints.Map(pattern, context => TypedResults.Extensions.EventStream(source(context)));
    }

    /// <summary>Maps GET requests to a stream of the framework's items, with their names, ids and retry times.</summary>
    /// <typeparam name="T">The type of the data.</typeparam>
    /// <param name="endpoints">The application or a group.</param>
    /// <param name="pattern">The route.</param>
    /// <param name="source">Makes the items of a request. <c>HttpContext.RequestAborted</c> tells when its client leaves.</param>
    /// <returns>The endpoint's convention builder, for authorization, CORS, rate limits and options.</returns>
    public static IEndpointConventionBuilder MapEventStream<T>(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern, Func<HttpContext, IAsyncEnumerable<SseItem<T>>> source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return endpoints.Map(pattern, context => TypedResults.Extensions.EventStream(source(context)));
    }

    /// <summary>Changes the options of the streams of an endpoint, or of all endpoints of a group.</summary>
    /// <typeparam name="TBuilder">The type of the convention builder.</typeparam>
    /// <param name="builder">The endpoint or the group.</param>
    /// <param name="configure">Changes a copy of the application's options; it must only set values.</param>
    /// <returns>The same builder.</returns>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">A value is out of its range. What is so only beside the application's options stops its start.</exception>
    public static TBuilder WithEventStreamOptions<TBuilder>(this TBuilder builder, Action<EventStreamOptions> configure)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);

        // What is wrong by itself is told where it is written; what is wrong beside the application's options, at its start.
        var trial = new EventStreamOptions();
        configure(trial);
        EventStreamOptionsValidator.ThrowIfInvalid(trial);
        builder.Add(endpoint => endpoint.Metadata.Add(new EndpointOptionsMetadata(configure)));
        return builder;
    }

    private static IEndpointConventionBuilder Map<T>(this IEndpointRouteBuilder endpoints, string pattern, Func<HttpContext, EventStreamResult<T>> result)
    {
        ArgumentNullException.ThrowIfNull(endpoints);
        IEndpointConventionBuilder endpoint = endpoints.MapGet(pattern, context => result(context).ExecuteAsync(context));
        endpoint.Add(static builder => EventStreamMetadata.AddTo(builder, typeof(T)));
        return endpoint;
    }
}

using System.Reflection;
using Gai.Pipelines.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Adds the middleware of event streams to an application.</summary>
public static class GaiPipelinesApplicationBuilderExtensions
{
    /// <summary>Adds the <see cref="EventStreamMiddleware"/>.</summary>
    /// <param name="app">The application. Call it after the middlewares for CORS, authentication and authorization, and before the first <c>Map</c> of an endpoint.</param>
    /// <returns>The same application.</returns>
    /// <exception cref="InvalidOperationException">The services are missing.</exception>
    /// <remarks>
    /// A request body that cannot be read as JSON then throws (<see cref="RouteHandlerOptions.ThrowOnBadRequest"/>, of all endpoints of the application), so that
    /// the middleware can say where; endpoints that do not stream still answer with 400 alone, and what they throw themselves passes. Endpoints learn of it with the first of them that is
    /// mapped: if one was before this call and there are handlers of streams among them, the application does not start.
    /// </remarks>
    public static IApplicationBuilder UseGaiPipelines(this IApplicationBuilder app)
    {
        ArgumentNullException.ThrowIfNull(app);
        if (app.ApplicationServices.GetService<EventStreamMiddleware>() is not { } middleware)
        {
            throw new InvalidOperationException("UseGaiPipelines needs its services. Add builder.Services.AddGaiPipelines() to the application.");
        }

        if (app.ApplicationServices.GetService<IOptions<RouteHandlerOptions>>()?.Value is { } handlers)
        {
            middleware.HidesBadRequests |= !handlers.ThrowOnBadRequest;
            handlers.ThrowOnBadRequest = true;
        }

        EndpointDataSource[] mappedBefore = app is IEndpointRouteBuilder routes ? [.. routes.DataSources] : [];

        // UseMiddleware<EventStreamMiddleware>() does the same, but finds it anew in a scope of services for every request (0.5 KB a stream).
        return app.Use(next =>
        {
            ThrowIfBadRequestsAreHidden(mappedBefore);
            return context => middleware.InvokeAsync(context, next);
        });
    }

    /// <summary>Looks for streams whose bad requests would get a bare 400, when all endpoints are known. Not only where they do: in development they throw by themselves.</summary>
    private static void ThrowIfBadRequestsAreHidden(EndpointDataSource[] mappedBefore)
    {
        // Only a route handler, which has its method here, has the framework read the request.
        Endpoint? hidden = mappedBefore.SelectMany(static source => source.Endpoints).FirstOrDefault(
            static endpoint => endpoint.Metadata.GetMetadata<EventStreamMetadata>() is not null && endpoint.Metadata.GetMetadata<MethodInfo>() is not null);
        if (hidden is not null)
        {
            throw new InvalidOperationException(
                $"UseGaiPipelines() was called after endpoints had been mapped, so {hidden.DisplayName} would answer requests that it cannot read with 400 and nothing else. Call it before the first Map.");
        }
    }
}

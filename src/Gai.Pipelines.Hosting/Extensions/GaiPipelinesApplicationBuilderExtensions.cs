using Gai.Pipelines.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Adds the middleware of event streams to an application.</summary>
public static class GaiPipelinesApplicationBuilderExtensions
{
    /// <summary>Adds the <see cref="EventStreamMiddleware"/>.</summary>
    /// <param name="app">The application. Call it after the middlewares for CORS, authentication and authorization.</param>
    /// <returns>The same application.</returns>
    /// <exception cref="InvalidOperationException">The services are missing.</exception>
    /// <remarks>
    /// A request body that cannot be read as JSON then throws (<see cref="RouteHandlerOptions.ThrowOnBadRequest"/>), so that
    /// the middleware can say where; endpoints that do not stream still answer with 400 alone.
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
            middleware.HidesBadRequests = !handlers.ThrowOnBadRequest;
            handlers.ThrowOnBadRequest = true;
        }

        // UseMiddleware<EventStreamMiddleware>() does the same, but finds it anew in a scope of services for every request (0.5 KB a stream).
        return app.Use(next => context => middleware.InvokeAsync(context, next));
    }
}

using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.Hosting;

/// <summary>Finds the library's services in a request.</summary>
internal static class EventStreamServices
{
    /// <summary>Finds the executor. Where the middleware is used it knows it, and the request needs no scope of services for that.</summary>
    public static EventStreamExecutor Executor(HttpContext context) =>
        EventStreamFeature.Find(context)?.Middleware?.Executor ?? context.RequestServices.GetService<EventStreamExecutor>() ?? throw new InvalidOperationException(
            "Event streams need their services. Add builder.Services.AddGaiPipelines() to the application.");
}

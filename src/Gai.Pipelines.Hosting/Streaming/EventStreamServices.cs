using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.Hosting;

/// <summary>Finds the library's services in a request.</summary>
internal static class EventStreamServices
{
    public static EventStreamExecutor Executor(HttpContext context) =>
        context.RequestServices.GetService<EventStreamExecutor>() ?? throw new InvalidOperationException(
            "Event streams need their services. Add builder.Services.AddGaiPipelines() to the application.");
}

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.Hosting;

/// <summary>Checks what endpoints change about the options when the application starts: only then are both known, theirs and its own.</summary>
internal sealed class EndpointOptionsCheck(EventStreamProfiles profiles) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        next(app);
        foreach (Endpoint endpoint in app.ApplicationServices.GetService<EndpointDataSource>()?.Endpoints ?? [])
        {
            _ = profiles.Of(endpoint);
        }
    };
}

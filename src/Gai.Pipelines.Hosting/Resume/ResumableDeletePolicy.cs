using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;

namespace Gai.Pipelines.Hosting;

/// <summary>Lets one of several resumable endpoints of one route and one name answer DELETE, such as the POST that begins its streams and the GET that reads them: for routing they are as good as each other.</summary>
internal sealed class ResumableDeletePolicy : MatcherPolicy, IEndpointSelectorPolicy
{
    /// <summary>After the framework's, which may leave one candidate.</summary>
    public override int Order => int.MaxValue;

    public bool AppliesToEndpoints(IReadOnlyList<Endpoint> endpoints) =>
        endpoints.Count(static endpoint => endpoint.Metadata.GetMetadata<ResumableEndpoint>() is not null) > 1;

    public Task ApplyAsync(HttpContext httpContext, CandidateSet candidates)
    {
        if (!HttpMethods.IsDelete(httpContext.Request.Method))
        {
            return Task.CompletedTask;
        }

        ResumableEndpoint? first = null;
        for (int i = 0; i < candidates.Count; i++)
        {
            if (candidates.IsValidCandidate(i) && candidates[i].Endpoint?.Metadata.GetMetadata<ResumableEndpoint>() is { } endpoint)
            {
                if (first is null)
                {
                    first = endpoint;
                }
                else if (first.HasNameOf(endpoint))
                {
                    candidates.SetValidity(i, false);
                }
            }
        }

        return Task.CompletedTask;
    }
}

using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Matching;

namespace Gai.Pipelines.Hosting;

/// <summary>Lets one of several resumable endpoints of one route and one name answer DELETE, such as the POST that begins its streams and the GET that reads them: for routing they are as good as each other. The one with the most policies answers, else the first.</summary>
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

        for (int i = 1; i < candidates.Count; i++)
        {
            for (int j = 0; j < i && candidates.IsValidCandidate(i); j++)
            {
                if (candidates.IsValidCandidate(j) && IsOfOneName(candidates[i].Endpoint, candidates[j].Endpoint))
                {
                    candidates.SetValidity(IsGuardedMore(candidates[i].Endpoint!, candidates[j].Endpoint!) ? j : i, false);
                }
            }
        }

        return Task.CompletedTask;
    }

    private static bool IsOfOneName(Endpoint? one, Endpoint? other) =>
        one?.Metadata.GetMetadata<ResumableEndpoint>() is { } first && other?.Metadata.GetMetadata<ResumableEndpoint>() is { } second && first.HasNameOf(second);

    /// <summary>Whether more policies stand before one endpoint than before the other: who may only read is not to cancel.</summary>
    private static bool IsGuardedMore(Endpoint one, Endpoint other) => Guards(one) > Guards(other);

    private static int Guards(Endpoint endpoint) =>
        endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null ? endpoint.Metadata.GetOrderedMetadata<IAuthorizeData>().Count : 0;
}

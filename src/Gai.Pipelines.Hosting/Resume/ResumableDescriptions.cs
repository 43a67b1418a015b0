using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.ApiExplorer;

namespace Gai.Pipelines.Hosting;

/// <summary>Leaves the DELETE of resumable endpoints out of the descriptions of an API, in which it would be the endpoint itself a second time: with its operation id, its body and its answers.</summary>
internal sealed class ResumableDescriptions : IApiDescriptionProvider
{
    public int Order => 0;

    public void OnProvidersExecuting(ApiDescriptionProviderContext context)
    {
    }

    // Whatever the order, all have described their endpoints by now.
    public void OnProvidersExecuted(ApiDescriptionProviderContext context)
    {
        for (int i = context.Results.Count - 1; i >= 0; i--)
        {
            ApiDescription one = context.Results[i];
            if (HttpMethods.IsDelete(one.HttpMethod ?? string.Empty) && one.ActionDescriptor.EndpointMetadata?.OfType<ResumableEndpoint>().Any() == true)
            {
                context.Results.RemoveAt(i);
            }
        }
    }
}

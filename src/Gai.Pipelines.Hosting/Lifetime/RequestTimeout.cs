using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;

namespace Gai.Pipelines.Hosting;

/// <summary>Tells a request that the framework's <c>UseRequestTimeouts</c> has cancelled from one whose client has left: <c>RequestAborted</c> is both.</summary>
internal static class RequestTimeout
{
    public static bool HasPassed(HttpContext context) =>
        context.Features.Get<IHttpRequestTimeoutFeature>() is { RequestTimeoutToken.IsCancellationRequested: true };
}

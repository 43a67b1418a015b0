using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;

namespace Gai.Pipelines.Hosting;

/// <summary>The head of a response that streams. It can be taken back until it is sent.</summary>
/// <remarks>
/// No <c>Connection</c> and no <c>Transfer-Encoding</c>: both are the server's business and malformed in HTTP/2 (RFC 9113, 8.2.2).
/// </remarks>
internal struct ResponseHead
{
    private StringValues _cacheControlBefore;

    public void Set(HttpResponse response, StreamFormat format)
    {
        response.StatusCode = StatusCodes.Status200OK;
        response.ContentType = format.MediaType();

        // For caches and for proxies that compress; the second is nginx's way to say: hold nothing back.
        _cacheControlBefore = response.Headers.CacheControl;
        response.Headers.CacheControl = "no-cache, no-store, no-transform";
        response.Headers["X-Accel-Buffering"] = "no";
        response.HttpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
    }

    public readonly void Unset(HttpResponse response)
    {
        if (!response.HasStarted)
        {
            response.ContentType = null;
            response.Headers.CacheControl = _cacheControlBefore;
            response.Headers.ContentEncoding = default;
            response.Headers.Remove("X-Accel-Buffering");
            response.Headers.Remove(ResumePoint.StreamIdHeader);
        }
    }
}

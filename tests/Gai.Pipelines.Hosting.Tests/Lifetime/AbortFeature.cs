using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gai.Pipelines.Hosting.Tests.Lifetime;

/// <summary>Counts how often a request is aborted.</summary>
internal sealed class AbortFeature : IHttpRequestLifetimeFeature
{
    public int Aborts { get; private set; }

    public CancellationToken RequestAborted { get; set; }

    /// <summary>Gets or sets whether the request is over, and its context no longer its own.</summary>
    public bool IsOver { get; set; }

    public void Abort()
    {
        ObjectDisposedException.ThrowIf(IsOver, typeof(HttpContext));
        Aborts++;
    }
}

using Microsoft.AspNetCore.Http.Features;

namespace Gai.Pipelines.Hosting.Tests.Lifetime;

/// <summary>Counts how often a request is aborted.</summary>
internal sealed class AbortFeature : IHttpRequestLifetimeFeature
{
    public int Aborts { get; private set; }

    public CancellationToken RequestAborted { get; set; }

    public void Abort() => Aborts++;
}

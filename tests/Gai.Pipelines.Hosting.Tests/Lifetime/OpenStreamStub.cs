using Gai.Pipelines.Internal;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.Hosting.Tests.Lifetime;

/// <summary>An open stream that notes how it is ended.</summary>
internal sealed class OpenStreamStub : IOpenStream
{
    public List<(StreamOutcomeReason Reason, StreamError Farewell)> Endings { get; } = [];

    /// <summary>Gets or sets what happens when it is ended.</summary>
    public Action OnEnd { get; set; } = static () => { };

    public void End(StreamOutcomeReason reason, StreamError farewell)
    {
        Endings.Add((reason, farewell));
        OnEnd();
    }
}

/// <summary>An open stream as the registry knows it.</summary>
internal sealed class OpenEntryStub(IOpenStream stream, HttpContext context) : StreamRegistry.Entry
{
    public override IOpenStream Stream { get; } = stream;

    public override HttpContext Context { get; } = context;
}

using System.Threading.Channels;
using Gai.Pipelines.LoadTests.Measuring;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.LoadTests.Servers;

/// <summary>A way to write streams into responses of Kestrel.</summary>
internal interface IContender
{
    /// <summary>Adds what it needs to the application.</summary>
    void Configure(WebApplicationBuilder builder);

    /// <summary>Maps what the scenarios ask for.</summary>
    /// <returns>The engine that ticks.</returns>
    ITicker Map(WebApplication app, ServerState state);
}

/// <summary>A way to write streams of events of its own type.</summary>
/// <typeparam name="T">What it is given as an event, by a source that costs the same for all.</typeparam>
/// <param name="spec">What was asked for.</param>
/// <param name="format">What it writes.</param>
internal abstract class Contender<T>(ContenderSpec spec, WireFormat format) : IContender
{
    protected ContenderSpec Spec { get; } = spec;

    protected WireFormat Format { get; } = format;

    /// <summary>How many bytes are held before a flush, although more is ready.</summary>
    protected int UnflushedLimit { get; } = spec.Number("unflushed") ?? 16 * 1024;

    public virtual void Configure(WebApplicationBuilder builder)
    {
    }

    public ITicker Map(WebApplication app, ServerState state)
    {
        Use(app);
        return new StreamEndpoints<T>(this, Spec, state).Map(app);
    }

    /// <summary>Whether it cancels what it pulls when the client leaves; else a source needs the token of the request.</summary>
    protected virtual bool HandsOnToken => false;

    /// <summary>Makes an event.</summary>
    public abstract T Event(string text);

    /// <summary>Writes what it pulls.</summary>
    public abstract Task PullAsync(HttpContext context, IAsyncEnumerable<T> events);

    /// <summary>Writes what others put into a channel.</summary>
    public abstract Task ReadAsync(HttpContext context, Channel<T> events);

    /// <summary>Writes so many events of a ring, as fast as they go.</summary>
    public virtual Task BurstAsync(HttpContext context, T[] ring, long count) => PullAsync(context, Ring.PullAsync(ring, count));

    /// <summary>Writes nothing, but waits until the client has gone.</summary>
    public virtual Task IdleAsync(HttpContext context) => Spec.Get("source") == "channel"
        ? ReadAsync(context, Channel.CreateBounded<T>(new BoundedChannelOptions(Spec.Number("capacity") ?? 256) { SingleReader = true }))
        : PullAsync(context, Ring.SilenceAsync<T>(HandsOnToken ? default : context.RequestAborted));

    /// <summary>Answers each record with the same one.</summary>
    public virtual Task EchoAsync(HttpContext context) => throw new NotSupportedException($"{Spec.Name} does not answer records.");

    /// <summary>Adds to the endpoint of bursts.</summary>
    public virtual void Adapt(IEndpointConventionBuilder burst)
    {
    }

    /// <summary>Adds middleware.</summary>
    protected virtual void Use(WebApplication app)
    {
    }

    /// <summary>Sets the head that all have.</summary>
    protected void SetHead(HttpResponse response)
    {
        response.ContentType = Format.MediaType;
        response.Headers.CacheControl = "no-cache,no-store";
    }
}

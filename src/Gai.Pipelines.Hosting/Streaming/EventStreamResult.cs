using System.Reflection;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace Gai.Pipelines.Hosting;

/// <summary>Streams events as the response of an endpoint. Made by <c>TypedResults.Extensions.EventStream</c>.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>An instance answers one request.</remarks>
public sealed class EventStreamResult<T> : IResult, IEndpointMetadataProvider
{
    private Func<EventStreamProfile, StreamSource<T>>? _source;
    private readonly Func<HttpContext, EventStreamResultOptions?, DialectFactory<T>> _dialect;
    private readonly EventStreamResultOptions? _options;

    internal EventStreamResult(
        Func<EventStreamProfile, StreamSource<T>> source,
        Func<HttpContext, EventStreamResultOptions?, DialectFactory<T>> dialect,
        EventStreamResultOptions? options)
    {
        _source = source;
        _dialect = dialect;
        _options = options;
    }

    /// <summary>Runs the stream to its end.</summary>
    /// <param name="httpContext">The request.</param>
    /// <returns>A task that ends with the stream.</returns>
    /// <exception cref="InvalidOperationException">It was run before.</exception>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);

        // Whoever waits for the stream holds this: what made the source is not needed any more.
        Func<EventStreamProfile, StreamSource<T>> source = Interlocked.Exchange(ref _source, null) ??
            throw new InvalidOperationException("This result has been run already, and its events are read once. Make a new EventStream(...) for each request.");
        EventStreamExecutor executor = EventStreamServices.Executor(httpContext);
        EventStreamFeature.Of(httpContext).IsResult = true;
        StreamSource<T>? events = null;
        DialectFactory<T> dialects;
        try
        {
            EventStreamProfile profile = executor.ProfileOf(httpContext);
            events = source(profile);
            dialects = _dialect(httpContext, _options);
        }
        catch (Exception failure)
        {
            // The serializer does not know the type, for example. Whoever fills the source must learn that nobody will read it.
            return executor.FailAsync(httpContext, events ?? source(executor.DefaultProfile), _options, failure);
        }

        return executor.ExecuteAsync(httpContext, events, dialects, _options);
    }

    static void IEndpointMetadataProvider.PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        EventStreamMetadata.AddTo(builder, typeof(T));
    }
}

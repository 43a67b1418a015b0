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
    private readonly Func<EventStreamProfile, StreamSource<T>> _source;
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
    public Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        EventStreamExecutor executor = EventStreamServices.Executor(httpContext);
        return executor.ExecuteAsync(httpContext, _source(executor.ProfileOf(httpContext)), _dialect(httpContext, _options), _options);
    }

    static void IEndpointMetadataProvider.PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        EventStreamMetadata.AddTo(builder, typeof(T));
    }
}

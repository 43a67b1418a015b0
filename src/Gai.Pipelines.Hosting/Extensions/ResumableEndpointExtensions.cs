using Gai.Pipelines;
using Gai.Pipelines.Hosting;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Makes the streams of endpoints resumable.</summary>
public static class ResumableEndpointExtensions
{
    /// <summary>Lets the streams of an endpoint be resumed, read by several clients, and cancelled.</summary>
    /// <typeparam name="TBuilder">The type of the convention builder.</typeparam>
    /// <param name="builder">The endpoint, whose handler returns a stream as a result; or a group of such endpoints.</param>
    /// <param name="configure">Sets the options; <see langword="null"/> for the defaults.</param>
    /// <returns>The same builder.</returns>
    /// <remarks>
    /// <para>
    /// A stream is produced once, into a log, and belongs to no request: it goes on when its client leaves, until nobody has read it for <see cref="LogOptions.AbandonAfter"/>. The response has its id in the
    /// header <c>Stream-Id</c>, and each event has one. A request with <c>Last-Event-ID</c> (or <c>?lastEventId=</c>) goes on behind that event, one with <c>Stream-Id</c> (or
    /// <c>?streamId=</c>) reads the stream from its start; neither runs the handler. DELETE with either, or at an address that has a key, cancels; OpenAPI
    /// documents do not name it.
    /// </para>
    /// <para>
    /// The handler's <c>CancellationToken</c> and its services are the producer's: the token is cancelled when the stream ends, the scope is disposed of then. It is a new scope: what a
    /// middleware has set on a scoped service, such as a tenant, is not in it, and is to be handed over in <c>HttpContext.Items</c>. Only the <c>HttpContext</c> itself remains
    /// the request's: what the source needs of it is to be read before the handler returns. The source runs in the request's culture, and in the activity <c>gai.produce</c>, which is linked to the request's.
    /// </para>
    /// <para>
    /// Endpoint filters are part of the handler: they run once, for the request that begins the stream. So an endpoint with filters, its groups' included, is refused unless <see cref="ResumableOptions.MayRead"/>
    /// says who may resume, read and cancel. Authorization and middlewares see every request.
    /// </para>
    /// </remarks>
    /// <exception cref="Microsoft.Extensions.Options.OptionsValidationException">An option is out of its range.</exception>
    public static TBuilder Resumable<TBuilder>(this TBuilder builder, Action<ResumableOptions>? configure = null)
        where TBuilder : IEndpointConventionBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        var options = new ResumableOptions();
        configure?.Invoke(options);
        options.Validate();
        builder.Finally(endpoint => ResumableEndpoint.AddTo(endpoint, options));
        return builder;
    }
}

using System.Globalization;
using System.Threading.RateLimiting;
using Gai.Pipelines.Internal;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Gai.Pipelines.Hosting;

/// <summary>Limits how many streams are open at once: in all, per endpoint, per client. Who comes too late is refused; nobody is sent away for another.</summary>
/// <remarks>What is not limited costs nothing: its limiter is not made.</remarks>
internal sealed class StreamAdmission : IDisposable
{
    private readonly ConcurrencyLimiter? _total;
    private readonly PartitionedRateLimiter<HttpContext>? _clients;
    private readonly Lazy<PartitionedRateLimiter<(Endpoint? Endpoint, int Limit)>> _endpoints;
    private readonly int? _perClient;

    public StreamAdmission(IOptions<EventStreamOptions> options)
    {
        EventStreamOptions limits = options.Value;
        _total = limits.MaxStreams is { } all ? new ConcurrencyLimiter(UpTo(all)) : null;
        _perClient = limits.MaxStreamsPerClient;
        if (_perClient is { } each)
        {
            Func<HttpContext, string?> keyOf = limits.ClientKey ?? ClientKey.Of;
            _clients = PartitionedRateLimiter.Create<HttpContext, (bool IsLimited, string Key)>(context => keyOf(context) is { } key
                ? RateLimitPartition.GetConcurrencyLimiter((true, key), _ => UpTo(each))
                : RateLimitPartition.GetNoLimiter((false, string.Empty)));
        }

        _endpoints = new(static () => PartitionedRateLimiter.Create<(Endpoint?, int Limit), (Endpoint?, int Limit)>(
            static place => RateLimitPartition.GetConcurrencyLimiter(place, static of => UpTo(of.Limit))));
    }

    /// <summary>Takes the places of a stream, or none if one of them is not free.</summary>
    /// <param name="context">The request.</param>
    /// <param name="perEndpoint">How many streams its endpoint may have.</param>
    public Admission Enter(HttpContext context, int? perEndpoint)
    {
        if (_total is null && _clients is null && perEndpoint is null)
        {
            return Admission.Unlimited;
        }

        var places = new Admission(Refusal: null) { Total = _total?.AttemptAcquire() };
        if (places.Total is { IsAcquired: false })
        {
            return Refuse(places, ServerIsFull);
        }

        places = places with { Endpoint = perEndpoint is { } limit ? _endpoints.Value.AttemptAcquire((context.GetEndpoint(), limit)) : null };
        if (places.Endpoint is { IsAcquired: false })
        {
            return Refuse(places, EndpointIsFull);
        }

        try
        {
            places = places with { Client = _clients?.AttemptAcquire(context) };
        }
        catch
        {
            // The key is the application's code.
            places.Dispose();
            throw;
        }

        return places.Client is { IsAcquired: false } ? Refuse(places, ClientHasEnough(_perClient!.Value)) : places;
    }

    public void Dispose()
    {
        _total?.Dispose();
        _clients?.Dispose();
        if (_endpoints.IsValueCreated)
        {
            _endpoints.Value.Dispose();
        }
    }

    private static StreamError ServerIsFull => new(StreamErrorCodes.Overloaded, "The server has as many streams open as it takes; try again later.", Temporary: true);

    private static StreamError EndpointIsFull => new(StreamErrorCodes.Overloaded, "This endpoint has as many streams open as it takes; try again later.", Temporary: true);

    private static StreamError ClientHasEnough(int limit) => new(
        StreamErrorCodes.RateLimited,
        string.Create(CultureInfo.InvariantCulture, $"You have as many streams open as a client may, {limit:N0}; end one, or try again later."),
        Temporary: true);

    private static Admission Refuse(Admission places, StreamError refusal)
    {
        places.Dispose();
        return new Admission(refusal with { RetryAfter = Retry.Jittered() });
    }

    private static ConcurrencyLimiterOptions UpTo(int limit) => new() { PermitLimit = limit, QueueLimit = 0 };
}

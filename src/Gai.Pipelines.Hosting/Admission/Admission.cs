using System.Threading.RateLimiting;

namespace Gai.Pipelines.Hosting;

/// <summary>Whether a stream may begin, and its places among the limits until it is over. Disposed of once.</summary>
/// <param name="Refusal">What the client is told if it may not.</param>
internal sealed record Admission(StreamError? Refusal) : IDisposable
{
    /// <summary>Gets the admission of a stream that no limit applies to; all of them share it.</summary>
    public static Admission Unlimited { get; } = new(Refusal: null);

    /// <summary>The place among all streams, if they are limited.</summary>
    public RateLimitLease? Total { get; init; }

    /// <summary>The place among the streams of the endpoint, if they are limited.</summary>
    public RateLimitLease? Endpoint { get; init; }

    /// <summary>The place among the streams of the client, if they are limited.</summary>
    public RateLimitLease? Client { get; init; }

    public void Dispose()
    {
        Client?.Dispose();
        Endpoint?.Dispose();
        Total?.Dispose();
    }
}

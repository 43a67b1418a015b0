using System.Diagnostics.Metrics;
using Gai.Pipelines.Internal;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Gai.Pipelines.Hosting;

/// <summary>Decides which streams are compressed, and how many of them may be at once.</summary>
internal sealed class CompressedStreams
{
    private readonly int _most;
    private int _count;

    public CompressedStreams(IOptions<EventStreamOptions> options, IMeterFactory meters)
    {
        _most = options.Value.MaxCompressedStreams;
        meters.Create(StreamMetrics.MeterName).CreateObservableUpDownCounter(
            "gai.stream.compressed", () => Volatile.Read(ref _count), "{stream}", "Streams that are open and compressed.");
    }

    /// <summary>Says in the head whether it depends on what the client accepts: caches must not give one client what another one can decompress.</summary>
    /// <returns>Whether it does.</returns>
    public static bool Vary(HttpResponse response, EventStreamProfile profile)
    {
        bool mayCompress = profile.Compression != StreamCompression.None && StringValues.IsNullOrEmpty(response.Headers.ContentEncoding);
        if (mayCompress)
        {
            response.Headers.AppendCommaSeparatedValues(HeaderNames.Vary, HeaderNames.AcceptEncoding);
        }

        return mayCompress;
    }

    /// <summary>Begins the body of a stream whose head is set and not sent.</summary>
    /// <returns><see langword="null"/> if it is sent as it is.</returns>
    public CompressedBody? Begin(HttpContext context, EventStreamProfile profile)
    {
        HttpResponse response = context.Response;
        if (!Vary(response, profile))
        {
            return null;
        }

        StreamCompression coding = CodingSelector.Select(context.Request.Headers.AcceptEncoding, profile.Compression);
        if (coding == StreamCompression.None || !TryEnter())
        {
            return null;
        }

        try
        {
            Compressor compressor = Compressor.Create(coding, response.BodyWriter);
            response.Headers.ContentEncoding = compressor.Coding;
            return new CompressedBody(context, compressor, profile.Pump, this);
        }
        catch
        {
            // No memory for the encoder.
            Leave();
            throw;
        }
    }

    public void Leave() => Interlocked.Decrement(ref _count);

    private bool TryEnter()
    {
        if (Interlocked.Increment(ref _count) <= _most)
        {
            return true;
        }

        Leave();
        return false;
    }
}

using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Gai.Pipelines.Hosting;

/// <summary>Chooses the content coding of a stream by what the client accepts (RFC 9110, 12.5.3).</summary>
internal static class CodingSelector
{
    /// <summary>Chooses among the codings that are offered.</summary>
    /// <returns>One of them; <see cref="StreamCompression.None"/> if the stream is sent as it is.</returns>
    /// <remarks>
    /// 12.4.1 lets a server disregard a header that it cannot satisfy: a client that accepts neither a coding nor none at all gets the stream as it is.
    /// So does one that says nothing; 12.5.3 allows it any coding, but such clients are those that know of none.
    /// </remarks>
    public static StreamCompression Select(StringValues acceptEncoding, StreamCompression offered)
    {
        if (acceptEncoding.Count == 0 || !StringWithQualityHeaderValue.TryParseList(acceptEncoding, out IList<StringWithQualityHeaderValue>? codings))
        {
            return StreamCompression.None;
        }

        StreamCompression best = StreamCompression.None;
        double bestQuality = QualityOf(codings, "identity", "identity");
        Consider(StreamCompression.Brotli, "br", "br");

        // 8.4.1.3: "A recipient SHOULD consider "x-gzip" to be equivalent to "gzip"."
        Consider(StreamCompression.Gzip, "gzip", "x-gzip");
        return best;

        // The later wins where both are liked as much, and either wins over none.
        void Consider(StreamCompression coding, string name, string alias)
        {
            double quality = (offered & coding) != StreamCompression.None ? QualityOf(codings, name, alias) : 0;
            if (quality > 0 && quality >= bestQuality)
            {
                best = coding;
                bestQuality = quality;
            }
        }
    }

    /// <summary>The quality of a coding: its own, else that of <c>*</c>, which stands for all that are not listed.</summary>
    private static double QualityOf(IList<StringWithQualityHeaderValue> codings, string name, string alias)
    {
        double quality = 0;
        foreach (StringWithQualityHeaderValue coding in codings)
        {
            if (coding.Value.Equals(name, StringComparison.OrdinalIgnoreCase) || coding.Value.Equals(alias, StringComparison.OrdinalIgnoreCase))
            {
                return coding.Quality ?? 1;
            }

            if (coding.Value == "*")
            {
                quality = coding.Quality ?? 1;
            }
        }

        return quality;
    }
}

using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace Gai.Pipelines.Hosting;

/// <summary>Chooses the format of a response by what the client accepts (RFC 9110, 12.5.1).</summary>
internal static class FormatSelector
{
    /// <summary>Chooses among the formats that are offered, the preferred one first.</summary>
    /// <returns><see langword="null"/> if the client accepts none of them.</returns>
    public static StreamFormat? Select(StringValues accept, IReadOnlyList<StreamFormat> offered)
    {
        // A header that cannot be read says nothing, as one that is absent.
        if (accept.Count == 0 ||
            (accept.Count == 1 && (string.IsNullOrWhiteSpace(accept[0]) || accept[0] == "*/*")) ||
            !MediaTypeHeaderValue.TryParseList(accept, out IList<MediaTypeHeaderValue>? ranges))
        {
            return offered[0];
        }

        StreamFormat? best = null;
        double bestQuality = 0;
        foreach (StreamFormat format in offered)
        {
            double quality = QualityOf(format.MediaType(), ranges);
            if (quality > bestQuality)
            {
                best = format;
                bestQuality = quality;
            }
        }

        return best;
    }

    /// <summary>The quality that the most specific range gives a media type: a type with parameters beats a type beats a subtype wildcard beats <c>*/*</c>.</summary>
    private static double QualityOf(string mediaType, IList<MediaTypeHeaderValue> ranges)
    {
        int slash = mediaType.IndexOf('/', StringComparison.Ordinal);
        ReadOnlySpan<char> type = mediaType.AsSpan(0, slash);
        ReadOnlySpan<char> subType = mediaType.AsSpan(slash + 1);
        int bestSpecificity = 0;
        double quality = 0;
        foreach (MediaTypeHeaderValue range in ranges)
        {
            int specificity = Specificity(range, type, subType);
            if (specificity > bestSpecificity)
            {
                bestSpecificity = specificity;
                quality = range.Quality ?? 1;
            }
        }

        return quality;
    }

    private static int Specificity(MediaTypeHeaderValue range, ReadOnlySpan<char> type, ReadOnlySpan<char> subType)
    {
        if (range.MatchesAllTypes)
        {
            return 1;
        }

        if (!range.Type.AsSpan().Equals(type, StringComparison.OrdinalIgnoreCase))
        {
            return 0;
        }

        if (range.MatchesAllSubTypes)
        {
            return 2;
        }

        if (!range.SubType.AsSpan().Equals(subType, StringComparison.OrdinalIgnoreCase) || !HasOnlyOurParameters(range))
        {
            return 0;
        }

        return range.Charset.HasValue ? 4 : 3;
    }

    /// <summary>Whether a range asks for nothing but what every format is: UTF-8.</summary>
    private static bool HasOnlyOurParameters(MediaTypeHeaderValue range)
    {
        foreach (NameValueHeaderValue parameter in range.Parameters)
        {
            bool isQuality = parameter.Name.Equals("q", StringComparison.OrdinalIgnoreCase);
            bool isUtf8 = parameter.Name.Equals("charset", StringComparison.OrdinalIgnoreCase) &&
                parameter.GetUnescapedValue().Equals("utf-8", StringComparison.OrdinalIgnoreCase);
            if (!isQuality && !isUtf8)
            {
                return false;
            }
        }

        return true;
    }
}

namespace Gai.Pipelines.Internal;

/// <summary>The media type of a response.</summary>
internal static class MediaType
{
    private const string Header = "Content-Type";

    /// <summary>Reads it as browsers do, who take a semicolon with nothing behind it (WHATWG MIME Sniffing, 4.4); the framework reads no type there at all.</summary>
    /// <returns>Without parameters; <see langword="null"/> if there is none.</returns>
    public static string? Of(HttpContent content)
    {
        if (content.Headers.ContentType?.MediaType is { } type)
        {
            return type;
        }

        string raw = content.Headers.NonValidated.TryGetValues(Header, out var values) ? values.ToString() : string.Empty;
        int end = raw.IndexOf(';', StringComparison.Ordinal);
        raw = (end < 0 ? raw : raw[..end]).Trim();
        return raw.Length > 0 ? raw : null;
    }
}

using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>Reads images, audio and files of a request.</summary>
internal static class RequestData
{
    /// <summary>Reads a <c>data:</c> URL as bytes, any other as an address that the provider fetches.</summary>
    public static AIContent FromUrl(RequestValue url, string mediaType, string? name = null)
    {
        string text = url.AsText();
        if (text.StartsWith("data:", StringComparison.OrdinalIgnoreCase))
        {
            try
            {
                return new DataContent(text) { Name = name };
            }
            catch (Exception failure) when (failure is ArgumentException or UriFormatException or FormatException)
            {
                throw url.Wrong("a data: URL such as data:image/png;base64,...");
            }
        }

        return Uri.TryCreate(text, UriKind.Absolute, out Uri? address) && address.Scheme is "http" or "https"
            ? OfMediaType(url, mediaType, address, static (at, type) => new UriContent(at, type))
            : throw url.Wrong("an http:, https: or data: URL");
    }

    public static DataContent FromBase64(RequestValue data, string mediaType)
    {
        if (!data.Json.TryGetBytesFromBase64(out byte[]? bytes))
        {
            throw data.Wrong("base64");
        }

        return OfMediaType(data, mediaType, bytes, static (content, type) => new DataContent(content, type));
    }

    private static TContent OfMediaType<TContent, TData>(RequestValue owner, string mediaType, TData data, Func<TData, string, TContent> make)
    {
        try
        {
            return make(data, mediaType);
        }
        catch (ArgumentException)
        {
            throw RequestError.At(owner.Path, $"{owner.Path} has the media type \"{mediaType}\", which is none. Name its real one.");
        }
    }
}

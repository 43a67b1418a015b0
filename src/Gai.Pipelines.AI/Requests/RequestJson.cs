using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;

namespace Gai.Pipelines.AI;

/// <summary>Parses what a client has sent, and makes sure that all its texts can be read as strings.</summary>
internal static class RequestJson
{
    // The vendors' own servers have limits of this kind; the parser's default of 64 is too low for nested schemas.
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 256 };

    /// <summary>Parses a body.</summary>
    /// <exception cref="JsonException">It is not JSON.</exception>
    /// <exception cref="StreamErrorException">It is not Unicode.</exception>
    public static async Task<JsonDocument> ReadAsync(Stream body, CancellationToken cancellationToken) =>
        Check(await JsonDocument.ParseAsync(body, Options, cancellationToken), "The request body");

    /// <summary>Parses JSON that came as a text.</summary>
    /// <param name="json">The text.</param>
    /// <param name="what">What it is, for the error.</param>
    /// <exception cref="JsonException">It is not JSON.</exception>
    /// <exception cref="StreamErrorException">It is not Unicode.</exception>
    public static JsonDocument Parse(string json, string what) => Check(JsonDocument.Parse(json, Options), what);

    /// <summary>The parser looks at neither; whoever makes a string of such a text later, a name among them, would throw.</summary>
    private static JsonDocument Check(JsonDocument document, string what)
    {
        ReadOnlySpan<byte> json = JsonMarshal.GetRawUtf8Value(document.RootElement);
        string? fault = !Utf8.IsValid(json) ? "is not UTF-8" : HasHalfOfAPair(json) ? "contains half of a surrogate pair" : null;
        if (fault is null)
        {
            return document;
        }

        document.Dispose();
        throw RequestError.At(null, $"{what} {fault}. Send Unicode text.");
    }

    /// <summary>Only an escape can be half a pair. The JSON is known to be well-formed: a backslash begins an escape, and it is whole.</summary>
    private static bool HasHalfOfAPair(ReadOnlySpan<byte> json)
    {
        int escape;
        while ((escape = json.IndexOf((byte)'\\')) >= 0)
        {
            json = json[escape..];
            if (json[1] != 'u')
            {
                json = json[2..];
                continue;
            }

            char unit = UnitOf(json);
            json = json["\\uFFFF".Length..];
            if (char.IsHighSurrogate(unit) && json.StartsWith("\\u"u8) && char.IsLowSurrogate(UnitOf(json)))
            {
                json = json["\\uFFFF".Length..];
            }
            else if (char.IsSurrogate(unit))
            {
                return true;
            }
        }

        return false;
    }

    private static char UnitOf(ReadOnlySpan<byte> escape) =>
        (char)ushort.Parse(escape.Slice(2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}

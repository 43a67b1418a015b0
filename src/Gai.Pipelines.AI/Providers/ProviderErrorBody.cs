using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Gai.Pipelines.AI.Providers;

/// <summary>Reads the errors of providers: <c>{"error":{"message","type","code","param"}}</c> and its relatives, as a body or in mid-stream.</summary>
internal static class ProviderErrorBody
{
    private const int LongestMessage = 2_000;

    /// <summary>Says what an error means.</summary>
    /// <param name="error">The error object, its text alone, or anything else.</param>
    /// <param name="status">The status of the response; 0 in mid-stream.</param>
    /// <param name="retryAfter">How long the provider asks to wait, if it does.</param>
    public static StreamError Read(JsonElement error, int status = 0, TimeSpan? retryAfter = null)
    {
        string? type = Text(error, "type");
        string? name = Text(error, "code");
        if (status == 0 && error.ValueKind == JsonValueKind.Object && error.TryGetProperty("code", out JsonElement number) && number.ValueKind == JsonValueKind.Number &&
            number.TryGetInt32(out int inBody))
        {
            status = inBody;
        }

        string code = Specific(name) ?? Specific(type) ?? (status >= 400 ? ProviderErrors.CodeOf(status) : General(type) ?? General(name) ?? StreamErrorCodes.Internal);
        string? message = error.ValueKind == JsonValueKind.String ? Text(error) : Text(error, "message") ?? Text(error, "detail");
        StreamError result = ProviderErrors.Error(code, Shorten(message) ?? "The provider of the model reported an error without a message.", retryAfter);
        return result with
        {
            Parameter = Text(error, "param"),
            Temporary = result.Temporary && name != "insufficient_quota" && type != "insufficient_quota",
        };
    }

    /// <summary>Names that say more than a status.</summary>
    private static string? Specific(string? name) => name switch
    {
        "context_length_exceeded" or "exceed_context_size_error" or "string_above_max_length" => StreamErrorCodes.ContextLengthExceeded,
        "content_filter" or "content_policy_violation" or "safety_blocked" => StreamErrorCodes.SafetyBlocked,
        "invalid_api_key" or "authentication_error" or "unauthorized" => StreamErrorCodes.Unauthorized,
        "permission_error" or "forbidden" => StreamErrorCodes.Forbidden,
        "model_not_found" or "not_found_error" or "not_found" => StreamErrorCodes.NotFound,
        "rate_limit_exceeded" or "rate_limit_error" or "rate_limited" or "insufficient_quota" => StreamErrorCodes.RateLimited,
        "overloaded" or "overloaded_error" => StreamErrorCodes.Overloaded,
        "timeout" or "timeout_error" => StreamErrorCodes.Timeout,
        "provider_unavailable" or "unavailable_error" or "server_draining" => StreamErrorCodes.ProviderUnavailable,
        "network" => StreamErrorCodes.Network,
        "unsupported" => StreamErrorCodes.Unsupported,
        _ => null,
    };

    /// <summary>Names that say less.</summary>
    private static string? General(string? name) => name switch
    {
        "invalid_request_error" or "invalid_request" or "BadRequestError" => StreamErrorCodes.InvalidRequest,
        _ => null,
    };

    private static string? Text(JsonElement error, string name) =>
        error.ValueKind == JsonValueKind.Object && error.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? Text(value) : null;

    /// <summary>Reads a text whatever is in it, since <see cref="JsonElement.GetString"/> throws for what is not Unicode: a provider may have cut off what it quotes.</summary>
    private static string Text(JsonElement value)
    {
        ReadOnlySpan<byte> escaped = JsonMarshal.GetRawUtf8Value(value)[1..^1];
        byte[] text = new byte[escaped.Length];
        char half = '\0';
        int length = JsonUnescape.Write(escaped, text, ref half);
        length += JsonUnescape.End(ref half, text.AsSpan(length));
        return Encoding.UTF8.GetString(text, 0, length);
    }

    private static string? Shorten(string? message) =>
        string.IsNullOrWhiteSpace(message) ? null : message.Length <= LongestMessage ? message : string.Concat(message.AsSpan(0, LongestMessage), "...");
}

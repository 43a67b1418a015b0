using System.Text.Json;
using Gai.Pipelines.Internal;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.AI;

/// <summary>The words that Anthropic's API has for stop reasons, errors, sources and counts.</summary>
internal static class AnthropicWords
{
    /// <summary>Not in the list of HTTP: the site is overloaded.</summary>
    private const int Status529Overloaded = 529;

    public static ReadOnlySpan<byte> StopReason(string neutral) => neutral switch
    {
        FinishReasons.Length or "max_tokens" => "max_tokens"u8,
        FinishReasons.ToolCalls or "tool_use" => "tool_use"u8,
        FinishReasons.StopSequence => "stop_sequence"u8,
        FinishReasons.ContentFilter or "refusal" => "refusal"u8,

        // Words of Anthropic's own, which come from a provider that speaks them.
        "pause_turn" => "pause_turn"u8,
        "model_context_window_exceeded" => "model_context_window_exceeded"u8,
        _ => "end_turn"u8,
    };

    public static string ErrorType(string code) => code switch
    {
        StreamErrorCodes.InvalidRequest or StreamErrorCodes.Unsupported or StreamErrorCodes.ContextLengthExceeded
            or StreamErrorCodes.SafetyBlocked => "invalid_request_error",
        StreamErrorCodes.Unauthorized => "authentication_error",
        StreamErrorCodes.Forbidden => "permission_error",
        StreamErrorCodes.NotFound => "not_found_error",
        StreamErrorCodes.RateLimited => "rate_limit_error",
        StreamErrorCodes.Overloaded or StreamErrorCodes.ServerDraining => "overloaded_error",
        StreamErrorCodes.Timeout => "timeout_error",
        _ => "api_error",
    };

    public static int Status(string code, int status) =>
        code is StreamErrorCodes.Overloaded or StreamErrorCodes.ServerDraining ? Status529Overloaded : status;

    /// <summary>Writes the body of a failure before the stream: <c>{"type":"error","error":{"type","message"}}</c>. The request's id is in the head.</summary>
    public static void WriteFailure(Utf8JsonWriter json, in StreamError error, int status)
    {
        json.WriteStartObject();
        json.WriteString("type"u8, "error"u8);
        json.WriteStartObject("error"u8);
        json.WriteString("type"u8, status == StatusCodes.Status413PayloadTooLarge ? "request_too_large" : ErrorType(error.Code));
        json.WriteString("message"u8, error.Message);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Writes the same object as the error event of a stream.</summary>
    public static void WriteErrorEvent(FrameWriter output, in StreamError error, string? requestId)
    {
        output.Write("event: error\ndata: {\"type\":\"error\""u8);
        var fields = new JsonFields(output, hasFields: true);
        fields.BeginObject("\"error\":"u8);
        fields.Text("\"type\":"u8, ErrorType(error.Code));
        fields.Text("\"message\":"u8, error.Message);
        fields.EndObject();
        fields.TextIfAny("\"request_id\":"u8, requestId);
        output.Write("}\n\n"u8);
    }

    /// <summary>Writes why the answer ended.</summary>
    public static void WriteStop(ref JsonFields fields, string reason, AnthropicCall call)
    {
        fields.Text("\"stop_reason\":"u8, StopReason(reason).ToArray());
        fields.TextOrNull("\"stop_sequence\":"u8, reason == FinishReasons.StopSequence ? call.OnlyStopSequence : null);
    }

    /// <summary>Writes the counts. What comes from the cache is not part of <c>input_tokens</c> here.</summary>
    public static void WriteUsage(ref JsonFields fields, TokenUsage? usage)
    {
        TokenUsage known = usage ?? default;
        fields.BeginObject("\"usage\":"u8);
        if (usage is not null)
        {
            // Some providers do not count what comes from the cache as input either: less than nothing would be told then.
            fields.Number("\"input_tokens\":"u8, Math.Max(known.InputTokens - known.CachedInputTokens, 0));
            fields.NumberIfAny("\"cache_read_input_tokens\":"u8, known.CachedInputTokens);
        }

        fields.Number("\"output_tokens\":"u8, known.OutputTokens);
        if (known.ReasoningTokens != 0)
        {
            fields.BeginObject("\"output_tokens_details\":"u8);
            fields.Number("\"thinking_tokens\":"u8, known.ReasoningTokens);
            fields.EndObject();
        }

        fields.EndObject();
    }

    /// <summary>Writes that the model itself made a call, which Anthropic's client for .NET insists on being told.</summary>
    public static void WriteCaller(ref JsonFields fields)
    {
        fields.BeginObject("\"caller\":"u8);
        fields.Text("\"type\":"u8, "direct");
        fields.EndObject();
    }

    /// <summary>Writes a source in the one form of Anthropic's that has an address.</summary>
    public static void WriteCitation(ref JsonFields fields, in Citation citation)
    {
        fields.Text("\"type\":"u8, "web_search_result_location");
        fields.Text("\"url\":"u8, citation.Uri);
        fields.Text("\"title\":"u8, citation.Title ?? citation.Uri); // null fails the AI SDK's older provider
        fields.Text("\"cited_text\":"u8, string.Empty);
        fields.Text("\"encrypted_index\":"u8, string.Empty);
    }
}

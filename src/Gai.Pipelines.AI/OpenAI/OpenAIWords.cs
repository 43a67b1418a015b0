using System.Text.Json;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines.AI;

/// <summary>The words that OpenAI's APIs have for finish reasons, errors and counts.</summary>
internal static class OpenAIWords
{
    /// <summary>The finish reason of chat completions.</summary>
    public static ReadOnlySpan<byte> FinishReason(string neutral) => neutral switch
    {
        FinishReasons.Length => "length"u8,
        FinishReasons.ToolCalls => "tool_calls"u8,
        FinishReasons.ContentFilter => "content_filter"u8,
        _ => "stop"u8,
    };

    /// <summary>The finish reason of legacy completions, which have no tools.</summary>
    public static ReadOnlySpan<byte> TextFinishReason(string? neutral) => FinishReason(neutral is null or FinishReasons.ToolCalls ? FinishReasons.Stop : neutral);

    public static string ErrorType(string code) => code switch
    {
        StreamErrorCodes.InvalidRequest or StreamErrorCodes.Unsupported or StreamErrorCodes.ContextLengthExceeded
            or StreamErrorCodes.NotFound or StreamErrorCodes.SafetyBlocked => "invalid_request_error",
        StreamErrorCodes.Unauthorized => "authentication_error",
        StreamErrorCodes.Forbidden => "permission_error",
        StreamErrorCodes.RateLimited => "rate_limit_error",
        _ => "server_error",
    };

    public static string? ErrorCode(string code) => code switch
    {
        StreamErrorCodes.ContextLengthExceeded => "context_length_exceeded",
        StreamErrorCodes.NotFound => "model_not_found",
        StreamErrorCodes.SafetyBlocked => "content_filter",
        StreamErrorCodes.Unauthorized => "invalid_api_key",
        StreamErrorCodes.RateLimited => "rate_limit_exceeded",
        _ => null,
    };

    /// <summary>Writes the object that is the body of a failure before the stream: <c>{"error":{"message","type","param","code"}}</c>.</summary>
    public static void WriteFailure(Utf8JsonWriter json, in StreamError error)
    {
        json.WriteStartObject();
        json.WriteStartObject("error"u8);
        json.WriteString("message"u8, error.Message);
        json.WriteString("type"u8, ErrorType(error.Code));
        json.WriteString("param"u8, error.Parameter);
        json.WriteString("code"u8, ErrorCode(error.Code));
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>Writes the same object as the error record of a stream.</summary>
    public static void WriteErrorRecord(FrameWriter output, in StreamError error)
    {
        output.Write("data: {"u8);
        var fields = new JsonFields(output, hasFields: false);
        fields.BeginObject("\"error\":"u8);
        fields.Text("\"message\":"u8, error.Message);
        fields.Text("\"type\":"u8, ErrorType(error.Code));
        fields.Null("\"param\":"u8);
        fields.TextOrNull("\"code\":"u8, ErrorCode(error.Code));
        fields.EndObject();
        output.Write("}\n\n"u8);
    }

    /// <summary>Writes the counts of chat and legacy completions.</summary>
    public static void WriteUsage(ref JsonFields fields, in TokenUsage usage)
    {
        fields.BeginObject("\"usage\":"u8);
        fields.Number("\"prompt_tokens\":"u8, usage.InputTokens);
        fields.Number("\"completion_tokens\":"u8, usage.OutputTokens);
        fields.Number("\"total_tokens\":"u8, usage.TotalTokens);
        fields.BeginObject("\"prompt_tokens_details\":"u8);
        fields.Number("\"cached_tokens\":"u8, usage.CachedInputTokens);
        fields.EndObject();
        fields.BeginObject("\"completion_tokens_details\":"u8);
        fields.Number("\"reasoning_tokens\":"u8, usage.ReasoningTokens);
        fields.EndObject();
        fields.EndObject();
    }

    /// <summary>Writes the sources of a text as annotations.</summary>
    public static void WriteAnnotations(ref JsonFields fields, IReadOnlyList<Citation> citations)
    {
        fields.BeginArray("\"annotations\":"u8);
        for (int i = 0; i < citations.Count; i++)
        {
            Citation citation = citations[i];
            fields.BeginItem();
            fields.Text("\"type\":"u8, "url_citation");
            fields.BeginObject("\"url_citation\":"u8);
            fields.Number("\"start_index\":"u8, citation.Start);
            fields.Number("\"end_index\":"u8, citation.End);
            fields.Text("\"url\":"u8, citation.Uri);
            fields.Text("\"title\":"u8, citation.Title ?? citation.Uri);
            fields.EndObject();
            fields.EndObject();
        }

        fields.EndArray();
    }
}

using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Gai.Pipelines.AI;

/// <summary>Writes the fields of a response that repeat its request. Typed clients require most of them.</summary>
internal static class OpenAIResponsesEcho
{
    /// <summary>Renders them as JSON, with a comma before each.</summary>
    public static byte[] Render(RequestValue body)
    {
        var bytes = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 512 });
        json.WriteStartObject();
        Write(json, body);
        json.WriteEndObject();
        json.Flush();
        return [(byte)',', .. bytes.WrittenSpan[1..^1]];
    }

    private static void Write(Utf8JsonWriter json, RequestValue body)
    {
        json.WriteNull("access_programs"u8);
        json.WriteBoolean("background"u8, false);
        WriteOr(json, body, "instructions", "null");
        WriteOr(json, body, "max_output_tokens", "null");
        WriteOr(json, body, "max_tool_calls", "null");
        WriteOr(json, body, "metadata", "{}");
        WriteOr(json, body, "parallel_tool_calls", "true");
        json.WriteNull("previous_response_id"u8);
        WriteOr(json, body, "reasoning", """{"effort":null,"summary":null}""");
        json.WriteBoolean("store"u8, false);
        WriteOr(json, body, "temperature", "null");
        WriteOr(json, body, "text", """{"format":{"type":"text"}}""");
        WriteOr(json, body, "tool_choice", "\"auto\"");
        WriteTools(json, body);
        json.WriteNumber("top_logprobs"u8, 0);
        WriteOr(json, body, "top_p", "null");
        json.WriteString("truncation"u8, "disabled"u8);
        foreach (string name in (ReadOnlySpan<string>)["prompt_cache_key", "safety_identifier", "user"])
        {
            if (body.Text(name) is { } value)
            {
                json.WriteString(name, value);
            }
        }
    }

    private static void WriteOr(Utf8JsonWriter json, RequestValue body, string name, string otherwise)
    {
        json.WritePropertyName(name);
        if (body.Optional(name) is { } value)
        {
            value.Json.WriteTo(json);
        }
        else
        {
            json.WriteRawValue(otherwise, skipInputValidation: true);
        }
    }

    private static void WriteTools(Utf8JsonWriter json, RequestValue body)
    {
        json.WriteStartArray("tools"u8);
        foreach (RequestValue tool in body.Optional("tools")?.AsItems() ?? [])
        {
            json.WriteStartObject();
            json.WriteString("type"u8, "function"u8);
            WriteOr(json, tool, "name", "null");
            WriteOr(json, tool, "description", "null");
            WriteOr(json, tool, "parameters", "null");
            WriteOr(json, tool, "strict", "null");
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}

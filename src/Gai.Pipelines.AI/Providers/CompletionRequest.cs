using System.Buffers;
using System.Net.Http.Headers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI.Providers;

/// <summary>Says in which form an answer is asked for.</summary>
internal enum CompletionForm
{
    /// <summary>Piece by piece.</summary>
    Stream,

    /// <summary>At once.</summary>
    Whole,
}

/// <summary>Makes the requests of the protocol.</summary>
/// <remarks>Each additional property of the options is a field of the body, and comes in place of the client's own field of that name.</remarks>
internal static class CompletionRequest
{
    private const string Strict = "strict";

    // The body is never part of a page, so that quotation marks and letters of all languages may stay as they are.
    private static readonly JsonWriterOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static HttpRequestMessage Create(
        HttpClient http, Uri address, OpenAICompatibleOptions settings, IEnumerable<ChatMessage> messages, ChatOptions? options, CompletionForm form)
    {
        var body = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(body, Json))
        {
            Write(json, settings, messages, options ?? new ChatOptions(), form);
        }

        var request = new HttpRequestMessage(HttpMethod.Post, address)
        {
            Content = new ReadOnlyMemoryContent(body.WrittenMemory),

            // HttpClient applies its defaults to the requests that it makes itself, not to those that it is given.
            Version = http.DefaultRequestVersion,
            VersionPolicy = http.DefaultVersionPolicy,
        };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.TryAddWithoutValidation("Accept", form == CompletionForm.Stream ? "text/event-stream, application/json" : "application/json");
        if (settings.ApiKey is { Length: > 0 } key)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        foreach ((string name, string value) in settings.Headers)
        {
            request.Headers.Remove(name);
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return request;
    }

    private static void Write(Utf8JsonWriter json, OpenAICompatibleOptions settings, IEnumerable<ChatMessage> messages, ChatOptions options, CompletionForm form)
    {
        var fields = new Fields(json, options.AdditionalProperties);
        json.WriteStartObject();
        fields.Text("model", options.ModelId ?? settings.Model);
        if (fields.Begins("messages"))
        {
            CompletionMessages.Write(json, messages, options.Instructions);
        }

        if (fields.Begins("stream"))
        {
            json.WriteBooleanValue(form == CompletionForm.Stream);
        }

        if (form == CompletionForm.Stream && fields.Begins("stream_options"))
        {
            json.WriteStartObject();
            json.WriteBoolean("include_usage", value: true);
            json.WriteEndObject();
        }

        fields.Number("temperature", options.Temperature);
        fields.Number("top_p", options.TopP);
        fields.Number("top_k", options.TopK);
        fields.Number(settings.MaxTokensField, options.MaxOutputTokens);
        fields.Number("frequency_penalty", options.FrequencyPenalty);
        fields.Number("presence_penalty", options.PresencePenalty);
        fields.Number("seed", options.Seed);
        if (options.StopSequences is { Count: > 0 } stops && fields.Begins("stop"))
        {
            json.WriteStartArray();
            foreach (string stop in stops)
            {
                json.WriteStringValue(stop);
            }

            json.WriteEndArray();
        }

        fields.Text("reasoning_effort", Effort(options.Reasoning?.Effort));
        if (options.ResponseFormat is { } format && fields.Begins("response_format"))
        {
            WriteFormat(json, format, IsStrict(options));
        }

        if (options.Tools is { Count: > 0 } tools)
        {
            WriteTools(json, fields, options, tools);
        }

        bool isSchemas = IsStrict(options) is not null;
        foreach ((string name, object? value) in options.AdditionalProperties ?? [])
        {
            if (isSchemas && name == Strict)
            {
                continue;
            }

            json.WritePropertyName(name);
            ChatContents.WriteJson(json, value);
        }

        json.WriteEndObject();
    }

    /// <summary>Whether a schema is to be kept to the letter. Microsoft.Extensions.AI has no other place for it than beside the options.</summary>
    private static bool? IsStrict(ChatOptions options) =>
        options.ResponseFormat is ChatResponseFormatJson { Schema: not null } ? options.AdditionalProperties?.GetValueOrDefault(Strict) as bool? : null;

    private static void WriteFormat(Utf8JsonWriter json, ChatResponseFormat format, bool? isStrict)
    {
        json.WriteStartObject();
        if (format is ChatResponseFormatJson { Schema: { } schema } named)
        {
            json.WriteString("type", "json_schema");
            json.WriteStartObject("json_schema");
            json.WriteString("name", named.SchemaName ?? "answer");
            if (named.SchemaDescription is { } description)
            {
                json.WriteString("description", description);
            }

            json.WritePropertyName("schema");
            schema.WriteTo(json);
            if (isStrict is { } strict)
            {
                json.WriteBoolean(Strict, strict);
            }

            json.WriteEndObject();
        }
        else
        {
            json.WriteString("type", format is ChatResponseFormatJson ? "json_object" : "text");
        }

        json.WriteEndObject();
    }

    private static void WriteTools(Utf8JsonWriter json, Fields fields, ChatOptions options, IList<AITool> tools)
    {
        if (fields.Begins("tools"))
        {
            CompletionTools.Write(json, tools);
        }

        if (options.ToolMode is { } mode && fields.Begins("tool_choice"))
        {
            CompletionTools.WriteChoice(json, mode);
        }

        if (options.AllowMultipleToolCalls is { } allowed && fields.Begins("parallel_tool_calls"))
        {
            json.WriteBooleanValue(allowed);
        }
    }

    private static string? Effort(ReasoningEffort? effort) => effort switch
    {
        ReasoningEffort.None => "none",
        ReasoningEffort.Low => "low",
        ReasoningEffort.Medium => "medium",
        ReasoningEffort.High => "high",
        ReasoningEffort.ExtraHigh => "xhigh",
        _ => null,
    };

    /// <summary>Writes the fields that the caller has not given himself.</summary>
    private readonly struct Fields(Utf8JsonWriter json, AdditionalPropertiesDictionary? given)
    {
        public bool Begins(string name)
        {
            if (given?.ContainsKey(name) == true)
            {
                return false;
            }

            json.WritePropertyName(name);
            return true;
        }

        public void Text(string name, string? value)
        {
            if (value is not null && Begins(name))
            {
                json.WriteStringValue(value);
            }
        }

        public void Number(string name, float? value)
        {
            if (value is { } number && Begins(name))
            {
                json.WriteNumberValue(number);
            }
        }

        public void Number(string name, long? value)
        {
            if (value is { } number && Begins(name))
            {
                json.WriteNumberValue(number);
            }
        }
    }
}

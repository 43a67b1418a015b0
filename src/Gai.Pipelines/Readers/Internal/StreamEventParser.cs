using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Gai.Pipelines.Internal;

/// <summary>Parses the records of the dialects gai and gai.events.v1.</summary>
/// <remarks>Each kind of event has one line in <see cref="ToEvent"/>; a field that the dialects place differently is looked for in each place.</remarks>
internal static class StreamEventParser
{
    // A dialect takes raw JSON of 256 levels and puts it into an object that is in a record.
    private const int MaxDepth = 258;

    /// <summary>Parses a record.</summary>
    /// <param name="json">The record.</param>
    /// <param name="name">The event's name in SSE; empty in NDJSON, where the record says it.</param>
    /// <param name="number">The record's number, for errors.</param>
    /// <param name="offset">Where it begins in the stream, for errors.</param>
    /// <returns><see langword="null"/> for the end marker; an event of no type for a sign of life, which says nothing.</returns>
    /// <exception cref="StreamReadException">It is not a record of these dialects.</exception>
    public static StreamEvent? Parse(ReadOnlyMemory<byte> json, ReadOnlyMemory<byte> name, long number, long offset)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = MaxDepth });
            JsonElement record = document.RootElement;
            string kind = Field(record, "type") is { ValueKind: JsonValueKind.String } type ? type.GetString()! : Encoding.UTF8.GetString(name.Span);
            if (kind == "done")
            {
                return null;
            }

            if (kind == "keep_alive")
            {
                return default(StreamEvent);
            }

            if (ToEvent(kind, record) is not { } item)
            {
                return StreamEvent.Raw(record.GetRawText());
            }

            return (Field(record, "timestamp") ?? Field(record, "ts")) is { } time
                ? item.At(DateTimeOffset.FromUnixTimeMilliseconds(time.GetInt64()))
                : item;
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException or FormatException or ArgumentException)
        {
            throw new StreamReadException(
                StreamReadError.InvalidJson,
                number,
                offset,
                string.Create(CultureInfo.InvariantCulture, $"event {number:N0} (byte {offset:N0}): it is not a record of gai or gai.events.v1: {failure.Message}"),
                failure);
        }
    }

    /// <summary>Gives the options that <see cref="Parse"/> reads records with.</summary>
    public static JsonReaderOptions Json => new() { MaxDepth = MaxDepth };

    /// <summary>Turns a record into an event; one of no known kind into nothing.</summary>
    private static StreamEvent? ToEvent(string kind, JsonElement record)
    {
        switch (kind)
        {
            case "start":
                return StreamEvent.Start(Text(record, "id") ?? Text(record, "response_id"), Text(record, "model"), Text(record, "provider"));
            case "text_delta" or "text.delta":
                return StreamEvent.TextDelta(Text(record, "text"));
            case "reasoning_delta" or "reasoning.delta":
                return StreamEvent.ReasoningDelta(Text(record, "text"), Text(record, "signature"));
            case "audio_delta" or "audio.delta":
                return ToAudio(record);
            case "tool_call" or "tool.call":
                JsonElement call = Field(record, "tool_call") ?? record;
                return StreamEvent.ToolCall(CallId(record, call)!, ToolName(call)!, Raw(call, "input"), Text(call, "runner") == "server" ? ToolRunner.Server : ToolRunner.Client);
            case "tool_call_delta" or "tool.call.delta":
                JsonElement part = Field(record, "tool_call") ?? record;
                return StreamEvent.ToolCallDelta(CallId(record, part)!, ToolName(part), Text(part, "input_delta"));
            case "tool_result":
                JsonElement result = Field(record, "tool_result") ?? record;
                return StreamEvent.ToolResult(CallId(record, result)!, ToolName(result), Raw(result, "result"));
            case "tool.result":
                return StreamEvent.ToolResult(CallId(record, record)!, ToolName(record), Raw(record, "tool_result"));
            case "citations":
                return ToCitations(Required(record, "citations"));
            case "safety":
                JsonElement verdict = Required(record, "safety");
                return StreamEvent.SafetyCheck(new SafetyVerdict(
                    Text(verdict, "category") ?? string.Empty,
                    Text(verdict, "action") ?? string.Empty,
                    Field(verdict, "score")?.GetDouble() ?? 0,
                    Text(verdict, "note")));
            case "finish_step":
                return StreamEvent.FinishStep(Int(record, "step_number") ?? Int(Required(record, "step"), "number") ?? 0);
            case "step.end":
                return StreamEvent.FinishStep(Int(record, "step") ?? 0);
            case "finish":
                return StreamEvent.Finish(Text(record, "finish_reason"), ToUsage(Field(record, "usage")));
            case "raw":
                return StreamEvent.Raw(Raw(record, "raw"));
            case "gap":
                long dropped = Required(record, "dropped").GetInt64();
                return Text(record, "first_id") is { } firstId ? StreamEvent.Gap(dropped, firstId) : StreamEvent.Gap(dropped);
            default:
                // The user chooses the name of errors in SSE: what tells them is their content.
                return Field(record, "error") is { ValueKind: JsonValueKind.String or JsonValueKind.Object } error ? ToFailure(record, error) : null;
        }
    }

    private static StreamEvent ToAudio(JsonElement record)
    {
        JsonElement audio = Required(record, "audio");
        JsonElement holder = audio.ValueKind == JsonValueKind.Object ? audio : record;
        byte[] bytes = audio.ValueKind == JsonValueKind.Object ? Required(audio, "chunk").GetBytesFromBase64() : audio.GetBytesFromBase64();

        // gai has an object for the format; gai.events.v1 its media type, with the rest beside it.
        JsonElement? format = Field(holder, "format");
        JsonElement figures = format is { ValueKind: JsonValueKind.Object } nested ? nested : holder;
        string? mime = format is { ValueKind: JsonValueKind.String } plain ? plain.GetString() : Text(figures, "mime");
        return StreamEvent.AudioDelta(
            bytes,
            mime is null
                ? null
                : new AudioFormat(mime, Int(figures, "sample_rate") ?? 0, Int(figures, "channels") ?? 0, Int(figures, "bit_depth") ?? 0));
    }

    private static StreamEvent ToCitations(JsonElement list)
    {
        var citations = new List<Citation>(list.GetArrayLength());
        foreach (JsonElement item in list.EnumerateArray())
        {
            citations.Add(new Citation(
                Text(item, "uri") ?? string.Empty, Text(item, "title"), Int(item, "start") ?? 0, Int(item, "end") ?? 0));
        }

        return StreamEvent.CitationList(citations);
    }

    private static TokenUsage? ToUsage(JsonElement? usage) => usage is not { } counts
        ? null
        : new TokenUsage(Long(counts, "input_tokens"), Long(counts, "output_tokens"), Long(counts, "total_tokens"))
        {
            CachedInputTokens = Long(counts, "cached_input_tokens"),
            ReasoningTokens = Long(counts, "reasoning_tokens"),
        };

    private static StreamEvent ToFailure(JsonElement record, JsonElement error)
    {
        // gai has the text in the field and the rest beside it; gai.events.v1 has an object.
        bool isObject = error.ValueKind == JsonValueKind.Object;
        JsonElement details = isObject ? error : record;
        string? message = isObject ? Text(error, "message") : error.GetString();
        double? wait = Field(details, "retry_after_ms")?.GetDouble();
        return StreamEvent.Failure(new StreamError(
            Text(details, "code") ?? StreamErrorCodes.Internal,
            message ?? string.Empty,
            Field(details, "temporary")?.GetBoolean() ?? false,
            wait is { } milliseconds ? Limit.Milliseconds(milliseconds) : null));
    }

    private static string? CallId(JsonElement record, JsonElement call) =>
        Text(record, "call_id") ?? Text(record, "tool_id") ?? Text(call, "id");

    private static string? ToolName(JsonElement call) => Text(call, "tool_name") ?? Text(call, "name");

    /// <summary>A field that is there and not null.</summary>
    private static JsonElement? Field(JsonElement record, string name) =>
        record.ValueKind == JsonValueKind.Object && record.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null
            ? value
            : null;

    private static string? Text(JsonElement record, string name) => Field(record, name)?.GetString();

    private static int? Int(JsonElement record, string name) => Field(record, name)?.GetInt32();

    private static long Long(JsonElement record, string name) => Field(record, name)?.GetInt64() ?? 0;

    /// <summary>A JSON value as it stands, also where it is null.</summary>
    private static string Raw(JsonElement record, string name) =>
        record.TryGetProperty(name, out JsonElement value) ? value.GetRawText() : throw Missing(name);

    private static JsonElement Required(JsonElement record, string name) => Field(record, name) ?? throw Missing(name);

    private static FormatException Missing(string name) => new($"it has no field \"{name}\".");
}

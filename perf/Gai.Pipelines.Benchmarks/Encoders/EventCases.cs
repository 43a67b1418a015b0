using System.Text.Json;

namespace Gai.Pipelines.Benchmarks.Encoders;

/// <summary>One event of every kind but text, with the JSON that it must become over SSE and as a record.</summary>
internal static class EventCases
{
    private static readonly byte[] Audio = [.. Enumerable.Range(0, 960).Select(i => (byte)i)];

    public static IEnumerable<EncoderCase> All { get; } =
    [
        Make(
            "start", StreamEvent.Start("resp_1", "m", "p"), "start", "\"started\":true,\"id\":\"resp_1\",\"model\":\"m\",\"provider\":\"p\"", null, json =>
            {
                json.WriteBoolean("started"u8, true);
                json.WriteString("id"u8, "resp_1");
                json.WriteString("model"u8, "m");
                json.WriteString("provider"u8, "p");
            }),
        Make("reasoning delta", StreamEvent.ReasoningDelta("Hello!"), "reasoning_delta", "\"text\":\"Hello!\"", null, static json => json.WriteString("text"u8, "Hello!")),
        Make(
            "audio, 960 B", StreamEvent.AudioDelta(Audio), "audio_delta",
            $"\"audio\":\"{Convert.ToBase64String(Audio)}\",\"format\":null", $"\"audio\":{{\"chunk\":\"{Convert.ToBase64String(Audio)}\",\"format\":null}}", static json =>
            {
                json.WriteBase64String("audio"u8, Audio);
                json.WriteNull("format"u8);
            }),
        Make(
            "tool call", StreamEvent.ToolCall("call_1", "get_weather", "{\"city\":\"Oslo\"}"), "tool_call",
            "\"input\":{\"city\":\"Oslo\"},\"tool_id\":\"call_1\",\"tool_name\":\"get_weather\"",
            "\"tool_call\":{\"id\":\"call_1\",\"input\":{\"city\":\"Oslo\"},\"name\":\"get_weather\"}", static json =>
            {
                json.WritePropertyName("input"u8);
                json.WriteRawValue("{\"city\":\"Oslo\"}");
                json.WriteString("tool_id"u8, "call_1");
                json.WriteString("tool_name"u8, "get_weather");
            }),
        Make(
            "tool call delta", StreamEvent.ToolCallDelta("call_1", null, "ty\":"), "tool_call_delta",
            "\"tool_id\":\"call_1\",\"input_delta\":\"ty\\\":\"", "\"tool_call\":{\"id\":\"call_1\",\"input_delta\":\"ty\\\":\"}", static json =>
            {
                json.WriteString("tool_id"u8, "call_1");
                json.WriteString("input_delta"u8, "ty\":");
            }),
        Make(
            "tool result", StreamEvent.ToolResult("call_1", "get_weather", "{\"tempC\":21}"), "tool_result",
            "\"result\":{\"tempC\":21},\"tool_id\":\"call_1\",\"tool_name\":\"get_weather\"",
            "\"tool_result\":{\"id\":\"call_1\",\"name\":\"get_weather\",\"result\":{\"tempC\":21}}", static json =>
            {
                json.WritePropertyName("result"u8);
                json.WriteRawValue("{\"tempC\":21}");
                json.WriteString("tool_id"u8, "call_1");
                json.WriteString("tool_name"u8, "get_weather");
            }),
        Make(
            "citations", StreamEvent.CitationList([new Citation("https://e.x/a", "A", 0, 5)]), "citations",
            "\"citations\":[{\"uri\":\"https://e.x/a\",\"start\":0,\"end\":5,\"title\":\"A\"}]", null, static json =>
            {
                json.WriteStartArray("citations"u8);
                json.WriteStartObject();
                json.WriteString("uri"u8, "https://e.x/a");
                json.WriteNumber("start"u8, 0);
                json.WriteNumber("end"u8, 5);
                json.WriteString("title"u8, "A");
                json.WriteEndObject();
                json.WriteEndArray();
            }),
        Make(
            "safety", StreamEvent.SafetyCheck(new SafetyVerdict("hate", "warn", 0.25, "n")), "safety",
            "\"safety\":{\"category\":\"hate\",\"action\":\"warn\",\"score\":0.25,\"note\":\"n\"}", null, static json =>
            {
                json.WriteStartObject("safety"u8);
                json.WriteString("category"u8, "hate");
                json.WriteString("action"u8, "warn");
                json.WriteNumber("score"u8, 0.25);
                json.WriteString("note"u8, "n");
                json.WriteEndObject();
            }),
        Make(
            "finish step", StreamEvent.FinishStep(2), "finish_step", "\"step_number\":2", "\"step\":{\"finished\":true,\"number\":2}",
            static json => json.WriteNumber("step_number"u8, 2)),
        Make(
            "finish", StreamEvent.Finish(FinishReasons.Stop, new TokenUsage(12, 34)), "finish",
            Usage, "\"finished\":true," + Usage, static json =>
            {
                json.WriteStartObject("usage"u8);
                json.WriteNumber("input_tokens"u8, 12);
                json.WriteNumber("output_tokens"u8, 34);
                json.WriteNumber("total_tokens"u8, 46);
                json.WriteEndObject();
                json.WriteString("finish_reason"u8, "stop");
            }),
        Make("raw", StreamEvent.Raw("{\"x\":1}"), "raw", "\"raw\":{\"x\":1}", null, static json =>
        {
            json.WritePropertyName("raw"u8);
            json.WriteRawValue("{\"x\":1}");
        }),
        Make("gap", StreamEvent.Gap(12), "gap", "\"dropped\":12", null, static json => json.WriteNumber("dropped"u8, 12)),
        Make(
            "error", StreamEvent.Failure(StreamError.Internal), "gai.error", Failure, null, static json =>
            {
                json.WriteString("error"u8, StreamError.Internal.Message);
                json.WriteString("code"u8, "internal");
                json.WriteBoolean("temporary"u8, false);
            }) with
        {
            Sse = $"id: gai.failed\nevent: gai.error\ndata: {{{Failure}}}\n\n",
            Ndjson = $"{{\"type\":\"error\",{Failure}}}\n",
        },
    ];

    private static string Usage => "\"usage\":{\"input_tokens\":12,\"output_tokens\":34,\"total_tokens\":46},\"finish_reason\":\"stop\"";

    private static string Failure => $"\"error\":\"{StreamError.Internal.Message}\",\"code\":\"internal\",\"temporary\":false";

    /// <summary>Makes a case whose frames have the fields that are given, between what is the same for all.</summary>
    /// <param name="name">The name of the case.</param>
    /// <param name="item">The event.</param>
    /// <param name="type">Its name in both formats.</param>
    /// <param name="fields">Its fields over SSE.</param>
    /// <param name="recordFields">Its fields as a record, where they are others.</param>
    /// <param name="byHand">Writes the fields over SSE.</param>
    public static EncoderCase Make(string name, StreamEvent item, string type, string fields, string? recordFields, Action<Utf8JsonWriter> byHand) => new(
        name,
        item,
        $"event: {type}\ndata: {{{fields}}}\n\n",
        $"{{\"type\":\"{type}\",{recordFields ?? fields}}}\n",
        byHand);
}

using System.Text;

namespace Gai.Pipelines.Benchmarks.Encoders;

/// <summary>An event and the frames it must become.</summary>
public sealed record EncoderCase(string Name, StreamEvent Event, string Sse, string Ndjson)
{
    /// <summary>All cases.</summary>
    public static IEnumerable<EncoderCase> All { get; } =
    [
        Text("6 letters", "Hello!", "Hello!"),
        Text("14 letters", "fourteen chars", "fourteen chars"),
        Text("14 letters, UTF-8", Encoding.UTF8.GetBytes("fourteen chars"), "fourteen chars"),
        Text("escapes", "say \"no\"\nto C:\\", "say \\\"no\\\"\\nto C:\\\\"),
        Text("not ASCII", "größer als das 漢字 🎈", "größer als das 漢字 🎈"),
        Text("not ASCII, UTF-8", Encoding.UTF8.GetBytes("größer als das 漢字 🎈"), "größer als das 漢字 🎈"),
        Text("64 KB", new string('x', 64 * 1024), new string('x', 64 * 1024)),
        new(
            "reasoning delta",
            StreamEvent.ReasoningDelta("Hello!"),
            "event: reasoning_delta\ndata: {\"text\":\"Hello!\"}\n\n",
            "{\"type\":\"reasoning_delta\",\"text\":\"Hello!\"}\n"),
        new(
            "tool call",
            StreamEvent.ToolCall("call_1", "get_weather", "{\"city\":\"Oslo\"}"),
            "event: tool_call\ndata: {\"input\":{\"city\":\"Oslo\"},\"tool_id\":\"call_1\",\"tool_name\":\"get_weather\"}\n\n",
            "{\"type\":\"tool_call\",\"tool_call\":{\"id\":\"call_1\",\"input\":{\"city\":\"Oslo\"},\"name\":\"get_weather\"}}\n"),
        new(
            "finish",
            StreamEvent.Finish(FinishReasons.Stop, new TokenUsage(12, 34)),
            "event: finish\ndata: {\"usage\":{\"input_tokens\":12,\"output_tokens\":34,\"total_tokens\":46},\"finish_reason\":\"stop\"}\n\n",
            "{\"type\":\"finish\",\"finished\":true,\"usage\":{\"input_tokens\":12,\"output_tokens\":34,\"total_tokens\":46},\"finish_reason\":\"stop\"}\n"),
    ];

    /// <summary>Gets the name: it stands in the tables.</summary>
    public override string ToString() => Name;

    private static EncoderCase Text(string name, EventText text, string escaped) => new(
        name,
        StreamEvent.TextDelta(text),
        $"event: text_delta\ndata: {{\"text\":\"{escaped}\"}}\n\n",
        $"{{\"type\":\"text_delta\",\"text\":\"{escaped}\"}}\n");
}

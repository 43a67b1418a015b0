using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI.Tests.Chat;

/// <summary>Writes events and updates down, so that two answers can be compared: text that comes in several pieces in a row is one.</summary>
internal static class Described
{
    public static string[] Events(IEnumerable<StreamEvent> events)
    {
        var described = new List<string>();
        var text = new MemoryStream();
        var units = new StringBuilder();
        StreamEventType open = StreamEventType.None;

        void Close()
        {
            if (open != StreamEventType.None)
            {
                described.Add($"{open} {Encoding.UTF8.GetString(text.ToArray())}{units}");
                open = StreamEventType.None;
                text.SetLength(0);
                units.Clear();
            }
        }

        foreach (StreamEvent item in events)
        {
            bool isText = item.Type is StreamEventType.TextDelta or StreamEventType.ReasoningDelta && item.Signature is null;
            if (!isText || item.Type != open)
            {
                Close();
            }

            if (!isText)
            {
                described.Add(Event(item));
                continue;
            }

            open = item.Type;
            if (item.Text.IsString)
            {
                units.Append(item.Text.String);
            }
            else
            {
                text.Write(item.Text.Utf8.Span);
            }
        }

        Close();
        return [.. described.Where(line => line is not ("TextDelta " or "ReasoningDelta "))];
    }

    public static string[] Contents(IEnumerable<AIContent> contents)
    {
        var described = new List<string>();
        Type? open = null;
        foreach (AIContent content in contents)
        {
            bool isText = content is TextContent || content is TextReasoningContent { ProtectedData: null };
            string line = Content(content);
            if (isText && open == content.GetType())
            {
                described[^1] += content is TextContent text ? text.Text : ((TextReasoningContent)content).Text;
            }
            else
            {
                described.Add(line);
            }

            open = isText ? content.GetType() : null;
        }

        return [.. described];
    }

    public static string Event(in StreamEvent item) => item.Type switch
    {
        StreamEventType.Start => $"Start {item.Id} {item.Model}",
        StreamEventType.ReasoningDelta => $"ReasoningDelta {item.Text} {item.Signature}",
        StreamEventType.AudioDelta => $"AudioDelta {Convert.ToHexString(item.Audio.Span)} {item.AudioFormat}",
        StreamEventType.ToolCall => $"ToolCall {item.Id} {item.Name} {Json(item.Text, "{}")} {item.Runner}",
        StreamEventType.ToolCallDelta => $"ToolCallDelta {item.Id} {item.Name} {item.Text}",
        StreamEventType.ToolResult => $"ToolResult {item.Id} {item.Name} {Json(item.Text, "null")}",
        StreamEventType.Citations => $"Citations {string.Join("; ", item.Citations)}",
        StreamEventType.Safety => $"Safety {item.Safety}",
        StreamEventType.FinishStep => $"FinishStep {item.StepNumber}",
        StreamEventType.Finish => $"Finish {item.FinishReason} {item.Usage}",
        StreamEventType.Error => $"Error {item.Error}",
        StreamEventType.Raw => $"Raw {Json(item.Text, "null")}",
        _ => $"{item.Type} {item.Text}",
    };

    public static string Json(EventText json, string ifEmpty) =>
        JsonSerializer.Serialize(JsonDocument.Parse(json.IsEmpty ? ifEmpty : json.ToString()).RootElement, AIJsonUtilities.DefaultOptions);

    private static string Content(AIContent content) => content switch
    {
        TextContent text => $"text {text.Text}",
        TextReasoningContent reasoning => $"reasoning {reasoning.ProtectedData} {reasoning.Text}",
        { RawRepresentation: StreamEvent own } => Event(own),
        _ => JsonSerializer.Serialize(content, AIJsonUtilities.DefaultOptions),
    };
}

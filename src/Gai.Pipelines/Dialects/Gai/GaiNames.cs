using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>The names of the gai dialect's events.</summary>
internal static class GaiNames
{
    public static ReadOnlySpan<byte> Of(StreamEventType type) => type switch
    {
        StreamEventType.Start => "start"u8,
        StreamEventType.TextDelta => "text_delta"u8,
        StreamEventType.ReasoningDelta => "reasoning_delta"u8,
        StreamEventType.AudioDelta => "audio_delta"u8,
        StreamEventType.ToolCall => "tool_call"u8,
        StreamEventType.ToolCallDelta => "tool_call_delta"u8,
        StreamEventType.ToolResult => "tool_result"u8,
        StreamEventType.Citations => "citations"u8,
        StreamEventType.Safety => "safety"u8,
        StreamEventType.FinishStep => "finish_step"u8,
        StreamEventType.Finish => "finish"u8,
        StreamEventType.Raw => "raw"u8,
        StreamEventType.Gap => "gap"u8,
        _ => throw new ArgumentException($"An event of type {type} says nothing. Make events with the methods of StreamEvent.", nameof(type)),
    };
}

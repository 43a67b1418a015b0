using System.Globalization;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines.AI;

/// <summary>Writes the chunks of a UI message stream that stand by themselves.</summary>
internal static class AISdkChunks
{
    public static ReadOnlySpan<byte> Done => "data: [DONE]\n\n"u8;

    /// <summary>Begins a chunk.</summary>
    public static JsonFields Begin(FrameWriter output, string type)
    {
        output.Write("data: {"u8);
        var fields = new JsonFields(output, hasFields: false);
        fields.Text("\"type\":"u8, type);
        return fields;
    }

    public static void End(FrameWriter output) => output.Write("}\n\n"u8);

    public static void WriteStart(FrameWriter output, string messageId, string? model)
    {
        JsonFields fields = Begin(output, "start");
        fields.Text("\"messageId\":"u8, messageId);
        if (model is not null)
        {
            fields.BeginObject("\"messageMetadata\":"u8);
            fields.Text("\"model\":"u8, model);
            fields.EndObject();
        }

        End(output);
    }

    /// <summary>Writes why the message ended and, since there is no other place for them, the counts among what the application knows of it.</summary>
    public static void WriteFinish(FrameWriter output, string neutral, TokenUsage? usage)
    {
        JsonFields fields = Begin(output, "finish");
        fields.Text("\"finishReason\":"u8, FinishReason(neutral));
        if (usage is { } counts)
        {
            fields.BeginObject("\"messageMetadata\":"u8);
            fields.BeginObject("\"usage\":"u8);
            fields.Number("\"inputTokens\":"u8, counts.InputTokens);
            fields.Number("\"outputTokens\":"u8, counts.OutputTokens);
            fields.Number("\"totalTokens\":"u8, counts.TotalTokens);
            fields.NumberIfAny("\"cachedInputTokens\":"u8, counts.CachedInputTokens);
            fields.NumberIfAny("\"reasoningTokens\":"u8, counts.ReasoningTokens);
            fields.EndObject();
            fields.EndObject();
        }

        End(output);
    }

    public static void WriteError(FrameWriter output, in StreamError error)
    {
        JsonFields fields = Begin(output, "error");
        fields.Text("\"errorText\":"u8, error.Message);
        End(output);
    }

    public static void WriteSource(FrameWriter output, int number, in Citation citation)
    {
        JsonFields fields = Begin(output, "source-url");
        fields.Text("\"sourceId\":"u8, string.Create(CultureInfo.InvariantCulture, $"s{number}"));
        fields.Text("\"url\":"u8, citation.Uri);
        fields.TextIfAny("\"title\":"u8, citation.Title);
        End(output);
    }

    public static void WriteSafety(FrameWriter output, in SafetyVerdict verdict)
    {
        JsonFields fields = Begin(output, "data-safety");
        fields.BeginObject("\"data\":"u8);
        fields.Text("\"category\":"u8, verdict.Category);
        fields.Text("\"action\":"u8, verdict.Action);
        fields.Number("\"score\":"u8, verdict.Score);
        fields.TextIfAny("\"note\":"u8, verdict.Note);
        fields.EndObject();
        End(output);
    }

    public static void WriteRaw(FrameWriter output, in EventText json)
    {
        JsonFields fields = Begin(output, "data-raw");
        fields.Json("\"data\":"u8, json, "null"u8, "A raw event");
        End(output);
    }

    private static string FinishReason(string neutral) => neutral switch
    {
        FinishReasons.Stop or FinishReasons.StopSequence => "stop",
        FinishReasons.Length => "length",
        FinishReasons.ToolCalls => "tool-calls",
        FinishReasons.ContentFilter => "content-filter",
        _ => "other",
    };
}

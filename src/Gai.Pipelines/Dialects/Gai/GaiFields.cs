using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>The fields that look the same in both framings of the gai dialect.</summary>
internal static class GaiFields
{
    public static void WriteStart(ref JsonFields fields, in StreamEvent item)
    {
        fields.Bool("\"started\":"u8, true);
        fields.TextIfAny("\"id\":"u8, item.Id);
        fields.TextIfAny("\"model\":"u8, item.Model);
        fields.TextIfAny("\"provider\":"u8, item.Provider);
    }

    public static void WriteText(ref JsonFields fields, in StreamEvent item)
    {
        fields.Text("\"text\":"u8, item.Text);
        fields.TextIfAny("\"signature\":"u8, item.Signature);
    }

    public static void WriteAudioFormat(ref JsonFields fields, in StreamEvent item)
    {
        if (item.AudioFormat is not { } format)
        {
            fields.Null("\"format\":"u8);
            return;
        }

        fields.BeginObject("\"format\":"u8);
        fields.Text("\"mime\":"u8, format.Mime);
        fields.Number("\"sample_rate\":"u8, format.SampleRate);
        fields.Number("\"channels\":"u8, format.Channels);
        fields.Number("\"bit_depth\":"u8, format.BitDepth);
        fields.EndObject();
    }

    public static void WriteCitations(ref JsonFields fields, in StreamEvent item)
    {
        fields.BeginArray("\"citations\":"u8);
        IReadOnlyList<Citation> citations = item.Citations;
        for (int i = 0; i < citations.Count; i++)
        {
            Citation citation = citations[i];
            fields.BeginItem();
            fields.Text("\"uri\":"u8, citation.Uri);
            fields.Number("\"start\":"u8, citation.Start);
            fields.Number("\"end\":"u8, citation.End);
            fields.TextIfAny("\"title\":"u8, citation.Title);
            fields.EndObject();
        }

        fields.EndArray();
    }

    public static void WriteSafety(ref JsonFields fields, in StreamEvent item)
    {
        SafetyVerdict verdict = item.Safety;
        fields.BeginObject("\"safety\":"u8);
        fields.Text("\"category\":"u8, verdict.Category);
        fields.Text("\"action\":"u8, verdict.Action);
        fields.Number("\"score\":"u8, verdict.Score);
        fields.TextIfAny("\"note\":"u8, verdict.Note);
        fields.EndObject();
    }

    /// <summary>Says that the server runs the tool; the client, which most often does, is not mentioned.</summary>
    public static void WriteRunner(ref JsonFields fields, in StreamEvent item)
    {
        if (item.Runner == ToolRunner.Server)
        {
            fields.Text("\"runner\":"u8, "server");
        }
    }

    public static void WriteFinish(ref JsonFields fields, in StreamEvent item)
    {
        if (item.Usage is { } usage)
        {
            fields.BeginObject("\"usage\":"u8);
            fields.Number("\"input_tokens\":"u8, usage.InputTokens);
            fields.Number("\"output_tokens\":"u8, usage.OutputTokens);
            fields.Number("\"total_tokens\":"u8, usage.TotalTokens);
            fields.NumberIfAny("\"cached_input_tokens\":"u8, usage.CachedInputTokens);
            fields.NumberIfAny("\"reasoning_tokens\":"u8, usage.ReasoningTokens);
            fields.EndObject();
        }
        else
        {
            fields.Null("\"usage\":"u8);
        }

        fields.TextIfAny("\"finish_reason\":"u8, item.FinishReason);
    }

    public static void WriteError(ref JsonFields fields, in StreamError error)
    {
        fields.Text("\"error\":"u8, error.Message);
        fields.Text("\"code\":"u8, error.Code);
        fields.Bool("\"temporary\":"u8, error.Temporary);
        if (error.RetryAfter is { } wait)
        {
            fields.Number("\"retry_after_ms\":"u8, (long)wait.TotalMilliseconds);
        }
    }

    public static void WriteTimestamp(ref JsonFields fields, in StreamEvent item, TimeProvider clock) =>
        fields.Number("\"timestamp\":"u8, item.TimestampOrNow(clock));
}

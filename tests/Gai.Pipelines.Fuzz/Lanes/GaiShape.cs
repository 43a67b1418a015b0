namespace Gai.Pipelines.Fuzz;

/// <summary>The JSON of the gai dialect's events, said again in other words. This one is of gai over SSE.</summary>
internal class GaiShape
{
    /// <summary>Whether every event has its number, its time and the ids of the request.</summary>
    public virtual bool AlwaysNumbers => false;

    public virtual string NameOf(StreamEventType type) => type switch
    {
        StreamEventType.Start => "start",
        StreamEventType.TextDelta => "text_delta",
        StreamEventType.ReasoningDelta => "reasoning_delta",
        StreamEventType.AudioDelta => "audio_delta",
        StreamEventType.ToolCall => "tool_call",
        StreamEventType.ToolCallDelta => "tool_call_delta",
        StreamEventType.ToolResult => "tool_result",
        StreamEventType.Citations => "citations",
        StreamEventType.Safety => "safety",
        StreamEventType.FinishStep => "finish_step",
        StreamEventType.Finish => "finish",
        StreamEventType.Gap => "gap",
        _ => "raw",
    };

    /// <summary>Writes the fields of an event that are its own.</summary>
    /// <param name="to">Where to.</param>
    /// <param name="item">The event.</param>
    /// <param name="json">The meaning of the JSON in it.</param>
    public void Event(Canonical to, in StreamEvent item, ReadOnlySpan<byte> json)
    {
        switch (item.Type)
        {
            case StreamEventType.Start:
                Start(to, item);
                break;
            case StreamEventType.TextDelta or StreamEventType.ReasoningDelta:
                to.Field("text", item.Text);
                to.FieldIfAny("signature", item.Signature);
                break;
            case StreamEventType.AudioDelta:
                Audio(to, item, Convert.ToBase64String(item.Audio.Span));
                break;
            case StreamEventType.ToolCall:
                ToolCall(to, item, json);
                break;
            case StreamEventType.ToolCallDelta:
                ToolCallDelta(to, item);
                break;
            case StreamEventType.ToolResult:
                ToolResult(to, item, json);
                break;
            case StreamEventType.Citations:
                Citations(to, item.Citations);
                break;
            case StreamEventType.Safety:
                Safety(to, item.Safety);
                break;
            case StreamEventType.FinishStep:
                Step(to, item.StepNumber);
                break;
            case StreamEventType.Finish:
                Finish(to, item);
                break;
            case StreamEventType.Gap:
                to.Field("dropped", item.Dropped);
                break;
            default:
                Json(to, "raw", json);
                break;
        }
    }

    public virtual void Error(Canonical to, in StreamError error)
    {
        to.Field("error", error.Message);
        to.Field("code", error.Code);
        to.Field("temporary", error.Temporary);
        RetryAfter(to, error);
    }

    public virtual void Done(Canonical to, bool isSse) => to.Field("finished", true);

    protected virtual void Start(Canonical to, in StreamEvent item)
    {
        to.Field("started", true);
        to.FieldIfAny("id", item.Id);
        to.FieldIfAny("model", item.Model);
        to.FieldIfAny("provider", item.Provider);
    }

    protected virtual void Audio(Canonical to, in StreamEvent item, string base64)
    {
        to.Field("audio", base64);
        AudioFormat(to, item);
    }

    protected virtual void ToolCall(Canonical to, in StreamEvent item, ReadOnlySpan<byte> input)
    {
        Json(to, "input", input);
        to.Field("tool_id", item.Id);
        to.Field("tool_name", item.Name);
        Runner(to, item);
    }

    protected virtual void ToolCallDelta(Canonical to, in StreamEvent item)
    {
        to.Field("tool_id", item.Id);
        to.FieldIfAny("tool_name", item.Name);
        to.Field("input_delta", item.Text);
    }

    protected virtual void ToolResult(Canonical to, in StreamEvent item, ReadOnlySpan<byte> result)
    {
        Json(to, "result", result);
        to.Field("tool_id", item.Id);
        to.FieldIfAny("tool_name", item.Name);
    }

    protected virtual void Step(Canonical to, int number) => to.Field("step_number", number);

    protected virtual void Finish(Canonical to, in StreamEvent item)
    {
        if (item.Usage is { } usage)
        {
            to.Open("usage");
            to.Field("input_tokens", usage.InputTokens);
            to.Field("output_tokens", usage.OutputTokens);
            to.Field("total_tokens", usage.TotalTokens);
            if (usage.CachedInputTokens != 0)
            {
                to.Field("cached_input_tokens", usage.CachedInputTokens);
            }

            if (usage.ReasoningTokens != 0)
            {
                to.Field("reasoning_tokens", usage.ReasoningTokens);
            }

            to.Mark('}');
        }
        else
        {
            to.Null("usage");
        }

        to.FieldIfAny("finish_reason", item.FinishReason);
    }

    protected static void AudioFormat(Canonical to, in StreamEvent item)
    {
        if (item.AudioFormat is { } format)
        {
            to.Open("format");
            to.Field("mime", format.Mime);
            AudioNumbers(to, format);
            to.Mark('}');
        }
        else
        {
            to.Null("format");
        }
    }

    protected static void AudioNumbers(Canonical to, AudioFormat format)
    {
        to.Field("sample_rate", format.SampleRate);
        to.Field("channels", format.Channels);
        to.Field("bit_depth", format.BitDepth);
    }

    protected static void Json(Canonical to, string name, ReadOnlySpan<byte> json)
    {
        to.Key(name);
        to.Append(json);
    }

    protected static void RetryAfter(Canonical to, in StreamError error)
    {
        if (error.RetryAfter is { } wait)
        {
            to.Field("retry_after_ms", wait.Ticks / TimeSpan.TicksPerMillisecond);
        }
    }

    protected static void Runner(Canonical to, in StreamEvent item)
    {
        if (item.Runner == ToolRunner.Server)
        {
            to.Field("runner", "server");
        }
    }

    private static void Citations(Canonical to, IReadOnlyList<Citation> citations)
    {
        to.Open("citations", '[');
        foreach (Citation one in citations)
        {
            to.Mark('{');
            to.Field("uri", one.Uri);
            to.Field("start", one.Start);
            to.Field("end", one.End);
            to.FieldIfAny("title", one.Title);
            to.Mark('}');
        }

        to.Mark(']');
    }

    private static void Safety(Canonical to, SafetyVerdict verdict)
    {
        to.Open("safety");
        to.Field("category", verdict.Category);
        to.Field("action", verdict.Action);
        to.Field("score", verdict.Score);
        to.FieldIfAny("note", verdict.Note);
        to.Mark('}');
    }
}

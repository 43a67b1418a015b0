namespace Gai.Pipelines.Fuzz;

/// <summary>The records of gai over NDJSON.</summary>
internal sealed class GaiRecordShape : GaiShape
{
    public override void Done(Canonical to, bool isSse)
    {
        to.Field("type", "done");
        base.Done(to, isSse);
    }

    protected override void Audio(Canonical to, in StreamEvent item, string base64)
    {
        to.Open("audio");
        to.Field("chunk", base64);
        AudioFormat(to, item);
        to.Mark('}');
    }

    protected override void ToolCall(Canonical to, in StreamEvent item, ReadOnlySpan<byte> input)
    {
        to.Open("tool_call");
        to.Field("id", item.Id);
        Json(to, "input", input);
        to.Field("name", item.Name);
        Runner(to, item);
        to.Mark('}');
    }

    protected override void ToolCallDelta(Canonical to, in StreamEvent item)
    {
        to.Open("tool_call");
        to.Field("id", item.Id);
        to.FieldIfAny("name", item.Name);
        to.Field("input_delta", item.Text);
        to.Mark('}');
    }

    protected override void ToolResult(Canonical to, in StreamEvent item, ReadOnlySpan<byte> result)
    {
        to.Open("tool_result");
        to.Field("id", item.Id);
        to.FieldIfAny("name", item.Name);
        Json(to, "result", result);
        to.Mark('}');
    }

    protected override void Step(Canonical to, int number)
    {
        to.Open("step");
        to.Field("finished", true);
        to.Field("number", number);
        to.Mark('}');
    }

    protected override void Finish(Canonical to, in StreamEvent item)
    {
        to.Field("finished", true);
        base.Finish(to, item);
    }
}

/// <summary>The records of gai.events.v1, the same over SSE and NDJSON.</summary>
internal sealed class GaiEventsShape : GaiShape
{
    private string? _provider;
    private string? _model;

    public override bool AlwaysNumbers => true;

    public override string NameOf(StreamEventType type) => type switch
    {
        StreamEventType.TextDelta => "text.delta",
        StreamEventType.ReasoningDelta => "reasoning.delta",
        StreamEventType.AudioDelta => "audio.delta",
        StreamEventType.ToolCall => "tool.call",
        StreamEventType.ToolCallDelta => "tool.call.delta",
        StreamEventType.ToolResult => "tool.result",
        StreamEventType.FinishStep => "step.end",
        _ => base.NameOf(type),
    };

    public override void Error(Canonical to, in StreamError error)
    {
        to.Open("error");
        to.Field("code", error.Code);
        to.Field("message", error.Message);
        to.Field("temporary", error.Temporary);
        RetryAfter(to, error);
        to.Mark('}');
    }

    public override void Done(Canonical to, bool isSse)
    {
        to.Field("type", "done");
        base.Done(to, isSse);
    }

    protected override void Start(Canonical to, in StreamEvent item)
    {
        _provider = item.Provider;
        _model = item.Model;
        Model(to);
        to.FieldIfAny("response_id", item.Id);
    }

    protected override void Audio(Canonical to, in StreamEvent item, string base64)
    {
        to.Open("audio");
        to.Field("chunk", base64);
        if (item.AudioFormat is { } format)
        {
            to.Field("format", format.Mime);
            AudioNumbers(to, format);
        }

        to.Mark('}');
    }

    protected override void ToolCall(Canonical to, in StreamEvent item, ReadOnlySpan<byte> input)
    {
        to.Field("call_id", item.Id);
        to.Open("tool_call");
        to.Field("name", item.Name);
        Json(to, "input", input);
        Runner(to, item);
        to.Mark('}');
    }

    protected override void ToolCallDelta(Canonical to, in StreamEvent item)
    {
        to.Field("call_id", item.Id);
        to.Open("tool_call");
        to.FieldIfAny("name", item.Name);
        to.Field("input_delta", item.Text);
        to.Mark('}');
    }

    protected override void ToolResult(Canonical to, in StreamEvent item, ReadOnlySpan<byte> result)
    {
        to.Field("call_id", item.Id);
        to.FieldIfAny("tool_name", item.Name);
        Json(to, "tool_result", result);
    }

    protected override void Step(Canonical to, int number) => to.Field("step", number);

    protected override void Finish(Canonical to, in StreamEvent item)
    {
        Model(to);
        base.Finish(to, item);
    }

    private void Model(Canonical to)
    {
        to.FieldIfAny("provider", _provider);
        to.FieldIfAny("model", _model);
    }
}

using Gai.Pipelines.Internal;

namespace Gai.Pipelines.AI;

/// <summary>Ollama's chat and generate as NDJSON: lines with <c>"done":false</c>, and one with <c>"done":true</c>.</summary>
/// <remarks>
/// Text, thinking, tool calls (in chat), the finish reason and the counts have a place. Citations, audio, safety verdicts,
/// steps, raw events, and calls that the server runs itself have none.
/// </remarks>
internal sealed class OllamaDialect(OllamaShape shape, OllamaCall call, TimeProvider clock) : StreamEventDialect
{
    private OllamaTimes _times = new(clock);
    private OllamaClock _now = new(clock);
    private OllamaLine? _text;
    private OllamaLine? _thinking;
    private string _model = call.Model;
    private CallsInPieces? _calls;
    private int _callCount;
    private string? _finishReason;
    private TokenUsage? _usage;

    private OllamaLine TextLine => _text ??= new OllamaLine(_model, shape.TextBegin);

    private OllamaLine ThinkingLine => _thinking ??= new OllamaLine(_model, shape.ThinkingBegin);

    // A comment or a blank line breaks its clients: an empty piece of text is what they bear.
    public override void WriteKeepAlive(FrameWriter output)
    {
        output.Write(TextLine.At(_now.Milliseconds()));
        output.Write(shape.DeltaEnd);
    }

    protected override void WriteFrame(FrameWriter output, in StreamEvent item)
    {
        switch (item.Type)
        {
            case StreamEventType.Start:
                // A keep-alive may have come before it; what the lines are made with they keep.
                _model = item.Model ?? _model;
                break;
            case StreamEventType.TextDelta:
                _times.OnWord();
                DeltaTemplate.Write(output, TextLine.At(item.TimestampMilliseconds ?? _now.Milliseconds()), item, shape.DeltaEnd);
                break;
            case StreamEventType.ReasoningDelta when !item.Text.IsEmpty:
                _times.OnWord();
                DeltaTemplate.Write(output, ThinkingLine.At(item.TimestampMilliseconds ?? _now.Milliseconds()), item, shape.DeltaEnd);
                break;
            case StreamEventType.ToolCall when item.Runner == ToolRunner.Client && shape.HasToolCalls:
                WriteWholeCall(output, item);
                break;
            case StreamEventType.ToolCallDelta when shape.HasToolCalls:
                AddToCall(output, item);
                break;
            case StreamEventType.FinishStep:
                WriteOpenCalls(output, static open => open.Input.IsEmpty);
                _calls?.ForgetTold();
                break;
            case StreamEventType.Finish:
                _finishReason = item.FinishReason;
                _usage = item.Usage;

                // What the limit has cut off cannot be called, and done_reason says why it is missing.
                WriteOpenCalls(output, item.FinishReason == FinishReasons.Length ? static open => open.Input.IsEmpty : static _ => true);
                break;
        }
    }

    protected override void WriteErrorFrame(FrameWriter output, in StreamError error)
    {
        output.Write("{"u8);
        var fields = new JsonFields(output, hasFields: false);
        fields.Text("\"error\":"u8, error.Message);
        output.Write("}\n"u8);
    }

    protected override void WriteEndFrame(FrameWriter output)
    {
        if (_finishReason != FinishReasons.Length)
        {
            WriteOpenCalls(output, static _ => true);
        }

        output.Write(new OllamaLine(_model, shape.Nothing).At(_now.Milliseconds()));
        var fields = new JsonFields(output, hasFields: true);
        OllamaWords.WriteDone(ref fields, OllamaWords.DoneReason(_finishReason), _times, _usage);
        output.Write("}\n"u8);
    }

    private void WriteWholeCall(FrameWriter output, in StreamEvent item)
    {
        // Some sources say a call twice, in pieces and then as a whole perhaps: it is one call.
        CallInPieces told = (_calls ??= new CallsInPieces()).AddWhole(item, output.MaxFrameBytes);
        if (!told.IsTold)
        {
            WriteCall(output, item.Id!, item.Name, item.Text);
            _calls.Tell(told);
        }
    }

    private void AddToCall(FrameWriter output, in StreamEvent item)
    {
        CallInPieces open = (_calls ??= new CallsInPieces()).Add(item, output.MaxFrameBytes);
        if (open.IsClosed && !open.IsTold)
        {
            Tell(output, open);
        }
    }

    private void WriteOpenCalls(FrameWriter output, Func<CallInPieces, bool> which)
    {
        foreach (CallInPieces open in _calls?.Untold.Where(which) ?? [])
        {
            Tell(output, open);
        }
    }

    private void Tell(FrameWriter output, CallInPieces open)
    {
        WriteCall(output, open.Id, open.Name, open.Input);
        _calls!.Tell(open);
    }

    private void WriteCall(FrameWriter output, string id, string? name, in EventText input)
    {
        _times.OnWord();
        output.Write(new OllamaLine(_model, shape.CallsBegin).At(_now.Milliseconds()));
        var fields = new JsonFields(output, hasFields: false);
        OllamaWords.WriteCall(ref fields, _callCount++, id, name, input);
        output.Write(shape.CallsEnd);
    }
}

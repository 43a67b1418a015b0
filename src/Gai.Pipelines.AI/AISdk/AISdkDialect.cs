using Gai.Pipelines.Internal;

namespace Gai.Pipelines.AI;

/// <summary>The AI SDK's UI message stream, version 1: chunks of data without names, and <c>[DONE]</c>.</summary>
/// <remarks>
/// Older clients refuse a field that they do not know and a null: a chunk has what its kind must have and nothing else. Safety
/// verdicts and raw events become data parts (<c>data-safety</c>, <c>data-raw</c>), audio becomes files.
/// </remarks>
internal sealed class AISdkDialect(AISdkCall call) : StreamEventDialect
{
    private readonly AISdkTextParts _text = new();
    private readonly AISdkAudio _audio = new();
    private AISdkToolParts? _tools;
    private StepState _step;
    private bool _started;
    private int _sources;
    private string? _finishReason;
    private TokenUsage? _usage;

    private enum StepState
    {
        None,
        Open,

        /// <summary>The model's call has ended, but results of the tools that it has called still belong to the step.</summary>
        Ending,
    }

    public override void WriteKeepAlive(FrameWriter output) => SseOpening.WriteKeepAlive(output);

    protected override void WriteFrame(FrameWriter output, in StreamEvent item)
    {
        if (!_started)
        {
            Begin(output, item.Model);
        }

        switch (item.Type)
        {
            case StreamEventType.TextDelta when !item.Text.IsEmpty:
                OpenStep(output);
                _text.WriteText(output, item);
                break;
            case StreamEventType.ReasoningDelta when !item.Text.IsEmpty || item.Signature is not null:
                OpenStep(output);
                _text.WriteReasoning(output, item);
                break;
            case StreamEventType.AudioDelta:
                OpenStep(output);
                _audio.Add(output, item);
                break;
            case StreamEventType.ToolCall:
                OpenStep(output);
                _text.Close(output);
                Tools().WriteCall(output, item);
                break;
            case StreamEventType.ToolCallDelta:
                OpenStep(output);
                _text.Close(output);
                Tools().WritePiece(output, item);
                break;
            case StreamEventType.ToolResult:
                Tools().WriteResult(output, item);
                break;
            case StreamEventType.FinishStep:
                EndStep(output);
                break;
            case StreamEventType.Finish:
                EndStep(output);
                _finishReason = item.FinishReason;
                _usage = item.Usage;
                break;
            case StreamEventType.Citations:
                OpenStep(output);
                WriteSources(output, item.Citations);
                break;
            case StreamEventType.Safety:
                AISdkChunks.WriteSafety(output, item.Safety);
                break;
            case StreamEventType.Raw:
                AISdkChunks.WriteRaw(output, item.Text);
                break;
        }
    }

    protected override void WriteGapFrame(FrameWriter output, in StreamEvent gap) => SseOpening.WriteGap(output, gap.Dropped, gap.FirstId);

    /// <summary>Writes the error, and <c>[DONE]</c>: here it marks the end of the stream, whichever it is.</summary>
    protected override void WriteErrorFrame(FrameWriter output, in StreamError error)
    {
        AISdkChunks.WriteError(output, error);
        output.Write(AISdkChunks.Done);
    }

    protected override void WriteEndFrame(FrameWriter output)
    {
        if (!_started)
        {
            Begin(output, null);
        }

        EndStep(output);
        _tools?.FailRunning(output);
        CloseStep(output);
        AISdkChunks.WriteFinish(output, CollectedAnswer.Neutral(_finishReason, _tools?.WaitsForClient ?? false), _usage);
        output.Write(AISdkChunks.Done);
    }

    private void Begin(FrameWriter output, string? model)
    {
        _started = true;
        AISdkChunks.WriteStart(output, call.MessageId ?? VendorId.New("msg-"), model ?? call.Options.ModelId);
    }

    private AISdkToolParts Tools() => _tools ??= new AISdkToolParts(call.ToolCallIds);

    private void OpenStep(FrameWriter output)
    {
        if (_step != StepState.Open)
        {
            CloseStep(output);
            output.Write("data: {\"type\":\"start-step\"}\n\n"u8);
            _step = StepState.Open;
        }
    }

    private void EndStep(FrameWriter output)
    {
        if (_step == StepState.Open)
        {
            _text.Close(output);
            _tools?.CloseCalls(output);
            _audio.Write(output);
            _step = StepState.Ending;
        }
    }

    private void CloseStep(FrameWriter output)
    {
        if (_step == StepState.Ending)
        {
            output.Write("data: {\"type\":\"finish-step\"}\n\n"u8);
            _step = StepState.None;
        }
    }

    private void WriteSources(FrameWriter output, IReadOnlyList<Citation> citations)
    {
        for (int i = 0; i < citations.Count; i++)
        {
            AISdkChunks.WriteSource(output, ++_sources, citations[i]);
        }
    }
}

using Gai.Pipelines.Internal;

namespace Gai.Pipelines.AI;

/// <summary>OpenAI's Responses over Server-Sent Events: every item is opened, filled and closed, and the response at the end repeats them all.</summary>
/// <remarks>
/// Text, reasoning (as the summary of a reasoning item), tool calls, sources, usage and the end have a place. Audio, safety
/// verdicts, steps, raw events, and calls that the server runs itself have none: the clients throw on events they do not know.
/// </remarks>
internal sealed class OpenAIResponsesDialect(OpenAIResponsesCall call, TimeProvider clock) : StreamEventDialect
{
    // The last text is in four events of the end: its own, its part's, its item's and the response's.
    private const int CopiesAtTheEnd = 4;

    private readonly CollectedAnswer _answer = new();
    private readonly List<OpenAIResponsesItem> _items = [];
    private readonly Dictionary<string, OpenAIResponsesItem> _calls = new(StringComparer.Ordinal);
    private readonly OpenAIResponsesEvents _events = new();
    private OpenAIResponsesObject? _response;

    // The message or reasoning that grows. Tool calls stay open beside it until the end, for their pieces may come by turns.
    private OpenAIResponsesItem? _growing;
    private OpenAIResponsesItem? _lastText;

    public override void WriteKeepAlive(FrameWriter output) => SseOpening.WriteKeepAlive(output);

    protected override void WriteFrame(FrameWriter output, in StreamEvent item)
    {
        if (item.Type == StreamEventType.TextDelta && _growing is { Part.Kind: AnswerPartKind.Text } message && !item.Payload.IsEmpty)
        {
            // The hot path: a message goes on.
            _answer.Append(message.Part, item.Payload);
            CheckCost(output);
            message.WriteDelta(output, _events, item);
            _events.Sent();
        }
        else
        {
            WriteAny(output, item);
        }
    }

    private void WriteAny(FrameWriter output, in StreamEvent item)
    {
        if (_events.NothingSent)
        {
            Begin(output, item.Model);
        }

        switch (item.Type)
        {
            case StreamEventType.TextDelta when !item.Text.IsEmpty:
                Add(output, item);
                _growing!.WriteDelta(output, _events, item);
                break;
            case StreamEventType.ReasoningDelta when !item.Text.IsEmpty || item.Signature is not null:
                Add(output, item);
                _growing!.WriteReasoning(output, _events, item);
                break;
            case StreamEventType.ToolCall when item.Runner == ToolRunner.Client:
                WriteCall(output, item);
                break;
            case StreamEventType.ToolCallDelta:
                Add(output, item);
                if (Find(item.Id!) is { IsOpen: true } piece && !item.Text.IsEmpty)
                {
                    piece.WriteDelta(output, _events, item);
                }

                break;
            case StreamEventType.Citations when item.Citations.Count > 0:
                Add(output, item);
                _lastText!.WriteAnnotations(output, _events, item.Citations);
                break;
            default:
                _answer.Add(item);
                break;
        }

        _events.Sent();
    }

    protected override void WriteGapFrame(FrameWriter output, in StreamEvent gap) => SseOpening.WriteGap(output, gap.Dropped, gap.FirstId);

    protected override void WriteErrorFrame(FrameWriter output, in StreamError error)
    {
        _events.TakeBackUnsent();
        if (_events.NothingSent)
        {
            Begin(output, null);
        }

        _events.WriteError(output, error);
        JsonFields fields = _events.Begin(output, "response.failed"u8);
        _response!.WriteFailed(output, ref fields, error);
        OpenAIResponsesEvents.End(output);
        _answer.Release();
    }

    protected override void WriteEndFrame(FrameWriter output)
    {
        if (_events.NothingSent)
        {
            Begin(output, null);
        }

        OpenAIResponsesEnding ending = OpenAIResponsesEnding.Of(_answer.FinishReason);
        foreach (OpenAIResponsesItem item in _items.Where(static item => item.IsOpen))
        {
            item.Close(output, _events, cut: ending.IsCut);
        }

        JsonFields fields = _events.Begin(output, ending.Event);
        _response!.WriteEnded(output, ref fields, ending, _items, _answer.Usage ?? default, clock.GetUtcNow());
        OpenAIResponsesEvents.End(output);
        _answer.Release();
    }

    /// <summary>Writes the two events with which every response begins.</summary>
    private void Begin(FrameWriter output, string? model)
    {
        _response = new OpenAIResponsesObject(model ?? call.Model, clock.GetUtcNow(), call.Echo);
        WriteInProgress(output, "response.created"u8);
        WriteInProgress(output, "response.in_progress"u8);
    }

    private void WriteInProgress(FrameWriter output, ReadOnlySpan<byte> type)
    {
        JsonFields fields = _events.Begin(output, type);
        _response!.WriteInProgress(output, ref fields);
        OpenAIResponsesEvents.End(output);
    }

    /// <summary>Adds an event to the answer, and opens the item that began with it.</summary>
    private void Add(FrameWriter output, in StreamEvent item)
    {
        _answer.Add(item);
        CheckCost(output);
        if (_items.Count < _answer.Parts.Count)
        {
            Open(output);
        }
    }

    private void CheckCost(FrameWriter output)
    {
        if (_answer.Cost > output.MaxFrameBytes / CopiesAtTheEnd)
        {
            throw new FrameTooLargeException(output.MaxFrameBytes);
        }
    }

    private void Open(FrameWriter output)
    {
        _growing?.Close(output, _events, cut: false);
        var item = new OpenAIResponsesItem(_answer.Parts[^1], _items.Count);
        _items.Add(item);
        switch (item.Part.Kind)
        {
            case AnswerPartKind.ToolCall:
                _calls.Add(item.Part.Id!, item);
                _growing = null;
                break;
            case AnswerPartKind.Text:
                _growing = _lastText = item;
                break;
            default:
                _growing = item;
                break;
        }

        item.Open(output, _events);
    }

    private void WriteCall(FrameWriter output, in StreamEvent item)
    {
        RawJson.Check(item.Text.IsEmpty ? "{}" : item.Text, "The input of a tool call");
        if (Find(item.Id!) is { IsOpen: true, Part.Length: > 0 } sent)
        {
            // The client has the pieces: what closes the item must say the same, and fails if they are no JSON.
            sent.Part.IsWhole = true;
            sent.Close(output, _events, cut: false);
            return;
        }

        Add(output, item);
        OpenAIResponsesItem whole = Find(item.Id!)!;
        if (whole.IsOpen)
        {
            if (!item.Text.IsEmpty)
            {
                whole.WriteDelta(output, _events, item);
            }

            whole.Close(output, _events, cut: false);
        }
    }

    private OpenAIResponsesItem? Find(string callId) => _calls.GetValueOrDefault(callId);
}

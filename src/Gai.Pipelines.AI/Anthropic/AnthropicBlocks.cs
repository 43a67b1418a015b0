using Gai.Pipelines.Internal;

namespace Gai.Pipelines.AI;

/// <summary>Writes the blocks of a message: numbered in the order of their start, never two open at once.</summary>
/// <remarks>
/// A block that has begun cannot be left and taken up again. So while the input of a tool call is not yet complete,
/// what belongs to other blocks waits; a call whose input is complete ends at once.
/// </remarks>
internal sealed class AnthropicBlocks
{
    private readonly AnthropicWaiting _waiting = new();
    private readonly Dictionary<string, bool> _endedCalls = new(StringComparer.Ordinal); // whether a whole call has said so
    private AnswerPartKind? _open;
    private int _index = -1;
    private byte[] _deltaBegin = [];
    private string? _callId;
    private bool _isWholeCall;
    private JsonObjectScanner _input;

    public bool HasToolCalls { get; private set; }

    private bool IsInsideCall => _open == AnswerPartKind.ToolCall;

    /// <summary>Writes a piece of text: the hot path.</summary>
    public void WriteText(FrameWriter output, in StreamEvent item)
    {
        if (_open == AnswerPartKind.Text)
        {
            DeltaTemplate.Write(output, _deltaBegin, item, AnthropicFrames.DeltaEnd);
        }
        else if (!item.Text.IsEmpty)
        {
            WriteText(output, item.Text);
        }
    }

    /// <summary>Writes a piece of reasoning. A signature ends its block; one that signs no text is reasoning that the provider keeps secret.</summary>
    public void WriteReasoning(FrameWriter output, in EventText text, string? signature)
    {
        bool isSigned = !string.IsNullOrEmpty(signature);
        if (IsInsideCall)
        {
            _waiting.AddReasoning(output, text, isSigned ? signature : null);
            return;
        }

        if (!text.IsEmpty)
        {
            Open(output, AnswerPartKind.Reasoning);
            WriteDelta(output, text);
        }

        if (isSigned && _open == AnswerPartKind.Reasoning)
        {
            AnthropicFrames.WriteSignature(output, _index, signature!);
            Close(output);
        }
        else if (isSigned)
        {
            Close(output);
            AnthropicFrames.WriteRedacted(output, ++_index, signature!);
        }
    }

    public void WriteCitations(FrameWriter output, IReadOnlyList<Citation> citations)
    {
        if (IsInsideCall)
        {
            _waiting.AddCitations(output, citations);
            return;
        }

        Open(output, AnswerPartKind.Text);
        for (int i = 0; i < citations.Count; i++)
        {
            AnthropicFrames.WriteCitation(output, _index, citations[i]);
        }
    }

    /// <summary>Writes a whole call. One whose pieces have come and closed repeats them.</summary>
    /// <exception cref="FormatException">It is no object, or pieces of it have gone out that did not close.</exception>
    public void WriteCall(FrameWriter output, string id, string name, in EventText input)
    {
        EventText json = input.IsEmpty ? "{}" : input;
        RawJson.Check(json, "The input of a tool call");
        JsonObjectScanner.IsObject(json); // It throws for what is none.
        if (_endedCalls.ContainsKey(id))
        {
            return;
        }

        if (IsInsideCall && _callId != id)
        {
            _waiting.AddCall(output, id, name, input);
            return;
        }

        if (IsInsideCall && _input.HasBegun)
        {
            // The client cannot take back the pieces that it has. A call without any input says nothing against them, and they may go on.
            if (!input.IsEmpty)
            {
                throw new FormatException(
                    $"A whole tool call must not follow pieces that end inside its object; those of \"{id}\" do, and have been sent. Give all pieces of a call, or only the whole one.");
            }

            return;
        }

        if (!IsInsideCall)
        {
            BeginCall(output, id, name);
        }

        _isWholeCall = true;
        _input.Read(json);
        WriteInput(output, json);
        WriteWaiting(output);
    }

    public void WriteCallDelta(FrameWriter output, string id, string? name, in EventText piece)
    {
        if (_endedCalls.TryGetValue(id, out bool isWhole))
        {
            if (!isWhole)
            {
                JsonObjectScanner.CheckIsBlank(piece);
            }

            return;
        }

        if (IsInsideCall && _callId != id)
        {
            _waiting.AddCallDelta(output, id, name, piece);
            return;
        }

        // Read before anything is written: of a piece that is refused, nothing is sent, and no error may go on with it.
        JsonObjectScanner input = IsInsideCall ? _input : default;
        input.Read(piece);
        if (!IsInsideCall)
        {
            BeginCall(output, id, name);
        }

        _input = input;
        WriteInput(output, piece);
        WriteWaiting(output);
    }

    /// <summary>Ends all calls: no more of them comes.</summary>
    public void EndCalls(FrameWriter output)
    {
        while (IsInsideCall)
        {
            Close(output);
            WriteWaiting(output);
        }

        // The next call of the model may count from one again.
        _endedCalls.Clear();
    }

    /// <summary>Writes what waits, before an error. The block of a call that is not complete stays open: nobody shall take it for whole.</summary>
    public void BreakOff(FrameWriter output)
    {
        while (IsInsideCall)
        {
            _open = null;
            WriteWaiting(output);
        }
    }

    public void End(FrameWriter output)
    {
        EndCalls(output);
        Close(output);
    }

    private void WriteText(FrameWriter output, in EventText text)
    {
        if (IsInsideCall)
        {
            _waiting.AddText(output, text);
        }
        else
        {
            Open(output, AnswerPartKind.Text);
            WriteDelta(output, text);
        }
    }

    private void BeginCall(FrameWriter output, string id, string? name)
    {
        Close(output);
        HasToolCalls = true;
        Begin(AnswerPartKind.ToolCall);
        _callId = id;
        _isWholeCall = false;
        _input = default;
        AnthropicFrames.WriteToolUseStart(output, _index, id, name);
    }

    /// <summary>Writes a piece of the input that has been read.</summary>
    private void WriteInput(FrameWriter output, in EventText piece)
    {
        if (!piece.IsEmpty)
        {
            WriteDelta(output, piece);
        }

        if (_input.IsComplete)
        {
            Close(output);
        }
    }

    /// <summary>Writes what has waited, up to a call that is not complete.</summary>
    private void WriteWaiting(FrameWriter output)
    {
        while (!IsInsideCall && _waiting.Take() is { } part)
        {
            switch (part.Kind)
            {
                case AnswerPartKind.ToolCall:
                    BeginCall(output, part.Id!, part.Name);
                    _isWholeCall = part.IsWhole;
                    _input.Read(part.Text);
                    WriteInput(output, part.Text);
                    break;
                case AnswerPartKind.Reasoning:
                    WriteReasoning(output, part.Text, part.Signature);
                    break;
                default:
                    if (part.Length > 0)
                    {
                        WriteText(output, part.Text);
                    }

                    if (part.Citations is { } citations)
                    {
                        WriteCitations(output, citations);
                    }

                    break;
            }

            part.Release();
        }
    }

    private void Open(FrameWriter output, AnswerPartKind kind)
    {
        if (_open != kind)
        {
            Close(output);
            Begin(kind);
            AnthropicFrames.WriteStart(output, _index, kind);
        }
    }

    private void Begin(AnswerPartKind kind)
    {
        _open = kind;
        _deltaBegin = AnthropicFrames.DeltaBegin(kind, ++_index);
    }

    private void Close(FrameWriter output)
    {
        if (_open is null)
        {
            return;
        }

        if (IsInsideCall)
        {
            _endedCalls[_callId!] = _isWholeCall;
            if (!_input.HasBegun)
            {
                // No input at all is an empty object: an empty text is not JSON.
                WriteDelta(output, "{}");
            }
        }

        AnthropicFrames.WriteStop(output, _index);
        _open = null;
    }

    private void WriteDelta(FrameWriter output, in EventText text)
    {
        output.Write(_deltaBegin);
        JsonText.Write(output, text);
        output.Write(AnthropicFrames.DeltaEnd);
    }
}

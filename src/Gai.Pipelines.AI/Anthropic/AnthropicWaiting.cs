namespace Gai.Pipelines.AI;

/// <summary>What waits for the end of a tool call, in the order of its start. Almost no stream ever has any.</summary>
internal sealed class AnthropicWaiting
{
    private readonly Queue<AnswerPart> _parts = new();
    private readonly Dictionary<string, AnswerPart> _calls = new(StringComparer.Ordinal);
    private Dictionary<string, JsonObjectScanner>? _inputs; // of the calls that come in pieces
    private AnswerPart? _last;
    private long _cost;

    public AnswerPart? Take()
    {
        if (!_parts.TryDequeue(out AnswerPart? first))
        {
            return null;
        }

        _cost -= first.Cost;
        _last = _parts.Count == 0 ? null : _last;
        if (first.Kind == AnswerPartKind.ToolCall)
        {
            _calls.Remove(first.Id!);
            _inputs?.Remove(first.Id!);
        }

        return first;
    }

    public void AddText(FrameWriter output, in EventText text)
    {
        AnswerPart part = LastText();
        long before = part.Cost;
        part.Append(text);
        Charge(output, part.Cost - before);
    }

    public void AddCitations(FrameWriter output, IReadOnlyList<Citation> citations)
    {
        AnswerPart part = LastText();
        long before = part.Cost;
        part.Cite(citations);
        Charge(output, part.Cost - before);
    }

    public void AddReasoning(FrameWriter output, in EventText text, string? signature)
    {
        if (text.IsEmpty && signature is null)
        {
            return;
        }

        AnswerPart part = _last is { Kind: AnswerPartKind.Reasoning, Signature: null } last ? last : Add(new AnswerPart(AnswerPartKind.Reasoning));
        long before = part.Cost;
        part.Append(text);
        part.Signature = signature;
        Charge(output, part.Cost - before);
    }

    /// <summary>Adds a whole call. It stands for pieces that did not close, unless it has no input; those that did count as sent.</summary>
    public void AddCall(FrameWriter output, string id, string name, in EventText input)
    {
        AnswerPart call = Call(id, name);
        long before = call.Cost;
        bool isGiven = call.IsWhole || _inputs?.GetValueOrDefault(id).IsComplete == true;
        if (call.Length == 0 || !(isGiven || input.IsEmpty))
        {
            call.Release();
            call.Append(input.IsEmpty ? "{}" : input);
        }

        call.IsWhole = true;
        Charge(output, call.Cost - before);
    }

    /// <summary>Adds a piece of a call. It is checked here, since whoever takes it cannot refuse it any more.</summary>
    /// <exception cref="FormatException">The input is no object, or goes on after it has ended.</exception>
    public void AddCallDelta(FrameWriter output, string id, string? name, in EventText piece)
    {
        if (_calls.GetValueOrDefault(id) is not { IsWhole: true })
        {
            _inputs ??= new Dictionary<string, JsonObjectScanner>(StringComparer.Ordinal);
            JsonObjectScanner input = _inputs.GetValueOrDefault(id);
            input.Read(piece);
            _inputs[id] = input;
        }

        AnswerPart call = Call(id, name);
        long before = call.Cost;
        call.NameIfUnnamed(name);
        if (!call.IsWhole)
        {
            call.Append(piece);
        }

        Charge(output, call.Cost - before);
    }

    private AnswerPart LastText() => _last is { Kind: AnswerPartKind.Text } last ? last : Add(new AnswerPart(AnswerPartKind.Text));

    private AnswerPart Call(string id, string? name)
    {
        if (!_calls.TryGetValue(id, out AnswerPart? call))
        {
            call = Add(new AnswerPart(AnswerPartKind.ToolCall, id, name));
            _calls.Add(id, call);
        }

        return call;
    }

    private AnswerPart Add(AnswerPart part)
    {
        _parts.Enqueue(part);
        _last = part;
        _cost += part.Cost;
        return part;
    }

    /// <summary>All of it may have to go out in one frame, so more than that need not be kept.</summary>
    private void Charge(FrameWriter output, long more)
    {
        _cost += more;
        if (_cost > output.MaxFrameBytes)
        {
            throw new FrameTooLargeException(output.MaxFrameBytes);
        }
    }
}

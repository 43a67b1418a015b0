namespace Gai.Pipelines.AI;

/// <summary>What waits for the end of a tool call, in the order of its start. Almost no stream ever has any.</summary>
internal sealed class AnthropicWaiting
{
    private readonly List<AnswerPart> _parts = [];

    private AnswerPart? Last => _parts.Count > 0 ? _parts[^1] : null;

    public AnswerPart? Take()
    {
        if (_parts.Count == 0)
        {
            return null;
        }

        AnswerPart first = _parts[0];
        _parts.RemoveAt(0);
        return first;
    }

    public void AddText(FrameWriter output, in EventText text) =>
        Append(output, Last is { Kind: AnswerPartKind.Text } last ? last : Add(new AnswerPart(AnswerPartKind.Text)), text);

    public void AddCitations(IReadOnlyList<Citation> citations) =>
        (Last is { Kind: AnswerPartKind.Text } last ? last : Add(new AnswerPart(AnswerPartKind.Text))).Cite(citations);

    public void AddReasoning(FrameWriter output, in EventText text, string? signature)
    {
        if (text.IsEmpty && signature is null)
        {
            return;
        }

        AnswerPart part = Last is { Kind: AnswerPartKind.Reasoning, Signature: null } last ? last : Add(new AnswerPart(AnswerPartKind.Reasoning));
        Append(output, part, text);
        part.Signature = signature;
    }

    public void AddCall(FrameWriter output, string id, string name, in EventText input)
    {
        AnswerPart call = Call(id, name);
        call.IsWhole = true;
        if (call.Length == 0)
        {
            Append(output, call, input);
        }
    }

    public void AddCallDelta(FrameWriter output, string id, string? name, in EventText piece)
    {
        AnswerPart call = Call(id, name);
        call.NameIfUnnamed(name);
        if (!call.IsWhole)
        {
            Append(output, call, piece);
        }
    }

    private AnswerPart Call(string id, string? name) =>
        _parts.Find(part => part.Kind == AnswerPartKind.ToolCall && part.Id == id) ?? Add(new AnswerPart(AnswerPartKind.ToolCall, id, name));

    private AnswerPart Add(AnswerPart part)
    {
        _parts.Add(part);
        return part;
    }

    /// <summary>All of it may have to go out in one frame, so more than that need not be kept.</summary>
    private void Append(FrameWriter output, AnswerPart part, in EventText text)
    {
        part.Append(text);
        if (_parts.Sum(static one => (long)one.Length) > output.MaxFrameBytes)
        {
            throw new FrameTooLargeException(output.MaxFrameBytes);
        }
    }
}

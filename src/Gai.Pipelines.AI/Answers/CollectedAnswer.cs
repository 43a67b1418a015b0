namespace Gai.Pipelines.AI;

/// <summary>An answer put together again from its events, for the dialects that say some of it twice or all of it at once.</summary>
/// <remarks>Calls that the server runs itself, and their results, are left out: a client would run them again.</remarks>
internal sealed class CollectedAnswer
{
    private readonly List<AnswerPart> _parts = [];

    /// <summary>The parts in the order in which they began.</summary>
    public IReadOnlyList<AnswerPart> Parts => _parts;

    /// <summary>The model that answers, once it is known.</summary>
    public string? Model { get; private set; }

    public TokenUsage? Usage { get; private set; }

    /// <summary>Why the answer ended, in the neutral words of <see cref="FinishReasons"/>; a model that calls tools waits for their results.</summary>
    public string FinishReason { get; private set; } = FinishReasons.Stop;

    /// <summary>The bytes of all texts.</summary>
    public long Length { get; private set; }

    public bool HasToolCalls { get; private set; }

    public bool Has(AnswerPartKind kind) => _parts.Exists(part => part.Kind == kind);

    /// <summary>The text of all parts of a kind, put together.</summary>
    public EventText TextOf(AnswerPartKind kind)
    {
        AnswerPart[] parts = [.. _parts.Where(part => part.Kind == kind)];
        return parts.Length == 1 ? parts[0].Text : string.Concat(parts.Select(static part => part.Text.ToString()));
    }

    public void Add(in StreamEvent item)
    {
        switch (item.Type)
        {
            case StreamEventType.Start:
                Model = item.Model;
                break;
            case StreamEventType.TextDelta when !item.Text.IsEmpty:
                Append(Last(AnswerPartKind.Text), item.Text);
                break;
            case StreamEventType.ReasoningDelta when !item.Text.IsEmpty || item.Signature is not null:
                AnswerPart reasoning = LastUnsigned();
                Append(reasoning, item.Text);
                reasoning.Signature = item.Signature ?? reasoning.Signature;
                break;
            case StreamEventType.ToolCall when item.Runner == ToolRunner.Client:
                AddWhole(Call(item.Id!, item.Name), item.Text);
                break;
            case StreamEventType.ToolCallDelta:
                AnswerPart call = Call(item.Id!, item.Name);
                call.NameIfUnnamed(item.Name);
                if (!call.IsWhole)
                {
                    Append(call, item.Text);
                }

                break;
            case StreamEventType.Citations when item.Citations.Count > 0:
                (LastText() ?? Last(AnswerPartKind.Text)).Cite(item.Citations);
                break;
            case StreamEventType.Finish:
                Usage = item.Usage;
                FinishReason = Neutral(item.FinishReason, HasToolCalls);
                break;
        }
    }

    /// <summary>Gives the reason of an answer with tool calls, which some providers end with a plain stop or with no word.</summary>
    public static string Neutral(string? reason, bool hasToolCalls) =>
        hasToolCalls && reason is null or FinishReasons.Stop ? FinishReasons.ToolCalls : reason ?? FinishReasons.Stop;

    /// <summary>Gives the memory of the texts back.</summary>
    public void Release()
    {
        foreach (AnswerPart part in _parts)
        {
            part.Release();
        }
    }

    /// <summary>Adds the input of a whole call, unless pieces have already given it.</summary>
    private void AddWhole(AnswerPart call, in EventText input)
    {
        call.IsWhole = true;
        if (call.Length == 0)
        {
            Append(call, input);
        }
    }

    /// <summary>Adds a piece to a part that goes on.</summary>
    public void Append(AnswerPart part, in EventText text)
    {
        int before = part.Length;
        part.Append(text);
        Length += part.Length - before;
    }

    private AnswerPart Last(AnswerPartKind kind)
    {
        if (_parts.Count == 0 || _parts[^1].Kind != kind)
        {
            _parts.Add(new AnswerPart(kind));
        }

        return _parts[^1];
    }

    /// <summary>A signature is of what came before it: what follows is another reasoning.</summary>
    private AnswerPart LastUnsigned()
    {
        if (_parts.Count == 0 || _parts[^1] is not { Kind: AnswerPartKind.Reasoning, Signature: null })
        {
            _parts.Add(new AnswerPart(AnswerPartKind.Reasoning));
        }

        return _parts[^1];
    }

    private AnswerPart? LastText() => _parts.FindLast(static part => part.Kind == AnswerPartKind.Text);

    /// <summary>Finds a call by its id: pieces of parallel calls may come by turns.</summary>
    private AnswerPart Call(string id, string? name)
    {
        HasToolCalls = true;
        AnswerPart? call = _parts.FindLast(part => part.Kind == AnswerPartKind.ToolCall && part.Id == id);
        if (call is null)
        {
            call = new AnswerPart(AnswerPartKind.ToolCall, id, name);
            _parts.Add(call);
        }

        return call;
    }
}

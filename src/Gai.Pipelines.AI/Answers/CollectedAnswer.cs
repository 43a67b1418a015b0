namespace Gai.Pipelines.AI;

/// <summary>An answer put together again from its events, for the dialects that say some of it twice or all of it at once.</summary>
/// <remarks>Calls that the server runs itself, and their results, are left out: a client would run them again.</remarks>
internal sealed class CollectedAnswer
{
    private readonly List<AnswerPart> _parts = [];
    private readonly Dictionary<string, AnswerPart> _calls = new(StringComparer.Ordinal);
    private AnswerPart? _lastText;
    private string? _finishReason;

    /// <summary>The parts in the order in which they began.</summary>
    public IReadOnlyList<AnswerPart> Parts => _parts;

    /// <summary>The model that answers, once it is known.</summary>
    public string? Model { get; private set; }

    public TokenUsage? Usage { get; private set; }

    /// <summary>Why the answer ended, in the neutral words of <see cref="FinishReasons"/>; a model that calls tools waits for their results.</summary>
    public string FinishReason => Neutral(_finishReason, HasToolCalls);

    /// <summary>What the answer takes, in bytes, more or less: its texts, and something for each part and source.</summary>
    public long Cost { get; private set; }

    public bool HasToolCalls => _calls.Count > 0;

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
                Sign(reasoning, item.Signature);
                break;
            case StreamEventType.ToolCall when item.Runner == ToolRunner.Client:
                AddWhole(Call(item.Id!, item.Name), item.Text);
                break;
            case StreamEventType.ToolCallDelta:
                AnswerPart call = Call(item.Id!, item.Name);
                Name(call, item.Name);
                if (!call.IsWhole)
                {
                    Append(call, item.Text);
                }

                break;
            case StreamEventType.Citations when item.Citations.Count > 0:
                Cite(_lastText ?? Last(AnswerPartKind.Text), item.Citations);
                break;
            case StreamEventType.Finish:
                Usage = item.Usage;
                _finishReason = item.FinishReason;
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

    /// <summary>Adds the input of a whole call. It stands for the pieces that came before, which may have broken off; no input at all takes nothing from them.</summary>
    private void AddWhole(AnswerPart call, in EventText input)
    {
        if (!input.IsEmpty && (!call.IsWhole || call.Length == 0))
        {
            Cost -= call.Length;
            call.Release();
            Append(call, input);
        }

        call.IsWhole = true;
    }

    /// <summary>Adds a piece to a part that goes on.</summary>
    public void Append(AnswerPart part, in EventText text)
    {
        int before = part.Length;
        part.Append(text);
        Cost += part.Length - before;
    }

    private void Sign(AnswerPart part, string? signature)
    {
        long before = part.Cost;
        part.Signature = signature ?? part.Signature;
        Cost += part.Cost - before;
    }

    private void Name(AnswerPart part, string? name)
    {
        long before = part.Cost;
        part.NameIfUnnamed(name);
        Cost += part.Cost - before;
    }

    private void Cite(AnswerPart part, IReadOnlyList<Citation> citations)
    {
        long before = part.Cost;
        part.Cite(citations);
        Cost += part.Cost - before;
    }

    private AnswerPart Last(AnswerPartKind kind) => _parts.Count > 0 && _parts[^1].Kind == kind ? _parts[^1] : Begin(new AnswerPart(kind));

    /// <summary>A signature is of what came before it: what follows is another reasoning.</summary>
    private AnswerPart LastUnsigned() =>
        _parts.Count > 0 && _parts[^1] is { Kind: AnswerPartKind.Reasoning, Signature: null } last ? last : Begin(new AnswerPart(AnswerPartKind.Reasoning));

    /// <summary>Finds a call by its id: pieces of parallel calls may come by turns.</summary>
    private AnswerPart Call(string id, string? name)
    {
        if (!_calls.TryGetValue(id, out AnswerPart? call))
        {
            call = Begin(new AnswerPart(AnswerPartKind.ToolCall, id, name));
            _calls.Add(id, call);
        }

        return call;
    }

    private AnswerPart Begin(AnswerPart part)
    {
        _parts.Add(part);
        _lastText = part.Kind == AnswerPartKind.Text ? part : _lastText;
        Cost += part.Cost;
        return part;
    }
}

namespace Gai.Pipelines.AI;

/// <summary>How far a tool call has come.</summary>
internal enum OpenAICallState
{
    /// <summary>Nothing of it is written.</summary>
    New,

    /// <summary>It has begun, and has no arguments yet.</summary>
    Begun,

    /// <summary>Pieces of its arguments are written.</summary>
    InPieces,

    /// <summary>It is written whole: what repeats it is left out.</summary>
    Whole,
}

/// <summary>Numbers the tool calls of an answer in the order in which they begin. Made when the first one does.</summary>
internal sealed class OpenAICallIndexes
{
    private readonly OrderedDictionary<string, OpenAICallState> _calls = new(StringComparer.Ordinal);

    /// <summary>The calls for which no arguments have been written.</summary>
    public IEnumerable<string> Unfilled => _calls.Where(static call => call.Value == OpenAICallState.Begun).Select(static call => call.Key).ToArray();

    /// <summary>Finds a call, or begins it.</summary>
    /// <param name="id">The id of the call.</param>
    /// <param name="before">How far it had come until now.</param>
    /// <returns>Its number.</returns>
    public int Of(string id, out OpenAICallState before)
    {
        int index = _calls.IndexOf(id);
        before = index < 0 ? OpenAICallState.New : _calls.GetAt(index).Value;
        if (index < 0)
        {
            index = _calls.Count;
            _calls.Add(id, OpenAICallState.Begun);
        }

        return index;
    }

    public OpenAICallState StateOf(string id) => _calls.GetValueOrDefault(id);

    public void Set(string id, OpenAICallState state) => _calls[id] = state;
}

namespace Gai.Pipelines.AI;

/// <summary>Numbers the tool calls of an answer in the order in which they begin. Made when the first one does.</summary>
internal sealed class OpenAICallIndexes
{
    private readonly List<(string Id, bool HasArguments)> _calls = [];

    /// <summary>The calls for which no arguments have been written.</summary>
    public IEnumerable<string> Unfilled => _calls.Where(static call => !call.HasArguments).Select(static call => call.Id).ToArray();

    public int Of(string id, out bool isNew)
    {
        int index = _calls.Count - 1;
        while (index >= 0 && _calls[index].Id != id)
        {
            index--;
        }

        isNew = index < 0;
        if (isNew)
        {
            index = _calls.Count;
            _calls.Add((id, false));
        }

        return index;
    }

    public void Filled(string id)
    {
        int index = Of(id, out _);
        _calls[index] = (id, true);
    }
}

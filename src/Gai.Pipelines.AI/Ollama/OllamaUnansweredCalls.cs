using System.Globalization;

namespace Gai.Pipelines.AI;

/// <summary>Finds the call that a result belongs to. Older clients give neither of them an id, only the tool's name or not even that.</summary>
/// <remarks>A body may have some hundred thousand of both, in any order: whatever way a result names its call, it is found without a search.</remarks>
internal sealed class OllamaUnansweredCalls
{
    private readonly Queue<Call> _all = new();
    private readonly Dictionary<string, Queue<Call>> _byId = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Queue<Call>> _byName = new(StringComparer.Ordinal);
    private int _count;

    /// <summary>Adds a call.</summary>
    /// <returns>Its id, which is made if it has none.</returns>
    public string Ask(string? id, string name)
    {
        _count++;
        var call = new Call(id is { Length: > 0 } ? id : string.Create(CultureInfo.InvariantCulture, $"call_{_count}"));
        _all.Enqueue(call);
        Add(_byId, call.Id, call);
        Add(_byName, name, call);
        return call.Id;
    }

    /// <summary>Finds the first call without a result that this one may belong to.</summary>
    /// <returns>The id of the call.</returns>
    public string Answer(RequestValue message)
    {
        string? id = message.Text("tool_call_id");
        string? name = message.Text("tool_name") ?? message.Text("name");
        Queue<Call>? calls = id is { Length: > 0 } ? _byId.GetValueOrDefault(id) : name is { Length: > 0 } ? _byName.GetValueOrDefault(name) : _all;
        while (calls is { Count: > 0 })
        {
            Call call = calls.Dequeue();
            if (!call.IsAnswered)
            {
                call.IsAnswered = true;
                return call.Id;
            }
        }

        throw RequestError.At(message.Path, $"{message.Path} is the result of no tool call before it. Send the assistant's message that has the call, too.");
    }

    private static void Add(Dictionary<string, Queue<Call>> calls, string key, Call call)
    {
        if (!calls.TryGetValue(key, out Queue<Call>? known))
        {
            calls[key] = known = new Queue<Call>();
        }

        known.Enqueue(call);
    }

    private sealed class Call(string id)
    {
        public string Id { get; } = id;

        public bool IsAnswered { get; set; }
    }
}

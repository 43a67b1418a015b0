using System.Text;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>Makes whole calls of their pieces, in the order in which they began, however they are interleaved.</summary>
internal sealed class ToolCallJoiner
{
    private readonly OrderedDictionary<string, Call> _calls = new(StringComparer.Ordinal);
    private int _whole;

    /// <summary>Whether no call waits for more of its pieces.</summary>
    public bool AreWhole => _whole == _calls.Count;

    public void Add(in StreamEvent piece)
    {
        Call call = FindOrBegin(piece.Id!);
        call.Name ??= piece.Name;
        if (call.Whole is null)
        {
            call.Input.Append(call.Text.Add(piece.Text));
        }
    }

    /// <summary>Takes a whole call. Where its pieces have come before, it stands for them.</summary>
    public void AddWhole(in StreamEvent call)
    {
        Call begun = FindOrBegin(call.Id!);
        _whole += begun.Whole is null ? 1 : 0;
        begun.Whole = ChatContents.ToFunctionCall(call.Id!, call.Name!, call.Text.ToString(), call.Runner);
    }

    /// <summary>Gives the calls and forgets them.</summary>
    public List<AIContent> Take()
    {
        List<AIContent> calls = [.. _calls.Values.Select(static call => call.ToContent())];
        _calls.Clear();
        _whole = 0;
        return calls;
    }

    private Call FindOrBegin(string id)
    {
        if (!_calls.TryGetValue(id, out Call? call))
        {
            call = new Call(id);
            _calls.Add(id, call);
        }

        return call;
    }

    private sealed class Call(string id)
    {
        public string? Name { get; set; }

        public TextJoiner Text { get; } = new();

        public StringBuilder Input { get; } = new();

        public FunctionCallContent? Whole { get; set; }

        public FunctionCallContent ToContent() =>
            Whole ?? ChatContents.ToFunctionCall(id, Name ?? string.Empty, Input.Append(Text.End()).ToString(), ToolRunner.Client);
    }
}

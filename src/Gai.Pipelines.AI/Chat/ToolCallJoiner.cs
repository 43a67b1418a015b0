using System.Text;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>Makes whole calls of their pieces, in the order in which they began, however they are interleaved.</summary>
internal sealed class ToolCallJoiner
{
    private readonly List<Call> _calls = [];

    /// <summary>Whether no call waits for more of its pieces.</summary>
    public bool AreWhole => _calls.TrueForAll(static call => call.Whole is not null);

    public void Add(in StreamEvent piece)
    {
        Call call = Find(piece.Id!) ?? Begin(piece.Id!);
        call.Name ??= piece.Name;
        if (call.Whole is null)
        {
            call.Input.Append(call.Text.Add(piece.Text));
        }
    }

    /// <summary>Takes a whole call. Where its pieces have come before, it stands for them.</summary>
    public void AddWhole(in StreamEvent call)
    {
        Call begun = Find(call.Id!) ?? Begin(call.Id!);
        begun.Whole = ChatContents.ToFunctionCall(call.Id!, call.Name!, call.Text.ToString(), call.Runner);
    }

    /// <summary>Gives the calls and forgets them.</summary>
    public List<AIContent> Take()
    {
        List<AIContent> calls = [.. _calls.Select(static call => call.ToContent())];
        _calls.Clear();
        return calls;
    }

    private Call? Find(string id)
    {
        foreach (Call call in _calls)
        {
            if (call.Id == id)
            {
                return call;
            }
        }

        return null;
    }

    private Call Begin(string id)
    {
        var call = new Call(id);
        _calls.Add(call);
        return call;
    }

    private sealed class Call(string id)
    {
        public string Id { get; } = id;

        public string? Name { get; set; }

        public TextJoiner Text { get; } = new();

        public StringBuilder Input { get; } = new();

        public FunctionCallContent? Whole { get; set; }

        public FunctionCallContent ToContent() =>
            Whole ?? ChatContents.ToFunctionCall(Id, Name ?? string.Empty, Input.Append(Text.End()).ToString(), ToolRunner.Client);
    }
}

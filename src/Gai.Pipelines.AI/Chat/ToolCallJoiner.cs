using System.Text;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>Makes whole calls of their pieces, in the order in which they began, however they are interleaved.</summary>
internal sealed class ToolCallJoiner
{
    // What a model says is much less; a server that never ends must not fill the memory.
    private const int MostCalls = 1_024;
    private const int MostInput = 4 * 1024 * 1024;

    private readonly OrderedDictionary<string, Call> _calls = new(StringComparer.Ordinal);
    private int _whole;
    private int _input;

    /// <summary>Whether no call waits for more of its pieces.</summary>
    public bool AreWhole => _whole == _calls.Count;

    /// <exception cref="StreamErrorException">There are more calls, or more of their input, than any model writes.</exception>
    public void Add(in StreamEvent piece)
    {
        Call call = FindOrBegin(piece.Id!);
        call.Name ??= piece.Name;
        if (call.Whole is null)
        {
            string? text = call.Text.Add(piece.Text);
            _input += text?.Length ?? 0;
            ThrowIf(_input > MostInput, "more than 4 Mi letters of input for the tools that it calls");
            call.Input.Append(text);
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
        _whole = _input = 0;
        return calls;
    }

    private Call FindOrBegin(string id)
    {
        if (!_calls.TryGetValue(id, out Call? call))
        {
            ThrowIf(_calls.Count == MostCalls, "more than 1,024 calls of tools in one step");
            call = new Call(id);
            _calls.Add(id, call);
        }

        return call;
    }

    private static void ThrowIf(bool isTooMuch, string what)
    {
        if (isTooMuch)
        {
            throw new StreamErrorException(new StreamError(StreamErrorCodes.ProviderUnavailable, $"The model gives {what}, and was broken off."));
        }
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

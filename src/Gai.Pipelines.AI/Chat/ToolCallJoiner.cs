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
    private long _input; // a whole call that is told at once may have any length

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
            Count(call, text?.Length ?? 0);
            call.Input.Append(text);
        }
    }

    /// <summary>Takes a whole call. Where its pieces have come before, it stands for them.</summary>
    /// <exception cref="StreamErrorException">There are more calls, or more of their input while one is not whole, than any model writes.</exception>
    public void AddWhole(in StreamEvent call)
    {
        Call begun = FindOrBegin(call.Id!);
        _whole += begun.Whole is null ? 1 : 0;
        string json = call.Text.ToString();
        begun.Input.Clear();
        Count(begun, json.Length - begun.Length);
        begun.Whole = ChatContents.ToFunctionCall(call.Id!, call.Name!, json, call.Runner);
    }

    /// <summary>Gives the calls and forgets them.</summary>
    public List<AIContent> Take()
    {
        List<AIContent> calls = [.. _calls.Values.Select(static call => call.ToContent())];
        _calls.Clear();
        _input = _whole = 0;
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

    /// <summary>Counts what is held. Calls that are all whole are told at once, however large.</summary>
    private void Count(Call call, int more)
    {
        call.Length += more;
        _input += more;
        ThrowIf(!AreWhole && _input > MostInput, "more than 4 Mi letters of input for the tools that it calls");
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

        /// <summary>How many letters of input have been counted.</summary>
        public int Length { get; set; }

        public FunctionCallContent? Whole { get; set; }

        public FunctionCallContent ToContent() =>
            Whole ?? ChatContents.ToFunctionCall(id, Name ?? string.Empty, Input.Append(Text.End()).ToString(), ToolRunner.Client);
    }
}

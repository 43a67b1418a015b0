using Gai.Pipelines.Internal;

namespace Gai.Pipelines.AI;

/// <summary>Tells the client of tool calls and their results. It breaks off on a piece or a result of a call that it does not know.</summary>
/// <param name="earlier">The calls of the message that the answer goes on with.</param>
internal sealed class AISdkToolParts(IReadOnlySet<string> earlier)
{
    private readonly CallsInPieces _pieces = new();
    private readonly Dictionary<string, ToolRunner> _told = new(StringComparer.Ordinal);
    private readonly HashSet<string> _unanswered = new(StringComparer.Ordinal);
    private readonly HashSet<string> _running = new(StringComparer.Ordinal);

    /// <summary>Whether there are calls for the client to run.</summary>
    public bool WaitsForClient => _unanswered.Count > 0;

    public void WriteCall(FrameWriter output, in StreamEvent item)
    {
        // Some sources say a call twice, in pieces and then as a whole perhaps: it is one call.
        CallInPieces told = _pieces.AddWhole(item, output.MaxFrameBytes);
        if (!told.IsTold)
        {
            WriteAvailable(output, item.Id!, item.Name, item.Text, item.Runner);
            _pieces.Tell(told);
        }
    }

    public void WritePiece(FrameWriter output, in StreamEvent item)
    {
        CallInPieces open = _pieces.Add(item, output.MaxFrameBytes);
        if (open.IsTold)
        {
            return;
        }

        if (open.IsBegun)
        {
            WriteDelta(output, open.Id, item.Text);
        }
        else if (open.HasName)
        {
            Begin(output, open);
        }

        if (open.IsClosed)
        {
            Tell(output, open);
        }
    }

    public void WriteResult(FrameWriter output, in StreamEvent item)
    {
        if (_pieces.Find(item.Id!) is { IsTold: false } open)
        {
            Tell(output, open);
        }

        if (!_told.TryGetValue(item.Id!, out ToolRunner runner) && !earlier.Contains(item.Id!))
        {
            return;
        }

        _unanswered.Remove(item.Id!);
        _running.Remove(item.Id!);
        JsonFields fields = AISdkChunks.Begin(output, "tool-output-available");
        fields.Text("\"toolCallId\":"u8, item.Id);
        fields.Json("\"output\":"u8, item.Text, "null"u8, "The result of a tool");
        WriteRunner(ref fields, runner);
        AISdkChunks.End(output);
    }

    /// <summary>Ends the calls of a step: what has not been closed will not go on.</summary>
    public void CloseCalls(FrameWriter output)
    {
        foreach (CallInPieces open in _pieces.Untold)
        {
            Tell(output, open);
        }

        _pieces.ForgetTold();
    }

    /// <summary>Ends the calls of the server that have no result: the page would show them as running for ever.</summary>
    public void FailRunning(FrameWriter output)
    {
        foreach (string id in _running)
        {
            JsonFields fields = AISdkChunks.Begin(output, "tool-output-error");
            fields.Text("\"toolCallId\":"u8, id);
            fields.Text("\"errorText\":"u8, "The answer ended before the tool had a result.");
            WriteRunner(ref fields, ToolRunner.Server);
            AISdkChunks.End(output);
        }

        _running.Clear();
    }

    private void Tell(FrameWriter output, CallInPieces open)
    {
        if (!open.IsBegun)
        {
            Begin(output, open);
        }

        if (open.Input.IsEmpty || RawJson.IsValid(open.Input))
        {
            WriteAvailable(output, open.Id, open.Name, open.Input, ToolRunner.Client);
        }
        else
        {
            WriteInputError(output, open);
        }

        _pieces.Tell(open);
    }

    private static void Begin(FrameWriter output, CallInPieces open)
    {
        open.IsBegun = true;
        JsonFields fields = AISdkChunks.Begin(output, "tool-input-start");
        fields.Text("\"toolCallId\":"u8, open.Id);
        fields.Text("\"toolName\":"u8, open.Name);
        AISdkChunks.End(output);
        WriteDelta(output, open.Id, open.Input);
    }

    private static void WriteDelta(FrameWriter output, string id, in EventText text)
    {
        if (!text.IsEmpty)
        {
            JsonFields fields = AISdkChunks.Begin(output, "tool-input-delta");
            fields.Text("\"toolCallId\":"u8, id);
            fields.Text("\"inputTextDelta\":"u8, text);
            AISdkChunks.End(output);
        }
    }

    private void WriteAvailable(FrameWriter output, string id, string? name, in EventText input, ToolRunner runner)
    {
        _told[id] = runner;
        (runner == ToolRunner.Client ? _unanswered : _running).Add(id);
        JsonFields fields = AISdkChunks.Begin(output, "tool-input-available");
        fields.Text("\"toolCallId\":"u8, id);
        fields.Text("\"toolName\":"u8, name);
        fields.Json("\"input\":"u8, input, "{}"u8, "The input of a tool call");
        WriteRunner(ref fields, runner);
        AISdkChunks.End(output);
    }

    /// <summary>Tells of a call that the model has not finished, or not written as JSON: the client shows it as failed.</summary>
    private void WriteInputError(FrameWriter output, CallInPieces open)
    {
        _told[open.Id] = ToolRunner.Client;
        JsonFields fields = AISdkChunks.Begin(output, "tool-input-error");
        fields.Text("\"toolCallId\":"u8, open.Id);
        fields.Text("\"toolName\":"u8, open.Name);
        fields.Text("\"input\":"u8, open.Input);
        fields.Text("\"errorText\":"u8, "The input of the tool call is not complete JSON.");
        AISdkChunks.End(output);
    }

    private static void WriteRunner(ref JsonFields fields, ToolRunner runner)
    {
        if (runner == ToolRunner.Server)
        {
            fields.Bool("\"providerExecuted\":"u8, true);
        }
    }
}

using Gai.Pipelines.Internal;

namespace Gai.Pipelines.AI;

/// <summary>OpenAI's chat completions over Server-Sent Events: chunks without names, and <c>[DONE]</c>.</summary>
/// <remarks>
/// Text, reasoning (as <c>reasoning_content</c>), tool calls, sources, usage and the finish reason have a place. Audio, safety
/// verdicts, steps, raw events, and calls that the server runs itself have none.
/// </remarks>
internal sealed class OpenAIChatDialect(OpenAICall call, TimeProvider clock) : StreamEventDialect
{
    private OpenAIChunks? _chunks;
    private byte[] _textBegin = [];
    private byte[] _reasoningBegin = [];
    private byte[] _deltaEnd = [];
    private OpenAICallIndexes? _calls;
    private string? _finishReason;
    private TokenUsage? _usage;

    private static ReadOnlySpan<byte> DeltaBegin => "{\"index\":0,\"delta\":{"u8;

    private static ReadOnlySpan<byte> DeltaEnd => "},\"finish_reason\":null,\"logprobs\":null}"u8;

    // One official client overlooks the error record and notices only a broken end.
    public override FailureClose FailureClose => FailureClose.BrokenOverHttp1;

    public override void WriteKeepAlive(FrameWriter output) => SseOpening.WriteKeepAlive(output);

    protected override void WriteFrame(FrameWriter output, in StreamEvent item)
    {
        if (_chunks is null)
        {
            Begin(output, item.Model);
        }

        switch (item.Type)
        {
            case StreamEventType.TextDelta:
                DeltaTemplate.Write(output, _textBegin, item, _deltaEnd);
                break;
            case StreamEventType.ReasoningDelta when !item.Text.IsEmpty:
                DeltaTemplate.Write(output, _reasoningBegin, item, _deltaEnd);
                break;
            case StreamEventType.ToolCall when item.Runner == ToolRunner.Client:
                WriteCall(output, item);
                break;
            case StreamEventType.ToolCallDelta:
                WriteCallDelta(output, item);
                break;
            case StreamEventType.Citations:
                BeginDelta(output);
                var fields = new JsonFields(output, hasFields: false);
                OpenAIWords.WriteAnnotations(ref fields, item.Citations);
                EndDelta(output);
                break;
            case StreamEventType.Finish:
                _finishReason = item.FinishReason;
                _usage = item.Usage;
                break;
        }
    }

    protected override void WriteGapFrame(FrameWriter output, in StreamEvent gap) => SseOpening.WriteGap(output, gap.Dropped, gap.FirstId);

    protected override void WriteErrorFrame(FrameWriter output, in StreamError error) => OpenAIWords.WriteErrorRecord(output, error);

    protected override void WriteEndFrame(FrameWriter output)
    {
        if (_chunks is null)
        {
            Begin(output, null);
        }

        WriteFinish(output);
        output.Write("data: [DONE]\n\n"u8);
    }

    /// <summary>Writes the first chunk, which says whose words follow.</summary>
    private void Begin(FrameWriter output, string? model)
    {
        _chunks = new OpenAIChunks("chat.completion.chunk", "chatcmpl-", model ?? call.Model, clock.GetUtcNow(), call.IncludeUsage);
        _textBegin = _chunks.Before([.. DeltaBegin, .. "\"content\":\""u8]);
        _reasoningBegin = _chunks.Before([.. DeltaBegin, .. "\"reasoning_content\":\""u8]);
        _deltaEnd = _chunks.After([.. "\""u8, .. DeltaEnd]);
        BeginDelta(output);
        output.Write("\"role\":\"assistant\",\"content\":\"\",\"refusal\":null"u8);
        EndDelta(output);
    }

    private void WriteCall(FrameWriter output, in StreamEvent item)
    {
        if (StateOf(item.Id!) < OpenAICallState.InPieces)
        {
            BeginCall(output, item.Id!, item.Name, out JsonFields function);
            function.JsonAsString("\"arguments\":"u8, item.Text, "{}"u8, "The input of a tool call");
            EndCall(output, ref function);
        }

        // Some sources say a call in pieces and then as a whole: it is one call, and clients put together whatever comes.
        _calls!.Set(item.Id!, OpenAICallState.Whole);
    }

    private void WriteCallDelta(FrameWriter output, in StreamEvent item)
    {
        if (StateOf(item.Id!) == OpenAICallState.Whole)
        {
            return;
        }

        BeginCall(output, item.Id!, item.Name, out JsonFields function);
        function.Text("\"arguments\":"u8, item.Text);
        EndCall(output, ref function);
        if (!item.Text.IsEmpty)
        {
            _calls!.Set(item.Id!, OpenAICallState.InPieces);
        }
    }

    private OpenAICallState StateOf(string id) => _calls?.StateOf(id) ?? OpenAICallState.New;

    /// <summary>Writes a call up to its arguments: the index always, the id, type and name only the first time.</summary>
    private void BeginCall(FrameWriter output, string id, string? name, out JsonFields function)
    {
        int index = (_calls ??= new OpenAICallIndexes()).Of(id, out OpenAICallState before);
        bool isNew = before == OpenAICallState.New;
        BeginDelta(output);
        output.Write("\"tool_calls\":[{"u8);
        function = new JsonFields(output, hasFields: false);
        function.Number("\"index\":"u8, index);
        if (isNew)
        {
            function.Text("\"id\":"u8, id);
            function.Text("\"type\":"u8, "function");
        }

        function.BeginObject("\"function\":"u8);
        if (isNew)
        {
            function.Text("\"name\":"u8, name);
        }
    }

    private void EndCall(FrameWriter output, ref JsonFields function)
    {
        function.EndObject();
        output.Write("}]"u8);
        EndDelta(output);
    }

    /// <summary>Writes what ends the choice. A source may end without saying why; clients do not accept a choice that never finishes.</summary>
    private void WriteFinish(FrameWriter output)
    {
        foreach (string id in _calls?.Unfilled ?? [])
        {
            // No arguments at all are an empty object: an empty string is not JSON.
            BeginCall(output, id, null, out JsonFields function);
            function.Text("\"arguments\":"u8, "{}");
            EndCall(output, ref function);
        }

        _chunks!.Begin(output);
        output.Write("{\"index\":0,\"delta\":{},\"finish_reason\":\""u8);
        output.Write(OpenAIWords.FinishReason(CollectedAnswer.Neutral(_finishReason, _calls is not null)));
        output.Write("\",\"logprobs\":null}"u8);
        _chunks.End(output);
        if (call.IncludeUsage && _usage is { } known)
        {
            _chunks.WriteUsage(output, known);
        }
    }

    private void BeginDelta(FrameWriter output)
    {
        _chunks!.Begin(output);
        output.Write(DeltaBegin);
    }

    private void EndDelta(FrameWriter output)
    {
        output.Write(DeltaEnd);
        _chunks!.End(output);
    }
}

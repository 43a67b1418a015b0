using Gai.Pipelines.Internal;

namespace Gai.Pipelines.AI;

/// <summary>Anthropic's messages over Server-Sent Events: a message, its blocks one after the other, why it stopped.</summary>
/// <remarks>
/// Text, reasoning with its signature, tool calls, sources, usage and the finish reason have a place. Audio, safety
/// verdicts, steps, raw events, and calls that the server runs itself have none: a client reports an unknown event.
/// </remarks>
internal sealed class AnthropicMessagesDialect(AnthropicCall call, string? requestId) : StreamEventDialect
{
    private readonly AnthropicBlocks _blocks = new();
    private bool _hasBegun;
    private string? _finishReason;
    private TokenUsage? _usage;

    public override void WriteKeepAlive(FrameWriter output) => output.Write("event: ping\ndata: {\"type\":\"ping\"}\n\n"u8);

    protected override void WriteFrame(FrameWriter output, in StreamEvent item)
    {
        if (!_hasBegun)
        {
            Begin(output, item.Model);
        }

        switch (item.Type)
        {
            case StreamEventType.TextDelta:
                _blocks.WriteText(output, item);
                break;
            case StreamEventType.ReasoningDelta:
                _blocks.WriteReasoning(output, item.Text, item.Signature);
                break;
            case StreamEventType.ToolCall when item.Runner == ToolRunner.Client:
                _blocks.WriteCall(output, item.Id!, item.Name!, item.Text);
                break;
            case StreamEventType.ToolCallDelta:
                _blocks.WriteCallDelta(output, item.Id!, item.Name, item.Text);
                break;
            case StreamEventType.Citations:
                _blocks.WriteCitations(output, item.Citations);
                break;
            case StreamEventType.FinishStep:
                _blocks.EndCalls(output);
                break;
            case StreamEventType.Finish:
                _finishReason = item.FinishReason;
                _usage = item.Usage;
                break;
        }
    }

    protected override void WriteGapFrame(FrameWriter output, in StreamEvent gap) => SseOpening.WriteGap(output, gap.Dropped, gap.FirstId);

    protected override void WriteErrorFrame(FrameWriter output, in StreamError error)
    {
        _blocks.BreakOff(output);
        AnthropicWords.WriteErrorEvent(output, error, requestId);
    }

    protected override void WriteEndFrame(FrameWriter output)
    {
        if (!_hasBegun)
        {
            Begin(output, null);
        }

        _blocks.End(output);
        output.Write("event: message_delta\ndata: {\"type\":\"message_delta\""u8);
        var fields = new JsonFields(output, hasFields: true);
        fields.BeginObject("\"delta\":"u8);
        AnthropicWords.WriteStop(ref fields, CollectedAnswer.Neutral(_finishReason, _blocks.HasToolCalls), call);
        fields.EndObject();
        AnthropicWords.WriteUsage(ref fields, _usage);
        output.Write("}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"u8);
    }

    private void Begin(FrameWriter output, string? model)
    {
        _hasBegun = true;
        output.Write("event: message_start\ndata: {\"type\":\"message_start\""u8);
        var fields = new JsonFields(output, hasFields: true);
        fields.BeginObject("\"message\":"u8);
        WriteIdentity(ref fields, model ?? call.Model);
        fields.BeginArray("\"content\":"u8);
        fields.EndArray();
        fields.Null("\"stop_reason\":"u8);
        fields.Null("\"stop_sequence\":"u8);
        AnthropicWords.WriteUsage(ref fields, default(TokenUsage)); // counted at the end
        fields.EndObject();
        output.Write("}\n\n"u8);
    }

    /// <summary>Writes the fields with which every message begins.</summary>
    public static void WriteIdentity(ref JsonFields fields, string model)
    {
        fields.Text("\"id\":"u8, VendorId.New("msg_"));
        fields.Text("\"type\":"u8, "message");
        fields.Text("\"role\":"u8, "assistant");
        fields.Text("\"model\":"u8, model);
    }
}

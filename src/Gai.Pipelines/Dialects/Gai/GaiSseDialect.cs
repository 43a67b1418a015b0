using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>The gai dialect over Server-Sent Events: the kind of an event is its name, the rest its data.</summary>
/// <remarks>
/// <code>
/// event: text_delta
/// data: {"text":"Hi"}
/// </code>
/// ends with an event <c>done</c>, or with an error and without it.
/// </remarks>
public sealed class GaiSseDialect : StreamEventDialect
{
    private readonly DialectSettings _settings;
    private readonly bool _bare;
    private long _sequence;

    /// <summary>Begins a stream.</summary>
    /// <param name="settings">What the user has chosen.</param>
    public GaiSseDialect(DialectSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _settings = settings;
        _bare = !settings.EventIds && !settings.Timestamps;
    }

    private static ReadOnlySpan<byte> TextPrefix => "event: text_delta\ndata: {\"text\":\""u8;

    private static ReadOnlySpan<byte> ReasoningPrefix => "event: reasoning_delta\ndata: {\"text\":\""u8;

    private static ReadOnlySpan<byte> TextSuffix => "\"}\n\n"u8;

    /// <inheritdoc/>
    public override void WriteOpening(FrameWriter output) => SseOpening.Write(output, _settings);

    /// <inheritdoc/>
    public override void WriteKeepAlive(FrameWriter output) => SseOpening.WriteKeepAlive(output);

    /// <inheritdoc/>
    protected override void WriteFrame(FrameWriter output, in StreamEvent item)
    {
        if (_bare && item.Type == StreamEventType.TextDelta)
        {
            DeltaTemplate.Write(output, TextPrefix, item, TextSuffix);
        }
        else if (_bare && item.Type == StreamEventType.ReasoningDelta && item.Signature is null)
        {
            DeltaTemplate.Write(output, ReasoningPrefix, item, TextSuffix);
        }
        else
        {
            WriteAny(output, item);
        }
    }

    /// <inheritdoc/>
    protected override void WriteGapFrame(FrameWriter output, in StreamEvent gap) => WriteFrame(output, gap);

    /// <inheritdoc/>
    protected override void WriteErrorFrame(FrameWriter output, in StreamError error)
    {
        var id = error.Temporary ? default : new EventId(TerminalEventId.Failed);
        SseEncoder.WriteFields(output, new SseFields(_settings.ErrorEventName, id, error.Temporary ? error.RetryAfter : null));
        output.Write("data: {"u8);
        var fields = new JsonFields(output, hasFields: false);
        GaiFields.WriteError(ref fields, error);
        output.Write("}\n\n"u8);
    }

    /// <inheritdoc/>
    protected override void WriteEndFrame(FrameWriter output) =>
        output.Write("id: gai.done\nevent: done\ndata: {\"finished\":true}\n\n"u8);

    private void WriteAny(FrameWriter output, in StreamEvent item)
    {
        ReadOnlySpan<byte> name = GaiNames.Of(item.Type);
        if (_settings.EventIds)
        {
            SseEncoder.WriteFields(output, new SseFields(Id: new EventId(++_sequence)));
        }

        output.Write("event: "u8);
        output.Write(name);
        output.Write("\ndata: {"u8);
        var fields = new JsonFields(output, hasFields: false);
        WriteData(ref fields, item);
        if (_settings.Timestamps)
        {
            GaiFields.WriteTimestamp(ref fields, item, _settings.TimeProvider);
        }

        output.Write("}\n\n"u8);
    }

    private static void WriteData(ref JsonFields fields, in StreamEvent item)
    {
        switch (item.Type)
        {
            case StreamEventType.Start:
                GaiFields.WriteStart(ref fields, item);
                break;
            case StreamEventType.TextDelta:
            case StreamEventType.ReasoningDelta:
                GaiFields.WriteText(ref fields, item);
                break;
            case StreamEventType.AudioDelta:
                fields.Base64("\"audio\":"u8, item.Audio.Span);
                GaiFields.WriteAudioFormat(ref fields, item);
                break;
            case StreamEventType.ToolCall:
                fields.Json("\"input\":"u8, item.Text, "{}"u8, "The input of a tool call");
                fields.Text("\"tool_id\":"u8, item.Id);
                fields.Text("\"tool_name\":"u8, item.Name);
                GaiFields.WriteRunner(ref fields, item);
                break;
            case StreamEventType.ToolCallDelta:
                fields.Text("\"tool_id\":"u8, item.Id);
                fields.TextIfAny("\"tool_name\":"u8, item.Name);
                fields.Text("\"input_delta\":"u8, item.Text);
                break;
            case StreamEventType.ToolResult:
                fields.Json("\"result\":"u8, item.Text, "null"u8, "The result of a tool");
                fields.Text("\"tool_id\":"u8, item.Id);
                fields.TextIfAny("\"tool_name\":"u8, item.Name);
                break;
            case StreamEventType.Citations:
                GaiFields.WriteCitations(ref fields, item);
                break;
            case StreamEventType.Safety:
                GaiFields.WriteSafety(ref fields, item);
                break;
            case StreamEventType.FinishStep:
                fields.Number("\"step_number\":"u8, item.StepNumber);
                break;
            case StreamEventType.Finish:
                GaiFields.WriteFinish(ref fields, item);
                break;
            case StreamEventType.Gap:
                fields.Number("\"dropped\":"u8, item.Dropped);
                fields.TextIfAny("\"first_id\":"u8, item.FirstId);
                break;
            default:
                fields.Json("\"raw\":"u8, item.Text, "null"u8, "A raw event");
                break;
        }
    }
}

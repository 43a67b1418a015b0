using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>The gai dialect over NDJSON: the kind of an event is the field <c>type</c> of its record.</summary>
/// <remarks>
/// <c>{"type":"text_delta","text":"Hi"}</c>; the last record is <c>{"type":"done","finished":true}</c>, or an error and not it.
/// </remarks>
public sealed class GaiNdjsonDialect : StreamEventDialect
{
    private readonly DialectSettings _settings;

    /// <summary>Begins a stream.</summary>
    /// <param name="settings">What the user has chosen.</param>
    public GaiNdjsonDialect(DialectSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _settings = settings;
    }

    private static ReadOnlySpan<byte> TextPrefix => "{\"type\":\"text_delta\",\"text\":\""u8;

    private static ReadOnlySpan<byte> ReasoningPrefix => "{\"type\":\"reasoning_delta\",\"text\":\""u8;

    private static ReadOnlySpan<byte> TextSuffix => "\"}\n"u8;

    /// <inheritdoc/>
    public override void WriteKeepAlive(FrameWriter output) => output.Write(_settings.NdjsonKeepAlive switch
    {
        NdjsonKeepAlive.Record => "{\"type\":\"keep_alive\"}\n"u8,
        NdjsonKeepAlive.BlankLine => "\n"u8,
        _ => default,
    });

    /// <inheritdoc/>
    protected override void WriteFrame(FrameWriter output, in StreamEvent item)
    {
        if (item.Type == StreamEventType.TextDelta && !_settings.Timestamps)
        {
            DeltaTemplate.Write(output, TextPrefix, item, TextSuffix);
        }
        else if (item.Type == StreamEventType.ReasoningDelta && item.Signature is null && !_settings.Timestamps)
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
        output.Write("{\"type\":\"error\""u8);
        var fields = new JsonFields(output, hasFields: true);
        GaiFields.WriteError(ref fields, error);
        output.Write("}\n"u8);
    }

    /// <inheritdoc/>
    protected override void WriteEndFrame(FrameWriter output) => output.Write("{\"type\":\"done\",\"finished\":true}\n"u8);

    private void WriteAny(FrameWriter output, in StreamEvent item)
    {
        ReadOnlySpan<byte> name = GaiNames.Of(item.Type);
        output.Write("{\"type\":\""u8);
        output.Write(name);
        output.Write("\""u8);
        var fields = new JsonFields(output, hasFields: true);
        WriteFields(ref fields, item);
        if (_settings.Timestamps)
        {
            GaiFields.WriteTimestamp(ref fields, item, _settings.TimeProvider);
        }

        output.Write("}\n"u8);
    }

    private static void WriteFields(ref JsonFields fields, in StreamEvent item)
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
                fields.BeginObject("\"audio\":"u8);
                fields.Base64("\"chunk\":"u8, item.Audio.Span);
                GaiFields.WriteAudioFormat(ref fields, item);
                fields.EndObject();
                break;
            case StreamEventType.ToolCall:
                fields.BeginObject("\"tool_call\":"u8);
                fields.Text("\"id\":"u8, item.Id);
                fields.Json("\"input\":"u8, item.Text, "{}"u8, "The input of a tool call");
                fields.Text("\"name\":"u8, item.Name);
                GaiFields.WriteRunner(ref fields, item);
                fields.EndObject();
                break;
            case StreamEventType.ToolCallDelta:
                fields.BeginObject("\"tool_call\":"u8);
                fields.Text("\"id\":"u8, item.Id);
                fields.TextIfAny("\"name\":"u8, item.Name);
                fields.Text("\"input_delta\":"u8, item.Text);
                fields.EndObject();
                break;
            case StreamEventType.ToolResult:
                fields.BeginObject("\"tool_result\":"u8);
                fields.Text("\"id\":"u8, item.Id);
                fields.TextIfAny("\"name\":"u8, item.Name);
                fields.Json("\"result\":"u8, item.Text, "null"u8, "The result of a tool");
                fields.EndObject();
                break;
            case StreamEventType.Citations:
                GaiFields.WriteCitations(ref fields, item);
                break;
            case StreamEventType.Safety:
                GaiFields.WriteSafety(ref fields, item);
                break;
            case StreamEventType.FinishStep:
                fields.BeginObject("\"step\":"u8);
                fields.Bool("\"finished\":"u8, true);
                fields.Number("\"number\":"u8, item.StepNumber);
                fields.EndObject();
                break;
            case StreamEventType.Finish:
                fields.Bool("\"finished\":"u8, true);
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

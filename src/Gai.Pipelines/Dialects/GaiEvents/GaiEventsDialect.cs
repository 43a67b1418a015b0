using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>The dialect gai.events.v1: one self-contained record an event, the same over SSE and NDJSON.</summary>
/// <remarks>
/// <code>{"schema":"gai.events.v1","type":"text.delta","ts":1763805600123,"seq":2,"trace_id":"t","request_id":"r","text":"Hi"}</code>
/// Over SSE the event has the record's type as its name and <c>seq</c> as its id. The last record of a stream that ended
/// well is <c>{"type":"done","finished":true}</c>.
/// </remarks>
public sealed class GaiEventsDialect : StreamEventDialect
{
    private readonly DialectSettings _settings;
    private readonly bool _sse;
    private readonly byte[] _ids;
    private string? _provider;
    private string? _model;
    private long _sequence;

    /// <summary>Begins a stream.</summary>
    /// <param name="settings">What the user has chosen. Ids and time stamps are always on in this dialect.</param>
    /// <param name="format">SSE, or one of the formats made of records.</param>
    /// <param name="identity">What the records say of the request.</param>
    public GaiEventsDialect(DialectSettings settings, StreamFormat format, StreamIdentity identity)
    {
        ArgumentNullException.ThrowIfNull(settings);
        _settings = settings;
        _sse = format == StreamFormat.ServerSentEvents;
        _ids = RenderIds(identity);
    }

    /// <summary>The number of the record that is being written.</summary>
    private long Number => _sequence + 1;

    /// <inheritdoc/>
    public override void WriteOpening(FrameWriter output)
    {
        if (_sse)
        {
            SseOpening.Write(output, _settings);
        }
    }

    /// <inheritdoc/>
    public override void WriteKeepAlive(FrameWriter output)
    {
        if (_sse)
        {
            SseOpening.WriteKeepAlive(output);
        }
        else if (_settings.NdjsonKeepAlive == NdjsonKeepAlive.BlankLine)
        {
            output.Write("\n"u8);
        }
        else if (_settings.NdjsonKeepAlive == NdjsonKeepAlive.Record)
        {
            WriteEnvelope(output, "keep_alive"u8, _settings.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds());
            EndRecord(output);
        }
    }

    /// <inheritdoc/>
    protected override void WriteFrame(FrameWriter output, in StreamEvent item)
    {
        ReadOnlySpan<byte> type = TypeName(item.Type);
        if (_sse)
        {
            BeginSse(output, new EventId(Number), type);
        }

        WriteEnvelope(output, type, item.TimestampOrNow(_settings.TimeProvider));
        var fields = new JsonFields(output, hasFields: true);
        if (item.Type == StreamEventType.TextDelta)
        {
            fields.Text("\"text\":"u8, item.Text);
        }
        else
        {
            WriteFields(ref fields, item);
        }

        EndRecord(output);
    }

    /// <inheritdoc/>
    protected override void WriteGapFrame(FrameWriter output, in StreamEvent gap) => WriteFrame(output, gap);

    /// <inheritdoc/>
    protected override void WriteErrorFrame(FrameWriter output, in StreamError error)
    {
        if (_sse)
        {
            EventId id = error.Temporary ? new EventId(Number) : new EventId(TerminalEventId.Failed);
            SseEncoder.WriteFields(output, new SseFields(_settings.ErrorEventName, id, error.Temporary ? error.RetryAfter : null));
            output.Write("data: "u8);
        }

        WriteEnvelope(output, "error"u8, _settings.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds());
        var fields = new JsonFields(output, hasFields: true);
        fields.BeginObject("\"error\":"u8);
        fields.Text("\"code\":"u8, error.Code);
        fields.Text("\"message\":"u8, error.Message);
        fields.Bool("\"temporary\":"u8, error.Temporary);
        if (error.RetryAfter is { } wait)
        {
            fields.Number("\"retry_after_ms\":"u8, (long)wait.TotalMilliseconds);
        }

        fields.EndObject();
        EndRecord(output);
    }

    /// <inheritdoc/>
    protected override void WriteEndFrame(FrameWriter output)
    {
        if (_sse)
        {
            output.Write("id: gai.done\nevent: done\ndata: "u8);
        }

        output.Write("{\"type\":\"done\",\"finished\":true"u8);
        End(output);
    }

    private static byte[] RenderIds(StreamIdentity identity)
    {
        var bytes = new System.Buffers.ArrayBufferWriter<byte>();
        var output = new FrameWriter(bytes);
        var fields = new JsonFields(output, hasFields: true);
        fields.TextIfAny("\"trace_id\":"u8, identity.TraceId);
        fields.TextIfAny("\"request_id\":"u8, identity.RequestId);
        output.Commit();
        output.Publish();
        return bytes.WrittenSpan.ToArray();
    }

    private static void BeginSse(FrameWriter output, EventId id, ReadOnlySpan<byte> name)
    {
        SseEncoder.WriteFields(output, new SseFields(Id: id));
        output.Write("event: "u8);
        output.Write(name);
        output.Write("\ndata: "u8);
    }

    private void End(FrameWriter output) => output.Write(_sse ? "}\n\n"u8 : "}\n"u8);

    /// <summary>Ends a record that has a number. One that could not be written to its end takes none.</summary>
    private void EndRecord(FrameWriter output)
    {
        End(output);
        _sequence++;
    }

    /// <summary>Writes the fields that every record has, without the brace that closes it.</summary>
    private void WriteEnvelope(FrameWriter output, ReadOnlySpan<byte> type, long timestamp)
    {
        output.Write("{\"schema\":\"gai.events.v1\",\"type\":\""u8);
        output.Write(type);
        output.Write("\",\"ts\":"u8);
        SseEncoder.WriteNumber(output, timestamp);
        output.Write(",\"seq\":"u8);
        SseEncoder.WriteNumber(output, Number);
        output.Write(_ids);
    }

    private void WriteFields(ref JsonFields fields, in StreamEvent item)
    {
        switch (item.Type)
        {
            case StreamEventType.Start:
                _provider = item.Provider;
                _model = item.Model;
                WriteModel(ref fields);
                fields.TextIfAny("\"response_id\":"u8, item.Id);
                break;
            case StreamEventType.ReasoningDelta:
                GaiFields.WriteText(ref fields, item);
                break;
            case StreamEventType.AudioDelta:
                WriteAudio(ref fields, item);
                break;
            case StreamEventType.ToolCall:
                fields.Text("\"call_id\":"u8, item.Id);
                fields.BeginObject("\"tool_call\":"u8);
                fields.Text("\"name\":"u8, item.Name);
                fields.Json("\"input\":"u8, item.Text, "{}"u8, "The input of a tool call");
                GaiFields.WriteRunner(ref fields, item);
                fields.EndObject();
                break;
            case StreamEventType.ToolCallDelta:
                fields.Text("\"call_id\":"u8, item.Id);
                fields.BeginObject("\"tool_call\":"u8);
                fields.TextIfAny("\"name\":"u8, item.Name);
                fields.Text("\"input_delta\":"u8, item.Text);
                fields.EndObject();
                break;
            case StreamEventType.ToolResult:
                fields.Text("\"call_id\":"u8, item.Id);
                fields.TextIfAny("\"tool_name\":"u8, item.Name);
                fields.Json("\"tool_result\":"u8, item.Text, "null"u8, "The result of a tool");
                break;
            case StreamEventType.Citations:
                GaiFields.WriteCitations(ref fields, item);
                break;
            case StreamEventType.Safety:
                GaiFields.WriteSafety(ref fields, item);
                break;
            case StreamEventType.FinishStep:
                fields.Number("\"step\":"u8, item.StepNumber);
                break;
            case StreamEventType.Finish:
                WriteModel(ref fields);
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

    private void WriteModel(ref JsonFields fields)
    {
        fields.TextIfAny("\"provider\":"u8, _provider);
        fields.TextIfAny("\"model\":"u8, _model);
    }

    /// <summary>The format is the media type, as in the original; what that leaves out stands beside it.</summary>
    private static void WriteAudio(ref JsonFields fields, in StreamEvent item)
    {
        fields.BeginObject("\"audio\":"u8);
        fields.Base64("\"chunk\":"u8, item.Audio.Span);
        if (item.AudioFormat is { } format)
        {
            fields.Text("\"format\":"u8, format.Mime);
            fields.Number("\"sample_rate\":"u8, format.SampleRate);
            fields.Number("\"channels\":"u8, format.Channels);
            fields.Number("\"bit_depth\":"u8, format.BitDepth);
        }

        fields.EndObject();
    }

    private static ReadOnlySpan<byte> TypeName(StreamEventType type) => type switch
    {
        StreamEventType.TextDelta => "text.delta"u8,
        StreamEventType.ReasoningDelta => "reasoning.delta"u8,
        StreamEventType.AudioDelta => "audio.delta"u8,
        StreamEventType.ToolCall => "tool.call"u8,
        StreamEventType.ToolCallDelta => "tool.call.delta"u8,
        StreamEventType.ToolResult => "tool.result"u8,
        StreamEventType.FinishStep => "step.end"u8,
        _ => GaiNames.Of(type),
    };
}

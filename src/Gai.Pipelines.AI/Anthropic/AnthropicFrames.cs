using System.Globalization;
using System.Text;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines.AI;

/// <summary>Writes the events of blocks.</summary>
internal static class AnthropicFrames
{
    // An event names its block by number and nothing else that changes from stream to stream, so all streams share these.
    private const int CachedIndexes = 16;
    private static readonly byte[][][] DeltaBegins =
        [.. Enum.GetValues<AnswerPartKind>().Select(static kind => Enumerable.Range(0, CachedIndexes).Select(index => MakeDeltaBegin(kind, index)).ToArray())];

    /// <summary>What a delta ends with, from the quotation mark after its text.</summary>
    public static ReadOnlySpan<byte> DeltaEnd => "\"}}\n\n"u8;

    /// <summary>What a delta of a block begins with, up to its text.</summary>
    public static byte[] DeltaBegin(AnswerPartKind kind, int index) =>
        index < CachedIndexes ? DeltaBegins[(int)kind][index] : MakeDeltaBegin(kind, index);

    public static void WriteStart(FrameWriter output, int index, AnswerPartKind kind)
    {
        BeginStart(output, index);
        output.Write(kind == AnswerPartKind.Reasoning
            ? "{\"type\":\"thinking\",\"thinking\":\"\",\"signature\":\"\"}}\n\n"u8
            : "{\"type\":\"text\",\"text\":\"\"}}\n\n"u8);
    }

    public static void WriteToolUseStart(FrameWriter output, int index, string id, string? name)
    {
        BeginStart(output, index);
        output.Write("{\"type\":\"tool_use\""u8);
        var fields = new JsonFields(output, hasFields: true);
        fields.Text("\"id\":"u8, id);
        fields.Text("\"name\":"u8, name);
        fields.Json("\"input\":"u8, default, "{}"u8, string.Empty);
        AnthropicWords.WriteCaller(ref fields);
        output.Write("}}\n\n"u8);
    }

    /// <summary>Writes a block of reasoning that is not to be read: all of it is in its start.</summary>
    public static void WriteRedacted(FrameWriter output, int index, string data)
    {
        BeginStart(output, index);
        output.Write("{\"type\":\"redacted_thinking\""u8);
        var fields = new JsonFields(output, hasFields: true);
        fields.Text("\"data\":"u8, data);
        output.Write("}}\n\n"u8);
        WriteStop(output, index);
    }

    public static void WriteSignature(FrameWriter output, int index, string signature)
    {
        BeginDelta(output, index);
        output.Write("{\"type\":\"signature_delta\""u8);
        var fields = new JsonFields(output, hasFields: true);
        fields.Text("\"signature\":"u8, signature);
        output.Write("}}\n\n"u8);
    }

    public static void WriteCitation(FrameWriter output, int index, in Citation citation)
    {
        BeginDelta(output, index);
        output.Write("{\"type\":\"citations_delta\""u8);
        var fields = new JsonFields(output, hasFields: true);
        fields.BeginObject("\"citation\":"u8);
        AnthropicWords.WriteCitation(ref fields, citation);
        output.Write("}}}\n\n"u8);
    }

    public static void WriteStop(FrameWriter output, int index)
    {
        output.Write("event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":"u8);
        SseEncoder.WriteNumber(output, index);
        output.Write("}\n\n"u8);
    }

    private static void BeginStart(FrameWriter output, int index)
    {
        output.Write("event: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":"u8);
        SseEncoder.WriteNumber(output, index);
        output.Write(",\"content_block\":"u8);
    }

    private static void BeginDelta(FrameWriter output, int index)
    {
        output.Write("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":"u8);
        SseEncoder.WriteNumber(output, index);
        output.Write(",\"delta\":"u8);
    }

    private static byte[] MakeDeltaBegin(AnswerPartKind kind, int index)
    {
        string delta = kind switch
        {
            AnswerPartKind.Reasoning => """{"type":"thinking_delta","thinking":" """,
            AnswerPartKind.ToolCall => """{"type":"input_json_delta","partial_json":" """,
            _ => """{"type":"text_delta","text":" """,
        };
        return Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"event: content_block_delta\ndata: {{\"type\":\"content_block_delta\",\"index\":{index},\"delta\":{delta.TrimEnd()}"));
    }
}

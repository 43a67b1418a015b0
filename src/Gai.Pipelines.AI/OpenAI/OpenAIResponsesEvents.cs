using Gai.Pipelines.Internal;

namespace Gai.Pipelines.AI;

/// <summary>Writes what all events of a response have: the name, the same as the type, and the number.</summary>
internal sealed class OpenAIResponsesEvents
{
    private long _next;
    private long _sent;

    /// <summary>Whether no event is known to have reached the output.</summary>
    public bool NothingSent => _sent == 0;

    /// <summary>Says that what was written stays.</summary>
    public void Sent() => _sent = _next;

    /// <summary>Gives the numbers of discarded events to the next ones.</summary>
    public void TakeBackUnsent() => _next = _sent;

    /// <summary>Begins an event.</summary>
    public JsonFields Begin(FrameWriter output, ReadOnlySpan<byte> type)
    {
        output.Write("event: "u8);
        output.Write(type);
        output.Write("\ndata: {\"type\":\""u8);
        output.Write(type);
        output.Write("\",\"sequence_number\":"u8);
        SseEncoder.WriteNumber(output, _next++);
        return new JsonFields(output, hasFields: true);
    }

    /// <summary>Ends an event.</summary>
    public static void End(FrameWriter output) => output.Write("}\n\n"u8);

    /// <summary>Writes a delta: the hot path.</summary>
    /// <param name="output">The frame.</param>
    /// <param name="prefix">The event up to its text, but for its number.</param>
    /// <param name="item">The text.</param>
    /// <param name="suffix">The rest.</param>
    public void WriteDelta(FrameWriter output, NumberedTemplate prefix, in StreamEvent item, ReadOnlySpan<byte> suffix) =>
        DeltaTemplate.Write(output, prefix.With(_next++), item, suffix);

    /// <summary>Writes the event of a failure.</summary>
    public void WriteError(FrameWriter output, in StreamError error)
    {
        // The schema has the fields flat, the service nests them, and each has clients that see only it.
        string type = OpenAIWords.ErrorType(error.Code);
        string code = OpenAIWords.ErrorCode(error.Code) ?? OpenAIResponsesEnding.ErrorCode(error.Code);
        JsonFields fields = Begin(output, "error"u8);
        WriteErrorFields(ref fields, code, error.Message);
        fields.BeginObject("\"error\":"u8);
        fields.Text("\"type\":"u8, type);
        WriteErrorFields(ref fields, code, error.Message);
        fields.EndObject();
        End(output);
    }

    private static void WriteErrorFields(ref JsonFields fields, string code, string message)
    {
        fields.Text("\"code\":"u8, code);
        fields.Text("\"message\":"u8, message);
        fields.Null("\"param\":"u8);
    }
}

using Gai.Pipelines.Internal;

namespace Gai.Pipelines.AI;

/// <summary>An item of a response: a message, a reasoning, or a function call.</summary>
internal sealed class OpenAIResponsesItem
{
    private readonly int _index;
    private readonly string _id;
    private NumberedTemplate? _deltaBegin;
    private bool _hasPart;
    private int _annotations;
    private string _status = "in_progress";

    public OpenAIResponsesItem(AnswerPart part, int index)
    {
        Part = part;
        _index = index;
        _id = VendorId.New(part.Kind switch
        {
            AnswerPartKind.Text => "msg_",
            AnswerPartKind.Reasoning => "rs_",
            _ => "fc_",
        });
    }

    /// <summary>What the item holds.</summary>
    public AnswerPart Part { get; }

    public bool IsOpen => _status == "in_progress";

    private ReadOnlySpan<byte> DeltaHead => Part.Kind switch
    {
        AnswerPartKind.Text => "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"sequence_number\":"u8,
        AnswerPartKind.Reasoning => "event: response.reasoning_summary_text.delta\ndata: {\"type\":\"response.reasoning_summary_text.delta\",\"sequence_number\":"u8,
        _ => "event: response.function_call_arguments.delta\ndata: {\"type\":\"response.function_call_arguments.delta\",\"sequence_number\":"u8,
    };

    private ReadOnlySpan<byte> DeltaEnd => Part.Kind == AnswerPartKind.Text ? "\",\"logprobs\":[]}\n\n"u8 : "\"}\n\n"u8;

    /// <summary>Writes that the item begins, and for a message its only part.</summary>
    public void Open(FrameWriter output, OpenAIResponsesEvents events)
    {
        byte[] place = Template.Render(this, static (template, item) =>
        {
            var fields = new JsonFields(template, hasFields: true);
            item.WritePlace(ref fields);
            fields.TextOpen("\"delta\":"u8);
        });
        _deltaBegin = new NumberedTemplate(DeltaHead.ToArray(), place);
        JsonFields added = events.Begin(output, "response.output_item.added"u8);
        WriteIndexed(ref added);
        OpenAIResponsesEvents.End(output);
        if (Part.Kind == AnswerPartKind.Text)
        {
            WritePart(output, events, "response.content_part.added"u8);
        }
    }

    /// <summary>Writes a piece of the text, or of a call's arguments: the hot path.</summary>
    public void WriteDelta(FrameWriter output, OpenAIResponsesEvents events, in StreamEvent item) =>
        events.WriteDelta(output, _deltaBegin!, item, DeltaEnd);

    /// <summary>Writes a piece of the reasoning; one that is nothing but a signature waits for the end of the item.</summary>
    public void WriteReasoning(FrameWriter output, OpenAIResponsesEvents events, in StreamEvent item)
    {
        if (item.Text.IsEmpty)
        {
            return;
        }

        if (!_hasPart)
        {
            _hasPart = true;
            WritePart(output, events, "response.reasoning_summary_part.added"u8);
        }

        WriteDelta(output, events, item);
    }

    public void WriteAnnotations(FrameWriter output, OpenAIResponsesEvents events, IReadOnlyList<Citation> citations)
    {
        for (int i = 0; i < citations.Count; i++)
        {
            JsonFields fields = events.Begin(output, "response.output_text.annotation.added"u8);
            WritePlace(ref fields);
            fields.Number("\"annotation_index\":"u8, _annotations++);
            fields.BeginObject("\"annotation\":"u8);
            OpenAIResponsesParts.WriteAnnotation(ref fields, citations[i]);
            fields.EndObject();
            OpenAIResponsesEvents.End(output);
        }
    }

    /// <summary>Writes that the item ends, with all that it holds.</summary>
    public void Close(FrameWriter output, OpenAIResponsesEvents events, bool cut)
    {
        if (Part.Kind == AnswerPartKind.ToolCall && Part.Length == 0)
        {
            WriteDelta(output, events, StreamEvent.ToolCallDelta(Part.Id!, null, "{}"));
        }

        Settle(cut);
        switch (Part.Kind)
        {
            case AnswerPartKind.Text:
                JsonFields text = BeginPlaced(output, events, "response.output_text.done"u8);
                text.Text("\"text\":"u8, Part.Text);
                text.EmptyArray("\"logprobs\":"u8);
                OpenAIResponsesEvents.End(output);
                WritePart(output, events, "response.content_part.done"u8);
                break;
            case AnswerPartKind.Reasoning when _hasPart:
                JsonFields summary = BeginPlaced(output, events, "response.reasoning_summary_text.done"u8);
                summary.Text("\"text\":"u8, Part.Text);
                OpenAIResponsesEvents.End(output);
                WritePart(output, events, "response.reasoning_summary_part.done"u8);
                break;
            case AnswerPartKind.ToolCall:
                JsonFields arguments = BeginPlaced(output, events, "response.function_call_arguments.done"u8);
                arguments.Text("\"name\":"u8, Part.Name);
                arguments.Text("\"arguments\":"u8, Part.Text);
                OpenAIResponsesEvents.End(output);
                break;
        }

        JsonFields done = events.Begin(output, "response.output_item.done"u8);
        WriteIndexed(ref done);
        OpenAIResponsesEvents.End(output);
    }

    /// <summary>Says that nothing more will come.</summary>
    /// <param name="cut">Whether the answer was cut, and the item may not be whole.</param>
    public void Settle(bool cut)
    {
        if (Part.Kind == AnswerPartKind.ToolCall)
        {
            if (Part.Length == 0)
            {
                // No arguments at all are an empty object: an empty string is not JSON.
                Part.Append("{}");
            }

            if (Part.IsWhole)
            {
                RawJson.Check(Part.Text, "The input of a tool call");
            }

            cut = !RawJson.IsValid(Part.Text);
        }

        _status = cut ? "incomplete" : "completed";
    }

    /// <summary>Writes the fields of the item: without its content while it is open.</summary>
    public void WriteFields(ref JsonFields fields) => OpenAIResponsesParts.WriteItem(ref fields, Part, _id, _status, IsOpen);

    private JsonFields BeginPlaced(FrameWriter output, OpenAIResponsesEvents events, ReadOnlySpan<byte> type)
    {
        JsonFields fields = events.Begin(output, type);
        WritePlace(ref fields);
        return fields;
    }

    private void WritePart(FrameWriter output, OpenAIResponsesEvents events, ReadOnlySpan<byte> type)
    {
        JsonFields fields = BeginPlaced(output, events, type);
        fields.BeginObject("\"part\":"u8);
        OpenAIResponsesParts.WritePart(ref fields, Part, IsOpen);
        fields.EndObject();
        OpenAIResponsesEvents.End(output);
    }

    private void WriteIndexed(ref JsonFields fields)
    {
        fields.Number("\"output_index\":"u8, _index);
        fields.BeginObject("\"item\":"u8);
        WriteFields(ref fields);
        fields.EndObject();
    }

    /// <summary>Writes where in the response an event belongs.</summary>
    private void WritePlace(ref JsonFields fields)
    {
        fields.Text("\"item_id\":"u8, _id);
        fields.Number("\"output_index\":"u8, _index);
        if (Part.Kind != AnswerPartKind.ToolCall)
        {
            fields.Number(Part.Kind == AnswerPartKind.Text ? "\"content_index\":"u8 : "\"summary_index\":"u8, 0);
        }
    }
}

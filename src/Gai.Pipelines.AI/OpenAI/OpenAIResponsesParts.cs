using Gai.Pipelines.Internal;

namespace Gai.Pipelines.AI;

/// <summary>Writes the objects of which the output of a response is made.</summary>
internal static class OpenAIResponsesParts
{
    /// <summary>Writes the fields of an item.</summary>
    public static void WriteItem(ref JsonFields fields, AnswerPart part, string id, string status, bool isOpen)
    {
        fields.Text("\"id\":"u8, id);
        switch (part.Kind)
        {
            case AnswerPartKind.Text:
                fields.Text("\"type\":"u8, "message");
                fields.Text("\"status\":"u8, status);
                fields.Text("\"role\":"u8, "assistant");
                WriteParts(ref fields, "\"content\":"u8, part, isEmpty: isOpen);
                break;
            case AnswerPartKind.Reasoning:
                fields.Text("\"type\":"u8, "reasoning");
                fields.Text("\"status\":"u8, status);
                WriteParts(ref fields, "\"summary\":"u8, part, isEmpty: isOpen || part.Length == 0);
                if (!isOpen)
                {
                    fields.TextIfAny("\"encrypted_content\":"u8, part.Signature);
                }

                break;
            default:
                fields.Text("\"type\":"u8, "function_call");
                fields.Text("\"status\":"u8, status);
                fields.Text("\"call_id\":"u8, part.Id);
                fields.Text("\"name\":"u8, part.Name);
                fields.Text("\"arguments\":"u8, isOpen ? default : part.Text);
                break;
        }
    }

    /// <summary>Writes the fields of a part of a message or of a reasoning.</summary>
    public static void WritePart(ref JsonFields fields, AnswerPart part, bool isOpen)
    {
        EventText text = isOpen ? default : part.Text;
        if (part.Kind == AnswerPartKind.Reasoning)
        {
            fields.Text("\"type\":"u8, "summary_text");
            fields.Text("\"text\":"u8, text);
            return;
        }

        fields.Text("\"type\":"u8, "output_text");
        fields.Text("\"text\":"u8, text);
        fields.BeginArray("\"annotations\":"u8);
        foreach (Citation citation in isOpen ? [] : part.Citations ?? [])
        {
            fields.BeginItem();
            WriteAnnotation(ref fields, citation);
            fields.EndObject();
        }

        fields.EndArray();
        fields.EmptyArray("\"logprobs\":"u8);
    }

    /// <summary>Writes the fields of a source.</summary>
    public static void WriteAnnotation(ref JsonFields fields, in Citation citation)
    {
        fields.Text("\"type\":"u8, "url_citation");
        fields.Number("\"start_index\":"u8, citation.Start);
        fields.Number("\"end_index\":"u8, citation.End);
        fields.Text("\"url\":"u8, citation.Uri);
        fields.Text("\"title\":"u8, citation.Title ?? citation.Uri);
    }

    private static void WriteParts(ref JsonFields fields, ReadOnlySpan<byte> name, AnswerPart part, bool isEmpty)
    {
        fields.BeginArray(name);
        if (!isEmpty)
        {
            fields.BeginItem();
            WritePart(ref fields, part, isOpen: false);
            fields.EndObject();
        }

        fields.EndArray();
    }
}

using Gai.Pipelines.Internal;

namespace Gai.Pipelines.AI;

/// <summary>Anthropic's message as one document.</summary>
internal sealed class AnthropicMessagesDocument(AnthropicCall call) : DocumentDialect
{
    protected override void WriteDocument(FrameWriter output, CollectedAnswer answer)
    {
        output.Write("{"u8);
        var fields = new JsonFields(output, hasFields: false);
        AnthropicMessagesDialect.WriteIdentity(ref fields, answer.Model ?? call.Model);
        fields.BeginArray("\"content\":"u8);
        foreach (AnswerPart part in answer.Parts.Where(part => HasContent(part, answer.FinishReason)))
        {
            fields.BeginItem();
            WriteBlock(ref fields, part);
            fields.EndObject();
        }

        fields.EndArray();
        AnthropicWords.WriteStop(ref fields, answer.FinishReason, call);
        AnthropicWords.WriteUsage(ref fields, answer.Usage ?? default(TokenUsage));
        output.Write("}"u8);
    }

    /// <summary>Leaves out empty texts, which the API would not take back, and a call that the limit has cut off, which nobody can run.</summary>
    private static bool HasContent(AnswerPart part, string finishReason) => part.Kind switch
    {
        AnswerPartKind.ToolCall => part.Length == 0 || JsonObjectScanner.IsObject(part.Text) || finishReason != FinishReasons.Length,
        AnswerPartKind.Reasoning => part.Length > 0 || !string.IsNullOrEmpty(part.Signature),
        _ => part.Length > 0 || part.Citations is not null,
    };

    private static void WriteBlock(ref JsonFields fields, AnswerPart part)
    {
        switch (part.Kind)
        {
            case AnswerPartKind.ToolCall:
                fields.Text("\"type\":"u8, "tool_use");
                fields.Text("\"id\":"u8, part.Id);
                fields.Text("\"name\":"u8, part.Name);
                fields.Json("\"input\":"u8, part.Text, "{}"u8, "The input of a tool call");
                AnthropicWords.WriteCaller(ref fields);
                break;
            case AnswerPartKind.Reasoning when part.Length == 0:
                fields.Text("\"type\":"u8, "redacted_thinking");
                fields.Text("\"data\":"u8, part.Signature);
                break;
            case AnswerPartKind.Reasoning:
                fields.Text("\"type\":"u8, "thinking");
                fields.Text("\"thinking\":"u8, part.Text);
                fields.Text("\"signature\":"u8, part.Signature);
                break;
            default:
                fields.Text("\"type\":"u8, "text");
                fields.Text("\"text\":"u8, part.Text);
                WriteCitations(ref fields, part.Citations);
                break;
        }
    }

    private static void WriteCitations(ref JsonFields fields, List<Citation>? citations)
    {
        if (citations is null)
        {
            return;
        }

        fields.BeginArray("\"citations\":"u8);
        foreach (Citation citation in citations)
        {
            fields.BeginItem();
            AnthropicWords.WriteCitation(ref fields, citation);
            fields.EndObject();
        }

        fields.EndArray();
    }
}

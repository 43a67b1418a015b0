using Gai.Pipelines.Internal;

namespace Gai.Pipelines.AI;

/// <summary>OpenAI's chat completion as one document.</summary>
internal sealed class OpenAIChatDocument(OpenAICall call, TimeProvider clock) : DocumentDialect
{
    protected override void WriteDocument(FrameWriter output, CollectedAnswer answer)
    {
        output.Write("{"u8);
        var fields = new JsonFields(output, hasFields: false);
        OpenAIChunks.WriteIdentity(ref fields, "chat.completion", "chatcmpl-", answer.Model ?? call.Model, clock.GetUtcNow());
        fields.BeginArray("\"choices\":"u8);
        fields.BeginItem();
        fields.Number("\"index\":"u8, 0);
        fields.BeginObject("\"message\":"u8);
        WriteMessage(ref fields, answer);
        fields.EndObject();
        fields.Text("\"finish_reason\":"u8, OpenAIWords.FinishReason(answer.FinishReason).ToArray());
        fields.Null("\"logprobs\":"u8);
        fields.EndObject();
        fields.EndArray();
        OpenAIWords.WriteUsage(ref fields, answer.Usage ?? default);
        output.Write("}"u8);
    }

    private static void WriteMessage(ref JsonFields fields, CollectedAnswer answer)
    {
        fields.Text("\"role\":"u8, "assistant");
        if (answer.HasToolCalls && !answer.Has(AnswerPartKind.Text))
        {
            fields.Null("\"content\":"u8);
        }
        else
        {
            fields.Text("\"content\":"u8, answer.TextOf(AnswerPartKind.Text));
        }

        fields.Null("\"refusal\":"u8);
        if (answer.Has(AnswerPartKind.Reasoning))
        {
            fields.Text("\"reasoning_content\":"u8, answer.TextOf(AnswerPartKind.Reasoning));
        }

        OpenAIWords.WriteAnnotations(ref fields, [.. answer.Parts.SelectMany(static part => part.Citations ?? [])]);
        if (answer.HasToolCalls)
        {
            fields.BeginArray("\"tool_calls\":"u8);
            foreach (AnswerPart part in answer.Parts.Where(static part => part.Kind == AnswerPartKind.ToolCall))
            {
                fields.BeginItem();
                fields.Text("\"id\":"u8, part.Id);
                fields.Text("\"type\":"u8, "function");
                fields.BeginObject("\"function\":"u8);
                fields.Text("\"name\":"u8, part.Name);
                WriteArguments(ref fields, part);
                fields.EndObject();
                fields.EndObject();
            }

            fields.EndArray();
        }
    }

    /// <summary>Writes the input of a call. What came in pieces is left as it is, as in a stream: the limit may have cut it off.</summary>
    private static void WriteArguments(ref JsonFields fields, AnswerPart call)
    {
        if (call.IsWhole || call.Length == 0)
        {
            fields.JsonAsString("\"arguments\":"u8, call.Text, "{}"u8, "The input of a tool call");
        }
        else
        {
            fields.Text("\"arguments\":"u8, call.Text);
        }
    }
}

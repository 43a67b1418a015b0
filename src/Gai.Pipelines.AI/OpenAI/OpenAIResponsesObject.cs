using Gai.Pipelines.Internal;

namespace Gai.Pipelines.AI;

/// <summary>The response itself, which a stream shows at its beginning and at its end.</summary>
internal sealed class OpenAIResponsesObject(string model, DateTimeOffset created, byte[] echo)
{
    private static readonly OpenAIResponsesItem[] NoItems = [];

    private readonly string _id = VendorId.New("resp_");

    /// <summary>Writes the field <c>response</c> of an event, while the answer goes on.</summary>
    public void WriteInProgress(FrameWriter output, ref JsonFields fields)
    {
        fields.BeginObject("\"response\":"u8);
        WriteIdentity(ref fields, "in_progress");
        fields.Null("\"completed_at\":"u8);
        fields.Null("\"error\":"u8);
        fields.Null("\"incomplete_details\":"u8);
        WriteRest(output, ref fields, NoItems, null);
        fields.EndObject();
    }

    /// <summary>Writes the field <c>response</c> of the event that ends the stream.</summary>
    public void WriteEnded(
        FrameWriter output, ref JsonFields fields, OpenAIResponsesEnding ending, IReadOnlyList<OpenAIResponsesItem> items, in TokenUsage usage, DateTimeOffset now)
    {
        fields.BeginObject("\"response\":"u8);
        WriteEndedFields(output, ref fields, ending, items, usage, now);
        fields.EndObject();
    }

    /// <summary>Writes the fields of a response that has ended.</summary>
    public void WriteEndedFields(
        FrameWriter output, ref JsonFields fields, OpenAIResponsesEnding ending, IReadOnlyList<OpenAIResponsesItem> items, in TokenUsage usage, DateTimeOffset now)
    {
        WriteIdentity(ref fields, ending.Status);
        if (ending.CutBy is { } cut)
        {
            fields.Null("\"completed_at\":"u8);
            fields.Null("\"error\":"u8);
            fields.BeginObject("\"incomplete_details\":"u8);
            fields.Text("\"reason\":"u8, cut);
            fields.EndObject();
        }
        else
        {
            fields.Number("\"completed_at\":"u8, now.ToUnixTimeSeconds());
            fields.Null("\"error\":"u8);
            fields.Null("\"incomplete_details\":"u8);
        }

        WriteRest(output, ref fields, items, usage);
    }

    /// <summary>Writes the field <c>response</c> of the event that says why there is no answer.</summary>
    public void WriteFailed(FrameWriter output, ref JsonFields fields, in StreamError error)
    {
        fields.BeginObject("\"response\":"u8);
        WriteIdentity(ref fields, "failed");
        fields.Null("\"completed_at\":"u8);
        fields.BeginObject("\"error\":"u8);
        fields.Text("\"code\":"u8, OpenAIResponsesEnding.ErrorCode(error.Code));
        fields.Text("\"message\":"u8, error.Message);
        fields.EndObject();
        fields.Null("\"incomplete_details\":"u8);
        WriteRest(output, ref fields, NoItems, null);
        fields.EndObject();
    }

    private void WriteIdentity(ref JsonFields fields, string status)
    {
        fields.Text("\"id\":"u8, _id);
        fields.Text("\"object\":"u8, "response");
        fields.Number("\"created_at\":"u8, created.ToUnixTimeSeconds());
        fields.Text("\"status\":"u8, status);
    }

    private void WriteRest(FrameWriter output, ref JsonFields fields, IReadOnlyList<OpenAIResponsesItem> items, TokenUsage? usage)
    {
        fields.Text("\"model\":"u8, model);
        fields.BeginArray("\"output\":"u8);
        foreach (OpenAIResponsesItem item in items)
        {
            fields.BeginItem();
            item.WriteFields(ref fields);
            fields.EndObject();
        }

        fields.EndArray();
        if (usage is { } known)
        {
            WriteUsage(ref fields, known);
        }
        else
        {
            fields.Null("\"usage\":"u8);
        }

        output.Write(echo);
    }

    private static void WriteUsage(ref JsonFields fields, in TokenUsage usage)
    {
        fields.BeginObject("\"usage\":"u8);
        fields.Number("\"input_tokens\":"u8, usage.InputTokens);
        fields.BeginObject("\"input_tokens_details\":"u8);
        fields.Number("\"cached_tokens\":"u8, usage.CachedInputTokens);
        fields.EndObject();
        fields.Number("\"output_tokens\":"u8, usage.OutputTokens);
        fields.BeginObject("\"output_tokens_details\":"u8);
        fields.Number("\"reasoning_tokens\":"u8, usage.ReasoningTokens);
        fields.EndObject();
        fields.Number("\"total_tokens\":"u8, usage.TotalTokens);
        fields.EndObject();
    }
}

using Gai.Pipelines.Internal;

namespace Gai.Pipelines.AI;

/// <summary>OpenAI's response as one document.</summary>
internal sealed class OpenAIResponsesDocument(OpenAIResponsesCall call, TimeProvider clock) : DocumentDialect
{
    private readonly DateTimeOffset _created = clock.GetUtcNow();

    protected override void WriteDocument(FrameWriter output, CollectedAnswer answer)
    {
        OpenAIResponsesEnding ending = OpenAIResponsesEnding.Of(answer.FinishReason);
        OpenAIResponsesItem[] items = [.. answer.Parts.Select(static (part, index) => new OpenAIResponsesItem(part, index))];
        for (int i = 0; i < items.Length; i++)
        {
            items[i].Settle(cut: ending.IsCut && i == items.Length - 1);
        }

        output.Write("{"u8);
        var fields = new JsonFields(output, hasFields: false);
        new OpenAIResponsesObject(answer.Model ?? call.Model, _created, call.Echo)
            .WriteEndedFields(output, ref fields, ending, items, answer.Usage ?? default, clock.GetUtcNow());
        output.Write("}"u8);
    }
}

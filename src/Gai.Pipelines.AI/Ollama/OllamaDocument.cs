using Gai.Pipelines.Internal;

namespace Gai.Pipelines.AI;

/// <summary>Ollama's answer as one document.</summary>
internal sealed class OllamaDocument(OllamaShape shape, OllamaCall call, TimeProvider clock) : DocumentDialect
{
    private OllamaTimes _times = new(clock);

    protected override void OnEvent(in StreamEvent item)
    {
        if (item.Type is StreamEventType.TextDelta or StreamEventType.ReasoningDelta or StreamEventType.ToolCall or StreamEventType.ToolCallDelta)
        {
            _times.OnWord();
        }
    }

    protected override void WriteDocument(FrameWriter output, CollectedAnswer answer)
    {
        output.Write(new OllamaLine(answer.Model ?? call.Model, []).At(clock.GetUtcNow().ToUnixTimeMilliseconds()));
        var fields = new JsonFields(output, hasFields: true);
        shape.WriteAnswer(ref fields, answer);
        if (call.Errand is { } errand)
        {
            fields.Bool("\"done\":"u8, true);
            fields.Text("\"done_reason\":"u8, errand);
        }
        else
        {
            OllamaWords.WriteDone(ref fields, OllamaWords.DoneReason(answer.FinishReason), _times, answer.Usage);
        }

        output.Write("}"u8);
    }
}

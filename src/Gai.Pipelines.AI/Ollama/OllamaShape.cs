using Gai.Pipelines.Internal;

namespace Gai.Pipelines.AI;

/// <summary>Where chat and generate put what the model says: into a message, or beside the other fields.</summary>
internal abstract class OllamaShape
{
    public static OllamaShape Chat { get; } = new ChatShape();

    public static OllamaShape Generate { get; } = new GenerateShape();

    /// <summary>What stands between the time of a line and its text.</summary>
    public abstract ReadOnlySpan<byte> TextBegin { get; }

    /// <summary>What stands between the time of a line and its thinking.</summary>
    public abstract ReadOnlySpan<byte> ThinkingBegin { get; }

    /// <summary>What follows a text or a thinking, up to the end of the line.</summary>
    public abstract ReadOnlySpan<byte> DeltaEnd { get; }

    /// <summary>What stands between the time of a line without any text and its <c>done</c>.</summary>
    public abstract ReadOnlySpan<byte> Nothing { get; }

    /// <summary>What stands between the time of a line and its tool calls; empty if there is no place for them.</summary>
    public virtual ReadOnlySpan<byte> CallsBegin => [];

    /// <summary>What follows the tool calls, up to the end of the line.</summary>
    public virtual ReadOnlySpan<byte> CallsEnd => [];

    public bool HasToolCalls => !CallsBegin.IsEmpty;

    /// <summary>Writes a whole answer.</summary>
    public abstract void WriteAnswer(ref JsonFields fields, CollectedAnswer answer);

    private sealed class ChatShape : OllamaShape
    {
        public override ReadOnlySpan<byte> TextBegin => ",\"message\":{\"role\":\"assistant\",\"content\":\""u8;

        public override ReadOnlySpan<byte> ThinkingBegin => ",\"message\":{\"role\":\"assistant\",\"content\":\"\",\"thinking\":\""u8;

        public override ReadOnlySpan<byte> DeltaEnd => "\"},\"done\":false}\n"u8;

        public override ReadOnlySpan<byte> Nothing => ",\"message\":{\"role\":\"assistant\",\"content\":\"\"}"u8;

        public override ReadOnlySpan<byte> CallsBegin => ",\"message\":{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":["u8;

        public override ReadOnlySpan<byte> CallsEnd => "]},\"done\":false}\n"u8;

        public override void WriteAnswer(ref JsonFields fields, CollectedAnswer answer)
        {
            fields.BeginObject("\"message\":"u8);
            fields.Text("\"role\":"u8, "assistant");
            fields.Text("\"content\":"u8, answer.TextOf(AnswerPartKind.Text));
            WriteThinking(ref fields, answer);
            WriteCalls(ref fields, [.. answer.Parts.Where(part => IsTold(part, answer.FinishReason))]);
            fields.EndObject();
        }

        private static void WriteCalls(ref JsonFields fields, AnswerPart[] calls)
        {
            if (calls.Length == 0)
            {
                return;
            }

            fields.BeginArray("\"tool_calls\":"u8);
            for (int i = 0; i < calls.Length; i++)
            {
                OllamaWords.WriteCall(ref fields, i, calls[i].Id!, calls[i].Name, calls[i].Text);
            }

            fields.EndArray();
        }

        /// <summary>Whether a part is a call, and not one that the limit has cut off.</summary>
        private static bool IsTold(AnswerPart part, string finishReason) =>
            part.Kind == AnswerPartKind.ToolCall && (finishReason != FinishReasons.Length || part.Length == 0 || JsonObjectScanner.IsObject(part.Text));
    }

    private sealed class GenerateShape : OllamaShape
    {
        public override ReadOnlySpan<byte> TextBegin => ",\"response\":\""u8;

        public override ReadOnlySpan<byte> ThinkingBegin => ",\"response\":\"\",\"thinking\":\""u8;

        public override ReadOnlySpan<byte> DeltaEnd => "\",\"done\":false}\n"u8;

        public override ReadOnlySpan<byte> Nothing => ",\"response\":\"\""u8;

        public override void WriteAnswer(ref JsonFields fields, CollectedAnswer answer)
        {
            fields.Text("\"response\":"u8, answer.TextOf(AnswerPartKind.Text));
            WriteThinking(ref fields, answer);
        }
    }

    private static void WriteThinking(ref JsonFields fields, CollectedAnswer answer)
    {
        if (answer.Has(AnswerPartKind.Reasoning))
        {
            fields.Text("\"thinking\":"u8, answer.TextOf(AnswerPartKind.Reasoning));
        }
    }
}

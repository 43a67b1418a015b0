using System.Text.Json;

namespace Gai.Pipelines.AI.Providers;

/// <summary>Reads what is told at the end of an answer: what it cost, and why it ended.</summary>
internal static class CompletionUsage
{
    /// <summary>Reads the value behind the field's name.</summary>
    public static TokenUsage? Read(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return null;
        }

        long input = 0;
        long output = 0;
        long? total = null;
        long cached = 0;
        long reasoning = 0;
        while (CompletionParser.NextField(ref reader))
        {
            if (reader.ValueTextEquals("prompt_tokens"u8))
            {
                input = Number(ref reader);
            }
            else if (reader.ValueTextEquals("completion_tokens"u8))
            {
                output = Number(ref reader);
            }
            else if (reader.ValueTextEquals("total_tokens"u8))
            {
                total = Number(ref reader);
            }
            else if (reader.ValueTextEquals("prompt_tokens_details"u8))
            {
                cached = Detail(ref reader, "cached_tokens"u8);
            }
            else if (reader.ValueTextEquals("completion_tokens_details"u8))
            {
                reasoning = Detail(ref reader, "reasoning_tokens"u8);
            }
            else
            {
                Number(ref reader);
            }
        }

        return new TokenUsage(input, output, total ?? input + output) { CachedInputTokens = cached, ReasoningTokens = reasoning };
    }

    /// <summary>Gives the neutral name of the reason that the reader is at; the usual ones without a new string.</summary>
    public static string FinishReason(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("stop"u8) ? FinishReasons.Stop
        : reader.ValueTextEquals("length"u8) ? FinishReasons.Length
        : reader.ValueTextEquals("tool_calls"u8) ? FinishReasons.ToolCalls
        : ChatFinishReasons.ToNeutral(reader.GetString()!);

    private static long Detail(ref Utf8JsonReader reader, ReadOnlySpan<byte> name)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return 0;
        }

        long value = 0;
        while (CompletionParser.NextField(ref reader))
        {
            bool isIt = reader.ValueTextEquals(name);
            long number = Number(ref reader);
            value = isIt ? number : value;
        }

        return value;
    }

    private static long Number(ref Utf8JsonReader reader)
    {
        reader.Read();
        long number = reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long count) ? count : 0;
        reader.Skip();
        return number;
    }
}

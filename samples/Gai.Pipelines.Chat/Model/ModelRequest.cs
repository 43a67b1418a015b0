using Microsoft.Extensions.AI;

namespace Gai.Pipelines.Chat.Model;

/// <summary>What the model is asked: the conversation, what it says to the model, and the dice for this answer.</summary>
internal sealed class ModelRequest
{
    private readonly NGramModel _model;

    public ModelRequest(NGramModel model, ModelOptions settings, IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        _model = model;
        Options = options;
        ChatMessage[] conversation = [.. messages];
        int lastOfUser = Array.FindLastIndex(conversation, static message => message.Role == ChatRole.User);
        Prompt = lastOfUser < 0 ? "" : conversation[lastOfUser].Text;
        ToolResults = [.. conversation[(lastOfUser + 1)..].SelectMany(static message => message.Contents).OfType<FunctionResultContent>()];
        MaxTokens = Math.Max(1, options?.MaxOutputTokens ?? settings.MaxTokens);
        InputTokens = conversation.Sum(static message => Tokenizer.Tokenize(message.Text).Count());
        Random = Dice(options?.Seed ?? (settings.Seed == 0 ? null : settings.Seed), conversation);
    }

    public ChatOptions? Options { get; }

    /// <summary>The last message of the user.</summary>
    public string Prompt { get; }

    /// <summary>What tools have answered since the user spoke.</summary>
    public IReadOnlyList<FunctionResultContent> ToolResults { get; }

    public int MaxTokens { get; }

    public int InputTokens { get; }

    public Random Random { get; }

    public NGramWriter BeginProse(string prompt) => _model.Begin(prompt, Random, Options?.Temperature ?? 1);

    // The conversation goes into the seed, or all answers would be dealt from the same cards.
    private static Random Dice(long? seed, ChatMessage[] conversation)
    {
        if (seed is null)
        {
            return new Random();
        }

        uint hash = StableHash.Of(conversation.Select(static message => message.Text));
        return new Random(unchecked((int)(hash ^ (uint)seed.Value)));
    }
}

/// <summary>A hash that is the same in every process, which that of <see cref="string"/> is not (FNV-1a over UTF-16).</summary>
internal static class StableHash
{
    private const uint OffsetBasis = 2166136261;
    private const uint Prime = 16777619;

    public static uint Of(params IEnumerable<string> texts)
    {
        uint hash = OffsetBasis;
        foreach (string text in texts)
        {
            foreach (char letter in text)
            {
                hash = unchecked((hash ^ letter) * Prime);
            }

            hash = unchecked((hash ^ '\n') * Prime);
        }

        return hash;
    }
}

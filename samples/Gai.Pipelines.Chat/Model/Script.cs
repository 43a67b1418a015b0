using Microsoft.Extensions.AI;

namespace Gai.Pipelines.Chat.Model;

/// <summary>What the model does next. An answer is a sequence of steps; the client plays them at the pace that is set.</summary>
internal abstract record Step
{
    public sealed record Say(string Text) : Step;

    public sealed record Think(string Text) : Step;

    public sealed record Call(FunctionCallContent Content) : Step;

    public sealed record Result(FunctionResultContent Content) : Step;

    public sealed record Pause(TimeSpan Length) : Step;

    public sealed record Fail(Exception Exception) : Step;

    /// <summary>Ends the answer for a reason of its own; one that just runs out of steps ends with <see cref="ChatFinishReason.Stop"/>.</summary>
    public sealed record End(ChatFinishReason Reason) : Step;
}

/// <summary>Decides what the model does with a request: obey a command, look up the weather, or write prose.</summary>
internal static class Script
{
    public static IEnumerable<Step> For(ModelRequest request) => request switch
    {
        { ToolResults.Count: > 0 } => request.ToolResults.SelectMany(static (result, index) => Weather.Tell(result, index)),
        { Prompt: ['/', ..] } => Commands.Run(request),
        _ => Answer(request, request.Prompt),
    };

    /// <summary>Answers a prompt, which may be only a part of the user's message.</summary>
    public static IEnumerable<Step> Answer(ModelRequest request, string prompt) =>
        Weather.IsAskedFor(prompt) && request.Options?.ToolMode is not NoneChatToolMode
            ? Weather.Answer(request, prompt)
            : Prose(request, prompt);

    /// <summary>Cuts a text before each space, so that the tokens put together are the text to the letter.</summary>
    public static IEnumerable<Step> Recite(string text)
    {
        for (int start = 0; start < text.Length;)
        {
            int space = text.IndexOf(' ', start + 1);
            int end = space < 0 ? text.Length : space;
            yield return new Step.Say(text[start..end]);
            start = end;
        }
    }

    private static IEnumerable<Step> Prose(ModelRequest request, string prompt)
    {
        // Long enough is somewhere in the middle: then there is room left to finish the sentence.
        int longEnough = request.Random.Next(request.MaxTokens / 3, request.MaxTokens * 2 / 3 + 1);
        NGramWriter writer = request.BeginProse(prompt);
        for (int written = 1; written <= request.MaxTokens; written++)
        {
            yield return new Step.Say(writer.Next());
            writer.WindsDown = written >= longEnough;
            if (writer.WindsDown && writer.IsAtSentenceEnd)
            {
                yield break;
            }
        }

        yield return new Step.End(ChatFinishReason.Length);
    }
}

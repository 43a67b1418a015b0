namespace Gai.Pipelines.AI;

/// <summary>A call in the form of Anthropic's messages.</summary>
internal sealed class AnthropicCall : ChatCall
{
    /// <summary>The stop sequence that was met if one was: events do not say which, so it is known only where there is no choice.</summary>
    public string? OnlyStopSequence => Options.StopSequences is [var only] ? only : null;
}

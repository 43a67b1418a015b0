namespace Gai.Pipelines.AI;

/// <summary>A call in the form of OpenAI's chat or legacy completions.</summary>
internal sealed class OpenAICall : ChatCall
{
    /// <summary>Whether the client wants the usage at the end of a stream.</summary>
    public bool IncludeUsage { get; set; }
}

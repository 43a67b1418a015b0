namespace Gai.Pipelines.AI;

/// <summary>A call in the form of Ollama's chat or generate.</summary>
internal sealed class OllamaCall : ChatCall
{
    /// <summary>What a request without a question asks for; <see langword="null"/> for one that has one.</summary>
    /// <value><c>load</c> or <c>unload</c>, the reason with which it is answered.</value>
    public string? Errand { get; private set; }

    internal override bool AsksModel => Errand is null;

    /// <summary>Makes this a request that asks nothing. The real server answers it with one document, whatever <c>stream</c> says.</summary>
    public void AskNothing(RequestValue? keepAlive)
    {
        Errand = keepAlive is { } time && IsZero(time) ? "unload" : "load";
        IsStreaming = false;
    }

    private static bool IsZero(RequestValue time) => time.IsText ? time.AsText() is "0" or "0s" or "0m" or "0h" : time.AsNumber(float.MinValue, float.MaxValue) == 0;
}

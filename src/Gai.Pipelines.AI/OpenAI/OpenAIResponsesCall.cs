namespace Gai.Pipelines.AI;

/// <summary>A call in the form of OpenAI's Responses.</summary>
internal sealed class OpenAIResponsesCall : ChatCall
{
    /// <summary>The fields of the response that repeat the request, as JSON with a comma before each.</summary>
    public byte[] Echo { get; set; } = [];
}

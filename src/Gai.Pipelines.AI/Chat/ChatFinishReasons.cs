namespace Gai.Pipelines.AI;

/// <summary>Gives finish reasons their neutral names.</summary>
internal static class ChatFinishReasons
{
    /// <summary>Translates what a provider says, in its own words or in those of Microsoft.Extensions.AI. What is not known stays as it is.</summary>
    public static string ToNeutral(string reason) => reason switch
    {
        "end_turn" => FinishReasons.Stop,
        "max_tokens" => FinishReasons.Length,
        "tool_use" or "function_call" or "tool-calls" => FinishReasons.ToolCalls,
        "refusal" or "content-filter" => FinishReasons.ContentFilter,
        _ => reason,
    };
}

namespace Gai.Pipelines.AI;

/// <summary>How a response ends: the words that the Responses API has for it.</summary>
/// <param name="Status">The status of the response.</param>
/// <param name="CutBy">Why it is incomplete, if it is.</param>
internal sealed record OpenAIResponsesEnding(string Status, string? CutBy = null)
{
    private static readonly OpenAIResponsesEnding Completed = new("completed");
    private static readonly OpenAIResponsesEnding CutByLimit = new("incomplete", "max_output_tokens");
    private static readonly OpenAIResponsesEnding CutByFilter = new("incomplete", "content_filter");

    public bool IsCut => CutBy is not null;

    /// <summary>The event that says so.</summary>
    public ReadOnlySpan<byte> Event => IsCut ? "response.incomplete"u8 : "response.completed"u8;

    public static OpenAIResponsesEnding Of(string neutral) => neutral switch
    {
        FinishReasons.Length => CutByLimit,
        FinishReasons.ContentFilter => CutByFilter,
        _ => Completed,
    };

    /// <summary>The code of a failed response; typed clients know no other.</summary>
    public static string ErrorCode(string code) => code switch
    {
        StreamErrorCodes.InvalidRequest or StreamErrorCodes.Unsupported or StreamErrorCodes.ContextLengthExceeded or StreamErrorCodes.SafetyBlocked => "invalid_prompt",
        StreamErrorCodes.RateLimited => "rate_limit_exceeded",
        _ => "server_error",
    };
}

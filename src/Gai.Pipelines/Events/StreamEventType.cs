namespace Gai.Pipelines;

/// <summary>Says what a <see cref="StreamEvent"/> tells.</summary>
public enum StreamEventType : byte
{
    /// <summary>Nothing: the value of <c>default(StreamEvent)</c>, which no dialect accepts.</summary>
    None = 0,

    /// <summary>The answer begins; may name the response, the model and the provider.</summary>
    Start,

    /// <summary>A piece of the answer's text.</summary>
    TextDelta,

    /// <summary>A piece of the model's reasoning.</summary>
    ReasoningDelta,

    /// <summary>A piece of audio.</summary>
    AudioDelta,

    /// <summary>A whole tool call: its id, the tool's name and its input as JSON.</summary>
    ToolCall,

    /// <summary>A piece of a tool call's JSON input, in the order in which the model writes it.</summary>
    ToolCallDelta,

    /// <summary>What a tool returned, as JSON.</summary>
    ToolResult,

    /// <summary>Sources of the answer.</summary>
    Citations,

    /// <summary>A verdict of a safety check.</summary>
    Safety,

    /// <summary>A step (one call of the model) has ended.</summary>
    FinishStep,

    /// <summary>The answer has ended; may carry the usage and the reason.</summary>
    Finish,

    /// <summary>The answer has failed. It ends the stream as an exception of the source does.</summary>
    Error,

    /// <summary>A JSON value of the application's own.</summary>
    Raw,

    /// <summary>Events are missing here: they were dropped because the client was slow. Dialects without a place for it write a comment or nothing.</summary>
    Gap,
}

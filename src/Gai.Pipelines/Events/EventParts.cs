namespace Gai.Pipelines;

/// <summary>Describes the audio of an <see cref="StreamEventType.AudioDelta"/>.</summary>
/// <param name="Mime">The media type, such as <c>audio/pcm</c>.</param>
/// <param name="SampleRate">Samples a second; 0 if unknown.</param>
/// <param name="Channels">Channels; 0 if unknown.</param>
/// <param name="BitDepth">Bits a sample; 0 if unknown.</param>
public readonly record struct AudioFormat(string Mime, int SampleRate = 0, int Channels = 0, int BitDepth = 0);

/// <summary>Names a source of the answer and the part of the text it supports.</summary>
/// <param name="Uri">Where the source is.</param>
/// <param name="Title">The source's title, if known.</param>
/// <param name="Start">The first character of the answer's text that it supports (UTF-16 units from 0).</param>
/// <param name="End">The character after the last one that it supports.</param>
public readonly record struct Citation(string Uri, string? Title = null, int Start = 0, int End = 0);

/// <summary>Tells what a safety check found and did.</summary>
/// <param name="Category">What was found, such as <c>hate</c>.</param>
/// <param name="Action">What was done, such as <c>warn</c> or <c>block</c>.</param>
/// <param name="Score">How sure the check is, by convention from 0 to 1.</param>
/// <param name="Note">A remark for the reader, if there is one.</param>
public readonly record struct SafetyVerdict(string Category, string Action, double Score, string? Note = null);

/// <summary>Counts the tokens of an answer.</summary>
/// <param name="InputTokens">Tokens of the prompt.</param>
/// <param name="OutputTokens">Tokens of the answer.</param>
/// <param name="TotalTokens">Tokens of both, as the provider counts them.</param>
public readonly record struct TokenUsage(long InputTokens, long OutputTokens, long TotalTokens)
{
    /// <summary>Counts both kinds and adds them up.</summary>
    /// <param name="inputTokens">Tokens of the prompt.</param>
    /// <param name="outputTokens">Tokens of the answer.</param>
    public TokenUsage(long inputTokens, long outputTokens)
        : this(inputTokens, outputTokens, inputTokens + outputTokens)
    {
    }

    /// <summary>Gets how many tokens of the prompt the provider had in its cache.</summary>
    /// <value>Part of <see cref="InputTokens"/>; 0 if there were none or nobody said.</value>
    public long CachedInputTokens { get; init; }

    /// <summary>Gets how many tokens of the answer were reasoning.</summary>
    /// <value>Part of <see cref="OutputTokens"/>; 0 if there were none or nobody said.</value>
    public long ReasoningTokens { get; init; }
}

/// <summary>Says who runs the tool that a model calls.</summary>
public enum ToolRunner
{
    /// <summary>The client: it runs the tool and sends the result with its next request.</summary>
    Client,

    /// <summary>The server: the call is told for information, and its result follows in the same stream.</summary>
    Server,
}

/// <summary>Holds the neutral finish reasons. A dialect translates them into its own; any other text is passed on.</summary>
public static class FinishReasons
{
    /// <summary>The model had said all.</summary>
    public const string Stop = "stop";

    /// <summary>A stop sequence of the request was met.</summary>
    public const string StopSequence = "stop_sequence";

    /// <summary>The limit on the tokens was reached.</summary>
    public const string Length = "length";

    /// <summary>The model waits for the results of its tool calls.</summary>
    public const string ToolCalls = "tool_calls";

    /// <summary>A filter ended the answer.</summary>
    public const string ContentFilter = "content_filter";
}

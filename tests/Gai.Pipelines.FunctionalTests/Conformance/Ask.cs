using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gai.Pipelines.FunctionalTests.Conformance;

/// <summary>What a client is told to do. The scripts in tests/clients read the same, and conformance/ask.mjs says what it means.</summary>
internal sealed record Ask(
    string Case,
    string Prompt,
    string Way = Ask.Stream,
    bool Tools = false,
    bool AnswerTools = false,
    int? MaxTokens = null,
    bool Stop = false,
    bool Bad = false,
    string? Then = null)
{
    public const string Stream = "stream";
    public const string Whole = "whole";
}

/// <summary>What a client saw.</summary>
internal sealed class Seen
{
    public required string Case { get; init; }

    public string Text { get; set; } = "";

    public string Reasoning { get; set; } = "";

    public List<SeenCall> Calls { get; init; } = [];

    public List<SeenResult> Results { get; init; } = [];

    public string? Finish { get; set; }

    public SeenUsage? Usage { get; set; }

    public int Events { get; set; }

    /// <summary>Gets or sets when the client left, in milliseconds since 1970.</summary>
    public long? StoppedAt { get; set; }

    public SeenError? Error { get; set; }

    public override string ToString() => JsonSerializer.Serialize(this, ConformanceJson.Default.Seen);
}

internal sealed record SeenCall(string? Id, string Name, JsonElement Input);

internal sealed record SeenResult(string? Id, JsonElement Output);

internal sealed record SeenUsage(long? Input, long? Output, long? Total);

internal sealed record SeenError(string Class, int? Status, string? Code, string? Type, string Message, string? RetryAfter);

/// <summary>All that a script of a client is told.</summary>
internal sealed record Plan(string Base, string Client, IReadOnlyList<Ask> Asks);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Plan))]
[JsonSerializable(typeof(Seen))]
internal sealed partial class ConformanceJson : JsonSerializerContext;

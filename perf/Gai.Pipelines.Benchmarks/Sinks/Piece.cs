using System.Text.Json.Serialization;

namespace Gai.Pipelines.Benchmarks.Sinks;

/// <summary>A piece of text as a type of the application: what those write who have no <see cref="StreamEvent"/>.</summary>
/// <param name="Text">The text.</param>
public sealed record Piece(string Text);

/// <summary>How it is serialized, by everybody.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Piece))]
public sealed partial class PieceJson : JsonSerializerContext;

using System.Text.Json.Serialization;

namespace Gai.Pipelines.Tests.Readers;

internal sealed record Row(int Id, string? Text = null);

[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(Row))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class ReaderJson : JsonSerializerContext;

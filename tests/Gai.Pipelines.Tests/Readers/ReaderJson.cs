using System.Text.Json.Serialization;

namespace Gai.Pipelines.Tests.Readers;

internal sealed record Row(int Id, string? Text = null);

/// <summary>Counts how many of it were made.</summary>
internal sealed record Counted(int Id, string Text) : IJsonOnDeserialized
{
    /// <summary>Of the test that runs; only one uses the type.</summary>
    public static int Parsed { get; set; }

    public void OnDeserialized() => Parsed++;
}

[JsonSerializable(typeof(int))]
[JsonSerializable(typeof(long))]
[JsonSerializable(typeof(Row))]
[JsonSerializable(typeof(Counted))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class ReaderJson : JsonSerializerContext;

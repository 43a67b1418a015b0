using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gai.Pipelines.Tests;

internal sealed record Note(string? Text);

internal sealed record Progress(double Done, int Step, string Text);

/// <summary>Its getter throws when the serializer has already written a part of it.</summary>
internal sealed record Bomb(string Text)
{
    public int Fuse => throw new NotSupportedException("The serializer has read the fuse.");
}

/// <summary>JSON that its converter writes as it is, unchecked.</summary>
[JsonConverter(typeof(RawPartConverter))]
internal sealed record RawPart(string Json);

internal sealed class RawPartConverter : JsonConverter<RawPart>
{
    public override RawPart Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => throw new NotSupportedException();

    public override void Write(Utf8JsonWriter writer, RawPart value, JsonSerializerOptions options) =>
        writer.WriteRawValue(value.Json, skipInputValidation: true);
}

[JsonSerializable(typeof(Note))]
[JsonSerializable(typeof(Progress))]
[JsonSerializable(typeof(Bomb))]
[JsonSerializable(typeof(RawPart))]
[JsonSerializable(typeof(JsonElement))]
[JsonSerializable(typeof(string))]
[JsonSerializable(typeof(int?))]
[JsonSerializable(typeof(byte[]))]
internal sealed partial class TestJson : JsonSerializerContext
{
    public static TestJson Indented { get; } = new(new JsonSerializerOptions { WriteIndented = true });

    public static TestJson Relaxed { get; } = new(new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}

using System.Text.Json;
using System.Text.Json.Serialization;

namespace Gai.Pipelines.FunctionalTests;

internal sealed record Tick(int N);

internal sealed record Order(string Item, int Count);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(Tick))]
[JsonSerializable(typeof(Order))]
internal sealed partial class TestJson : JsonSerializerContext;

using System.Text.Json;

namespace Gai.Pipelines.FunctionalTests.Conformance;

/// <summary>The tool that clients of .NET declare; that of the others is in tests/clients/conformance/ask.mjs.</summary>
internal static class WeatherTool
{
    public const string Name = "get_weather";
    public const string Description = "Tells the weather in a city.";

    public static BinaryData Parameters { get; } = BinaryData.FromString(
        """{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}""");

    public static string Report(JsonElement input) => $$"""{"city":{{input.GetProperty("city").GetRawText()}},"tempC":21,"sky":"sunny"}""";
}

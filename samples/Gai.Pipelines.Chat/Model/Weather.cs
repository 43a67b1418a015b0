using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.Chat.Model;

/// <summary>The one thing for which the model uses a tool: the caller's, when one is declared, or else its own <c>get_weather</c>.</summary>
internal static partial class Weather
{
    private const string OwnTool = "get_weather";
    private const string DefaultCity = "Zagreb";
    private const int MaxCities = 8;

    // The pattern below looks ahead from every "weather": a long text full of them would take long.
    private const int MaxQuestionLength = 500;

    private static readonly string[] Skies = ["sunny", "cloudy", "rainy", "windy", "foggy", "partly cloudy"];

    public static bool IsAskedFor(string prompt) => prompt.Contains("weather", StringComparison.OrdinalIgnoreCase);

    /// <summary>Calls the declared tool for each city and leaves the answer to the caller, or calls the own tool and tells what it says.</summary>
    public static IEnumerable<Step> Answer(ModelRequest request, string prompt)
    {
        AIFunctionDeclaration? declared = request.Options?.Tools?.OfType<AIFunctionDeclaration>()
            .FirstOrDefault(static tool => tool.Name.Contains("weather", StringComparison.OrdinalIgnoreCase));
        List<string> cities = CitiesIn(prompt);
        return declared is null ? CallOwnTool(cities) : CallDeclaredTool(declared, cities);
    }

    /// <summary>Says in a sentence what a tool has answered.</summary>
    public static IEnumerable<Step> Tell(FunctionResultContent result, int index)
    {
        string text = result.Exception is { } failure ? failure.Message : TextOf(result.Result);
        string sentence = Read(text) is { } report ? Sentence(report) : $"The tool answered: {text}";
        return Script.Recite(index == 0 ? sentence : " " + sentence);
    }

    private static IEnumerable<Step> CallDeclaredTool(AIFunctionDeclaration tool, List<string> cities)
    {
        string parameter = FirstParameter(tool.JsonSchema) ?? "city";
        foreach (string city in cities)
        {
            yield return new Step.Call(NewCall(tool.Name, parameter, city));
        }

        yield return new Step.End(ChatFinishReason.ToolCalls);
    }

    private static IEnumerable<Step> CallOwnTool(List<string> cities)
    {
        FunctionCallContent[] calls = [.. cities.Select(static city => NewCall(OwnTool, "city", city))];
        WeatherReport[] reports = [.. cities.Select(Forecast)];
        foreach (FunctionCallContent call in calls)
        {
            call.InformationalOnly = true;
            yield return new Step.Call(call);
        }

        for (int i = 0; i < calls.Length; i++)
        {
            JsonElement json = JsonSerializer.SerializeToElement(reports[i], WeatherJson.Default.WeatherReport);
            yield return new Step.Result(new FunctionResultContent(calls[i].CallId, json));
        }

        foreach (Step step in Script.Recite(string.Join(' ', reports.Select(Sentence))))
        {
            yield return step;
        }
    }

    private static FunctionCallContent NewCall(string tool, string parameter, string city) =>
        new($"call_{Guid.NewGuid():N}", tool, new Dictionary<string, object?> { [parameter] = city });

    private static WeatherReport Forecast(string city)
    {
        uint hash = StableHash.Of(city.ToUpperInvariant());
        return new WeatherReport(city, TempC: (int)(hash % 34) - 2, Skies[hash / 34 % Skies.Length]);
    }

    private static string Sentence(WeatherReport report) =>
        string.Create(CultureInfo.InvariantCulture, $"In {report.City} it is {report.TempC:0.#} °C and {report.Sky}.");

    private static WeatherReport? Read(string text)
    {
        try
        {
            return JsonSerializer.Deserialize(text, WeatherJson.Default.WeatherReport) is { City: not null, Sky: not null } report ? report : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string TextOf(object? result) => result switch
    {
        null => "nothing",
        JsonElement { ValueKind: JsonValueKind.String } json => json.GetString()!,
        JsonElement json => json.GetRawText(),
        _ => result.ToString() ?? "nothing",
    };

    private static string? FirstParameter(JsonElement schema) =>
        schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("properties", out JsonElement properties)
            && properties.ValueKind == JsonValueKind.Object && !properties.TryGetProperty("city", out _)
            ? properties.EnumerateObject().Select(static property => property.Name).FirstOrDefault()
            : null;

    private static List<string> CitiesIn(string prompt)
    {
        string list = CityList.Match(prompt, 0, Math.Min(prompt.Length, MaxQuestionLength)).Groups["cities"].Value;
        List<string> cities = [.. Conjunction.Split(list).Select(static city => city.Trim()).Where(static city => city.Length > 0).Take(MaxCities)];
        return cities.Count > 0 ? cities : [DefaultCity];
    }

    /// <summary>"What is the weather like in Zagreb, Split and Paris today?": from the preposition to what ends the list.</summary>
    [GeneratedRegex(@"weather\b.*?\b(?:in|for|at)\s+(?<cities>.+?)(?=\s+(?:right now|now|today|tomorrow|tonight|this|please)\b|[?.!;:\r\n]|$)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex CityList { get; }

    [GeneratedRegex(@",|&|\band\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Conjunction { get; }
}

/// <summary>What the own tool returns.</summary>
internal sealed record WeatherReport(string City, double TempC, string Sky);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(WeatherReport))]
internal sealed partial class WeatherJson : JsonSerializerContext;

using System.Globalization;
using System.Text.Json;

namespace Gai.Pipelines.AI;

/// <summary>A JSON value of a request and the path to it. What is wrong with it is told with that path, in one place and one way.</summary>
internal readonly struct RequestValue(JsonElement json, string path)
{
    public JsonElement Json { get; } = json;

    /// <summary>The path from the root, such as <c>messages[0].role</c>; empty for the root.</summary>
    public string Path { get; } = path;

    public bool IsText => Json.ValueKind == JsonValueKind.String;

    public bool IsArray => Json.ValueKind == JsonValueKind.Array;

    public bool IsObject => Json.ValueKind == JsonValueKind.Object;

    /// <summary>Finds a field that is there and not null.</summary>
    public RequestValue? Optional(string name)
    {
        CheckIsObject();
        return Json.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? new RequestValue(value, PathTo(name)) : null;
    }

    /// <summary>Finds a field that must be there.</summary>
    public RequestValue Required(string name) =>
        Optional(name) ?? throw RequestError.At(PathTo(name), $"{PathTo(name)} is missing. It is required.");

    public string? Text(string name) => Optional(name)?.AsText();

    public string RequiredText(string name) => Required(name).AsText();

    public bool? Bool(string name) => Optional(name)?.AsBool();

    public int? Int(string name, int least, int most = int.MaxValue) => Optional(name)?.AsInt(least, most);

    public float? Number(string name, double least = float.MinValue, double most = float.MaxValue) => Optional(name)?.AsNumber(least, most);

    public string AsText() => IsText ? Json.GetString()! : throw Wrong("a string");

    public bool AsBool() => Json.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong("true or false"),
    };

    public int AsInt(int least, int most = int.MaxValue) =>
        Json.ValueKind == JsonValueKind.Number && Json.TryGetInt32(out int value) && value >= least && value <= most
            ? value
            : throw Wrong(most == int.MaxValue
                ? string.Create(CultureInfo.InvariantCulture, $"an integer of at least {least}")
                : string.Create(CultureInfo.InvariantCulture, $"an integer from {least} to {most}"));

    public long AsLong() => Json.ValueKind == JsonValueKind.Number && Json.TryGetInt64(out long value) ? value : throw Wrong("an integer");

    public float AsNumber(double least, double most) =>
        Json.ValueKind == JsonValueKind.Number && Json.TryGetDouble(out double value) && value >= least && value <= most
            ? (float)value
            : throw Wrong(DescribeRange(least, most));

    /// <summary>The items of an array.</summary>
    public IEnumerable<RequestValue> AsItems()
    {
        if (!IsArray)
        {
            throw Wrong("an array");
        }

        return Items(this);

        static IEnumerable<RequestValue> Items(RequestValue array)
        {
            int index = 0;
            foreach (JsonElement item in array.Json.EnumerateArray())
            {
                yield return new RequestValue(item, string.Create(CultureInfo.InvariantCulture, $"{array.Path}[{index++}]"));
            }
        }
    }

    /// <summary>One word of a list, or all words of a field that may be one or many.</summary>
    public List<string> AsTexts() => IsText ? [AsText()] : [.. AsItems().Select(static item => item.AsText())];

    /// <summary>An object that belongs to the application, kept longer than the request's document.</summary>
    public JsonElement AsObject()
    {
        CheckIsObject();
        return Json.Clone();
    }

    /// <summary>A value for a provider that knows what it means: texts, numbers and truth as such, everything else as JSON.</summary>
    public object? AsValue() => Json.ValueKind switch
    {
        JsonValueKind.String => Json.GetString(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Null => null,
        JsonValueKind.Number => AsNumberValue(),
        _ => Json.Clone(),
    };

    /// <summary>A number for a provider that knows what it means.</summary>
    public object AsNumberValue() => Json.ValueKind switch
    {
        JsonValueKind.Number when Json.TryGetInt32(out int small) => (object)small,
        JsonValueKind.Number when Json.TryGetInt64(out long large) => large,
        JsonValueKind.Number when Json.TryGetDouble(out double real) && double.IsFinite(real) => real,
        JsonValueKind.Number => throw Wrong("a number that fits into 64 bits"),
        _ => throw Wrong("a number"),
    };

    /// <summary>The fields of an object that are not null.</summary>
    public IEnumerable<(string Name, RequestValue Value)> Fields()
    {
        CheckIsObject();
        return Fields(this);

        static IEnumerable<(string Name, RequestValue Value)> Fields(RequestValue value)
        {
            foreach (JsonProperty field in value.Json.EnumerateObject())
            {
                if (field.Value.ValueKind != JsonValueKind.Null)
                {
                    yield return (field.Name, new RequestValue(field.Value, value.PathTo(field.Name)));
                }
            }
        }
    }

    /// <summary>The fields of an object as the arguments of a call.</summary>
    public Dictionary<string, object?> AsArguments()
    {
        CheckIsObject();
        var arguments = new Dictionary<string, object?>(StringComparer.Ordinal);

        // A clone of each would be a document of each.
        foreach (JsonProperty field in Json.Clone().EnumerateObject())
        {
            arguments[field.Name] = field.Value;
        }

        return arguments;
    }

    /// <summary>Refuses all fields but these: what is not honoured must not be ignored.</summary>
    public void AllowOnly(params ReadOnlySpan<string> names)
    {
        CheckIsObject();
        foreach (JsonProperty field in Json.EnumerateObject())
        {
            if (!names.Contains(field.Name))
            {
                throw RequestError.At(PathTo(field.Name), $"{PathTo(field.Name)} is not known here. Remove it.");
            }
        }
    }

    /// <summary>Refuses a field that asks for something; null, false, and what is empty ask for nothing.</summary>
    public void Refuse(string name, string why)
    {
        if (Optional(name) is { } value && value.AsksForSomething)
        {
            throw RequestError.At(value.Path, $"{value.Path} is not supported: {why}", StreamErrorCodes.Unsupported);
        }
    }

    /// <summary>Refuses a text that asks for something; one word asks for nothing.</summary>
    public void RefuseAllBut(string word, string name, string why)
    {
        if (Text(name) is { } text && text != word)
        {
            throw RequestError.At(PathTo(name), $"{PathTo(name)} is not supported: {why} Leave it out or set it to \"{word}\".", StreamErrorCodes.Unsupported);
        }
    }

    /// <summary>What to throw for a value of a wrong kind.</summary>
    public StreamErrorException Wrong(string expected) =>
        RequestError.At(Path.Length == 0 ? null : Path, $"{(Path.Length == 0 ? "The request body" : Path)} must be {expected}; it is {Describe(Json)}.");

    private bool AsksForSomething => Json.ValueKind switch
    {
        JsonValueKind.False => false,
        JsonValueKind.Array => Json.GetArrayLength() > 0,
        JsonValueKind.Object => Json.EnumerateObject().Any(),
        JsonValueKind.String => Json.GetString()!.Length > 0,
        _ => true,
    };

    private string PathTo(string name) => Path.Length == 0 ? name : $"{Path}.{name}";

    private void CheckIsObject()
    {
        if (!IsObject)
        {
            throw Wrong("an object");
        }
    }

    private static string DescribeRange(double least, double most) => (least > float.MinValue, most < float.MaxValue) switch
    {
        (true, true) => string.Create(CultureInfo.InvariantCulture, $"a number from {least} to {most}"),
        (true, false) => string.Create(CultureInfo.InvariantCulture, $"a number of at least {least}"),
        _ => "a number",
    };

    private static string Describe(JsonElement value)
    {
        const int Longest = 40;
        string text = value.ValueKind switch
        {
            JsonValueKind.Object => "an object",
            JsonValueKind.Array => "an array",
            _ => value.GetRawText(),
        };
        return text.Length <= Longest ? text : $"{text[..Longest]}...";
    }
}

/// <summary>Makes the errors of requests that cannot be honoured.</summary>
internal static class RequestError
{
    // A field may have a name of megabytes. Nobody reads more than this of it, and it would be sent back three times.
    private const int Longest = 1000;

    public static StreamErrorException At(string? path, string message, string code = StreamErrorCodes.InvalidRequest) =>
        new(new StreamError(code, Shorten(message)!) { Parameter = Shorten(path) });

    private static string? Shorten(string? text) => text is { Length: > Longest } ? $"{text[..Longest]}..." : text;
}

using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>Translates single contents between Microsoft.Extensions.AI and events, both ways.</summary>
internal static class ChatContents
{
    // What DataContent says of audio is its media type alone.
    private const string SampleRate = "sample_rate";
    private const string Channels = "channels";
    private const string BitDepth = "bit_depth";
    private const string UnknownAudio = "audio/*";

    /// <summary>Makes an event of a call that could be read, or that the server runs all the same, without arguments.</summary>
    public static StreamEvent ToToolCall(FunctionCallContent call, ToolRunner runner) => StreamEvent.ToolCall(
        call.CallId,
        call.Name,
        call.Arguments is null ? default(EventText) : ToJson(call.Arguments),
        runner);

    /// <summary>Makes a call of its whole input. One that is no JSON object has no form there and is reported as such.</summary>
    public static FunctionCallContent ToFunctionCall(string id, string name, string json, ToolRunner runner)
    {
        var call = new FunctionCallContent(id, name) { InformationalOnly = runner == ToolRunner.Server };
        if (json.Length == 0)
        {
            return call;
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 256 });
            call.Arguments = ToArguments(document.RootElement);
        }
        catch (Exception failure) when (IsNoJsonOrNoText(failure))
        {
            call.Exception = new InvalidOperationException($"The input of the tool call \"{id}\" must be a JSON object: {failure.Message}", failure);
        }

        return call;
    }

    /// <summary>Makes a result of its JSON. What is none, or has half a surrogate pair in its text, stays as it came.</summary>
    public static FunctionResultContent ToFunctionResult(string id, string json)
    {
        if (json.Length == 0)
        {
            return new FunctionResultContent(id, result: null);
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 256 });
            return new FunctionResultContent(id, ToValue(document.RootElement));
        }
        catch (Exception failure) when (IsNoJsonOrNoText(failure))
        {
            return new FunctionResultContent(id, json);
        }
    }

    public static StreamEvent ToAudio(DataContent data)
    {
        AdditionalPropertiesDictionary? extra = data.AdditionalProperties;
        bool isUnknown = data.MediaType == UnknownAudio && extra is null;
        return StreamEvent.AudioDelta(
            data.Data,
            isUnknown ? null : new AudioFormat(data.MediaType, Int(extra, SampleRate), Int(extra, Channels), Int(extra, BitDepth)));
    }

    public static DataContent ToData(in StreamEvent audio)
    {
        if (audio.AudioFormat is not { } format)
        {
            return new DataContent(audio.Audio.ToArray(), UnknownAudio);
        }

        bool isAudio = format.Mime.StartsWith("audio/", StringComparison.OrdinalIgnoreCase) && System.Net.Http.Headers.MediaTypeHeaderValue.TryParse(format.Mime, out _);
        var data = new DataContent(audio.Audio.ToArray(), isAudio ? format.Mime : UnknownAudio);
        AdditionalPropertiesDictionary extra = [];
        AddIfKnown(extra, SampleRate, format.SampleRate);
        AddIfKnown(extra, Channels, format.Channels);
        AddIfKnown(extra, BitDepth, format.BitDepth);
        data.AdditionalProperties = extra.Count > 0 ? extra : null;
        return data;
    }

    public static List<Citation>? ToCitations(AIContent content)
    {
        List<Citation>? citations = null;
        foreach (AIAnnotation annotation in content.Annotations ?? [])
        {
            if (annotation is CitationAnnotation citation)
            {
                TextSpanAnnotatedRegion? region = citation.AnnotatedRegions?.OfType<TextSpanAnnotatedRegion>().FirstOrDefault();
                (citations ??= []).Add(new Citation(
                    citation.Url?.OriginalString ?? citation.FileId ?? string.Empty, citation.Title, region?.StartIndex ?? 0, region?.EndIndex ?? 0));
            }
        }

        return citations;
    }

    public static AIContent ToAnnotations(IReadOnlyList<Citation> citations)
    {
        var annotations = new List<AIAnnotation>(citations.Count);
        foreach (Citation citation in citations)
        {
            bool isUrl = Uri.TryCreate(citation.Uri, UriKind.Absolute, out Uri? url);
            annotations.Add(new CitationAnnotation
            {
                Url = isUrl ? url : null,
                FileId = isUrl ? null : citation.Uri,
                Title = citation.Title,
                AnnotatedRegions = (citation.Start, citation.End) == (0, 0)
                    ? null
                    : [new TextSpanAnnotatedRegion { StartIndex = citation.Start, EndIndex = citation.End }],
            });
        }

        return new AIContent { Annotations = annotations };
    }

    /// <summary>Whether a content exists only to carry annotations.</summary>
    public static bool HasOnlyAnnotations(AIContent content) => content.GetType() == typeof(AIContent) && content.Annotations is not null;

    public static UsageDetails ToUsage(in TokenUsage usage) => new()
    {
        InputTokenCount = usage.InputTokens,
        OutputTokenCount = usage.OutputTokens,
        TotalTokenCount = usage.TotalTokens,
        CachedInputTokenCount = usage.CachedInputTokens == 0 ? null : usage.CachedInputTokens,
        ReasoningTokenCount = usage.ReasoningTokens == 0 ? null : usage.ReasoningTokens,
    };

    /// <summary>Writes a content that has no event of its own. One of a type that the library of chat clients does not know has no JSON there: it is named.</summary>
    public static ReadOnlyMemory<byte> ToRaw(AIContent content)
    {
        try
        {
            return ToJson(content);
        }
        catch (NotSupportedException)
        {
            return ToJson(new Dictionary<string, object?>(StringComparer.Ordinal) { ["content"] = content.GetType().Name });
        }
    }

    /// <summary>Reads a content that <see cref="ToRaw"/> has written.</summary>
    /// <returns><see langword="null"/> if it is anything else.</returns>
    public static AIContent? FromRaw(string json)
    {
        if (!json.StartsWith("{\"$type\":", StringComparison.Ordinal))
        {
            return null;
        }

        try
        {
            AIContent? content = JsonSerializer.Deserialize(json, TypeInfo<AIContent>());
            return HasEventOfItsOwn(content) ? null : content;
        }
        catch (Exception failure) when (failure is JsonException or NotSupportedException or ArgumentException or InvalidOperationException or FormatException)
        {
            // An application's own JSON that only begins so. What the constructors of contents throw the serializer does not wrap.
            return null;
        }
    }

    /// <summary>Whether a content is never written as raw JSON: an event that looks like one is the application's.</summary>
    private static bool HasEventOfItsOwn(AIContent? content) =>
        content is TextContent or TextReasoningContent or FunctionCallContent or FunctionResultContent or UsageContent or ErrorContent ||
        (content is DataContent data && data.HasTopLevelMediaType("audio"));

    /// <summary>Writes compact JSON: the options of that library indent, a writer of one's own does not.</summary>
    public static ReadOnlyMemory<byte> ToJson<T>(T value)
    {
        var json = new ArrayBufferWriter<byte>();
        using var writer = new Utf8JsonWriter(json, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        WriteJson(writer, value);
        writer.Flush();
        return json.WrittenMemory;
    }

    public static void WriteJson<T>(Utf8JsonWriter writer, T value) => JsonSerializer.Serialize(writer, value, TypeInfo<T>());

    private static JsonTypeInfo<T> TypeInfo<T>() => (JsonTypeInfo<T>)AIJsonUtilities.DefaultOptions.GetTypeInfo(typeof(T));

    private static Dictionary<string, object?> ToArguments(JsonElement input)
    {
        var arguments = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (JsonProperty property in input.Clone().EnumerateObject())
        {
            arguments[property.Name] = property.Value.ValueKind == JsonValueKind.Null ? null : property.Value;
        }

        return arguments;
    }

    /// <summary>A string as a string: others would send it on with its quotation marks.</summary>
    private static object? ToValue(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => json.GetString(),
        _ => json.Clone(),
    };

    /// <summary>Whether a failure is one of JSON, or of half a surrogate pair: escaped, in a text that is asked for, or in the JSON itself.</summary>
    private static bool IsNoJsonOrNoText(Exception failure) => failure is JsonException or InvalidOperationException or ArgumentException;

    private static int Int(AdditionalPropertiesDictionary? properties, string name) =>
        properties?.GetValueOrDefault(name) switch
        {
            int number => number,
            JsonElement { ValueKind: JsonValueKind.Number } json when json.TryGetInt32(out int number) => number,
            string text when int.TryParse(text, CultureInfo.InvariantCulture, out int number) => number,
            _ => 0,
        };

    private static void AddIfKnown(AdditionalPropertiesDictionary properties, string name, int value)
    {
        if (value != 0)
        {
            properties[name] = value;
        }
    }
}

using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>Reads what chat and generate have in common: the model, how it answers, and its <c>options</c>.</summary>
internal static class OllamaOptions
{
    public static OllamaCall Read(RequestValue body)
    {
        body.Refuse("logprobs", "the model behind this server does not report it. Remove it.");
        body.Refuse("top_logprobs", "the model behind this server does not report it. Remove it.");
        RequestValue model = body.Required("model");
        var call = new OllamaCall { IsStreaming = body.Bool("stream") ?? true };
        call.Options.ModelId = model.AsText() is { Length: > 0 } name ? name : throw model.Wrong("the name of a model");
        call.Options.ResponseFormat = body.Optional("format") is { } format ? ReadFormat(format) : null;
        call.Options.Reasoning = body.Optional("think") is { } think ? ReadThink(think) : null;
        call.Keep("keep_alive", body.Optional("keep_alive")?.AsValue());
        foreach ((string option, RequestValue value) in body.Optional("options")?.Fields() ?? [])
        {
            ReadOption(call, option, value);
        }

        return call;
    }

    /// <summary>Reads images, which are base64 without a word on what they are.</summary>
    public static IEnumerable<AIContent> ReadImages(RequestValue owner)
    {
        foreach (RequestValue image in owner.Optional("images")?.AsItems() ?? [])
        {
            image.AsText();
            if (!image.Json.TryGetBytesFromBase64(out byte[]? bytes))
            {
                throw image.Wrong("an image in base64");
            }

            yield return new DataContent(bytes, MediaTypeOf(bytes) ?? throw RequestError.At(
                image.Path, $"{image.Path} is no PNG, JPEG, GIF, WebP or BMP image. Send one of these.", StreamErrorCodes.Unsupported));
        }
    }

    private static ChatResponseFormatJson? ReadFormat(RequestValue format) => format switch
    {
        { IsObject: true } => (ChatResponseFormatJson)ChatResponseFormat.ForJsonSchema(format.AsObject()),
        { IsText: true } when format.AsText() is "json" => (ChatResponseFormatJson)ChatResponseFormat.Json,
        { IsText: true } when format.AsText() is "" => null,
        _ => throw format.Wrong("\"json\" or a JSON schema"),
    };

    private static ReasoningOptions ReadThink(RequestValue think) => think.IsText
        ? new ReasoningOptions
        {
            Output = ReasoningOutput.Full,
            Effort = think.AsText() switch
            {
                "low" => ReasoningEffort.Low,
                "medium" => ReasoningEffort.Medium,
                "high" => ReasoningEffort.High,
                "max" => ReasoningEffort.ExtraHigh,
                _ => throw think.Wrong("true, false, \"low\", \"medium\", \"high\" or \"max\""),
            },
        }
        : think.AsBool() ? new ReasoningOptions { Output = ReasoningOutput.Full } : new ReasoningOptions { Effort = ReasoningEffort.None };

    /// <summary>Reads an option. Those that say how Ollama runs a model, such as <c>num_ctx</c>, are the application's to know.</summary>
    private static void ReadOption(OllamaCall call, string name, RequestValue value)
    {
        ChatOptions options = call.Options;
        switch (name)
        {
            case "temperature":
                options.Temperature = value.AsNumber(0, float.MaxValue);
                break;
            case "top_p":
                options.TopP = value.AsNumber(0, 1);
                break;
            case "top_k":
                options.TopK = value.AsInt(0);
                break;
            case "seed":
                options.Seed = value.AsLong();
                break;
            case "num_predict":
                // Zero and below mean that there is no limit.
                options.MaxOutputTokens = value.AsInt(int.MinValue) is > 0 and int limit ? limit : null;
                break;
            case "stop":
                options.StopSequences = value.AsTexts();
                break;
            case "presence_penalty":
                options.PresencePenalty = value.AsNumber(float.MinValue, float.MaxValue);
                break;
            case "frequency_penalty":
                options.FrequencyPenalty = value.AsNumber(float.MinValue, float.MaxValue);
                break;
            case "repeat_penalty" or "repeat_last_n" or "min_p" or "typical_p" or "tfs_z" or "mirostat" or "mirostat_tau" or "mirostat_eta":
                // They change the answer: a provider that has them takes them, and one that has not may refuse them.
                call.Pass(name, value.AsNumberValue());
                break;
            default:
                call.Keep(name, value.AsValue());
                break;
        }
    }

    private static string? MediaTypeOf(ReadOnlySpan<byte> image) =>
        image.StartsWith((ReadOnlySpan<byte>)[0x89, (byte)'P', (byte)'N', (byte)'G']) ? "image/png"
        : image.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF]) ? "image/jpeg"
        : image.StartsWith("GIF8"u8) ? "image/gif"
        : image.StartsWith("RIFF"u8) && image.Length >= 12 && image[8..].StartsWith("WEBP"u8) ? "image/webp"
        : image.StartsWith("BM"u8) ? "image/bmp"
        : null;
}

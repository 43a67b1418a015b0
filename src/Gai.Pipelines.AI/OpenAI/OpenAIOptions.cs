using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>Reads the options that OpenAI's APIs have in common.</summary>
internal static class OpenAIOptions
{
    /// <summary>Reads the model, sampling, stop sequences, and how the answer is to be sent.</summary>
    public static void ReadCommon(RequestValue body, OpenAICall call)
    {
        ChatOptions options = call.Options;
        options.ModelId = body.RequiredText("model");
        options.Temperature = body.Number("temperature", 0, 2);
        options.TopP = body.Number("top_p", 0, 1);
        options.PresencePenalty = body.Number("presence_penalty", -2, 2);
        options.FrequencyPenalty = body.Number("frequency_penalty", -2, 2);
        options.Seed = body.Optional("seed")?.AsLong();
        options.StopSequences = body.Optional("stop")?.AsTexts();
        call.IsStreaming = body.Bool("stream") ?? false;
        if (body.Optional("stream_options") is { } stream)
        {
            stream.AllowOnly("include_usage", "include_obfuscation");
            call.IncludeUsage = stream.Bool("include_usage") ?? false;
        }
    }

    public static ReasoningOptions? Reasoning(RequestValue? effort) => effort is not { } value ? null : new ReasoningOptions
    {
        Effort = value.AsText() switch
        {
            "none" => ReasoningEffort.None,
            "minimal" or "low" => ReasoningEffort.Low,
            "medium" => ReasoningEffort.Medium,
            "high" => ReasoningEffort.High,
            "xhigh" or "max" => ReasoningEffort.ExtraHigh,
            _ => throw value.Wrong("\"none\", \"minimal\", \"low\", \"medium\", \"high\", \"xhigh\" or \"max\""),
        },
    };

    /// <summary>Reads the form that the answer is to have.</summary>
    /// <param name="field">The field, if it is there.</param>
    /// <param name="inner">The field of it that holds the schema and its name; <see langword="null"/> if it holds them itself.</param>
    /// <param name="call">Gets the form.</param>
    public static void ReadFormat(RequestValue? field, string? inner, ChatCall call)
    {
        if (field is not { } format)
        {
            return;
        }

        switch (format.RequiredText("type"))
        {
            case "text":
                call.Options.ResponseFormat = ChatResponseFormat.Text;
                break;
            case "json_object":
                call.Options.ResponseFormat = ChatResponseFormat.Json;
                break;
            case "json_schema":
                RequestValue schema = inner is null ? format : format.Required(inner);
                call.Options.ResponseFormat = ChatResponseFormat.ForJsonSchema(schema.Required("schema").AsObject(), schema.Text("name"), schema.Text("description"));
                call.Pass("strict", schema.Bool("strict")); // the form itself has no place for it
                break;
            default:
                throw format.Required("type").Wrong("\"text\", \"json_object\" or \"json_schema\"");
        }
    }
}

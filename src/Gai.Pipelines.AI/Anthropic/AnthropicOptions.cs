using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>Reads the model, limits, sampling, thinking and the form of the answer.</summary>
internal static class AnthropicOptions
{
    private const int LeastBudget = 1024;

    public static void Read(RequestValue body, AnthropicCall call)
    {
        ChatOptions options = call.Options;
        options.ModelId = body.RequiredText("model");
        options.MaxOutputTokens = body.Required("max_tokens").AsInt(1);
        options.Temperature = body.Number("temperature", 0, 1);
        options.TopP = body.Number("top_p", 0, 1);
        options.TopK = body.Int("top_k", 0) is > 0 and var most ? most : null; // 0 leaves all
        options.StopSequences = body.Optional("stop_sequences") is { } stop ? [.. stop.AsItems().Select(static item => item.AsText())] : null;
        options.Reasoning = ReadReasoning(body, call);
        options.ResponseFormat = (body.Optional("output_config")?.Optional("format") ?? body.Optional("output_format")) is { } format ? ReadFormat(format) : null;
        call.Keep("metadata", body.Optional("metadata")?.AsObject());
        call.Keep("service_tier", body.Text("service_tier"));
    }

    private static ReasoningOptions? ReadReasoning(RequestValue body, AnthropicCall call)
    {
        RequestValue? thinking = body.Optional("thinking");
        RequestValue? output = body.Optional("output_config");
        output?.AllowOnly("effort", "format");
        RequestValue? effort = output?.Optional("effort");
        if (thinking is null && effort is null)
        {
            return null;
        }

        var reasoning = new ReasoningOptions { Effort = effort is { } word ? ReadEffort(word) : null };
        if (thinking is { } given)
        {
            ReadThinking(given, reasoning, call);
        }

        return reasoning;
    }

    private static void ReadThinking(RequestValue thinking, ReasoningOptions reasoning, AnthropicCall call)
    {
        thinking.AllowOnly("type", "budget_tokens", "display");
        switch (thinking.RequiredText("type"))
        {
            case "disabled":
                reasoning.Effort = ReasoningEffort.None;
                return;
            case "adaptive":
                break;
            case "enabled":
                RequestValue budget = thinking.Required("budget_tokens");
                int tokens = budget.AsInt(LeastBudget);
                reasoning.Effort ??= EffortOf(tokens);
                call.Keep("budget_tokens", tokens < call.Options.MaxOutputTokens ? tokens : throw budget.Wrong("less than max_tokens"));
                break;
            default:
                throw thinking.Required("type").Wrong("\"enabled\", \"disabled\" or \"adaptive\"");
        }

        reasoning.Output = thinking.Text("display") switch
        {
            null => null,
            "summarized" => ReasoningOutput.Summary,
            "omitted" => ReasoningOutput.None,
            _ => throw thinking.Required("display").Wrong("\"summarized\" or \"omitted\""),
        };
    }

    /// <summary>Microsoft.Extensions.AI has steps in place of a number; the number is passed on beside them.</summary>
    private static ReasoningEffort EffortOf(int budget) => budget switch
    {
        < 4 * 1024 => ReasoningEffort.Low,
        < 16 * 1024 => ReasoningEffort.Medium,
        < 32 * 1024 => ReasoningEffort.High,
        _ => ReasoningEffort.ExtraHigh,
    };

    private static ReasoningEffort ReadEffort(RequestValue effort) => effort.AsText() switch
    {
        "low" => ReasoningEffort.Low,
        "medium" => ReasoningEffort.Medium,
        "high" => ReasoningEffort.High,
        "xhigh" or "max" => ReasoningEffort.ExtraHigh,
        _ => throw effort.Wrong("\"low\", \"medium\", \"high\", \"xhigh\" or \"max\""),
    };

    private static ChatResponseFormatJson ReadFormat(RequestValue format)
    {
        format.AllowOnly("type", "schema");
        return format.RequiredText("type") == "json_schema"
            ? ChatResponseFormat.ForJsonSchema(format.Required("schema").AsObject())
            : throw format.Required("type").Wrong("\"json_schema\"");
    }
}

using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>Reads the body of <c>POST /v1/responses</c>.</summary>
internal static class OpenAIResponsesRequest
{
    public static OpenAIResponsesCall Read(RequestValue body)
    {
        body.AllowOnly(
            "model", "input", "instructions", "stream", "stream_options", "tools", "tool_choice", "parallel_tool_calls", "temperature", "top_p",
            "max_output_tokens", "text", "reasoning", "include", "store", "truncation", "metadata", "user", "service_tier", "safety_identifier",
            "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options", "max_tool_calls", "top_logprobs",
            "background", "previous_response_id", "conversation", "prompt", "context_management", "moderation", "image", "access_programs");
        RefuseWhatIsNotOffered(body);
        var call = new OpenAIResponsesCall { IsStreaming = body.Bool("stream") ?? false };
        body.Optional("stream_options")?.AllowOnly("include_obfuscation");
        ReadOptions(body, call);
        if (body.Text("instructions") is { Length: > 0 } instructions)
        {
            call.Messages.Add(new ChatMessage(ChatRole.System, instructions));
        }

        OpenAIResponsesInput.Read(body.Required("input"), call.Messages);
        call.Echo = OpenAIResponsesEcho.Render(body);
        return call;
    }

    private static void ReadOptions(RequestValue body, OpenAIResponsesCall call)
    {
        ChatOptions options = call.Options;
        options.ModelId = body.RequiredText("model");
        options.Temperature = body.Number("temperature", 0, 2);
        options.TopP = body.Number("top_p", 0, 1);
        options.MaxOutputTokens = body.Int("max_output_tokens", 1);
        options.Reasoning = body.Optional("reasoning") is { } reasoning ? ReadReasoning(reasoning) : null;
        if (body.Optional("text") is { } text)
        {
            text.AllowOnly("format", "verbosity");
            OpenAIOptions.ReadFormat(text.Optional("format"), inner: null, call);
            call.Pass("verbosity", text.Text("verbosity"));
        }

        OpenAITools.Read(body, options, ReadFunction);
        body.Optional("metadata")?.AsObject();
        body.Int("max_tool_calls", 1); // limits the tools that the real service runs itself; here are none
        foreach (string hint in (ReadOnlySpan<string>)["user", "service_tier", "safety_identifier", "prompt_cache_key"])
        {
            call.Pass(hint, body.Text(hint));
        }
    }

    private static RequestValue ReadFunction(RequestValue function)
    {
        function.AllowOnly("type", "name", "description", "parameters", "strict", "allowed_callers", "async", "defer_loading", "output_schema");
        function.Refuse("async", "the model waits here for what a call gives. Remove it.");
        function.Refuse("defer_loading", "the model knows all tools from the beginning. Remove it.");
        function.Refuse("output_schema", "what a call gives goes to the model as it is. Remove it.");
        if (function.Optional("allowed_callers")?.AsTexts().Exists(static word => word != "direct") is true)
        {
            string path = $"{function.Path}.allowed_callers";
            throw RequestError.At(path, $"{path} other than \"direct\" are not supported: no programs run here. Remove the others.", StreamErrorCodes.Unsupported);
        }

        return function;
    }

    private static ReasoningOptions ReadReasoning(RequestValue reasoning)
    {
        reasoning.AllowOnly("effort", "summary", "generate_summary", "context", "mode");
        reasoning.RefuseAllBut("auto", "context", "the reasoning that the request holds goes to the model as it is.");
        reasoning.RefuseAllBut("standard", "mode", "the model behind this server is asked in its only one.");
        ReasoningOptions options = OpenAIOptions.Reasoning(reasoning.Optional("effort")) ?? new ReasoningOptions();
        if ((reasoning.Optional("summary") ?? reasoning.Optional("generate_summary")) is { } summary)
        {
            options.Output = summary.AsText() switch
            {
                "auto" or "concise" => ReasoningOutput.Summary,
                "detailed" => ReasoningOutput.Full,
                _ => throw summary.Wrong("\"auto\", \"concise\" or \"detailed\""),
            };
        }

        return options;
    }

    private static void RefuseWhatIsNotOffered(RequestValue body)
    {
        const string NothingIsStored = "answers are not stored here. Send the whole conversation as input.";
        body.Refuse("previous_response_id", NothingIsStored);
        body.Refuse("conversation", NothingIsStored);
        body.Refuse("prompt", "prompts are not stored here. Send instructions and input.");
        body.Refuse("store", "answers are not stored here. Leave it out or set it to false.");
        body.Refuse("background", "answers are not stored here, so nobody could fetch it later. Leave it out or set it to false.");
        body.Refuse("context_management", "the conversation goes to the model as it is. Remove it.");
        body.Refuse("moderation", "this server does not moderate. Remove it.");
        body.Refuse("image", "the answer is text. Remove it.");
        body.Refuse("access_programs", "this server has none. Remove it.");
        if (body.Int("top_logprobs", 0) is > 0)
        {
            throw RequestError.At("top_logprobs", "top_logprobs is not supported: the model behind this server does not report it. Remove it.", StreamErrorCodes.Unsupported);
        }

        body.RefuseAllBut("disabled", "truncation", "the conversation goes to the model as it is.");
        foreach (RequestValue wanted in body.Optional("include")?.AsItems() ?? [])
        {
            if (wanted.AsText() != "reasoning.encrypted_content")
            {
                throw RequestError.At(
                    wanted.Path, $"{wanted.Path} is not supported: only \"reasoning.encrypted_content\" can be included. Remove it.", StreamErrorCodes.Unsupported);
            }
        }
    }
}

using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>Reads the body of <c>POST /v1/chat/completions</c>.</summary>
internal static class OpenAIChatRequest
{
    public static OpenAICall Read(RequestValue body)
    {
        body.AllowOnly(
            "model", "messages", "stream", "stream_options", "tools", "tool_choice", "parallel_tool_calls", "temperature", "top_p", "top_k", "max_tokens",
            "max_completion_tokens", "stop", "seed", "presence_penalty", "frequency_penalty", "response_format", "reasoning_effort",
            "n", "logprobs", "top_logprobs", "logit_bias", "modalities", "audio", "prediction", "functions", "function_call", "web_search_options",
            "user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options", "verbosity",
            "moderation");
        RefuseWhatIsNotOffered(body);
        var call = new OpenAICall();
        OpenAIOptions.ReadCommon(body, call);
        call.Options.MaxOutputTokens = body.Int("max_completion_tokens", 1) ?? body.Int("max_tokens", 1);
        call.Options.TopK = body.Int("top_k", 1);
        call.Options.Reasoning = OpenAIOptions.Reasoning(body.Optional("reasoning_effort"));
        OpenAIOptions.ReadFormat(body.Optional("response_format"), inner: "json_schema", call);
        OpenAITools.Read(body, call.Options, tool => tool.Required("function"));
        foreach (string hint in (ReadOnlySpan<string>)["user", "service_tier", "safety_identifier", "prompt_cache_key", "verbosity"])
        {
            call.Pass(hint, body.Text(hint));
        }

        foreach (RequestValue message in body.Required("messages").AsItems())
        {
            call.Messages.Add(ReadMessage(message));
        }

        return call.Messages.Count > 0 ? call : throw body.Required("messages").Wrong("an array of at least one message");
    }

    private static void RefuseWhatIsNotOffered(RequestValue body)
    {
        if (body.Int("n", 1) is > 1)
        {
            throw RequestError.At("n", "n is not supported above 1: the answer has one choice. Send one request for each.", StreamErrorCodes.Unsupported);
        }

        if (body.Optional("modalities")?.AsTexts() is { } modalities && modalities.Exists(static word => word != "text"))
        {
            throw RequestError.At("modalities", "modalities other than \"text\" are not supported. Ask for text.", StreamErrorCodes.Unsupported);
        }

        const string Remedy = "the model behind this server does not report it. Remove it.";
        body.Refuse("logprobs", Remedy);
        body.Refuse("top_logprobs", Remedy);
        body.Refuse("logit_bias", "the model behind this server is not asked in tokens. Remove it.");
        body.Refuse("audio", "the answer is text. Remove it.");
        body.Refuse("prediction", "the answer is not predicted. Remove it.");
        body.Refuse("web_search_options", "this server does not search. Remove it.");
        body.Refuse("moderation", "this server does not moderate. Remove it.");
        body.Refuse("functions", "it was replaced by tools. Use tools.");
        body.Refuse("function_call", "it was replaced by tool_choice. Use tool_choice.");
        body.Refuse("store", "answers are not stored here. Leave it out or set it to false.");
    }

    private static ChatMessage ReadMessage(RequestValue message)
    {
        string role = message.RequiredText("role");
        ChatMessage read = role switch
        {
            "system" or "developer" => new ChatMessage(ChatRole.System, OpenAIContent.Read(message.Required("content"))),
            "user" => new ChatMessage(ChatRole.User, OpenAIContent.Read(message.Required("content"))),
            "assistant" => new ChatMessage(ChatRole.Assistant, ReadAssistant(message)),
            "tool" => new ChatMessage(ChatRole.Tool, [ReadToolResult(message)]),
            _ => throw message.Required("role").Wrong("\"system\", \"developer\", \"user\", \"assistant\" or \"tool\""),
        };
        read.AuthorName = message.Text("name");
        return read;
    }

    private static List<AIContent> ReadAssistant(RequestValue message)
    {
        message.Refuse("function_call", "it was replaced by tool_calls. Use tool_calls.");
        message.Refuse("audio", "answers are not stored here, their audio neither. Send what it says as content.");
        var contents = new List<AIContent>();
        if ((message.Text("reasoning_content") ?? message.Text("reasoning")) is { Length: > 0 } reasoning)
        {
            contents.Add(new TextReasoningContent(reasoning));
        }

        if (message.Optional("content") is { } content)
        {
            contents.AddRange(OpenAIContent.Read(content));
        }

        if (message.Text("refusal") is { } refusal)
        {
            contents.Add(new TextContent(refusal));
        }

        foreach (RequestValue call in message.Optional("tool_calls")?.AsItems() ?? [])
        {
            RequestValue function = call.Required("function");
            contents.Add(OpenAITools.Call(call.RequiredText("id"), function.RequiredText("name"), function.Required("arguments")));
        }

        return contents;
    }

    private static FunctionResultContent ReadToolResult(RequestValue message) =>
        new(message.RequiredText("tool_call_id"), OpenAIContent.TextOf(message.Required("content")));
}

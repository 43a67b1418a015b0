using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>Reads the body of <c>POST /api/chat</c>. Fields that it does not know are ignored, as the real server does.</summary>
internal static class OllamaChatRequest
{
    public static OllamaCall Read(RequestValue body)
    {
        OllamaCall call = OllamaOptions.Read(body);
        foreach (RequestValue tool in body.Optional("tools")?.AsItems() ?? [])
        {
            if (tool.Text("type") is not (null or "function"))
            {
                throw tool.Required("type").Wrong("\"function\"");
            }

            (call.Options.Tools ??= []).Add(DeclaredTool.Read(tool.Required("function"), "parameters"));
        }

        var unanswered = new OllamaUnansweredCalls();
        foreach (RequestValue message in body.Optional("messages")?.AsItems() ?? [])
        {
            call.Messages.Add(ReadMessage(message, unanswered));
        }

        if (call.Messages.Count == 0)
        {
            call.AskNothing(body.Optional("keep_alive"));
        }

        return call;
    }

    private static ChatMessage ReadMessage(RequestValue message, OllamaUnansweredCalls unanswered) => message.RequiredText("role") switch
    {
        "system" => new ChatMessage(ChatRole.System, ReadContents(message)),
        "user" => new ChatMessage(ChatRole.User, ReadContents(message)),
        "assistant" => new ChatMessage(ChatRole.Assistant, [.. ReadThinking(message), .. ReadContents(message), .. ReadCalls(message, unanswered)]),
        "tool" => new ChatMessage(ChatRole.Tool, [new FunctionResultContent(unanswered.Answer(message), message.Text("content") ?? string.Empty)]),
        _ => throw message.Required("role").Wrong("\"system\", \"user\", \"assistant\" or \"tool\""),
    };

    private static List<AIContent> ReadContents(RequestValue message)
    {
        var contents = new List<AIContent>(OllamaOptions.ReadImages(message));
        if (message.Text("content") is { Length: > 0 } text)
        {
            contents.Insert(0, new TextContent(text));
        }

        return contents;
    }

    private static TextReasoningContent[] ReadThinking(RequestValue message) =>
        message.Text("thinking") is { Length: > 0 } thinking ? [new TextReasoningContent(thinking)] : [];

    private static IEnumerable<FunctionCallContent> ReadCalls(RequestValue message, OllamaUnansweredCalls unanswered)
    {
        foreach (RequestValue call in message.Optional("tool_calls")?.AsItems() ?? [])
        {
            RequestValue function = call.Required("function");
            string name = function.RequiredText("name");
            yield return new FunctionCallContent(unanswered.Ask(call.Text("id"), name), name, function.Optional("arguments")?.AsArguments());
        }
    }
}

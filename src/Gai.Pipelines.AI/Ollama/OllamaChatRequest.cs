using System.Globalization;
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

        var unanswered = new UnansweredCalls();
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

    private static ChatMessage ReadMessage(RequestValue message, UnansweredCalls unanswered) => message.RequiredText("role") switch
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

    private static IEnumerable<FunctionCallContent> ReadCalls(RequestValue message, UnansweredCalls unanswered)
    {
        foreach (RequestValue call in message.Optional("tool_calls")?.AsItems() ?? [])
        {
            RequestValue function = call.Required("function");
            string name = function.RequiredText("name");
            yield return new FunctionCallContent(unanswered.Ask(call.Text("id"), name), name, function.Optional("arguments")?.AsArguments());
        }
    }

    /// <summary>Finds the call that a result belongs to. Older clients give neither of them an id, only the tool's name or not even that.</summary>
    private sealed class UnansweredCalls
    {
        private readonly List<(string Id, string Name)> _calls = [];
        private int _count;

        public string Ask(string? id, string name)
        {
            _count++;
            id = id is { Length: > 0 } ? id : string.Create(CultureInfo.InvariantCulture, $"call_{_count}");
            _calls.Add((id, name));
            return id;
        }

        public string Answer(RequestValue message)
        {
            string? id = message.Text("tool_call_id");
            string? name = message.Text("tool_name") ?? message.Text("name");
            int index = id is { Length: > 0 } ? _calls.FindIndex(call => call.Id == id)
                : name is { Length: > 0 } ? _calls.FindIndex(call => call.Name == name)
                : _calls.Count > 0 ? 0 : -1;
            if (index < 0)
            {
                throw RequestError.At(message.Path, $"{message.Path} is the result of no tool call before it. Send the assistant's message that has the call, too.");
            }

            string answered = _calls[index].Id;
            _calls.RemoveAt(index);
            return answered;
        }
    }
}

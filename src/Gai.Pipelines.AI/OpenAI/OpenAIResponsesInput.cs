using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>Reads the input of a response: a text, or items.</summary>
/// <remarks>What the model said in one turn is several items here and one message in Microsoft.Extensions.AI; so are the results of its calls.</remarks>
internal static class OpenAIResponsesInput
{
    public static void Read(RequestValue input, IList<ChatMessage> messages)
    {
        if (input.IsText)
        {
            messages.Add(new ChatMessage(ChatRole.User, input.AsText()));
            return;
        }

        var calls = new HashSet<string>(StringComparer.Ordinal);
        int before = messages.Count;
        foreach (RequestValue item in input.AsItems())
        {
            ReadItem(item, messages, calls);
        }

        if (messages.Count == before)
        {
            throw input.Wrong("a text or an array of at least one item");
        }
    }

    private static void ReadItem(RequestValue item, IList<ChatMessage> messages, HashSet<string> calls)
    {
        string type = item.Text("type") ?? (item.Optional("role") is null && item.Optional("id") is not null ? "item_reference" : "message");
        switch (type)
        {
            case "message":
                ReadMessage(item, messages);
                break;
            case "function_call":
                item.AllowOnly("type", "id", "call_id", "name", "arguments", "status", "parsed_arguments", "async", "caller", "namespace");
                item.Refuse("async", "the model waits here for what a call gives. Remove it.");
                RefuseOtherCallers(item);
                calls.Add(item.RequiredText("call_id"));
                AddTo(messages, ChatRole.Assistant, OpenAITools.Call(item.RequiredText("call_id"), item.RequiredText("name"), item.Required("arguments")));
                break;
            case "function_call_output":
                AddTo(messages, ChatRole.Tool, ReadOutput(item, calls));
                break;
            case "reasoning":
                AddTo(messages, ChatRole.Assistant, ReadReasoning(item));
                break;
            case "item_reference":
                throw RequestError.At(
                    item.Path,
                    $"{item.Path} refers to an item of an earlier answer, and answers are not stored here. Send the item itself; clients do if store is false.",
                    StreamErrorCodes.Unsupported);
            default:
                throw RequestError.At(
                    $"{item.Path}.type",
                    $"{item.Path}.type is not supported: items are \"message\", \"function_call\", \"function_call_output\" or \"reasoning\". Remove the item.",
                    StreamErrorCodes.Unsupported);
        }
    }

    private static void ReadMessage(RequestValue item, IList<ChatMessage> messages)
    {
        item.AllowOnly("type", "id", "role", "content", "status", "phase");
        List<AIContent> contents = ReadContent(item.Required("content"));
        switch (item.RequiredText("role"))
        {
            case "system" or "developer":
                messages.Add(new ChatMessage(ChatRole.System, contents));
                break;
            case "user":
                messages.Add(new ChatMessage(ChatRole.User, contents));
                break;
            case "assistant":
                AddTo(messages, ChatRole.Assistant, [.. contents]);
                break;
            default:
                throw item.Required("role").Wrong("\"user\", \"assistant\", \"system\" or \"developer\"");
        }
    }

    private static List<AIContent> ReadContent(RequestValue content) =>
        content.IsText ? [new TextContent(content.AsText())] : [.. content.AsItems().Select(OpenAIResponsesContent.Read)];

    private static FunctionResultContent ReadOutput(RequestValue item, HashSet<string> calls)
    {
        item.AllowOnly("type", "id", "call_id", "name", "output", "status", "caller", "namespace");
        RefuseOtherCallers(item);
        RequestValue call = item.Required("call_id");
        if (!calls.Contains(call.AsText()))
        {
            throw RequestError.At(call.Path, $"{call.Path} is \"{call.AsText()}\", and no function_call before it has that call_id. Send the call too.");
        }

        RequestValue output = item.Required("output");
        return new FunctionResultContent(call.AsText(), output.IsText ? output.AsText() : OpenAIResponsesContent.ResultOf(output));
    }

    /// <summary>Refuses a call that not the model made, or not of a function that the client declares.</summary>
    private static void RefuseOtherCallers(RequestValue item)
    {
        item.Optional("caller")?.RefuseAllBut("direct", "type", "no programs run here.");
        item.Optional("caller")?.AllowOnly("type");
        item.Refuse("namespace", "functions have none here. Remove it.");
    }

    private static TextReasoningContent ReadReasoning(RequestValue item)
    {
        item.AllowOnly("type", "id", "summary", "content", "encrypted_content", "status");
        string text = JoinTexts(item.Optional("content"));
        return new TextReasoningContent(text.Length > 0 ? text : JoinTexts(item.Optional("summary"))) { ProtectedData = item.Text("encrypted_content") };
    }

    private static string JoinTexts(RequestValue? parts) => string.Join("\n\n", parts?.AsItems().Select(static part => part.RequiredText("text")) ?? []);

    /// <summary>Adds to the last message if it is of that role, else to a new one.</summary>
    private static void AddTo(IList<ChatMessage> messages, ChatRole role, params ReadOnlySpan<AIContent> contents)
    {
        if (messages.Count == 0 || messages[^1].Role != role)
        {
            messages.Add(new ChatMessage(role, (IList<AIContent>)[]));
        }

        foreach (AIContent content in contents)
        {
            messages[^1].Contents.Add(content);
        }
    }
}

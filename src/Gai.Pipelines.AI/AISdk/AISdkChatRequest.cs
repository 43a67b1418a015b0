using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>Reads what the AI SDK's chat posts: the UI messages, and whatever the application adds.</summary>
internal static class AISdkChatRequest
{
    public static AISdkCall Read(RequestValue body)
    {
        var call = new AISdkCall { IsStreaming = true };
        RequestValue? last = null;
        foreach (RequestValue message in body.Required("messages").AsItems())
        {
            Read(message, call);
            last = message;
        }

        GoOnWith(last ?? throw body.Required("messages").Wrong("an array of at least one message"), call);
        call.Options.ModelId = body.Optional("model") is { IsText: true } model ? model.AsText() : null;
        foreach ((string name, RequestValue value) in body.Fields())
        {
            // Which chat it is and why it is sent is no matter of the model, and what applications add, who may replace the whole body, is theirs to know.
            if (name is not "messages" && !(name is "model" && value.IsText))
            {
                call.Keep(name, value.AsValue());
            }
        }

        return call;
    }

    private static void Read(RequestValue message, AISdkCall call)
    {
        RequestValue parts = message.Required("parts");
        switch (message.RequiredText("role"))
        {
            case "system":
                call.Messages.Add(new ChatMessage(ChatRole.System, [.. parts.AsItems().Select(static part => AISdkParts.ReadSystem(part))]));
                break;
            case "user":
                call.Messages.Add(new ChatMessage(ChatRole.User, [.. parts.AsItems().Select(static part => AISdkParts.ReadUser(part)).OfType<AIContent>()]));
                break;
            case "assistant":
                new AISdkAssistantMessage(call.Messages).Read(parts);
                break;
            default:
                throw message.Required("role").Wrong("\"system\", \"user\" or \"assistant\"");
        }
    }

    private static void GoOnWith(RequestValue last, AISdkCall call)
    {
        if (last.RequiredText("role") == "assistant")
        {
            call.MessageId = last.Text("id");
            foreach (RequestValue part in last.Required("parts").AsItems())
            {
                if (part.Text("toolCallId") is { } id)
                {
                    call.ToolCallIds.Add(id);
                }
            }
        }
    }
}

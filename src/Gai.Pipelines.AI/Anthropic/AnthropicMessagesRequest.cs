using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>Reads the body of <c>POST /v1/messages</c>.</summary>
internal static class AnthropicMessagesRequest
{
    public static AnthropicCall Read(RequestValue body)
    {
        body.AllowOnly(
            "model", "messages", "max_tokens", "system", "stream", "stop_sequences", "temperature", "top_p", "top_k", "tools", "tool_choice", "thinking",
            "output_config", "output_format", "metadata", "service_tier", "cache_control", "user_profile_id", "workspace_id", "diagnostics",
            "speed", "container", "context_management", "mcp_servers", "inference_geo");
        RefuseWhatIsNotOffered(body);
        var call = new AnthropicCall { IsStreaming = body.Bool("stream") ?? false };
        AnthropicOptions.Read(body, call);
        AnthropicTools.Read(body, call.Options);
        if (body.Optional("system") is { } system)
        {
            call.Messages.Add(new ChatMessage(ChatRole.System, AnthropicContent.ReadSystem(system)));
        }

        RequestValue messages = body.Required("messages");
        int count = 0;
        foreach (RequestValue message in messages.AsItems())
        {
            ReadMessage(message, call.Messages);
            count++;
        }

        return count > 0 ? call : throw messages.Wrong("an array of at least one message");
    }

    private static void RefuseWhatIsNotOffered(RequestValue body)
    {
        body.Refuse("container", "this server runs no code. Remove it.");
        body.Refuse("context_management", "this server does not edit the conversation. Send what the model shall see.");
        body.Refuse("mcp_servers", "this server connects to no others. Declare tools and run them yourself.");
        body.Refuse("inference_geo", "where the model runs is not for the request to say. Remove it.");
        if (body.Optional("speed") is { } speed && speed.AsText() != "standard")
        {
            throw RequestError.At(speed.Path, "speed is not supported but for \"standard\". Remove it.", StreamErrorCodes.Unsupported);
        }
    }

    private static void ReadMessage(RequestValue message, IList<ChatMessage> to)
    {
        message.AllowOnly("role", "content");
        string role = message.RequiredText("role");
        RequestValue content = message.Required("content");
        switch (role)
        {
            case "user":
                ReadUser(content, to);
                break;
            case "assistant":
                to.Add(new ChatMessage(ChatRole.Assistant, AnthropicContent.ReadAssistant(content)));
                break;
            case "system":
                to.Add(new ChatMessage(ChatRole.System, AnthropicContent.ReadSystem(content)));
                break;
            default:
                throw message.Required("role").Wrong("\"user\", \"assistant\" or \"system\"");
        }
    }

    /// <summary>Reads what a user says and what the tools have returned, which come in one message here and in two elsewhere.</summary>
    private static void ReadUser(RequestValue content, IList<ChatMessage> to)
    {
        ChatMessage? last = null;
        foreach (AIContent read in AnthropicContent.ReadUser(content))
        {
            ChatRole role = read is FunctionResultContent ? ChatRole.Tool : ChatRole.User;
            if (last?.Role != role)
            {
                last = new ChatMessage(role, (IList<AIContent>)[]);
                to.Add(last);
            }

            last.Contents.Add(read);
        }
    }
}

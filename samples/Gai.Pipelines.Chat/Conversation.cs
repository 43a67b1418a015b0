using Microsoft.Extensions.AI;

namespace Gai.Pipelines.Chat;

/// <summary>What the page sends: the conversation so far.</summary>
internal sealed record ChatRequest(IReadOnlyList<ChatTurn>? Messages)
{
    public List<ChatMessage> ToMessages()
    {
        if (Messages is not { Count: > 0 })
        {
            throw new BadHttpRequestException(
                "The request has no messages. Send {\"messages\":[{\"role\":\"user\",\"content\":\"...\"}]} with at least one of them.");
        }

        return [.. Messages.Select((turn, index) => turn.ToMessage(index))];
    }
}

/// <summary>One turn of it.</summary>
internal sealed record ChatTurn(string? Role, string? Content)
{
    public ChatMessage ToMessage(int index) => new(
        Role switch
        {
            "user" => ChatRole.User,
            "assistant" => ChatRole.Assistant,
            "system" => ChatRole.System,
            _ => throw new BadHttpRequestException(
                $"messages[{index}].role is {(Role is null ? "missing" : $"\"{Role}\"")}. Use \"user\", \"assistant\" or \"system\"."),
        },
        Content ?? throw new BadHttpRequestException($"messages[{index}].content is missing. Give the text of the message."));
}

/// <summary>Conversations of one question.</summary>
internal static class Conversation
{
    public static ChatMessage[] Of(string question) => [new(ChatRole.User, question)];
}

using System.Runtime.CompilerServices;
using Anthropic.Exceptions;
using Gai.Pipelines.AI;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.Chat.Model;

/// <summary>Says to the clients of a stream what the official Anthropic client says by exceptions of its own in mid-stream.</summary>
internal sealed class AnthropicChatClient(IChatClient inner) : DelegatingChatClient(inner)
{
    public override async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await using IAsyncEnumerator<ChatResponseUpdate> updates =
            base.GetStreamingResponseAsync(messages, options, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await MoveNextAsync(updates))
        {
            yield return updates.Current;
        }
    }

    private static async ValueTask<bool> MoveNextAsync(IAsyncEnumerator<ChatResponseUpdate> updates)
    {
        try
        {
            return await updates.MoveNextAsync();
        }
        catch (AnthropicSseException failure)
        {
            throw new StreamErrorException(ProviderErrors.FromStatus(StatusOf(failure.Type?.Raw()), failure.ApiMessage), failure);
        }
    }

    private static System.Net.HttpStatusCode StatusOf(string? type) => (System.Net.HttpStatusCode)(type switch
    {
        "invalid_request_error" => 400,
        "authentication_error" => 401,
        "permission_error" or "billing_error" => 403,
        "not_found_error" => 404,
        "rate_limit_error" => 429,
        "timeout_error" => 504,
        "overloaded_error" => 529,
        _ => 500,
    });
}

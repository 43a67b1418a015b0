using System.Diagnostics.CodeAnalysis;
using Gai.Pipelines;
using Gai.Pipelines.AI;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps endpoints for the chat of the AI SDK UI: <c>useChat</c> and its default transport.</summary>
/// <remarks>The answer is a UI message stream of version 1, whatever the request's <c>Accept</c> header says. Streams cannot be resumed.</remarks>
public static class AISdkEndpointExtensions
{
    /// <summary>Maps the AI SDK's chat over the registered <see cref="Microsoft.Extensions.AI.IChatClient"/>.</summary>
    /// <param name="endpoints">The application or a group.</param>
    /// <param name="pattern">The route that is given to <c>DefaultChatTransport</c> as <c>api</c>, which is <c>/api/chat</c> if nobody says.</param>
    /// <returns>The endpoint's convention builder, for authorization, CORS, rate limits and options.</returns>
    public static IEndpointConventionBuilder MapAISdkChat(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern) =>
        ChatApiEndpoint.Map(endpoints, pattern, AISdkChatApi.Instance, answer: null);

    /// <summary>Maps the AI SDK's chat over any source of events.</summary>
    /// <param name="endpoints">The application or a group.</param>
    /// <param name="pattern">The route that is given to <c>DefaultChatTransport</c> as <c>api</c>, which is <c>/api/chat</c> if nobody says.</param>
    /// <param name="answer">Answers a call. The events are asked for with a token that is cancelled when the client leaves.</param>
    /// <returns>The endpoint's convention builder, for authorization, CORS, rate limits and options.</returns>
    public static IEndpointConventionBuilder MapAISdkChat(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern, Func<HttpContext, ChatCall, IAsyncEnumerable<StreamEvent>> answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        return ChatApiEndpoint.Map(endpoints, pattern, AISdkChatApi.Instance, answer);
    }
}

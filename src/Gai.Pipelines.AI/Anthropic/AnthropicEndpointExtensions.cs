using System.Diagnostics.CodeAnalysis;
using Gai.Pipelines;
using Gai.Pipelines.AI;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps endpoints that speak Anthropic's API, for clients that are written for it.</summary>
/// <remarks>
/// The route chooses the dialect, the request's <c>stream</c> chooses between a stream and a document. Any
/// <c>anthropic-version</c> header is accepted, and none; who may ask is for the application's authorization to say:
/// some clients send their key as a bearer token, others as <c>x-api-key</c>.
/// </remarks>
public static class AnthropicEndpointExtensions
{
    /// <summary>Maps Anthropic's messages over the registered <see cref="Microsoft.Extensions.AI.IChatClient"/>.</summary>
    /// <param name="endpoints">The application or a group.</param>
    /// <param name="pattern">The route, by convention <c>/v1/messages</c>.</param>
    /// <returns>The endpoint's convention builder, for authorization, CORS, rate limits and options.</returns>
    public static IEndpointConventionBuilder MapAnthropicMessages(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern) =>
        ChatApiEndpoint.Map(endpoints, pattern, AnthropicMessagesApi.Instance, answer: null);

    /// <summary>Maps Anthropic's messages over any source of events.</summary>
    /// <param name="endpoints">The application or a group.</param>
    /// <param name="pattern">The route, by convention <c>/v1/messages</c>.</param>
    /// <param name="answer">Answers a call. The events are asked for with a token that is cancelled when the client leaves.</param>
    /// <returns>The endpoint's convention builder, for authorization, CORS, rate limits and options.</returns>
    public static IEndpointConventionBuilder MapAnthropicMessages(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern, Func<HttpContext, ChatCall, IAsyncEnumerable<StreamEvent>> answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        return ChatApiEndpoint.Map(endpoints, pattern, AnthropicMessagesApi.Instance, answer);
    }
}

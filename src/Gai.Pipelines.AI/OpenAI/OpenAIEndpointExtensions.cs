using System.Diagnostics.CodeAnalysis;
using Gai.Pipelines;
using Gai.Pipelines.AI;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps endpoints that speak OpenAI's APIs, for clients that are written for them.</summary>
/// <remarks>
/// The route chooses the dialect, the request's <c>stream</c> chooses between a stream and a document; the <c>Accept</c> header
/// chooses nothing, since these clients send <c>application/json</c> for both.
/// </remarks>
public static class OpenAIEndpointExtensions
{
    /// <summary>Maps OpenAI's chat completions over the registered <see cref="Microsoft.Extensions.AI.IChatClient"/>.</summary>
    /// <param name="endpoints">The application or a group.</param>
    /// <param name="pattern">The route, by convention <c>/v1/chat/completions</c>.</param>
    /// <returns>The endpoint's convention builder, for authorization, CORS, rate limits and options.</returns>
    public static IEndpointConventionBuilder MapOpenAIChatCompletions(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern) =>
        ChatApiEndpoint.Map(endpoints, pattern, OpenAIChatApi.Instance, answer: null);

    /// <summary>Maps OpenAI's chat completions over any source of events.</summary>
    /// <param name="endpoints">The application or a group.</param>
    /// <param name="pattern">The route, by convention <c>/v1/chat/completions</c>.</param>
    /// <param name="answer">Answers a call. The events are asked for with a token that is cancelled when the client leaves.</param>
    /// <returns>The endpoint's convention builder, for authorization, CORS, rate limits and options.</returns>
    public static IEndpointConventionBuilder MapOpenAIChatCompletions(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern, Func<HttpContext, ChatCall, IAsyncEnumerable<StreamEvent>> answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        return ChatApiEndpoint.Map(endpoints, pattern, OpenAIChatApi.Instance, answer);
    }

    /// <summary>Maps OpenAI's legacy completions over the registered <see cref="Microsoft.Extensions.AI.IChatClient"/>.</summary>
    /// <param name="endpoints">The application or a group.</param>
    /// <param name="pattern">The route, by convention <c>/v1/completions</c>.</param>
    /// <returns>The endpoint's convention builder, for authorization, CORS, rate limits and options.</returns>
    public static IEndpointConventionBuilder MapOpenAICompletions(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern) =>
        ChatApiEndpoint.Map(endpoints, pattern, OpenAICompletionsApi.Instance, answer: null);

    /// <summary>Maps OpenAI's legacy completions over any source of events.</summary>
    /// <param name="endpoints">The application or a group.</param>
    /// <param name="pattern">The route, by convention <c>/v1/completions</c>.</param>
    /// <param name="answer">Answers a call. The events are asked for with a token that is cancelled when the client leaves.</param>
    /// <returns>The endpoint's convention builder, for authorization, CORS, rate limits and options.</returns>
    public static IEndpointConventionBuilder MapOpenAICompletions(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern, Func<HttpContext, ChatCall, IAsyncEnumerable<StreamEvent>> answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        return ChatApiEndpoint.Map(endpoints, pattern, OpenAICompletionsApi.Instance, answer);
    }

    /// <summary>Maps OpenAI's Responses over the registered <see cref="Microsoft.Extensions.AI.IChatClient"/>.</summary>
    /// <param name="endpoints">The application or a group.</param>
    /// <param name="pattern">The route, by convention <c>/v1/responses</c>.</param>
    /// <returns>The endpoint's convention builder, for authorization, CORS, rate limits and options.</returns>
    /// <remarks>Nothing is stored: a client sends the whole conversation with every request.</remarks>
    public static IEndpointConventionBuilder MapOpenAIResponses(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern) =>
        ChatApiEndpoint.Map(endpoints, pattern, OpenAIResponsesApi.Instance, answer: null);

    /// <summary>Maps OpenAI's Responses over any source of events.</summary>
    /// <param name="endpoints">The application or a group.</param>
    /// <param name="pattern">The route, by convention <c>/v1/responses</c>.</param>
    /// <param name="answer">Answers a call. The events are asked for with a token that is cancelled when the client leaves.</param>
    /// <returns>The endpoint's convention builder, for authorization, CORS, rate limits and options.</returns>
    /// <remarks>Nothing is stored: a client sends the whole conversation with every request.</remarks>
    public static IEndpointConventionBuilder MapOpenAIResponses(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern, Func<HttpContext, ChatCall, IAsyncEnumerable<StreamEvent>> answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        return ChatApiEndpoint.Map(endpoints, pattern, OpenAIResponsesApi.Instance, answer);
    }
}

using System.Diagnostics.CodeAnalysis;
using Gai.Pipelines;
using Gai.Pipelines.AI;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Microsoft.AspNetCore.Builder;

/// <summary>Maps endpoints that speak Ollama's API, for clients that are written for it.</summary>
/// <remarks>
/// A client is given the address before <c>/api</c> as its host. The request's <c>stream</c> chooses between a stream, which is
/// what it gets without a word, and a document. A request without messages, or without a prompt, asks the model nothing and is
/// answered as if the model had been loaded.
/// </remarks>
public static class OllamaEndpointExtensions
{
    /// <summary>Maps Ollama's chat over the registered <see cref="Microsoft.Extensions.AI.IChatClient"/>.</summary>
    /// <param name="endpoints">The application or a group.</param>
    /// <param name="pattern">The route, such as <c>/ollama/api/chat</c>; its end is by convention <c>/api/chat</c>.</param>
    /// <returns>The endpoint's convention builder, for authorization, CORS, rate limits and options.</returns>
    public static IEndpointConventionBuilder MapOllamaChat(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern) =>
        ChatApiEndpoint.Map(endpoints, pattern, OllamaChatApi.Instance, answer: null);

    /// <summary>Maps Ollama's chat over any source of events.</summary>
    /// <param name="endpoints">The application or a group.</param>
    /// <param name="pattern">The route, such as <c>/ollama/api/chat</c>; its end is by convention <c>/api/chat</c>.</param>
    /// <param name="answer">Answers a call. The events are asked for with a token that is cancelled when the client leaves.</param>
    /// <returns>The endpoint's convention builder, for authorization, CORS, rate limits and options.</returns>
    public static IEndpointConventionBuilder MapOllamaChat(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern, Func<HttpContext, ChatCall, IAsyncEnumerable<StreamEvent>> answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        return ChatApiEndpoint.Map(endpoints, pattern, OllamaChatApi.Instance, answer);
    }

    /// <summary>Maps Ollama's generate over the registered <see cref="Microsoft.Extensions.AI.IChatClient"/>.</summary>
    /// <param name="endpoints">The application or a group.</param>
    /// <param name="pattern">The route, such as <c>/ollama/api/generate</c>; its end is by convention <c>/api/generate</c>.</param>
    /// <returns>The endpoint's convention builder, for authorization, CORS, rate limits and options.</returns>
    public static IEndpointConventionBuilder MapOllamaGenerate(this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern) =>
        ChatApiEndpoint.Map(endpoints, pattern, OllamaGenerateApi.Instance, answer: null);

    /// <summary>Maps Ollama's generate over any source of events.</summary>
    /// <param name="endpoints">The application or a group.</param>
    /// <param name="pattern">The route, such as <c>/ollama/api/generate</c>; its end is by convention <c>/api/generate</c>.</param>
    /// <param name="answer">Answers a call. The events are asked for with a token that is cancelled when the client leaves.</param>
    /// <returns>The endpoint's convention builder, for authorization, CORS, rate limits and options.</returns>
    public static IEndpointConventionBuilder MapOllamaGenerate(
        this IEndpointRouteBuilder endpoints, [StringSyntax("Route")] string pattern, Func<HttpContext, ChatCall, IAsyncEnumerable<StreamEvent>> answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        return ChatApiEndpoint.Map(endpoints, pattern, OllamaGenerateApi.Instance, answer);
    }
}

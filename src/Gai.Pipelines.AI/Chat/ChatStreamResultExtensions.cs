using Gai.Pipelines;
using Gai.Pipelines.AI;
using Gai.Pipelines.Hosting;
using Microsoft.Extensions.AI;

namespace Microsoft.AspNetCore.Http;

/// <summary>Makes results that stream the answer of a model: <c>TypedResults.Extensions.ChatStream(...)</c>.</summary>
public static class ChatStreamResultExtensions
{
    /// <summary>Asks a model and streams its answer in the gai dialect.</summary>
    /// <param name="results">The door, <c>TypedResults.Extensions</c>.</param>
    /// <param name="chat">The model. It is cancelled when the client leaves.</param>
    /// <param name="messages">The conversation.</param>
    /// <param name="options">The options of the request to the model, if there are any.</param>
    /// <returns>The result.</returns>
    public static EventStreamResult<StreamEvent> ChatStream(
        this IResultExtensions results, IChatClient chat, IEnumerable<ChatMessage> messages, ChatOptions? options = null) =>
        results.ChatStream(chat, messages, Dialects.Gai, options);

    /// <summary>Asks a model and streams its answer in any dialect.</summary>
    /// <param name="results">The door, <c>TypedResults.Extensions</c>.</param>
    /// <param name="chat">The model. It is cancelled when the client leaves.</param>
    /// <param name="messages">The conversation.</param>
    /// <param name="dialect">The dialect, such as <see cref="Dialects.GaiEvents"/>.</param>
    /// <param name="options">The options of the request to the model, if there are any.</param>
    /// <param name="streamOptions">The options of the stream; <see langword="null"/> for the defaults.</param>
    /// <returns>The result.</returns>
    public static EventStreamResult<StreamEvent> ChatStream(
        this IResultExtensions results,
        IChatClient chat,
        IEnumerable<ChatMessage> messages,
        DialectFactory<StreamEvent> dialect,
        ChatOptions? options = null,
        EventStreamResultOptions? streamOptions = null)
    {
        ArgumentNullException.ThrowIfNull(chat);
        ArgumentNullException.ThrowIfNull(messages);
        return results.EventStream(StreamSource.From(chat.StreamEventsAsync(messages, options)), dialect, streamOptions);
    }
}

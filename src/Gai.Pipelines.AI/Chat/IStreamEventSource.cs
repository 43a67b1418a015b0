using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>Answers conversations with the events of a stream, without the strings and objects of <see cref="IChatClient"/> in between.</summary>
/// <remarks>
/// A chat client that is one too is asked this way by <see cref="ChatEvents.StreamEventsAsync"/>, and so by all endpoints of the library.
/// Middleware around it is not: what stands in between wants to see updates.
/// </remarks>
public interface IStreamEventSource
{
    /// <summary>Asks a model and gives its answer as events.</summary>
    /// <param name="messages">The conversation.</param>
    /// <param name="options">The options of the request, if there are any.</param>
    /// <param name="cancellationToken">Cancels the model.</param>
    /// <returns>
    /// The events, to be enumerated once: a start, what the model says, a finish. The text and the bytes of each are valid until the next is asked for or the enumeration is left; copy what
    /// shall live longer.
    /// </returns>
    /// <exception cref="StreamErrorException">The provider refused, failed, or ended before the answer was complete.</exception>
    IAsyncEnumerable<StreamEvent> StreamEventsAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default);
}

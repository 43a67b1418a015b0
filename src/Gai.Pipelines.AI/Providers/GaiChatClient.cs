using System.Runtime.CompilerServices;
using Gai.Pipelines.AI.Providers;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>Asks a server of this library, in the dialect gai or gai.events.v1, over Server-Sent Events or NDJSON.</summary>
/// <remarks>
/// What a request looks like is the server's own affair, so the caller makes it; the answer says by its <c>Content-Type</c> how it is read.
/// Error responses, error records and streams that end too early are <see cref="StreamErrorException"/>s. Safe for concurrent requests if the factory is. Disposing of an enumeration before its end, or cancelling it, ends the connection, and so the model.
/// </remarks>
public sealed class GaiChatClient : IChatClient, IStreamEventSource
{
    private readonly HttpClient _http;
    private readonly Func<IEnumerable<ChatMessage>, ChatOptions?, HttpRequestMessage> _request;

    /// <summary>Makes a client.</summary>
    /// <param name="http">What sends the requests. It stays the caller's and is not disposed of.</param>
    /// <param name="request">Makes the request for a conversation; a new one each time.</param>
    public GaiChatClient(HttpClient http, Func<IEnumerable<ChatMessage>, ChatOptions?, HttpRequestMessage> request)
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(request);
        _http = http;
        _request = request;
    }

    /// <summary>Gets how long the server may be silent in a stream before its connection is taken for dead.</summary>
    /// <value>
    /// Default 5 minutes, for models that think long behind a server that sends no keep-alives, as over NDJSON unless its <c>NdjsonKeepAlive</c> says so. Over Server-Sent Events three
    /// keep-alives, 45 s, will do; comments count as life.
    /// <see cref="Timeout.InfiniteTimeSpan"/> for ever. The time to the head is <see cref="HttpClient.Timeout"/>.
    /// </value>
    /// <exception cref="ArgumentOutOfRangeException">The time is zero or negative, and not infinite, or not below 24 days.</exception>
    public TimeSpan ReadTimeout
    {
        get;
        init => field = value == Timeout.InfiniteTimeSpan || (value > TimeSpan.Zero && value < TimeSpan.FromDays(24))
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, "ReadTimeout must be above zero and below 24 days, or infinite.");
    } = TimeSpan.FromMinutes(5);

    /// <summary>Gets the clock.</summary>
    /// <value>Default <see cref="TimeProvider.System"/>.</value>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <inheritdoc/>
    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        StreamEventsAsync(messages, options, cancellationToken).ToChatResponseUpdatesAsync(cancellationToken);

    /// <inheritdoc/>
    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        await GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken);

    /// <inheritdoc/>
    public IAsyncEnumerable<StreamEvent> StreamEventsAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return AskAsync(messages, options, cancellationToken);
    }

    /// <summary>Gives the client itself as whatever it is.</summary>
    /// <param name="serviceType">The type that is asked for.</param>
    /// <param name="serviceKey">Must be <see langword="null"/>: there are no keyed services.</param>
    /// <returns><see langword="null"/> if there is none.</returns>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is null && serviceType.IsInstanceOfType(this) ? this : null;
    }

    /// <summary>Does nothing: the <see cref="HttpClient"/> is the caller's.</summary>
    public void Dispose()
    {
    }

    private async IAsyncEnumerable<StreamEvent> AskAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = _request(messages, options) ??
            throw new InvalidOperationException("The factory of requests returned null. It must make a new request for each conversation.");
        await using ProviderExchange exchange = await ProviderExchange.SendAsync(_http, request, ReadTimeout, TimeProvider, cancellationToken);
        await using IAsyncEnumerator<StreamEvent> events =
            StreamEventReader.ReadAsync(exchange.Body, FormatOf(exchange), cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await ProviderErrors.MoveNextAsync(events, cancellationToken))
        {
            if (events.Current.Type == StreamEventType.Error)
            {
                throw new StreamErrorException(events.Current.Error);
            }

            yield return events.Current;
        }

        exchange.Complete();
    }

    private static StreamFormat FormatOf(ProviderExchange exchange) => exchange.MediaType?.ToLowerInvariant() switch
    {
        "text/event-stream" => StreamFormat.ServerSentEvents,
        "application/x-ndjson" => StreamFormat.Ndjson,
        "application/jsonl" => StreamFormat.JsonLines,
        string other => throw NotAStream(other),
        null => throw NotAStream("no content type"),
    };

    private static StreamErrorException NotAStream(string what) => new(
        ProviderErrors.Error(StreamErrorCodes.ProviderUnavailable, "The provider of the model did not answer with a stream."),
        new NotSupportedException($"A stream is text/event-stream, application/x-ndjson or application/jsonl; got {what}. Check the address, and the Accept header of the request."));
}

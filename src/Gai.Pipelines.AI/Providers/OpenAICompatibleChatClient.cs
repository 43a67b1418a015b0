using System.Runtime.CompilerServices;
using Gai.Pipelines.AI.Providers;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>Asks a server that speaks OpenAI's chat completions: vLLM, llama.cpp, Ollama, Groq and the like.</summary>
/// <remarks>
/// <para>
/// As an <see cref="IStreamEventSource"/> it gives UTF-8 straight from the connection, and a piece of text costs no allocation; that is the way of a gateway without middleware. As an
/// <see cref="IChatClient"/> it gives the same events as updates.
/// </para>
/// <para>
/// Failures are <see cref="StreamErrorException"/>s whose code says what a client of one's own should be told: an error body, an error record in mid-stream, a connection that
/// failed or broke, a stream that ended with neither a finish reason nor <c>[DONE]</c> (the inner exception is a <see cref="TruncatedStreamException"/> then). What is not the protocol or exceeds a
/// limit is a <see cref="StreamReadException"/>. Nothing is retried: the text may be on its way already.
/// </para>
/// <para>Safe for concurrent requests. Disposing of an enumeration before its end, or cancelling it, ends the connection, and so the model.</para>
/// </remarks>
public sealed class OpenAICompatibleChatClient : IChatClient, IStreamEventSource
{
    private readonly HttpClient _http;
    private readonly OpenAICompatibleOptions _options;
    private readonly ChatClientMetadata _metadata;
    private readonly Uri _address;

    /// <summary>Makes a client.</summary>
    /// <param name="http">What sends the requests. It stays the caller's and is not disposed of; its <see cref="HttpClient.Timeout"/> is the time to the head of a response.</param>
    /// <param name="options">Where the server is, and how it is spoken to.</param>
    /// <exception cref="ArgumentException">The base address is not absolute, or of another scheme than http and https.</exception>
    public OpenAICompatibleChatClient(HttpClient http, OpenAICompatibleOptions options)
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(options.BaseAddress, nameof(options));
        if (!options.BaseAddress.IsAbsoluteUri || options.BaseAddress.Scheme is not ("http" or "https"))
        {
            throw new ArgumentException(
                $"BaseAddress must be an absolute address of http or https; got \"{options.BaseAddress}\". Give it with the version, such as http://localhost:8000/v1.", nameof(options));
        }

        _http = http;
        _options = options;
        _metadata = new ChatClientMetadata(options.ProviderName, options.BaseAddress, options.Model);
        var address = new UriBuilder(options.BaseAddress);
        address.Path = $"{address.Path.TrimEnd('/')}/chat/completions";
        _address = address.Uri;
    }

    /// <inheritdoc/>
    /// <remarks>The updates own their text: they may be kept.</remarks>
    /// <exception cref="StreamErrorException">The provider refused, failed, or ended before the answer was complete.</exception>
    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        StreamEventsAsync(messages, options, cancellationToken).ToChatResponseUpdatesAsync(cancellationToken);

    /// <inheritdoc/>
    /// <exception cref="StreamErrorException">The provider refused or failed.</exception>
    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return await AskAsync(messages, options, CompletionForm.Whole, cancellationToken)
            .ToChatResponseUpdatesAsync(cancellationToken)
            .ToChatResponseAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<StreamEvent> StreamEventsAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return AskAsync(messages, options, CompletionForm.Stream, cancellationToken);
    }

    /// <summary>Gives the <see cref="ChatClientMetadata"/>, or the client itself as whatever it is.</summary>
    /// <param name="serviceType">The type that is asked for.</param>
    /// <param name="serviceKey">Must be <see langword="null"/>: there are no keyed services.</param>
    /// <returns><see langword="null"/> if there is none.</returns>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(ChatClientMetadata) ? _metadata
            : serviceType.IsInstanceOfType(this) ? this
            : null;
    }

    /// <summary>Does nothing: the <see cref="HttpClient"/> is the caller's.</summary>
    public void Dispose()
    {
    }

    private async IAsyncEnumerable<StreamEvent> AskAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options, CompletionForm form, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using HttpRequestMessage request = CompletionRequest.Create(_http, _address, _options, messages, options, form);
        await using ProviderExchange exchange = await ProviderExchange.SendAsync(_http, request, _options.ReadTimeout, _options.TimeProvider, cancellationToken);

        // A server that does not stream answers whole, whatever was asked for, and one that can only stream streams.
        if (Is(exchange, "application/json") || (form == CompletionForm.Whole && !Is(exchange, "text/event-stream")))
        {
            ReadOnlyMemory<byte> whole = await exchange.ReadToEndAsync(_options.Reader.MaxEventBytes, cancellationToken);
            exchange.Complete();
            foreach (StreamEvent item in CompletionEvents.ReadWhole(whole, _options.ProviderName))
            {
                yield return item;
            }

            yield break;
        }

        await foreach (StreamEvent item in CompletionEvents.ReadStreamAsync(exchange.Body, _options.Reader, _options.ProviderName, cancellationToken))
        {
            if (item.Type == StreamEventType.Finish)
            {
                exchange.Complete();
            }

            yield return item;
        }
    }

    private static bool Is(ProviderExchange exchange, string mediaType) => string.Equals(exchange.MediaType, mediaType, StringComparison.OrdinalIgnoreCase);
}

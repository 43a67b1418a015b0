namespace Gai.Pipelines.AI;

/// <summary>Says where an OpenAI-compatible server is and how it is spoken to. Immutable; clients share it.</summary>
public sealed record OpenAICompatibleOptions
{
    /// <summary>Gets the address of the server's API with its version, such as <c>http://localhost:8000/v1</c>.</summary>
    /// <value>Absolute, http or https. <c>chat/completions</c> is added to its path; a query is kept.</value>
    public required Uri BaseAddress { get; init; }

    /// <summary>Gets the model that is asked when a request names none.</summary>
    /// <value>Default <see langword="null"/>: the request goes out without a model, for servers that have only one.</value>
    public string? Model { get; init; }

    /// <summary>Gets the key, sent as <c>Authorization: Bearer</c>.</summary>
    /// <value>Default <see langword="null"/>: none is sent.</value>
    public string? ApiKey { get; init; }

    /// <summary>Gets more headers for each request.</summary>
    /// <value>Default none. One of these comes in place of the client's own of the same name.</value>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Gets the name of the provider, as start events and <see cref="Microsoft.Extensions.AI.ChatClientMetadata"/> tell it.</summary>
    /// <value>Default <c>openai-compatible</c>.</value>
    public string ProviderName { get; init; } = "openai-compatible";

    /// <summary>Gets the name of the field that limits the tokens of an answer.</summary>
    /// <value>Default <c>max_tokens</c>, which all such servers know; OpenAI's newer models want <c>max_completion_tokens</c>.</value>
    public string MaxTokensField { get; init; } = "max_tokens";

    /// <summary>Gets the limits of the reading.</summary>
    /// <value>Default <see cref="SseReaderOptions.Default"/>. <see cref="SseReaderOptions.MaxEventBytes"/> limits a whole answer that is not streamed, too.</value>
    public SseReaderOptions Reader { get; init; } = SseReaderOptions.Default;

    /// <summary>Gets how long a server may be silent in a stream before its connection is taken for dead.</summary>
    /// <value>Default 5 minutes, for models that think long; comments count as life. <see cref="Timeout.InfiniteTimeSpan"/> for ever. The time to the head is <see cref="HttpClient.Timeout"/>.</value>
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

    /// <summary>Names the settings, without the key.</summary>
    public override string ToString() => $"{ProviderName} at {BaseAddress}, model {Model ?? "as the request says"}";
}

using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>What a client asks a model for, in the words of Microsoft.Extensions.AI, whichever dialect it spoke.</summary>
/// <remarks>Belongs to one request; not thread-safe.</remarks>
public class ChatCall
{
    private readonly Dictionary<string, object?> _additionalFields = new(StringComparer.Ordinal);

    internal ChatCall()
    {
    }

    /// <summary>Gets the conversation.</summary>
    public IList<ChatMessage> Messages { get; } = [];

    /// <summary>Gets the options of the call: the model that was asked for, tools, limits, sampling.</summary>
    public ChatOptions Options { get; } = new();

    /// <summary>Gets what the request says beyond that: what only the client's vendor, or the application that wrote the client, knows.</summary>
    /// <value>By the name of the field; texts, numbers and truth as such, everything else as a <see cref="System.Text.Json.JsonElement"/>. Empty if there is nothing of it.</value>
    /// <remarks>A client wrote it, so no provider is given it by itself: one may write all <see cref="ChatOptions.AdditionalProperties"/> into its own request. Copy to there what is to be honoured.</remarks>
    public IReadOnlyDictionary<string, object?> AdditionalFields => _additionalFields;

    /// <summary>Gets whether the client gets a stream, and not one document.</summary>
    public bool IsStreaming { get; internal set; }

    /// <summary>Whether there is anything to ask a model. Some vendors have requests that ask nothing, only that it be ready.</summary>
    internal virtual bool AsksModel => true;

    /// <summary>The model that was asked for.</summary>
    internal string Model => Options.ModelId ?? string.Empty;

    /// <summary>Keeps a field for the application.</summary>
    internal void Keep(string name, object? value)
    {
        if (value is not null)
        {
            _additionalFields[name] = value;
        }
    }

    /// <summary>
    /// Passes on what Microsoft.Extensions.AI has no word for; providers that know it use it. The names are this library's and never the client's, who could otherwise put
    /// another model or another conversation into the provider's request.
    /// </summary>
    internal void Pass(string name, object? value)
    {
        if (value is not null)
        {
            (Options.AdditionalProperties ??= [])[name] = value;
        }
    }
}

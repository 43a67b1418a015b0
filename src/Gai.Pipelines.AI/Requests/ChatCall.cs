using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>What a client asks a model for, in the words of Microsoft.Extensions.AI, whichever dialect it spoke.</summary>
/// <remarks>Belongs to one request; not thread-safe.</remarks>
public class ChatCall
{
    internal ChatCall()
    {
    }

    /// <summary>Gets the conversation.</summary>
    public IList<ChatMessage> Messages { get; } = [];

    /// <summary>Gets the options of the call: the model that was asked for, tools, limits, sampling.</summary>
    public ChatOptions Options { get; } = new();

    /// <summary>Gets whether the client gets a stream, and not one document.</summary>
    public bool IsStreaming { get; internal set; }

    /// <summary>Whether there is anything to ask a model. Some vendors have requests that ask nothing, only that it be ready.</summary>
    internal virtual bool AsksModel => true;

    /// <summary>The model that was asked for.</summary>
    internal string Model => Options.ModelId ?? string.Empty;

    /// <summary>Passes on what Microsoft.Extensions.AI has no word for; providers that know it use it.</summary>
    internal void Add(string name, object? value)
    {
        if (value is not null)
        {
            (Options.AdditionalProperties ??= [])[name] = value;
        }
    }
}

namespace Gai.Pipelines.AI;

/// <summary>A call of the AI SDK's chat in a browser.</summary>
internal sealed class AISdkCall : ChatCall
{
    /// <summary>The id of the message that the answer goes on with; <see langword="null"/> if it is a new one.</summary>
    /// <remarks>The client has run tools and sends the message back. Under another id it would show what is in it twice.</remarks>
    public string? MessageId { get; set; }

    /// <summary>The tool calls of that message, whose results may still come.</summary>
    public HashSet<string> ToolCallIds { get; } = new(StringComparer.Ordinal);
}

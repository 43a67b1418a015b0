using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>Reads the parts of UI messages that are no tools.</summary>
internal static class AISdkParts
{
    /// <summary>Whether a part is for the page only: the AI SDK's own conversion to model messages leaves it out, too.</summary>
    public static bool IsForThePage(string type) =>
        type is "source-url" or "source-document" or "step-start" || type.StartsWith("data-", StringComparison.Ordinal);

    public static AIContent ReadSystem(RequestValue part) => part.RequiredText("type") == "text"
        ? new TextContent(part.RequiredText("text"))
        : throw part.Required("type").Wrong("\"text\" in a system message");

    public static AIContent? ReadUser(RequestValue part)
    {
        string type = part.RequiredText("type");
        return type switch
        {
            "text" => new TextContent(part.RequiredText("text")),
            "file" => ReadFile(part),
            _ when IsForThePage(type) => null,
            _ => throw part.Required("type").Wrong("\"text\", \"file\" or \"data-...\" in a message of the user"),
        };
    }

    public static AIContent ReadFile(RequestValue part) =>
        RequestData.FromUrl(part.Required("url"), part.RequiredText("mediaType"), part.Text("filename"));

    /// <summary>Reads reasoning; its signature comes back where the stream has put it.</summary>
    public static TextReasoningContent ReadReasoning(RequestValue part) => new(part.RequiredText("text"))
    {
        ProtectedData = part.Optional("providerMetadata")?.Optional("gai")?.Text("signature"),
    };
}

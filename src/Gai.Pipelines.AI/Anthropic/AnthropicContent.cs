using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>Reads the content of a message: a text, or blocks.</summary>
internal static class AnthropicContent
{
    public static List<AIContent> ReadSystem(RequestValue content) => Read(content, static (block, type) => type == "text" ? ReadText(block) : null, "\"text\"");

    public static List<AIContent> ReadUser(RequestValue content) => Read(
        content,
        static (block, type) => type == "tool_result" ? ReadToolResult(block) : ReadInput(block, type),
        "\"text\", \"image\", \"document\" or \"tool_result\"");

    public static List<AIContent> ReadAssistant(RequestValue content) => Read(
        content,
        static (block, type) => type switch
        {
            "text" => ReadText(block),
            "tool_use" => ReadToolUse(block),
            "thinking" => ReadThinking(block),
            "redacted_thinking" => ReadRedacted(block),
            _ => null,
        },
        "\"text\", \"tool_use\", \"thinking\" or \"redacted_thinking\"");

    private static List<AIContent> Read(RequestValue content, Func<RequestValue, string, AIContent?> readBlock, string offered)
    {
        if (content.IsText)
        {
            return [new TextContent(content.AsText())];
        }

        var contents = new List<AIContent>();
        foreach (RequestValue block in content.AsItems())
        {
            string type = block.RequiredText("type");
            AIContent read = readBlock(block, type) ?? throw RequestError.At(
                $"{block.Path}.type", $"{block.Path}.type is \"{type}\", which is not supported here. Send {offered}.", StreamErrorCodes.Unsupported);
            if (block.Optional("cache_control") is { } cache)
            {
                (read.AdditionalProperties ??= [])["cache_control"] = cache.AsObject();
            }

            contents.Add(read);
        }

        return contents;
    }

    private static AIContent? ReadInput(RequestValue block, string type) => type switch
    {
        "text" => ReadText(block),
        "image" => ReadImage(block),
        "document" => ReadDocument(block),
        _ => null,
    };

    /// <summary>Reads a text. Its citations are what an earlier answer said of its sources, and say nothing new to a model.</summary>
    private static TextContent ReadText(RequestValue block)
    {
        block.AllowOnly("type", "text", "cache_control", "citations");
        return new TextContent(block.RequiredText("text"));
    }

    private static AIContent ReadImage(RequestValue block)
    {
        block.AllowOnly("type", "source", "cache_control", "transformations");
        block.Refuse("transformations", "images are passed on as they are. Transform it before.");
        RequestValue source = block.Required("source");
        switch (source.RequiredText("type"))
        {
            case "base64":
                string mediaType = source.RequiredText("media_type");
                return mediaType.StartsWith("image/", StringComparison.OrdinalIgnoreCase)
                    ? RequestData.FromBase64(source.Required("data"), mediaType)
                    : throw source.Required("media_type").Wrong("the media type of an image, such as \"image/png\"");
            case "url":
                return RequestData.FromUrl(source.Required("url"), "image/*");
            case "file":
                return new HostedFileContent(source.RequiredText("file_id"));
            default:
                throw source.Required("type").Wrong("\"base64\", \"url\" or \"file\"");
        }
    }

    private static AIContent ReadDocument(RequestValue block)
    {
        block.AllowOnly("type", "source", "cache_control", "title", "context", "citations");
        if (block.Optional("citations") is { } citations)
        {
            citations.Refuse("enabled", "whether a model names its sources is its own. Remove it.");
        }

        AIContent document = ReadDocumentSource(block.Required("source"), block.Text("title"));
        if (block.Text("context") is { } context)
        {
            (document.AdditionalProperties ??= [])["context"] = context;
        }

        return document;
    }

    private static AIContent ReadDocumentSource(RequestValue source, string? title)
    {
        switch (source.RequiredText("type"))
        {
            case "base64":
                DataContent read = RequestData.FromBase64(source.Required("data"), source.RequiredText("media_type"));
                read.Name = title;
                return read;
            case "text":
                return new DataContent(System.Text.Encoding.UTF8.GetBytes(source.RequiredText("data")), source.Text("media_type") ?? "text/plain") { Name = title };
            case "url":
                return RequestData.FromUrl(source.Required("url"), "application/pdf", title);
            case "file":
                return new HostedFileContent(source.RequiredText("file_id")) { Name = title };
            default:
                throw source.Required("type").Wrong("\"base64\", \"text\", \"url\" or \"file\"");
        }
    }

    private static FunctionCallContent ReadToolUse(RequestValue block)
    {
        block.AllowOnly("type", "id", "name", "input", "cache_control", "caller", "toolset_name");
        return new FunctionCallContent(block.RequiredText("id"), block.RequiredText("name"), block.Required("input").AsArguments());
    }

    private static TextReasoningContent ReadThinking(RequestValue block)
    {
        block.AllowOnly("type", "thinking", "signature");
        string? signature = block.Text("signature");
        return new TextReasoningContent(block.RequiredText("thinking")) { ProtectedData = string.IsNullOrEmpty(signature) ? null : signature };
    }

    private static TextReasoningContent ReadRedacted(RequestValue block)
    {
        block.AllowOnly("type", "data");
        return new TextReasoningContent(string.Empty) { ProtectedData = block.RequiredText("data") };
    }

    private static FunctionResultContent ReadToolResult(RequestValue block)
    {
        block.AllowOnly("type", "tool_use_id", "content", "is_error", "cache_control", "toolset_name");
        List<AIContent> contents = block.Optional("content") is { } content ? Read(content, ReadInput, "\"text\", \"image\" or \"document\"") : [];
        object result = contents.TrueForAll(static one => one is TextContent) ? string.Concat(contents) : contents;
        var read = new FunctionResultContent(block.RequiredText("tool_use_id"), result);
        if (block.Bool("is_error") ?? false)
        {
            read.Exception = new ToolFailedException(result as string ?? "The tool failed.");
        }

        return read;
    }

    /// <summary>Says that the client's tool has failed: in Microsoft.Extensions.AI a failed result is one with an exception.</summary>
    private sealed class ToolFailedException(string message) : Exception(message);
}

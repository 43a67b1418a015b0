using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>Reads the parts of a message, and of a tool's output.</summary>
internal static class OpenAIResponsesContent
{
    public static AIContent Read(RequestValue part)
    {
        switch (part.RequiredText("type"))
        {
            case "input_text":
                part.AllowOnly("type", "text", "prompt_cache_breakpoint");
                return new TextContent(part.RequiredText("text"));
            case "output_text":
                part.AllowOnly("type", "text", "annotations", "logprobs", "parsed");
                return new TextContent(part.RequiredText("text"));
            case "refusal":
                part.AllowOnly("type", "refusal");
                return new TextContent(part.RequiredText("refusal"));
            case "input_image":
                return ReadImage(part);
            case "input_file":
                return ReadFile(part);
            default:
                throw part.Required("type").Wrong("\"input_text\", \"output_text\", \"refusal\", \"input_image\" or \"input_file\"");
        }
    }

    /// <summary>Reads the output of a tool that has parts: one text if they are texts, else their contents.</summary>
    public static object ResultOf(RequestValue output)
    {
        List<AIContent> contents = [.. output.AsItems().Select(Read)];
        return contents.TrueForAll(static content => content is TextContent)
            ? string.Concat(contents.Select(static content => ((TextContent)content).Text))
            : contents;
    }

    private static AIContent ReadImage(RequestValue part)
    {
        part.AllowOnly("type", "image_url", "file_id", "detail", "prompt_cache_breakpoint");
        AIContent image = part.Text("file_id") is { } id ? new HostedFileContent(id) : RequestData.FromUrl(part.Required("image_url"), "image/*");
        if (part.Text("detail") is { } detail)
        {
            (image.AdditionalProperties ??= [])["detail"] = detail;
        }

        return image;
    }

    private static AIContent ReadFile(RequestValue part)
    {
        part.AllowOnly("type", "file_id", "file_data", "file_url", "filename", "detail", "prompt_cache_breakpoint");
        return part.Text("file_id") is { } id
            ? new HostedFileContent(id)
            : RequestData.FromUrl(part.Optional("file_url") ?? part.Required("file_data"), "application/octet-stream", part.Text("filename"));
    }
}

using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>Reads the content of a message: a text, or parts.</summary>
internal static class OpenAIContent
{
    public static List<AIContent> Read(RequestValue content) =>
        content.IsText ? [new TextContent(content.AsText())] : [.. content.AsItems().Select(ReadPart)];

    /// <summary>Reads a content that can only be text.</summary>
    public static string TextOf(RequestValue content) =>
        content.IsText ? content.AsText() : string.Concat(content.AsItems().Select(static part => part.RequiredText("text")));

    private static AIContent ReadPart(RequestValue part)
    {
        string type = part.RequiredText("type");
        switch (type)
        {
            case "text":
                return new TextContent(part.RequiredText("text"));
            case "refusal":
                return new TextContent(part.RequiredText("refusal"));
            case "image_url":
                RequestValue image = part.Required("image_url");
                AIContent read = RequestData.FromUrl(image.Required("url"), "image/*");
                if (image.Text("detail") is { } detail)
                {
                    (read.AdditionalProperties ??= [])["detail"] = detail;
                }

                return read;
            case "input_audio":
                RequestValue audio = part.Required("input_audio");
                return RequestData.FromBase64(audio.Required("data"), $"audio/{audio.RequiredText("format")}");
            case "file":
                RequestValue file = part.Required("file");
                return file.Text("file_id") is { } id ? new HostedFileContent(id) : RequestData.FromUrl(file.Required("file_data"), "application/octet-stream", file.Text("filename"));
            default:
                throw part.Required("type").Wrong("\"text\", \"image_url\", \"input_audio\" or \"file\"");
        }
    }
}

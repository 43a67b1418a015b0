using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI.Providers;

/// <summary>Writes a conversation in the protocol.</summary>
/// <remarks>
/// Results of tools are messages of their own there. Reasoning is not sent back: no two servers agree on how. A refusal that came as an error content is told as text.
/// </remarks>
internal static class CompletionMessages
{
    public static void Write(Utf8JsonWriter json, IEnumerable<ChatMessage> messages, string? instructions)
    {
        json.WriteStartArray();
        if (!string.IsNullOrEmpty(instructions))
        {
            json.WriteStartObject();
            json.WriteString("role", "system");
            json.WriteString("content", instructions);
            json.WriteEndObject();
        }

        foreach (ChatMessage message in messages)
        {
            WriteMessage(json, message);
        }

        json.WriteEndArray();
    }

    /// <summary>Says that a request asks for what the protocol cannot carry.</summary>
    public static StreamErrorException Unsupported(string message) => new(new StreamError(StreamErrorCodes.Unsupported, message));

    private static void WriteMessage(Utf8JsonWriter json, ChatMessage message)
    {
        bool isTool = message.Role == ChatRole.Tool;
        bool hasResults = message.Contents.Any(static content => content is FunctionResultContent);
        if (!isTool && (!hasResults || message.Contents.Any(static content => content is not FunctionResultContent)))
        {
            json.WriteStartObject();
            json.WriteString("role", message.Role.Value);
            if (message.AuthorName is { Length: > 0 and <= 64 } name && name.All(static letter => char.IsAsciiLetterOrDigit(letter) || letter is '_' or '-'))
            {
                json.WriteString("name", name);
            }

            WriteContent(json, message);
            WriteCalls(json, message);
            json.WriteEndObject();
        }

        foreach (FunctionResultContent result in message.Contents.OfType<FunctionResultContent>())
        {
            WriteResult(json, result);
        }
    }

    private static void WriteContent(Utf8JsonWriter json, ChatMessage message)
    {
        if (!message.Contents.Any(static content => content is DataContent or UriContent or HostedFileContent))
        {
            string text = string.Concat(message.Contents.Select(static content => content switch
            {
                TextContent part => part.Text,
                ErrorContent refusal => refusal.Message,
                _ => null,
            }));
            if (text.Length == 0 && message.Contents.Any(static content => content is FunctionCallContent))
            {
                json.WriteNull("content");
            }
            else
            {
                json.WriteString("content", text);
            }

            return;
        }

        json.WriteStartArray("content");
        foreach (AIContent content in message.Contents)
        {
            WritePart(json, content);
        }

        json.WriteEndArray();
    }

    private static void WritePart(Utf8JsonWriter json, AIContent content)
    {
        switch (content)
        {
            case TextContent text:
                BeginPart(json, "text");
                json.WriteString("text", text.Text);
                json.WriteEndObject();
                break;
            case DataContent data when data.HasTopLevelMediaType("image"):
                WriteImage(json, data.Uri, data);
                break;
            case UriContent uri when uri.HasTopLevelMediaType("image"):
                WriteImage(json, uri.Uri.OriginalString, uri);
                break;
            case DataContent data when data.HasTopLevelMediaType("audio"):
                BeginPart(json, "input_audio");
                json.WriteStartObject("input_audio");
                json.WriteBase64String("data", data.Data.Span);
                json.WriteString("format", data.MediaType.Contains("mpeg", StringComparison.OrdinalIgnoreCase) ? "mp3" : data.MediaType["audio/".Length..]);
                json.WriteEndObject();
                json.WriteEndObject();
                break;
            case DataContent data:
                BeginPart(json, "file");
                json.WriteStartObject("file");
                json.WriteString("filename", data.Name ?? "file");
                json.WriteString("file_data", data.Uri);
                json.WriteEndObject();
                json.WriteEndObject();
                break;
            case HostedFileContent file:
                BeginPart(json, "file");
                json.WriteStartObject("file");
                json.WriteString("file_id", file.FileId);
                json.WriteEndObject();
                json.WriteEndObject();
                break;
            case UriContent uri:
                throw Unsupported($"A message refers to {uri.MediaType} by its address; this protocol takes only images so. Send the data itself.");
        }
    }

    private static void WriteImage(Utf8JsonWriter json, string address, AIContent image)
    {
        BeginPart(json, "image_url");
        json.WriteStartObject("image_url");
        json.WriteString("url", address);
        if (image.AdditionalProperties?.GetValueOrDefault("detail")?.ToString() is { } detail)
        {
            json.WriteString("detail", detail);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void BeginPart(Utf8JsonWriter json, string type)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
    }

    private static void WriteCalls(Utf8JsonWriter json, ChatMessage message)
    {
        bool hasBegun = false;
        foreach (FunctionCallContent call in message.Contents.OfType<FunctionCallContent>())
        {
            if (!hasBegun)
            {
                json.WriteStartArray("tool_calls");
                hasBegun = true;
            }

            json.WriteStartObject();
            json.WriteString("id", call.CallId);
            json.WriteString("type", "function");
            json.WriteStartObject("function");
            json.WriteString("name", call.Name);
            json.WriteString("arguments", call.Arguments is null ? "{}"u8 : ChatContents.ToJson(call.Arguments).Span);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        if (hasBegun)
        {
            json.WriteEndArray();
        }
    }

    private static void WriteResult(Utf8JsonWriter json, FunctionResultContent result)
    {
        json.WriteStartObject();
        json.WriteString("role", "tool");
        json.WriteString("tool_call_id", result.CallId);
        switch (result.Result)
        {
            case string text:
                json.WriteString("content", text);
                break;
            case JsonElement { ValueKind: JsonValueKind.String } text:
                json.WriteString("content", text.GetString());
                break;
            case TextContent text:
                json.WriteString("content", text.Text);
                break;
            default:
                json.WriteString("content", ChatContents.ToJson(result.Result).Span);
                break;
        }

        json.WriteEndObject();
    }
}

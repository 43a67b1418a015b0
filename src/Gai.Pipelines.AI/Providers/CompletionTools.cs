using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI.Providers;

/// <summary>Writes the tools of a request, and which of them the model shall call.</summary>
internal static class CompletionTools
{
    /// <exception cref="StreamErrorException">One is not a function.</exception>
    public static void Write(Utf8JsonWriter json, IList<AITool> tools)
    {
        json.WriteStartArray();
        foreach (AITool tool in tools)
        {
            WriteTool(json, tool as AIFunctionDeclaration ?? throw CompletionMessages.Unsupported(
                $"The tool \"{tool.Name}\" is a {tool.GetType().Name}; this protocol has functions only. Give an AIFunctionDeclaration."));
        }

        json.WriteEndArray();
    }

    public static void WriteChoice(Utf8JsonWriter json, ChatToolMode mode)
    {
        if (mode is RequiredChatToolMode { RequiredFunctionName: { } name })
        {
            json.WriteStartObject();
            json.WriteString("type", "function");
            json.WriteStartObject("function");
            json.WriteString("name", name);
            json.WriteEndObject();
            json.WriteEndObject();
            return;
        }

        json.WriteStringValue(mode switch
        {
            RequiredChatToolMode => "required",
            NoneChatToolMode => "none",
            _ => "auto",
        });
    }

    private static void WriteTool(Utf8JsonWriter json, AIFunctionDeclaration function)
    {
        json.WriteStartObject();
        json.WriteString("type", "function");
        json.WriteStartObject("function");
        json.WriteString("name", function.Name);
        if (function.Description is { Length: > 0 } description)
        {
            json.WriteString("description", description);
        }

        json.WritePropertyName("parameters");
        function.JsonSchema.WriteTo(json);
        if (function.AdditionalProperties.TryGetValue("strict", out object? strict) && strict is bool isStrict)
        {
            json.WriteBoolean("strict", isStrict);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }
}

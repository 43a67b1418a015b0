using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>Reads tools, the choice among them, and calls that were made.</summary>
internal static class OpenAITools
{
    /// <summary>Reads <c>tools</c>, <c>tool_choice</c> and <c>parallel_tool_calls</c>.</summary>
    /// <param name="body">The request.</param>
    /// <param name="options">Gets them.</param>
    /// <param name="function">Finds the object that has the name and the parameters in a tool, or in a choice of one.</param>
    public static void Read(RequestValue body, ChatOptions options, Func<RequestValue, RequestValue> function)
    {
        options.AllowMultipleToolCalls = body.Bool("parallel_tool_calls");
        foreach (RequestValue tool in body.Optional("tools")?.AsItems() ?? [])
        {
            CheckIsFunction(tool);
            (options.Tools ??= []).Add(DeclaredTool.Read(function(tool), "parameters"));
        }

        if (body.Optional("tool_choice") is not { } choice)
        {
            return;
        }

        if (choice.IsText)
        {
            options.ToolMode = choice.AsText() switch
            {
                "none" => ChatToolMode.None,
                "auto" => ChatToolMode.Auto,
                "required" => ChatToolMode.RequireAny,
                _ => throw choice.Wrong("\"none\", \"auto\", \"required\" or a function"),
            };
        }
        else
        {
            CheckIsFunction(choice);
            options.ToolMode = ChatToolMode.RequireSpecific(function(choice).RequiredText("name"));
        }
    }

    /// <summary>Reads a call that the model made earlier in the conversation.</summary>
    public static FunctionCallContent Call(string id, string name, RequestValue arguments) => new(id, name, Arguments(arguments));

    private static Dictionary<string, object?>? Arguments(RequestValue arguments)
    {
        string text = arguments.AsText();
        if (text.Length == 0)
        {
            return null;
        }

        try
        {
            using JsonDocument document = RequestJson.Parse(text, arguments.Path);
            var parsed = new RequestValue(document.RootElement, arguments.Path);
            return parsed.IsObject ? parsed.AsArguments() : throw arguments.Wrong("the text of a JSON object");
        }
        catch (JsonException)
        {
            throw arguments.Wrong("the text of a JSON object");
        }
    }

    private static void CheckIsFunction(RequestValue tool)
    {
        if (tool.RequiredText("type") != "function")
        {
            throw RequestError.At(
                $"{tool.Path}.type", $"{tool.Path}.type is not supported: only tools of the type \"function\" are. Declare it as a function.", StreamErrorCodes.Unsupported);
        }
    }
}

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
    /// <remarks>Clients send back what they have got, and the limit cuts calls off: one whose arguments are no JSON object has none, and its exception says why.</remarks>
    public static FunctionCallContent Call(string id, string name, RequestValue arguments)
    {
        var call = new FunctionCallContent(id, name);
        string text = arguments.AsText();
        if (text.Length == 0)
        {
            return call;
        }

        try
        {
            using JsonDocument document = RequestJson.Parse(text, arguments.Path);
            var parsed = new RequestValue(document.RootElement, arguments.Path);
            call.Arguments = parsed.IsObject ? parsed.AsArguments() : throw new JsonException("it is another value.");
        }
        catch (JsonException failure)
        {
            call.Exception = new InvalidOperationException($"{arguments.Path} must be the text of a JSON object: {failure.Message}", failure);
        }

        return call;
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

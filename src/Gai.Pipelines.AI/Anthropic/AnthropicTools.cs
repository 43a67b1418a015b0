using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>Reads <c>tools</c> and <c>tool_choice</c>.</summary>
internal static class AnthropicTools
{
    public static void Read(RequestValue body, ChatOptions options)
    {
        foreach (RequestValue tool in body.Optional("tools")?.AsItems() ?? [])
        {
            (options.Tools ??= []).Add(ReadTool(tool));
        }

        if (body.Optional("tool_choice") is { } choice)
        {
            ReadChoice(choice, options);
        }
    }

    private static DeclaredTool ReadTool(RequestValue tool)
    {
        if (tool.Text("type") is { } type and not "custom")
        {
            throw RequestError.At(
                $"{tool.Path}.type", $"{tool.Path}.type is \"{type}\": tools that the server runs are not supported. Declare a tool of your own.", StreamErrorCodes.Unsupported);
        }

        tool.AllowOnly(
            "type", "name", "description", "input_schema", "strict", "cache_control", "eager_input_streaming", "allowed_callers", "defer_loading", "input_examples");
        tool.Refuse("defer_loading", "this server has no search for tools. Remove it.");
        tool.Refuse("input_examples", "a tool has a name, a description and a schema here. Put them into the description.");
        if (tool.Optional("allowed_callers") is { } callers && callers.AsTexts().Exists(static caller => caller != "direct"))
        {
            throw RequestError.At(callers.Path, $"{callers.Path} is not supported but for \"direct\": this server runs no code. Remove it.", StreamErrorCodes.Unsupported);
        }

        tool.Required("input_schema");
        return DeclaredTool.Read(tool, "input_schema");
    }

    private static void ReadChoice(RequestValue choice, ChatOptions options)
    {
        choice.AllowOnly("type", "name", "disable_parallel_tool_use");
        options.ToolMode = choice.RequiredText("type") switch
        {
            "auto" => ChatToolMode.Auto,
            "any" => ChatToolMode.RequireAny,
            "none" => ChatToolMode.None,
            "tool" => ChatToolMode.RequireSpecific(ReadName(choice.Required("name"), options)),
            _ => throw choice.Required("type").Wrong("\"auto\", \"any\", \"tool\" or \"none\""),
        };
        if (choice.Bool("disable_parallel_tool_use") is { } disable)
        {
            options.AllowMultipleToolCalls = !disable;
        }
    }

    private static string ReadName(RequestValue name, ChatOptions options)
    {
        string text = name.AsText();
        return options.Tools?.Any(tool => tool.Name == text) ?? false ? text : throw name.Wrong("the name of one of the tools");
    }
}

using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>Reads a UI message of the assistant, which has the calls of tools and their results in it, as the messages that a model knows.</summary>
internal sealed class AISdkAssistantMessage(IList<ChatMessage> messages)
{
    private readonly List<AIContent> _contents = [];
    private readonly List<AIContent> _results = [];

    public void Read(RequestValue parts)
    {
        foreach (RequestValue part in parts.AsItems())
        {
            ReadPart(part, part.RequiredText("type"));
        }

        Flush();
    }

    private void ReadPart(RequestValue part, string type)
    {
        if (type is "dynamic-tool")
        {
            ReadTool(part, part.RequiredText("toolName"));
        }
        else if (type.StartsWith("tool-", StringComparison.Ordinal))
        {
            ReadTool(part, type["tool-".Length..]);
        }
        else if (type is "step-start")
        {
            Flush();
        }
        else if (!AISdkParts.IsForThePage(type))
        {
            if (_results.Count > 0)
            {
                // What the model said after the results it said in knowledge of them.
                Flush();
            }

            _contents.Add(type switch
            {
                "text" => new TextContent(part.RequiredText("text")),
                "reasoning" => AISdkParts.ReadReasoning(part),
                "file" => AISdkParts.ReadFile(part),
                _ => throw part.Required("type").Wrong("\"text\", \"reasoning\", \"file\", \"tool-...\", \"dynamic-tool\", \"step-start\", \"source-...\" or \"data-...\""),
            });
        }
    }

    private void ReadTool(RequestValue part, string name)
    {
        string id = part.RequiredText("toolCallId");
        string state = part.RequiredText("state");
        if (state is "input-streaming")
        {
            // The user has stopped the answer in the middle of the call: it was never made.
            return;
        }

        if (state is "input-available" && part.Bool("providerExecuted") is true)
        {
            // The answer ended before the server ran its tool. Nobody will, and providers refuse a call without a result.
            return;
        }

        object? result = state switch
        {
            "input-available" => null,
            "output-available" => part.Optional("output")?.AsValue(),
            "output-error" => part.RequiredText("errorText"),
            "output-denied" => part.Optional("approval")?.Text("reason") ?? "The user has not allowed this.",
            _ => throw part.Required("state").Wrong("\"input-available\", \"output-available\", \"output-error\" or \"output-denied\""),
        };
        _contents.Add(new FunctionCallContent(id, name, part.Optional("input") is { IsObject: true } input ? input.AsArguments() : ReadNoArguments(part, state)));
        if (state is not "input-available")
        {
            _results.Add(new FunctionResultContent(id, result));
        }
    }

    /// <summary>A call whose input the model got wrong has no arguments; the error says what was wrong.</summary>
    private static Dictionary<string, object?>? ReadNoArguments(RequestValue part, string state) =>
        state is "output-error" || part.Optional("input") is not { } input ? null : throw input.Wrong("an object");

    private void Flush()
    {
        if (_contents.Count > 0)
        {
            messages.Add(new ChatMessage(ChatRole.Assistant, [.. _contents]));
            _contents.Clear();
        }

        if (_results.Count > 0)
        {
            messages.Add(new ChatMessage(ChatRole.Tool, [.. _results]));
            _results.Clear();
        }
    }
}

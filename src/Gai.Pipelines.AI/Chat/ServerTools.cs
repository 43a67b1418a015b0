using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI;

/// <summary>Knows which calls of a model the server answers itself, in the middleware of Microsoft.Extensions.AI that invokes functions.</summary>
/// <remarks>
/// That middleware lets a call pass before it invokes the function, and marks it as no more than information only afterwards: too late for a stream. It leaves to its
/// caller the tools of the request that are declarations only, and invokes all others; but where the model calls one of each in a step, it ends and invokes neither. The
/// call of the server's tool then has no result.
/// </remarks>
internal sealed class ServerTools
{
    // By name, since all else of that library that is needed here are its abstractions. Who has the middleware has the type.
    private static readonly Type? InvokerType = Type.GetType("Microsoft.Extensions.AI.FunctionInvokingChatClient, Microsoft.Extensions.AI");

    private readonly HashSet<string>? _declared;

    private ServerTools(HashSet<string>? declared)
    {
        _declared = declared;
    }

    /// <summary>Gets what knows only what a call says of itself.</summary>
    public static ServerTools None { get; } = new(null);

    /// <summary>Finds out what a client and its middleware do with a request's tools.</summary>
    public static ServerTools Of(IChatClient chat, ChatOptions? options) =>
        InvokerType is { } invoker && chat.GetService(invoker) is not null
            ? new ServerTools([.. (options?.Tools ?? []).Where(static tool => tool is AIFunctionDeclaration and not AIFunction).Select(static tool => tool.Name)])
            : None;

    public ToolRunner RunnerOf(FunctionCallContent call) =>
        call.InformationalOnly || _declared?.Contains(call.Name) == false ? ToolRunner.Server : ToolRunner.Client;
}

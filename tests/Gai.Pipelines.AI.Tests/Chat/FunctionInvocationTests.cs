using System.Runtime.CompilerServices;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI.Tests.Chat;

/// <summary>The middleware that runs an application's own functions, as it is: it lets calls pass before it runs them.</summary>
public sealed class FunctionInvocationTests
{
    private static readonly AIFunction Weather = AIFunctionFactory.Create(static (string city) => $"26 in {city}", "get_weather");

    [Fact]
    public async Task StreamEvents_AFunctionThatTheMiddlewareRuns_IsTheServers()
    {
        StreamEvent[] events = await AskAsync(Model().AsBuilder().UseFunctionInvocation().Build(), new ChatOptions { Tools = [Weather] });

        Assert.Equal(ToolRunner.Server, events.Single(static item => item.Type == StreamEventType.ToolCall).Runner);
        Assert.Equal("\"26 in Zagreb\"", events.Single(static item => item.Type == StreamEventType.ToolResult).Text.ToString());
    }

    [Fact]
    public async Task StreamEvents_AFunctionThatMiddlewareAddsAndRuns_IsTheServers()
    {
        IChatClient chat = Model().AsBuilder().ConfigureOptions(static options => options.Tools = [Weather]).UseFunctionInvocation().Build();

        StreamEvent[] events = await AskAsync(chat, null);

        Assert.Equal(ToolRunner.Server, events.Single(static item => item.Type == StreamEventType.ToolCall).Runner);
    }

    [Fact]
    public async Task StreamEvents_TheClientsDeclarationBehindTheMiddleware_IsTheClients()
    {
        StreamEvent[] events = await AskAsync(Model().AsBuilder().UseFunctionInvocation().Build(), new ChatOptions { Tools = [Weather.AsDeclarationOnly()] });

        Assert.Equal(ToolRunner.Client, events.Single(static item => item.Type == StreamEventType.ToolCall).Runner);
        Assert.DoesNotContain(events, static item => item.Type == StreamEventType.ToolResult);
    }

    [Fact]
    public async Task StreamEvents_AFunctionThatIsCalledBesideTheClients_HasNoResult()
    {
        AIFunctionDeclaration declared = AIFunctionFactory.CreateDeclaration("ask_user", null, JsonDocument.Parse("{}").RootElement);

        StreamEvent[] events = await AskAsync(new CallingModel("get_weather", "ask_user").AsBuilder().UseFunctionInvocation().Build(), new ChatOptions { Tools = [Weather, declared] });

        Assert.Equal([ToolRunner.Server, ToolRunner.Client], events.Where(static item => item.Type == StreamEventType.ToolCall).Select(static item => item.Runner));
        Assert.DoesNotContain(events, static item => item.Type == StreamEventType.ToolResult);
    }

    [Fact]
    public async Task StreamEvents_AFunctionThatNobodyRuns_IsTheClients() =>
        Assert.Equal(ToolRunner.Client, (await AskAsync(Model(), new ChatOptions { Tools = [Weather] })).Single(static item => item.Type == StreamEventType.ToolCall).Runner);

    [Fact]
    public async Task Answer_AFunctionThatTheMiddlewareRuns_IsNotShownToClientsOfOpenAI()
    {
        StreamEvent[] events = await AskAsync(Model().AsBuilder().UseFunctionInvocation().Build(), new ChatOptions { Tools = [Weather] });

        string document = VendorStream.Answer(OpenAIChatApi.Instance, """{"model":"m","messages":[{"role":"user","content":"Hi"}]}""", events);

        JsonElement choice = JsonDocument.Parse(document).RootElement.GetProperty("choices")[0];
        Assert.Equal("stop", choice.GetProperty("finish_reason").GetString());
        Assert.False(choice.GetProperty("message").TryGetProperty("tool_calls", out _));
    }

    private static CallingModel Model() => new("get_weather");

    private static async Task<StreamEvent[]> AskAsync(IChatClient chat, ChatOptions? options)
    {
        var events = new List<StreamEvent>();
        await foreach (StreamEvent item in chat.StreamEventsAsync([new ChatMessage(ChatRole.User, "Hi")], options))
        {
            events.Add(item);
        }

        return [.. events];
    }

    /// <summary>A model that calls functions, and says that it is warm once it has a result.</summary>
    private sealed class CallingModel(params string[] names) : IChatClient
    {
        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await Task.CompletedTask;
            if (messages.Any(static message => message.Role == ChatRole.Tool))
            {
                yield return new ChatResponseUpdate(ChatRole.Assistant, "It is warm.") { FinishReason = ChatFinishReason.Stop };
                yield break;
            }

            AIContent[] calls = [.. names.Select(static (name, index) => new FunctionCallContent($"c{index}", name, new Dictionary<string, object?> { ["city"] = "Zagreb" }))];
            yield return new ChatResponseUpdate(ChatRole.Assistant, calls) { FinishReason = ChatFinishReason.ToolCalls };
        }

        public Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
            throw new NotSupportedException("Only streams are asked for.");

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}

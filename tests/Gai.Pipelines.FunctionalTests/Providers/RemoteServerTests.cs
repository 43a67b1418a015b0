using System.Runtime.CompilerServices;
using Gai.Pipelines.AI;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.FunctionalTests.Providers;

/// <summary>A server of this library as the provider of another.</summary>
public sealed class RemoteServerTests
{
    private static readonly ChatMessage[] Hello = [new(ChatRole.User, "Hello")];

    private readonly Watched _watched = new();

    [Theory]
    [InlineData("/gai", "text/event-stream")]
    [InlineData("/gai", "application/x-ndjson")]
    [InlineData("/gai", "application/jsonl")]
    [InlineData("/events", "text/event-stream")]
    [InlineData("/events", "application/x-ndjson")]
    public async Task GaiChatClient_AnyFormat_GivesTheAnswerOfTheOtherServer(string path, string accept)
    {
        await using TestServer server = await StartAsync(new ScriptedChat());
        using var client = new GaiChatClient(server.Client("1.1"), (_, _) => TestServer.Get(path, accept));

        ChatResponse response = await client.GetResponseAsync(Hello);

        Assert.Equal("Hello \U0001F30D", response.Text);
        Assert.Equal(["call_1", "call_2"], response.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>().Select(call => call.CallId));
        Assert.Equal((ChatFinishReason.ToolCalls, 18, "m1"), (response.FinishReason, response.Usage!.TotalTokenCount, response.ModelId));
    }

    [Theory]
    [InlineData("text/event-stream")]
    [InlineData("application/x-ndjson")]
    public async Task GaiChatClient_ErrorBeforeAndInTheStream_IsTheOtherServersError(string accept)
    {
        var error = new StreamError(StreamErrorCodes.RateLimited, "Slow down.", Temporary: true, TimeSpan.FromSeconds(3));
        foreach (int after in (int[])[0, 2])
        {
            await using TestServer server = await StartAsync(new ScriptedChat { FailsAfter = after, Error = error });
            using var client = new GaiChatClient(server.Client("1.1"), (_, _) => TestServer.Get("/gai", accept));

            var thrown = await Assert.ThrowsAsync<StreamErrorException>(() => client.GetResponseAsync(Hello));

            Assert.Equal(error, thrown.Error);
        }
    }

    [Theory]
    [InlineData("text/event-stream")]
    [InlineData("application/x-ndjson")]
    public async Task GaiChatClient_ServerIsSilentForTooLong_IsTimeout(string accept)
    {
        await using TestServer server = await TestServer.StartAsync(app =>
            app.MapGet("/gai", () => TypedResults.Extensions.EventStream(_watched.ThenSilence([StreamEvent.TextDelta("Hi")]))));
        var time = new ManualTimeProvider();
        using var client = new GaiChatClient(server.Client("1.1"), (_, _) => TestServer.Get("/gai", accept)) { TimeProvider = time };

        Task<StreamErrorException> thrown = Assert.ThrowsAsync<StreamErrorException>(() => client.GetResponseAsync(Hello));
        await Deadline.UntilAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(45));
            return thrown.IsCompleted;
        });

        Assert.Equal(StreamErrorCodes.Timeout, (await thrown).Error.Code);
        await _watched.Cancelled;
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-2)]
    [InlineData(24 * 24 * 3600)]
    public void GaiChatClient_ReadTimeoutOutOfItsRange_IsRefused(int seconds)
    {
        using var http = new HttpClient();

        Assert.Throws<ArgumentOutOfRangeException>(() => new GaiChatClient(http, (_, _) => TestServer.Get("/gai")) { ReadTimeout = TimeSpan.FromSeconds(seconds) });
    }

    [Fact]
    public async Task GaiChatClient_NoStream_SaysWhatCame()
    {
        await using TestServer server = await TestServer.StartAsync(app => app.MapGet("/gai", () => "hello"));
        using var client = new GaiChatClient(server.Client("1.1"), (_, _) => TestServer.Get("/gai"));

        var thrown = await Assert.ThrowsAsync<StreamErrorException>(() => client.GetResponseAsync(Hello));

        Assert.Contains("got text/plain", thrown.InnerException!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Gateway_InFrontOfOpenAIEndpoint_GivesTheSameAnswer(string version)
    {
        await using TestServer server = await StartAsync(new ScriptedChat());
        await using TestServer gateway = await StartAsync(NewClient(server));
        using OpenAICompatibleChatClient client = NewClient(gateway, version);

        foreach (ChatResponse response in (ChatResponse[])[await client.GetStreamingResponseAsync(Hello).ToChatResponseAsync(), await client.GetResponseAsync(Hello)])
        {
            Assert.Equal("Hello \U0001F30D", response.Text);
            FunctionCallContent[] calls = [.. response.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>()];
            Assert.Equal([("call_1", "Zagreb"), ("call_2", "Split")], calls.Select(call => (call.CallId, call.Arguments!["city"]!.ToString()!)));
            Assert.Equal((ChatFinishReason.ToolCalls, 18), (response.FinishReason, response.Usage!.TotalTokenCount));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    public async Task Gateway_ProviderFails_TellsTheSameError(int after)
    {
        await using TestServer server = await StartAsync(new ScriptedChat { FailsAfter = after, Error = new StreamError(StreamErrorCodes.Overloaded, "Busy.", Temporary: true, TimeSpan.FromSeconds(3)) });
        await using TestServer gateway = await StartAsync(NewClient(server));
        using OpenAICompatibleChatClient client = NewClient(gateway);

        var thrown = await Assert.ThrowsAsync<StreamErrorException>(() => client.GetStreamingResponseAsync(Hello).ToChatResponseAsync());

        Assert.Equal("Busy.", thrown.Error.Message);
        Assert.True(thrown.Error.Temporary);
    }

    private static OpenAICompatibleChatClient NewClient(TestServer server, string version = "1.1") =>
        new(server.Client(version), new OpenAICompatibleOptions { BaseAddress = new Uri(server.Client(version).BaseAddress!, "/v1"), Model = "m1" });

    private static Task<TestServer> StartAsync(IChatClient chat) => TestServer.StartAsync(
        app =>
        {
            app.MapGet("/gai", () => TypedResults.Extensions.ChatStream(chat, Hello));
            app.MapGet("/events", () => TypedResults.Extensions.ChatStream(chat, Hello, Dialects.GaiEvents));
            app.MapOpenAIChatCompletions("/v1/chat/completions");
        },
        services => services.AddSingleton(chat));

    /// <summary>Answers with text and two calls, or fails.</summary>
    private sealed class ScriptedChat : IChatClient
    {
        public int FailsAfter { get; init; } = -1;

        public StreamError Error { get; init; }

        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            AIContent[] contents =
            [
                new TextContent("Hello "),
                new TextContent("\U0001F30D"),
                new FunctionCallContent("call_1", "get_weather", new Dictionary<string, object?> { ["city"] = "Zagreb" }),
                new FunctionCallContent("call_2", "get_weather", new Dictionary<string, object?> { ["city"] = "Split" }),
                new UsageContent(new UsageDetails { InputTokenCount = 11, OutputTokenCount = 7, TotalTokenCount = 18 }),
            ];
            for (int i = 0; i < contents.Length; i++)
            {
                if (i == FailsAfter)
                {
                    throw new StreamErrorException(Error);
                }

                yield return new ChatResponseUpdate(ChatRole.Assistant, [contents[i]]) { ResponseId = "r1", ModelId = "m1" };
            }

            yield return new ChatResponseUpdate { ResponseId = "r1", ModelId = "m1", FinishReason = ChatFinishReason.ToolCalls };
        }

        public Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }
}

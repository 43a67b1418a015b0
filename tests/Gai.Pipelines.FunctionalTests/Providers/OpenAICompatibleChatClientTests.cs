using System.ClientModel;
using System.Text;
using Gai.Pipelines.AI;
using Gai.Pipelines.TestUtilities;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;
using ChatFinishReason = Microsoft.Extensions.AI.ChatFinishReason;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace Gai.Pipelines.FunctionalTests.Providers;

public sealed class OpenAICompatibleChatClientTests
{
    private static readonly ChatMessage[] Hello = [new(ChatRole.User, "Hello")];

    private static readonly string Answer =
        ": keep-alive\n\n" +
        Upstream.Delta("""{"role":"assistant","content":"","refusal":null}""") +
        Upstream.Delta("""{"content":"Dobar dan, "}""") +
        ": keep-alive\n\n" +
        Upstream.Delta("""{"content":"svij\u0065te \ud83c\udf0d č\u2028\"\\\n"}""") +
        Upstream.Delta("""{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"get_weather","arguments":""}}]}""") +
        Upstream.Delta("""{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":"}}]}""") +
        Upstream.Delta("""{"tool_calls":[{"index":0,"function":{"arguments":"\"Zagreb 🌍\"}"}}]}""") +
        Upstream.Delta("""{"tool_calls":[{"index":1,"id":"call_2","type":"function","function":{"name":"now","arguments":"{}"}}]}""") +
        Upstream.Delta("{}", "\"tool_calls\"") +
        Upstream.Usage("""{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":2}}""") +
        Upstream.Done;

    [Theory]
    [InlineData(64 * 1024, "\n")]
    [InlineData(7, "\n")]
    [InlineData(7, "\r\n")]
    [InlineData(1, "\n")]
    public async Task GetStreamingResponse_SameBytes_SaysWhatTheOfficialClientSays(int pieceBytes, string lineEnd)
    {
        await using Upstream upstream = await Upstream.StreamingAsync(Answer.Replace("\n", lineEnd, StringComparison.Ordinal), pieceBytes);
        using OpenAICompatibleChatClient client = upstream.NewClient();

        ChatResponse ours = await client.GetStreamingResponseAsync(Hello).ToChatResponseAsync();

        var official = new ChatClient("mock-1", new ApiKeyCredential("key-1"), new OpenAIClientOptions { Endpoint = upstream.BaseAddress });
        var text = new StringBuilder();
        var calls = new SortedDictionary<int, (string? Id, string? Name, StringBuilder Input)>();
        OpenAI.Chat.ChatFinishReason? reason = null;
        ChatTokenUsage? usage = null;
        await foreach (StreamingChatCompletionUpdate update in official.CompleteChatStreamingAsync([new UserChatMessage("Hello")]))
        {
            text.Append(string.Concat(update.ContentUpdate.Select(part => part.Text)));
            foreach (StreamingChatToolCallUpdate call in update.ToolCallUpdates)
            {
                (string? id, string? name, StringBuilder input) = calls.GetValueOrDefault(call.Index, (null, null, new StringBuilder()));
                calls[call.Index] = (id ?? call.ToolCallId, name ?? call.FunctionName, input.Append(call.FunctionArgumentsUpdate?.ToString()));
            }

            reason = update.FinishReason ?? reason;
            usage = update.Usage ?? usage;
        }

        Assert.Equal(text.ToString(), ours.Text);
        Assert.Equal("Dobar dan, svijete \U0001F30D č\u2028\"\\\n", ours.Text);
        FunctionCallContent[] ourCalls = [.. ours.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>()];
        Assert.Equal(calls.Values.Select(call => (call.Id, call.Name)), ourCalls.Select(call => ((string?)call.CallId, (string?)call.Name)));
        Assert.Equal("""{"city":"Zagreb 🌍"}""", calls[0].Input.ToString());
        Assert.Equal("Zagreb \U0001F30D", ourCalls[0].Arguments!["city"]!.ToString());
        Assert.Empty(ourCalls[1].Arguments!);
        Assert.Equal((OpenAI.Chat.ChatFinishReason.ToolCalls, ChatFinishReason.ToolCalls), (reason, ours.FinishReason));
        Assert.Equal(
            ((long)usage!.InputTokenCount, (long)usage.OutputTokenCount, (long)usage.TotalTokenCount, (long)usage.InputTokenDetails.CachedTokenCount, (long)usage.OutputTokenDetails.ReasoningTokenCount),
            (ours.Usage!.InputTokenCount!.Value, ours.Usage.OutputTokenCount!.Value, ours.Usage.TotalTokenCount!.Value, ours.Usage.CachedInputTokenCount!.Value, ours.Usage.ReasoningTokenCount!.Value));
        Assert.Equal(("chatcmpl-1", "mock-1", DateTimeOffset.FromUnixTimeSeconds(1763800000)), (ours.ResponseId, ours.ModelId, ours.CreatedAt));
    }

    [Fact]
    public async Task GetResponse_WholeCompletion_SaysWhatTheOfficialClientSays()
    {
        const string Completion =
            """{"id":"c1","object":"chat.completion","created":1763800000,"model":"mock-1","choices":[{"index":0,"message":{"role":"assistant","content":"Hi \ud83c\udf0d","refusal":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"now","arguments":"{\"a\":1}"}}]},"finish_reason":"tool_calls","logprobs":null}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3}}""";
        await using Upstream upstream = await Upstream.StartAsync(context => Upstream.WriteAsync(context, Completion, contentType: "application/json"));
        using OpenAICompatibleChatClient client = upstream.NewClient();

        ChatResponse ours = await client.GetResponseAsync(Hello);
        ChatResponse streamed = await client.GetStreamingResponseAsync(Hello).ToChatResponseAsync();
        var official = new ChatClient("mock-1", new ApiKeyCredential("key-1"), new OpenAIClientOptions { Endpoint = upstream.BaseAddress });
        ChatCompletion theirs = await official.CompleteChatAsync([new UserChatMessage("Hello")]);

        Assert.Equal(theirs.Content[0].Text, ours.Text);
        FunctionCallContent call = Assert.Single(ours.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>());
        Assert.Equal((theirs.ToolCalls[0].Id, theirs.ToolCalls[0].FunctionName, "1"), (call.CallId, call.Name, call.Arguments!["a"]!.ToString()));
        Assert.Equal((3, ChatFinishReason.ToolCalls), (ours.Usage!.TotalTokenCount, ours.FinishReason));
        Assert.Equal(ours.Text, streamed.Text);
        Assert.Equal([false, true], upstream.Requests.Take(2).Select(request => request.GetProperty("stream").GetBoolean()));
    }

    [Fact]
    public async Task StreamEvents_AndUpdates_AreTheSameAnswer()
    {
        await using Upstream upstream = await Upstream.StreamingAsync(Answer, pieceBytes: 7);
        using OpenAICompatibleChatClient client = upstream.NewClient();

        List<string> direct = [];
        await foreach (StreamEvent item in client.StreamEventsAsync(Hello))
        {
            direct.Add($"{item.Type} {item.Text} {item.FinishReason} {item.Usage}");
        }

        List<string> converted = [];
        await foreach (StreamEvent item in client.GetStreamingResponseAsync(Hello).ToStreamEventsAsync())
        {
            converted.Add($"{item.Type} {item.Text} {item.FinishReason} {item.Usage}");
        }

        Assert.Equal(direct.Where(line => !line.StartsWith("ToolCall", StringComparison.Ordinal)), converted.Where(line => !line.StartsWith("ToolCall", StringComparison.Ordinal)));
        Assert.Equal(4, direct.Count(line => line.StartsWith("ToolCallDelta", StringComparison.Ordinal)));
        Assert.Equal(2, converted.Count(line => line.StartsWith("ToolCall ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task StreamEvents_Request_HasAddressKeyAndHeaders()
    {
        await using Upstream upstream = await Upstream.StreamingAsync(Answer);
        var options = new OpenAICompatibleOptions
        {
            BaseAddress = upstream.BaseAddress, ApiKey = "key-1", Model = "m", Headers = new Dictionary<string, string> { ["X-Title"] = "gai", ["Accept"] = "*/*" },
        };
        using OpenAICompatibleChatClient client = upstream.NewClient(options: options);

        await client.StreamEventsAsync(Hello).LastAsync();

        Assert.Equal(
            ["Bearer key-1", "gai", "*/*", "application/json"],
            ((string[])["Authorization", "X-Title", "Accept", "Content-Type"]).Select(name => upstream.Headers[name].ToString()));
        Assert.True(upstream.Requests.Single().GetProperty("stream_options").GetProperty("include_usage").GetBoolean());
        var metadata = (ChatClientMetadata)client.GetService(typeof(ChatClientMetadata))!;
        Assert.Equal(("openai-compatible", upstream.BaseAddress, "m"), (metadata.ProviderName, metadata.ProviderUri, metadata.DefaultModelId));
        Assert.DoesNotContain("key-1", options.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task StreamEvents_EnumerationIsLeft_EndsTheConnection()
    {
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using Upstream upstream = await Upstream.StartAsync(async context =>
        {
            context.RequestAborted.Register(left.SetResult);
            await Upstream.WriteAsync(context, Upstream.Delta("""{"content":"a"}"""));
            await left.Task;
        });

        // A handler that would read a response on for ever to save its connection.
        using var http = new HttpClient(new SocketsHttpHandler { ResponseDrainTimeout = Timeout.InfiniteTimeSpan });
        using OpenAICompatibleChatClient client = upstream.NewClient(http);

        await foreach (StreamEvent item in client.StreamEventsAsync(Hello))
        {
            if (item.Type == StreamEventType.TextDelta)
            {
                break;
            }
        }

        await left.Task.OrFail("the provider sees that its client has left");
    }

    [Fact]
    public async Task StreamEvents_Cancelled_EndsTheConnectionAndSaysSo()
    {
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using Upstream upstream = await Upstream.StartAsync(async context =>
        {
            context.RequestAborted.Register(left.SetResult);
            await Upstream.WriteAsync(context, Upstream.Delta("""{"content":"a"}"""));
            await left.Task;
        });
        using OpenAICompatibleChatClient client = upstream.NewClient();
        using var cancellation = new CancellationTokenSource();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (StreamEvent item in client.StreamEventsAsync(Hello, cancellationToken: cancellation.Token))
            {
                await cancellation.CancelAsync();
            }
        });

        await left.Task.OrFail("the provider sees that its client has left");
    }

    [Fact]
    public async Task StreamEvents_WholeAnswers_ShareOneConnection()
    {
        var connections = new System.Collections.Concurrent.ConcurrentBag<string>();
        await using Upstream upstream = await Upstream.StartAsync(context =>
        {
            connections.Add(context.Connection.Id);
            return Upstream.WriteAsync(context, Answer);
        });

        // The end of the body may come after the last event: the next request waits for the connection instead of opening another one meanwhile.
        using var handler = new SocketsHttpHandler { MaxConnectionsPerServer = 1 };
        using var http = new HttpClient(handler);
        using OpenAICompatibleChatClient client = upstream.NewClient(http);

        for (int i = 0; i < 3; i++)
        {
            await client.GetStreamingResponseAsync(Hello).ToChatResponseAsync();
        }

        Assert.Single(connections.Distinct());
    }
}

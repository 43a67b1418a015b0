using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Gai.Pipelines.AI;
using Gai.Pipelines.TestUtilities;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI.Tests.Chat;

public sealed class ChatEventsTests
{
    private static readonly DateTimeOffset Noon = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task ToStreamEvents_FirstUpdate_BeginsWithIdModelAndProvider()
    {
        StreamEvent[] events = await ConvertAsync([new ChatResponseUpdate(ChatRole.Assistant, "Hi") { ResponseId = "r1", ModelId = "m1", CreatedAt = Noon }]);

        Assert.Equal([StreamEventType.Start, StreamEventType.TextDelta, StreamEventType.Finish], events.Select(e => e.Type));
        Assert.Equal(("r1", "m1", "here"), (events[0].Id, events[0].Model, events[0].Provider));
        Assert.Equal([Noon, Noon, null], events.Select(e => e.Timestamp));
    }

    [Fact]
    public async Task ToStreamEvents_NoUpdate_StillBeginsAndEnds()
    {
        StreamEvent[] events = await ConvertAsync([]);

        Assert.Equal([StreamEventType.Start, StreamEventType.Finish], events.Select(e => e.Type));
        Assert.Equal("here", events[0].Provider);
        Assert.Null(events[1].Usage);
        Assert.Null(events[1].FinishReason);
    }

    [Fact]
    public async Task ToStreamEvents_Text_BecomesTextDelta() =>
        Assert.Equal("čao 🙂", (await ConvertOneAsync(new TextContent("čao 🙂"))).Text.String);

    [Fact]
    public async Task ToStreamEvents_Reasoning_KeepsItsSignature()
    {
        StreamEvent item = await ConvertOneAsync(new TextReasoningContent("hm") { ProtectedData = "sig" });

        Assert.Equal((StreamEventType.ReasoningDelta, "hm", "sig"), (item.Type, item.Text.String, item.Signature));
    }

    [Fact]
    public async Task ToStreamEvents_FunctionCall_BecomesToolCallWithCompactJson()
    {
        StreamEvent item = await ConvertOneAsync(
            new FunctionCallContent("c1", "get_weather", new Dictionary<string, object?> { ["city"] = "Zagreb \"ž\"", ["days"] = 2, ["x"] = null }));

        Assert.Equal((StreamEventType.ToolCall, "c1", "get_weather"), (item.Type, item.Id, item.Name));
        Assert.Equal("""{"city":"Zagreb \"ž\"","days":2,"x":null}""", Utf8(item));
    }

    [Fact]
    public async Task ToStreamEvents_FunctionCallWithoutArguments_HasNoInput() =>
        Assert.True((await ConvertOneAsync(new FunctionCallContent("c1", "now"))).Text.IsEmpty);

    [Theory]
    [InlineData("tool_calls")]
    [InlineData("stop")]
    [InlineData(null)]
    public async Task ToStreamEvents_FunctionCallThatCannotBeRead_FailsTheStream(string? reason)
    {
        var cause = new JsonException("secret");
        FunctionCallContent call = new("c1", "now") { Exception = cause };

        var thrown = await Assert.ThrowsAsync<StreamErrorException>(() => ConvertAsync(
            [new ChatResponseUpdate(ChatRole.Assistant, [call]), new ChatResponseUpdate { FinishReason = reason is null ? null : new ChatFinishReason(reason) }]));

        Assert.Equal(new StreamError(StreamErrorCodes.Internal, "The model called the tool \"now\" with an input that is no JSON object.", Temporary: true), thrown.Error);
        Assert.Same(cause, thrown.InnerException);
    }

    [Fact]
    public async Task ToStreamEvents_FunctionCallThatTheLimitHasCutOff_IsLeftOut()
    {
        FunctionCallContent cut = FunctionCallContent.CreateFromParsedArguments(
            "{\"city\":\"Za", "c2", "get_weather", static json => JsonSerializer.Deserialize<Dictionary<string, object?>>(json));

        StreamEvent[] events = await ConvertAsync(
        [
            new ChatResponseUpdate { ResponseId = "r1", FinishReason = ChatFinishReason.Length },
            new ChatResponseUpdate(ChatRole.Assistant, [new FunctionCallContent("c1", "now"), cut]) { ResponseId = "r1", FinishReason = ChatFinishReason.Length },
        ]);

        Assert.Equal(["Start", "ToolCall", "FinishStep 1", "Finish"], Told(events));
        Assert.Equal(("c1", FinishReasons.Length), (events[1].Id, events[^1].FinishReason));
    }

    [Fact]
    public async Task ToStreamEvents_FunctionCallOfTheServerThatCannotBeRead_IsWhatTheServerRuns() =>
        Assert.True((await ConvertOneAsync(new FunctionCallContent("c1", "now") { Exception = new JsonException(), InformationalOnly = true })).Text.IsEmpty);

    [Fact]
    public async Task ToStreamEvents_FunctionResult_RemembersTheNameOfItsCall()
    {
        StreamEvent[] events = await ConvertAsync(
        [
            new ChatResponseUpdate(ChatRole.Assistant, [new FunctionCallContent("c1", "get_weather"), new FunctionCallContent("c2", "now")]),
            new ChatResponseUpdate(ChatRole.Tool, [new FunctionResultContent("c2", "noon"), new FunctionResultContent("c1", new { sunny = true }), new FunctionResultContent("c9", null)]),
        ]);

        StreamEvent[] results = [.. events.Where(e => e.Type == StreamEventType.ToolResult)];
        Assert.Equal([("c2", "now", "\"noon\""), ("c1", "get_weather", """{"sunny":true}"""), ("c9", null, "null")], results.Select(e => (e.Id!, e.Name, Utf8(e))));
    }

    [Fact]
    public async Task ToStreamEvents_Audio_BecomesAudioDelta()
    {
        StreamEvent item = await ConvertOneAsync(new DataContent(new byte[] { 1, 2, 3 }, "audio/pcm"));

        Assert.Equal((StreamEventType.AudioDelta, "audio/pcm"), (item.Type, item.AudioFormat!.Value.Mime));
        Assert.Equal([1, 2, 3], item.Audio.ToArray());
    }

    [Fact]
    public async Task ToStreamEvents_OtherContent_BecomesRawJson()
    {
        StreamEvent image = await ConvertOneAsync(new DataContent(new byte[] { 1 }, "image/png"));
        StreamEvent link = await ConvertOneAsync(new UriContent("https://example.org/a", "text/html"));

        Assert.Equal([StreamEventType.Raw, StreamEventType.Raw], [image.Type, link.Type]);
        Assert.Equal("data:image/png;base64,AQ==", JsonDocument.Parse(image.Text.Utf8).RootElement.GetProperty("uri").GetString());
        Assert.Equal("https://example.org/a", JsonDocument.Parse(link.Text.Utf8).RootElement.GetProperty("uri").GetString());
        Assert.DoesNotContain('\n', Utf8(link));
    }

    [Fact]
    public async Task ToStreamEvents_Annotations_FollowTheirText()
    {
        var text = new TextContent("cited")
        {
            Annotations =
            [
                new CitationAnnotation { Url = new Uri("https://example.org/a"), Title = "A", AnnotatedRegions = [new TextSpanAnnotatedRegion { StartIndex = 1, EndIndex = 4 }] },
                new AIAnnotation(),
                new CitationAnnotation { FileId = "file-1" },
            ],
        };

        StreamEvent[] events = await ConvertAsync([new ChatResponseUpdate(ChatRole.Assistant, [text])]);

        Assert.Equal([StreamEventType.Start, StreamEventType.TextDelta, StreamEventType.Citations, StreamEventType.Finish], events.Select(e => e.Type));
        Assert.Equal([new Citation("https://example.org/a", "A", 1, 4), new Citation("file-1")], events[2].Citations);
    }

    [Fact]
    public async Task ToStreamEvents_Usage_IsAddedUpForTheFinish()
    {
        StreamEvent[] events = await ConvertAsync(
        [
            new ChatResponseUpdate(ChatRole.Assistant, [new UsageContent(new UsageDetails { InputTokenCount = 10, OutputTokenCount = 5, TotalTokenCount = 17 })]),
            new ChatResponseUpdate(ChatRole.Assistant, [new UsageContent(new UsageDetails { InputTokenCount = 1, OutputTokenCount = 2 })]),
        ]);

        Assert.Equal([StreamEventType.Start, StreamEventType.Finish], events.Select(e => e.Type));
        Assert.Equal(new TokenUsage(11, 7, 20), events[1].Usage);
    }

    [Fact]
    public async Task ToStreamEvents_FinishReasons_EndStepsAndTheAnswer()
    {
        StreamEvent[] events = await ConvertAsync(
        [
            new ChatResponseUpdate { FinishReason = ChatFinishReason.ToolCalls },
            new ChatResponseUpdate { FinishReason = ChatFinishReason.Stop },
        ]);

        Assert.Equal([StreamEventType.Start, StreamEventType.FinishStep, StreamEventType.FinishStep, StreamEventType.Finish], events.Select(e => e.Type));
        Assert.Equal([1, 2], events[1..3].Select(e => e.StepNumber));
        Assert.Equal("stop", events[3].FinishReason);
    }

    [Fact]
    public async Task ToStreamEvents_FinishReasonBeforeUsageAndCalls_EndsOneStepAfterThem()
    {
        // As the client of Microsoft.Extensions.AI for OpenAI gives them.
        StreamEvent[] events = await ConvertAsync(
        [
            new ChatResponseUpdate(ChatRole.Assistant, "Hm.") { ResponseId = "r1", MessageId = "r1" },
            new ChatResponseUpdate(ChatRole.Assistant, []) { ResponseId = "r1", MessageId = "r1", FinishReason = ChatFinishReason.ToolCalls },
            new ChatResponseUpdate(ChatRole.Assistant, [new UsageContent(new UsageDetails { InputTokenCount = 1 })]) { ResponseId = "r1", MessageId = "r1", FinishReason = ChatFinishReason.ToolCalls },
            new ChatResponseUpdate(ChatRole.Assistant, [new FunctionCallContent("c1", "now")]) { ResponseId = "r1", MessageId = "r1", FinishReason = ChatFinishReason.ToolCalls },
        ]);

        Assert.Equal(["Start", "TextDelta", "ToolCall", "FinishStep 1", "Finish"], Told(events));
    }

    public static TheoryData<string, ChatResponseUpdate> FirstUpdatesOfTheNextStep => new()
    {
        { "ToolResult", new ChatResponseUpdate(ChatRole.Tool, [new FunctionResultContent("c1", "noon")]) { ResponseId = "r1" } },
        { "TextDelta", new ChatResponseUpdate(ChatRole.Assistant, "Noon.") { ResponseId = "r2" } },
        { "TextDelta", new ChatResponseUpdate(ChatRole.Assistant, "Noon.") { ResponseId = "r1", MessageId = "m2" } },
        { "TextDelta", new ChatResponseUpdate(ChatRole.Assistant, "Noon.") },
        { "TextDelta", new ChatResponseUpdate(ChatRole.Assistant, "Noon.") { ResponseId = "r1", MessageId = "m1", FinishReason = ChatFinishReason.Stop } },
    };

    [Theory]
    [MemberData(nameof(FirstUpdatesOfTheNextStep))]
    public async Task ToStreamEvents_UpdateOfTheNextStep_ComesAfterTheEndOfTheStep(string told, ChatResponseUpdate next)
    {
        StreamEvent[] events = await ConvertAsync(
        [
            new ChatResponseUpdate(ChatRole.Assistant, [new FunctionCallContent("c1", "now")]) { ResponseId = "r1", MessageId = "m1", FinishReason = ChatFinishReason.ToolCalls },
            new ChatResponseUpdate(ChatRole.Assistant, [new UsageContent(new UsageDetails { InputTokenCount = 1 })]),
            next,
        ]);

        Assert.Equal(["Start", "ToolCall", "FinishStep 1", told], Told(events)[..4]);
    }

    [Fact]
    public async Task ToStreamEvents_MoreOfTheSameMessage_BelongsToItsStep()
    {
        StreamEvent[] events = await ConvertAsync(
        [
            new ChatResponseUpdate(ChatRole.Assistant, []) { ResponseId = "r1", FinishReason = ChatFinishReason.ToolCalls, CreatedAt = Noon },
            new ChatResponseUpdate(ChatRole.Assistant, [new FunctionCallContent("c1", "now")]) { ResponseId = "r1" },
        ]);

        Assert.Equal(["Start", "ToolCall", "FinishStep 1", "Finish"], Told(events));
        Assert.Equal(Noon, events[2].Timestamp);
    }

    [Fact]
    public async Task ToStreamEvents_Error_BecomesFailure()
    {
        StreamEvent known = await ConvertOneAsync(new ErrorContent("Too busy.") { ErrorCode = "overloaded" });
        StreamEvent unknown = await ConvertOneAsync(new ErrorContent("Broken."));

        Assert.Equal(new StreamError("overloaded", "Too busy."), known.Error);
        Assert.Equal(new StreamError(StreamErrorCodes.Internal, "Broken."), unknown.Error);
    }

    [Fact]
    public async Task ToStreamEvents_Refusal_IsTextThatAFilterEnded()
    {
        StreamEvent[] events = await ConvertAsync([new ChatResponseUpdate(ChatRole.Assistant, [new ErrorContent("I cannot.") { ErrorCode = "Refusal" }]) { FinishReason = ChatFinishReason.Stop }]);

        Assert.Equal("I cannot.", events[1].Text.String);
        Assert.Equal(FinishReasons.ContentFilter, events[^1].FinishReason);
    }

    [Fact]
    public async Task ToStreamEvents_InformationalCall_IsRunByTheServer()
    {
        StreamEvent[] events = await ConvertAsync([new ChatResponseUpdate(ChatRole.Assistant, [new FunctionCallContent("c1", "a") { InformationalOnly = true }, new FunctionCallContent("c2", "b")])]);

        Assert.Equal([ToolRunner.Server, ToolRunner.Client], events[1..3].Select(e => e.Runner));
    }

    [Fact]
    public async Task ToStreamEvents_CachedAndReasoningTokens_AreAddedUp()
    {
        UsageContent usage = new(new UsageDetails { InputTokenCount = 10, OutputTokenCount = 5, CachedInputTokenCount = 4, ReasoningTokenCount = 2 });

        StreamEvent[] events = await ConvertAsync([new ChatResponseUpdate(ChatRole.Assistant, [usage, usage])]);

        Assert.Equal(new TokenUsage(20, 10, 30) { CachedInputTokens = 8, ReasoningTokens = 4 }, events[^1].Usage);
    }

    [Theory]
    [InlineData("end_turn", FinishReasons.Stop)]
    [InlineData("max_tokens", FinishReasons.Length)]
    [InlineData("tool_use", FinishReasons.ToolCalls)]
    [InlineData("refusal", FinishReasons.ContentFilter)]
    [InlineData("stop_sequence", FinishReasons.StopSequence)]
    [InlineData("bored", "bored")]
    public async Task ToStreamEvents_FinishReasonOfAProvider_GetsItsNeutralName(string theirs, string ours) =>
        Assert.Equal(ours, (await ConvertAsync([new ChatResponseUpdate { FinishReason = new ChatFinishReason(theirs) }]))[^1].FinishReason);

    [Fact]
    public async Task ToStreamEvents_ContentOfAnUnknownType_IsNamed() =>
        Assert.Equal("""{"content":"StrangeContent"}""", Utf8(await ConvertOneAsync(new StrangeContent())));

    public static TheoryData<Exception, string> ExceptionsOfProviders => new()
    {
        { new HttpRequestException("secret", null, System.Net.HttpStatusCode.TooManyRequests), StreamErrorCodes.RateLimited },
        { new InvalidOperationException("secret", new HttpRequestException("secret", null, System.Net.HttpStatusCode.Unauthorized)), StreamErrorCodes.Unauthorized },
        { new HttpRequestException("secret"), StreamErrorCodes.Network },
        { new TaskCanceledException("secret", new TimeoutException()), StreamErrorCodes.Timeout },
        { new HttpIOException(System.Net.Http.HttpRequestError.ResponseEnded, "secret"), StreamErrorCodes.Network },
    };

    [Theory]
    [MemberData(nameof(ExceptionsOfProviders))]
    public async Task ToStreamEvents_ProviderFails_SaysWhatItMeansWithoutItsText(Exception failure, string code)
    {
        var thrown = await Assert.ThrowsAsync<StreamErrorException>(async () => await FailAsync(failure).ToStreamEventsAsync().ToListAsync());

        Assert.Equal(code, thrown.Error.Code);
        Assert.DoesNotContain("secret", thrown.Error.Message, StringComparison.Ordinal);
        Assert.Same(failure, thrown.InnerException);
    }

    [Fact]
    public async Task ToStreamEvents_OtherFailure_IsLeftAsItIs()
    {
        var failure = new InvalidOperationException("of the application");

        Assert.Same(failure, await Assert.ThrowsAsync<InvalidOperationException>(async () => await FailAsync(failure).ToStreamEventsAsync().ToListAsync()));
    }

    [Fact]
    public async Task StreamEvents_NobodyReads_DoesNotAskTheModel()
    {
        using var chat = new CountingChatClient();

        IAsyncEnumerable<StreamEvent> events = chat.StreamEventsAsync([new ChatMessage(ChatRole.User, "Hi")]);
        Assert.Equal(0, chat.Calls);

        Assert.Equal("counter", (await events.ToArrayAsync())[0].Provider);
        Assert.Equal(1, chat.Calls);
    }

    [Fact]
    public async Task StreamEvents_ReaderIsCancelled_ModelThatTakesTheTokenAsArgumentIsToo()
    {
        using var chat = new CountingChatClient { Waits = true };
        using var cancellation = new CancellationTokenSource();
        Task reading = Task.Run(async () => await chat.StreamEventsAsync([new ChatMessage(ChatRole.User, "Hi")]).ToArrayAsync(cancellation.Token));

        await chat.Waiting.Task.OrFail();
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading.OrFail());
    }

    private static string[] Told(StreamEvent[] events) =>
        [.. events.Select(static item => item.Type == StreamEventType.FinishStep ? $"{item.Type} {item.StepNumber}" : $"{item.Type}")];

    private static string Utf8(in StreamEvent item) => Encoding.UTF8.GetString(item.Text.Utf8.Span);

    private static async Task<StreamEvent> ConvertOneAsync(AIContent content) =>
        (await ConvertAsync([new ChatResponseUpdate(ChatRole.Assistant, [content])]))[1];

    private static async Task<StreamEvent[]> ConvertAsync(IEnumerable<ChatResponseUpdate> updates) =>
        await updates.ToAsyncEnumerable().ToStreamEventsAsync("here").ToArrayAsync();

    private static async IAsyncEnumerable<ChatResponseUpdate> FailAsync(Exception failure)
    {
        await Task.Yield();
        yield return new ChatResponseUpdate(ChatRole.Assistant, "one");
        throw failure;
    }

    private sealed class StrangeContent : AIContent;

    /// <summary>A client that does its work when it is called, not when its answer is read, and knows its token only from the call.</summary>
    private sealed class CountingChatClient : IChatClient
    {
        public int Calls { get; private set; }

        public bool Waits { get; init; }

        public TaskCompletionSource Waiting { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
        {
            Calls++;
            return AnswerAsync(cancellationToken);
        }

        public Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey = null) =>
            serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata("counter") : null;

        public void Dispose()
        {
        }

#pragma warning disable CS8425 // The token of the reader is left out on purpose.
        private async IAsyncEnumerable<ChatResponseUpdate> AnswerAsync(CancellationToken cancellationToken)
        {
            yield return new ChatResponseUpdate(ChatRole.Assistant, "one");
            if (Waits)
            {
                Waiting.SetResult();
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            }
        }
#pragma warning restore CS8425
    }
}

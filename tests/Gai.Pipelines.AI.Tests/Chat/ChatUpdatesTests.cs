using System.Text;
using Gai.Pipelines.AI;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI.Tests.Chat;

public sealed class ChatUpdatesTests
{
    private static readonly DateTimeOffset Noon = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task ToChatResponseUpdates_Start_NamesResponseAndModel()
    {
        List<ChatResponseUpdate> updates = await ConvertAsync(StreamEvent.Start("r1", "m1", "p").At(Noon), StreamEvent.TextDelta("Hi"));

        Assert.Empty(updates[0].Contents);
        Assert.Equal(Noon, updates[0].CreatedAt);
        Assert.All(updates, update => Assert.Equal(("r1", "r1", "m1", ChatRole.Assistant), (update.ResponseId, update.MessageId, update.ModelId, update.Role)));
    }

    [Fact]
    public async Task ToChatResponseUpdates_CodePointCutInUtf8_IsJoined()
    {
        byte[] face = Encoding.UTF8.GetBytes("\U0001F600");

        List<ChatResponseUpdate> updates = await ConvertAsync(
            StreamEvent.TextDelta(face[..1]), StreamEvent.TextDelta(face[1..3]), StreamEvent.TextDelta(face[3..]), StreamEvent.TextDelta(face[..2]));

        Assert.Equal(["\U0001F600", "\uFFFD"], updates.Select(update => update.Text));
    }

    [Fact]
    public async Task ToChatResponseUpdates_SurrogatePairCutByReasoning_IsJoined()
    {
        List<ChatResponseUpdate> updates = await ConvertAsync(
            StreamEvent.TextDelta("a\uD83D"), StreamEvent.ReasoningDelta("hm\uD83D"), StreamEvent.TextDelta("\uDE00b"), StreamEvent.ReasoningDelta("\uDE01"));

        Assert.Equal("a\U0001F600b", string.Concat(updates.Select(update => update.Text)));
        Assert.Equal("hm\U0001F601", string.Concat(updates.SelectMany(update => update.Contents).OfType<TextReasoningContent>().Select(content => content.Text)));
        Assert.All(updates, update => Assert.DoesNotContain(update.Contents.OfType<TextContent>(), text => text.Text.Length > 0 && char.IsHighSurrogate(text.Text[^1])));
    }

    [Fact]
    public async Task ToChatResponseUpdates_InterleavedPiecesOfCalls_BecomeWholeCallsInOrder()
    {
        List<ChatResponseUpdate> updates = await ConvertAsync(
            StreamEvent.ToolCallDelta("c1", "get_weather", "{\"city\":"),
            StreamEvent.ToolCallDelta("c2", "now", default),
            StreamEvent.ToolCallDelta("c1", null, "\"Zagreb\"}"u8.ToArray()),
            StreamEvent.Finish(FinishReasons.ToolCalls));

        FunctionCallContent[] calls = [.. updates.SelectMany(update => update.Contents).OfType<FunctionCallContent>()];
        Assert.Equal([("c1", "get_weather"), ("c2", "now")], calls.Select(call => (call.CallId, call.Name)));
        Assert.Equal("Zagreb", calls[0].Arguments!["city"]!.ToString());
        Assert.Null(calls[1].Arguments);
        Assert.Equal(ChatFinishReason.ToolCalls, updates[^1].FinishReason);
    }

    [Fact]
    public async Task ToChatResponseUpdates_WholeCallAfterItsPieces_IsToldOnce()
    {
        List<ChatResponseUpdate> updates = await ConvertAsync(
            StreamEvent.ToolCallDelta("c1", "now", "{\"a\":"), StreamEvent.ToolCall("c1", "now", "{\"a\":1}"), StreamEvent.Finish());

        FunctionCallContent call = Assert.Single(updates.SelectMany(update => update.Contents).OfType<FunctionCallContent>());
        Assert.Equal("1", call.Arguments!["a"]!.ToString());
    }

    // Half a surrogate pair does not survive in an attribute.
    public static TheoryData<string> InputsThatAreNoObject => ["[1]", "{\"a\":", "{\"\\ud83d\":1}", "{\"a\":\"\ud83d\"}"];

    [Theory]
    [MemberData(nameof(InputsThatAreNoObject), DisableDiscoveryEnumeration = true)]
    public async Task ToChatResponseUpdates_InputThatIsNoObject_IsReportedInTheCall(string input)
    {
        List<ChatResponseUpdate> updates = await ConvertAsync(StreamEvent.ToolCallDelta("c1", "now", input));

        var call = Assert.IsType<FunctionCallContent>(Assert.Single(updates[0].Contents));
        Assert.Null(call.Arguments);
        Assert.Contains("\"c1\" must be a JSON object", call.Exception!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ToChatResponseUpdates_ToolOfTheServer_IsInformationAndItsResultAMessageOfItsOwn()
    {
        ChatResponse response = await new[]
        {
            StreamEvent.Start("r1"), StreamEvent.ToolCall("c1", "now", default, ToolRunner.Server), StreamEvent.ToolResult("c1", "now", "\"noon\""), StreamEvent.TextDelta("It is noon."),
        }.ToAsyncEnumerable().ToChatResponseUpdatesAsync().ToChatResponseAsync();

        Assert.Equal([ChatRole.Assistant, ChatRole.Tool, ChatRole.Assistant], response.Messages.Select(message => message.Role));
        Assert.True(Assert.IsType<FunctionCallContent>(Assert.Single(response.Messages[0].Contents)).InformationalOnly);
        Assert.Equal("noon", Assert.IsType<FunctionResultContent>(Assert.Single(response.Messages[1].Contents)).Result);
        Assert.Equal("It is noon.", response.Messages[2].Text);
    }

    [Fact]
    public async Task ToChatResponseUpdates_Usage_HasAllCounts()
    {
        List<ChatResponseUpdate> updates = await ConvertAsync(StreamEvent.Finish("stop", new TokenUsage(11, 7, 20) { CachedInputTokens = 5, ReasoningTokens = 3 }));

        UsageDetails usage = Assert.IsType<UsageContent>(Assert.Single(updates[0].Contents)).Details;
        Assert.Equal((11, 7, 20, 5, 3), (usage.InputTokenCount, usage.OutputTokenCount, usage.TotalTokenCount, usage.CachedInputTokenCount, usage.ReasoningTokenCount));
    }

    [Fact]
    public async Task ToChatResponseUpdates_ErrorEvent_ThrowsItAfterWhatCameBefore()
    {
        var error = new StreamError(StreamErrorCodes.RateLimited, "Slow down.", Temporary: true, TimeSpan.FromSeconds(3));
        var texts = new List<string>();

        var thrown = await Assert.ThrowsAsync<StreamErrorException>(async () =>
        {
            await foreach (ChatResponseUpdate update in new[] { StreamEvent.TextDelta("Hi"), StreamEvent.Failure(error) }.ToAsyncEnumerable().ToChatResponseUpdatesAsync())
            {
                texts.Add(update.Text);
            }
        });

        Assert.Equal(["Hi"], texts);
        Assert.Equal(error, thrown.Error);
    }

    [Fact]
    public async Task ToChatResponseUpdates_BytesThatChangeAfterwards_DoNotChangeTheUpdates()
    {
        byte[] buffer = "one"u8.ToArray();
        var updates = new List<ChatResponseUpdate>();
        await foreach (ChatResponseUpdate update in Reusing(buffer).ToChatResponseUpdatesAsync())
        {
            updates.Add(update);
        }

        Assert.Equal(["one", "two"], updates.Take(2).Select(update => update.Text));
        Assert.Equal("{\"one\":1}", ((StreamEvent)updates[2].Contents[0].RawRepresentation!).Text.ToString());
        Assert.Equal("one"u8.ToArray(), ((DataContent)updates[3].Contents[0]).Data.ToArray());
    }

    /// <summary>JSON of the application's own stays what it is, also where it looks like a content of that library, which has an event of its own or cannot be made of it.</summary>
    [Theory]
    [InlineData("{\"$type\":\"data\",\"rows\":[1]}")]
    [InlineData("{\"$type\":\"data\",\"uri\":\"x\"}")]
    [InlineData("{\"$type\":\"error\",\"message\":\"row 7 skipped\"}")]
    [InlineData("{\"$type\":\"text\",\"text\":\"Hi\"}")]
    [InlineData("{\"$type\":\"functionCall\",\"callId\":\"c\",\"name\":\"n\"}")]
    [InlineData("{\"$type\":\"usage\",\"details\":{}}")]
    [InlineData("{\"$type\":\"nothing\"}")]
    public async Task ToChatResponseUpdates_RawThatLooksLikeAContent_StaysRaw(string json)
    {
        List<ChatResponseUpdate> updates = await ConvertAsync(StreamEvent.Raw(json));

        AIContent content = Assert.Single(updates[0].Contents);
        Assert.Equal(typeof(AIContent), content.GetType());
        Assert.Equal(json, ((StreamEvent)content.RawRepresentation!).Text.ToString());
    }

    [Fact]
    public async Task ToChatResponseUpdates_CallsWithoutEnd_AreBrokenOff()
    {
        StreamErrorException calls = await Assert.ThrowsAsync<StreamErrorException>(() => ConvertAsync([.. Enumerable.Range(0, 1_025).Select(static n => StreamEvent.ToolCallDelta($"c{n}", "now", "{}"))]));
        string much = new('a', 1024 * 1024);
        StreamErrorException input = await Assert.ThrowsAsync<StreamErrorException>(() => ConvertAsync([.. Enumerable.Repeat(StreamEvent.ToolCallDelta("c", "now", much), 5)]));

        Assert.Equal((StreamErrorCodes.ProviderUnavailable, StreamErrorCodes.ProviderUnavailable), (calls.Error.Code, input.Error.Code));
    }

    [Fact]
    public async Task ToChatResponseUpdates_WholeCallsThatWaitForOneWithoutEnd_AreBrokenOff()
    {
        StreamErrorException failure = await Assert.ThrowsAsync<StreamErrorException>(() => ConvertAsync(
            [StreamEvent.ToolCallDelta("c", "now", "{"), .. Enumerable.Range(0, 5).Select(static n => StreamEvent.ToolCall($"w{n}", "now", Object(1)))]));

        Assert.Equal(StreamErrorCodes.ProviderUnavailable, failure.Error.Code);
    }

    [Fact]
    public async Task ToChatResponseUpdates_OneLargeCall_IsToldHoweverOftenItIsSaid()
    {
        List<ChatResponseUpdate> updates = await ConvertAsync(
            StreamEvent.ToolCallDelta("c", "now", "{"),
            StreamEvent.ToolCall("d", "now", Object(3)),
            StreamEvent.ToolCall("d", "now", Object(3)),
            StreamEvent.ToolCall("c", "now", Object(5)),
            StreamEvent.ToolCall("e", "now", Object(5)));

        Assert.Equal(
            [("c", 5), ("d", 3), ("e", 5)],
            updates.SelectMany(static update => update.Contents).OfType<FunctionCallContent>().Select(static call => (call.CallId, call.Arguments!["a"]!.ToString()!.Length / (1024 * 1024))));
    }

    // Half a surrogate pair does not survive in an attribute.
    public static TheoryData<string> ResultsThatAreNoTextOrNoJson => ["\"a\\ud83d\"", "\"a\ud83d\"", "{\"a\":"];

    [Theory]
    [MemberData(nameof(ResultsThatAreNoTextOrNoJson), DisableDiscoveryEnumeration = true)]
    public async Task ToChatResponseUpdates_ResultThatIsNoTextOrNoJson_IsToldAsItCame(string json)
    {
        List<ChatResponseUpdate> updates = await ConvertAsync(StreamEvent.ToolResult("c", "f", json), StreamEvent.TextDelta("x"));

        Assert.Equal(json, Assert.IsType<FunctionResultContent>(Assert.Single(updates[0].Contents)).Result);
        Assert.Equal("x", updates[1].Text);
    }

    /// <summary>Makes an input of a tool of so many Mi letters.</summary>
    private static string Object(int mebi) => $"{{\"a\":\"{new string('a', mebi * 1024 * 1024)}\"}}";

    private static async IAsyncEnumerable<StreamEvent> Reusing(byte[] buffer)
    {
        await Task.Yield();
        yield return StreamEvent.TextDelta(buffer);
        "two"u8.CopyTo(buffer);
        yield return StreamEvent.TextDelta(buffer);
        byte[] json = "{\"one\":1}"u8.ToArray();
        yield return StreamEvent.Raw(json);
        json.AsSpan().Clear();
        "one"u8.CopyTo(buffer);
        yield return StreamEvent.AudioDelta(buffer);
        buffer.AsSpan().Clear();
    }

    private static async Task<List<ChatResponseUpdate>> ConvertAsync(params StreamEvent[] events) =>
        await events.ToAsyncEnumerable().ToChatResponseUpdatesAsync().ToListAsync();
}

using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;

namespace Gai.Pipelines.AI.Tests.Anthropic;

public sealed class AnthropicMessagesDocumentTests
{
    private const string Request = """{"model":"mock-1","max_tokens":100,"messages":[{"role":"user","content":"Hi"}]}""";

    [Fact]
    public void Answer_AllKindsOfBlocks_AreOneMessage() => Assert.Equal(
        """{"id":"ID","type":"message","role":"assistant","model":"m","content":[{"type":"redacted_thinking","data":"c2Vj"},{"type":"thinking","thinking":"Hmm","signature":"s1"},{"type":"thinking","thinking":"Aha","signature":""},{"type":"text","text":"Hello you","citations":[{"type":"web_search_result_location","url":"https://e.x/a","title":"A","cited_text":"","encrypted_index":""}]},{"type":"tool_use","id":"a","name":"f","input":{"x":1},"caller":{"type":"direct"}},{"type":"tool_use","id":"b","name":"g","input":{},"caller":{"type":"direct"}}],"stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":6,"cache_read_input_tokens":5,"output_tokens":7,"output_tokens_details":{"thinking_tokens":3}}}""",
        Answer(
            StreamEvent.Start("r", "m"),
            StreamEvent.ReasoningDelta(default, "c2Vj"),
            StreamEvent.ReasoningDelta("Hm"),
            StreamEvent.ReasoningDelta("m", "s1"),
            StreamEvent.ReasoningDelta("Aha"),
            StreamEvent.TextDelta("Hello"),
            StreamEvent.ToolCall("own", "h", "{}", ToolRunner.Server),
            StreamEvent.TextDelta(" you"u8.ToArray()),
            StreamEvent.CitationList([new Citation("https://e.x/a", "A", 0, 5)]),
            StreamEvent.ToolCallDelta("a", "f", "{\"x\":"),
            StreamEvent.ToolCall("b", "g", default),
            StreamEvent.ToolCallDelta("a", null, "1}"),
            StreamEvent.FinishStep(1),
            StreamEvent.Finish(FinishReasons.Stop, new TokenUsage(11, 7) { CachedInputTokens = 5, ReasoningTokens = 3 })));

    [Fact]
    public void Answer_MoreFromTheCacheThanAltogether_IsNotLessThanNothing() => Assert.Contains(
        "\"usage\":{\"input_tokens\":0,\"cache_read_input_tokens\":5000,\"output_tokens\":7}",
        Answer(StreamEvent.TextDelta("a"), StreamEvent.Finish(FinishReasons.Stop, new TokenUsage(3, 7) { CachedInputTokens = 5000 })),
        StringComparison.Ordinal);

    [Fact]
    public void Answer_Nothing_IsAnEmptyMessage() => Assert.Equal(
        """{"id":"ID","type":"message","role":"assistant","model":"mock-1","content":[],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":0,"output_tokens":0}}""",
        Answer(StreamEvent.TextDelta(default), StreamEvent.ReasoningDelta(default)));

    [Fact]
    public void Answer_SourcesOfNoText_HaveATextOfTheirOwn() => Assert.Contains(
        "\"content\":[{\"type\":\"text\",\"text\":\"\",\"citations\":[{",
        Answer(StreamEvent.CitationList([new Citation("https://e.x/a")])),
        StringComparison.Ordinal);

    [Fact]
    public void Answer_CallsOfASourceThatSaysNoFinish_StopForToolUse() =>
        Assert.Contains("\"stop_reason\":\"tool_use\"", Answer(StreamEvent.ToolCall("a", "f", "{}")), StringComparison.Ordinal);

    [Fact]
    public void Answer_StopSequence_IsNamed() => Assert.Contains(
        "\"stop_reason\":\"stop_sequence\",\"stop_sequence\":\"END\"",
        VendorStream.Answer(
            AnthropicMessagesApi.Instance,
            """{"model":"m","max_tokens":1,"stop_sequences":["END"],"messages":[{"role":"user","content":"Hi"}]}""",
            StreamEvent.Finish(FinishReasons.StopSequence)),
        StringComparison.Ordinal);

    [Fact]
    public void Answer_CallThatTheLimitHasCutOff_IsLeftOut()
    {
        string answer = Answer(StreamEvent.TextDelta("a"), StreamEvent.ToolCallDelta("a", "f", "{\"x\":"), StreamEvent.Finish(FinishReasons.Length));

        Assert.Contains("\"content\":[{\"type\":\"text\",\"text\":\"a\"}],\"stop_reason\":\"max_tokens\"", answer, StringComparison.Ordinal);
    }

    [Fact]
    public void Answer_AWholeCallAfterPiecesThatBrokeOff_StandsForThem() => Assert.Equal(
        Answer(StreamEvent.ToolCall("a", "f", "{\"x\":1}"), StreamEvent.Finish()),
        Answer(StreamEvent.ToolCallDelta("a", "f", "{\"x\""), StreamEvent.ToolCall("a", "f", "{\"x\":1}"), StreamEvent.Finish()));

    [Theory]
    [InlineData("{\"x\":")]
    [InlineData("[1]")]
    public void Answer_InputThatIsNoJsonObject_Fails(string input) =>
        Assert.Throws<FormatException>(() => Answer(StreamEvent.ToolCallDelta("a", "f", input), StreamEvent.Finish(FinishReasons.Stop)));

    [Fact]
    public void Answer_Failure_WritesNothing() => Assert.Empty(Answer(StreamEvent.TextDelta("a"), StreamEvent.Failure(StreamError.Internal)));

    [Theory]
    [InlineData(StreamErrorCodes.InvalidRequest, 400, "invalid_request_error", 400)]
    [InlineData(StreamErrorCodes.Unsupported, 400, "invalid_request_error", 400)]
    [InlineData(StreamErrorCodes.ContextLengthExceeded, 400, "invalid_request_error", 400)]
    [InlineData(StreamErrorCodes.SafetyBlocked, 400, "invalid_request_error", 400)]
    [InlineData(StreamErrorCodes.InvalidRequest, 413, "request_too_large", 413)]
    [InlineData(StreamErrorCodes.Unauthorized, 401, "authentication_error", 401)]
    [InlineData(StreamErrorCodes.Forbidden, 403, "permission_error", 403)]
    [InlineData(StreamErrorCodes.NotFound, 404, "not_found_error", 404)]
    [InlineData(StreamErrorCodes.RateLimited, 429, "rate_limit_error", 429)]
    [InlineData(StreamErrorCodes.Overloaded, 503, "overloaded_error", 529)]
    [InlineData(StreamErrorCodes.ServerDraining, 503, "overloaded_error", 529)]
    [InlineData(StreamErrorCodes.Timeout, 504, "timeout_error", 504)]
    [InlineData(StreamErrorCodes.Network, 502, "api_error", 502)]
    [InlineData(StreamErrorCodes.ProviderUnavailable, 503, "api_error", 503)]
    [InlineData(StreamErrorCodes.Internal, 500, "api_error", 500)]
    public void Failure_EveryCode_HasAnthropicsTypeAndStatus(string code, int status, string type, int expectedStatus)
    {
        var error = new StreamError(code, "No \"room\"");

        Assert.Equal(
            $$$"""{"type":"error","error":{"type":"{{{type}}}","message":"No \"room\""}}""",
            VendorStream.Failure(AnthropicMessagesApi.Instance, error, status));
        Assert.Equal(expectedStatus, AnthropicMessagesApi.Instance.StatusOf(error, status));
        Assert.Equal("application/json", AnthropicMessagesApi.Instance.ContentType);
    }

    [Fact]
    public void Answer_AnyEvents_ComeBackFromTheDocument() => Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(AnthropicStream.ByTurns().ToArbitrary(), static answer =>
    {
        string document = Answer(answer.Events);
        if (answer.Error is not null)
        {
            Assert.Empty(document);
            return;
        }

        using JsonDocument message = JsonDocument.Parse(document);
        JsonElement[] blocks = [.. message.RootElement.GetProperty("content").EnumerateArray()];
        Assert.Equal(answer.Text, Joined(blocks, "text"));
        Assert.Equal(answer.Reasoning, Joined(blocks, "thinking"));
        Assert.Equal(
            answer.Calls.Select(static call => (call.Id, call.Name, Normal(call.Input))),
            blocks.Where(static block => block.GetProperty("type").ValueEquals("tool_use"))
                .Select(static block => (block.GetProperty("id").GetString()!, block.GetProperty("name").GetString()!, Normal(block.GetProperty("input").GetRawText()))));
    }));

    private static string Joined(JsonElement[] blocks, string type) =>
        string.Concat(blocks.Where(block => block.GetProperty("type").ValueEquals(type)).Select(block => block.GetProperty(type).GetString()));

    private static string Normal(string json) => JsonSerializer.Serialize(JsonDocument.Parse(json).RootElement);

    private static string Answer(params StreamEvent[] events)
    {
        string answer = VendorStream.Answer(AnthropicMessagesApi.Instance, Request, events);
        if (answer.Length > 0)
        {
            JsonDocument.Parse(answer).Dispose();
        }

        return AnthropicStream.WithoutId(answer);
    }
}

using System.Text.Json;

namespace Gai.Pipelines.AI.Tests.OpenAI;

public sealed class OpenAIDocumentTests
{
    private const string Chat = """{"model":"mock-1","messages":[{"role":"user","content":"Hi"}]}""";
    private const string Legacy = """{"model":"mock-1","prompt":["Hi"]}""";

    [Fact]
    public void Chat_TextReasoningSourcesAndUsage_AreOneCompletion() =>
        Assert.Equal(
            """{"id":"ID","object":"chat.completion","created":1763800000,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hello you","refusal":null,"reasoning_content":"Hm","annotations":[{"type":"url_citation","url_citation":{"start_index":0,"end_index":5,"url":"https://e.x/a","title":"A"}}]},"finish_reason":"length","logprobs":null}],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18,"prompt_tokens_details":{"cached_tokens":5},"completion_tokens_details":{"reasoning_tokens":3}}}""",
            WithoutId(VendorStream.Answer(
                OpenAIChatApi.Instance,
                Chat,
                StreamEvent.Start("r", "m"),
                StreamEvent.ReasoningDelta("Hm"),
                StreamEvent.TextDelta("Hello"),
                StreamEvent.TextDelta(" you"u8.ToArray()),
                StreamEvent.CitationList([new Citation("https://e.x/a", "A", 0, 5)]),
                StreamEvent.Finish(FinishReasons.Length, new TokenUsage(11, 7) { CachedInputTokens = 5, ReasoningTokens = 3 }))));

    [Fact]
    public void Chat_Calls_HaveNullForContent()
    {
        JsonElement choice = JsonDocument.Parse(VendorStream.Answer(
            OpenAIChatApi.Instance,
            Chat,
            StreamEvent.Start(),
            StreamEvent.ToolCallDelta("a", "f", "{\"x\":"),
            StreamEvent.ToolCall("b", "g", default),
            StreamEvent.ToolCallDelta("a", null, "1}"),
            StreamEvent.ToolCall("own", "h", "{}", ToolRunner.Server),
            StreamEvent.Finish(FinishReasons.Stop))).RootElement.GetProperty("choices")[0];

        Assert.Equal("tool_calls", choice.GetProperty("finish_reason").GetString());
        Assert.Equal(JsonValueKind.Null, choice.GetProperty("message").GetProperty("content").ValueKind);
        Assert.Equal(
            """[{"id":"a","type":"function","function":{"name":"f","arguments":"{\"x\":1}"}},{"id":"b","type":"function","function":{"name":"g","arguments":"{}"}}]""",
            choice.GetProperty("message").GetProperty("tool_calls").GetRawText());
    }

    [Fact]
    public void Chat_CallThatTheLimitHasCutOff_HasItsArgumentsAsTheyAre()
    {
        JsonElement choice = JsonDocument.Parse(VendorStream.Answer(
            OpenAIChatApi.Instance,
            Chat,
            StreamEvent.ToolCallDelta("a", "f", "{\"city\":\"Za"),
            StreamEvent.Finish(FinishReasons.Length, new TokenUsage(11, 7)))).RootElement.GetProperty("choices")[0];

        Assert.Equal("length", choice.GetProperty("finish_reason").GetString());
        Assert.Equal(
            "{\"city\":\"Za",
            choice.GetProperty("message").GetProperty("tool_calls")[0].GetProperty("function").GetProperty("arguments").GetString());
    }

    public static TheoryData<StreamEvent[], string> CallsInPiecesAndWhole => new()
    {
        { [StreamEvent.ToolCallDelta("a", "f", "{\"x\""), StreamEvent.ToolCall("a", "f", "{\"x\":1}")], "{\"x\":1}" },
        { [StreamEvent.ToolCallDelta("a", "f", " "), StreamEvent.ToolCall("a", "f", "{\"x\":1}")], "{\"x\":1}" },
        { [StreamEvent.ToolCallDelta("a", "f", "{\"x\":1}"), StreamEvent.ToolCall("a", "f", default)], "{\"x\":1}" },
        { [StreamEvent.ToolCall("a", "f", "{\"x\":1}"), StreamEvent.ToolCall("a", "f", "{\"x\":2}"), StreamEvent.ToolCallDelta("a", "f", "{")], "{\"x\":1}" },
    };

    [Theory]
    [MemberData(nameof(CallsInPiecesAndWhole), DisableDiscoveryEnumeration = true)]
    public void Chat_AWholeCall_StandsForItsPieces(StreamEvent[] call, string arguments) =>
        Assert.Equal(
            arguments,
            JsonDocument.Parse(VendorStream.Answer(OpenAIChatApi.Instance, Chat, [.. call, StreamEvent.Finish()])).RootElement
                .GetProperty("choices")[0].GetProperty("message").GetProperty("tool_calls")[0].GetProperty("function").GetProperty("arguments").GetString());

    [Fact]
    public void Chat_PiecesThatAWholeCallStandsFor_TakeNoRoom()
    {
        Dialect<StreamEvent> dialect = VendorStream.Begin(OpenAIChatApi.Instance, VendorStream.Read(OpenAIChatApi.Instance, Chat));
        var output = new FrameWriter(new System.Buffers.ArrayBufferWriter<byte>(), maxFrameBytes: 1024);
        dialect.WriteEvent(output, StreamEvent.ToolCallDelta("a", "f", new string(' ', 800)));
        dialect.WriteEvent(output, StreamEvent.ToolCall("a", "f", "{}"));
        dialect.WriteEvent(output, StreamEvent.TextDelta(new string('x', 700)));

        Assert.Throws<FrameTooLargeException>(() => dialect.WriteEvent(output, StreamEvent.TextDelta(new string('x', 100))));
    }

    [Fact]
    public void Chat_WholeCallThatIsNoJson_Fails() =>
        Assert.Throws<FormatException>(() => VendorStream.Answer(OpenAIChatApi.Instance, Chat, StreamEvent.ToolCall("a", "f", "{\"city\":\"Za"), StreamEvent.Finish(FinishReasons.Length)));

    [Theory]
    [InlineData(false, null)]
    [InlineData(true, null)]
    [InlineData(false, FinishReasons.ToolCalls)]
    [InlineData(true, FinishReasons.ToolCalls)]
    public void Legacy_Calls_HaveNoPlaceInTheFinishReason(bool isStreaming, string? reason)
    {
        string answer = VendorStream.Answer(
            OpenAICompletionsApi.Instance,
            $$"""{"model":"m","prompt":"x","stream":{{(isStreaming ? "true" : "false")}}}""",
            StreamEvent.ToolCall("a", "f", "{}"),
            StreamEvent.Finish(reason));

        Assert.Contains("\"finish_reason\":\"stop\"", answer, StringComparison.Ordinal);
    }

    [Fact]
    public void Chat_CallsOfASourceThatSaysNoFinish_FinishWithToolCalls() =>
        Assert.Equal(
            "tool_calls",
            JsonDocument.Parse(VendorStream.Answer(OpenAIChatApi.Instance, Chat, StreamEvent.ToolCall("a", "f", "{}"))).RootElement.GetProperty("choices")[0].GetProperty("finish_reason").GetString());

    [Fact]
    public void Chat_Nothing_IsAnEmptyAnswer()
    {
        JsonElement answer = JsonDocument.Parse(VendorStream.Answer(OpenAIChatApi.Instance, Chat)).RootElement;

        Assert.Equal("mock-1", answer.GetProperty("model").GetString());
        Assert.Equal(("", "stop"), (answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), answer.GetProperty("choices")[0].GetProperty("finish_reason").GetString()));
    }

    [Fact]
    public void Chat_LargerThanAFrameMayBe_IsRefused() =>
        Assert.Throws<FrameTooLargeException>(() => VendorStream.Answer(
            OpenAIChatApi.Instance, Chat, [.. Enumerable.Repeat(StreamEvent.TextDelta(new string('a', 1024 * 1024)), 17)]));

    [Fact]
    public void Chat_Failure_WritesNothing() =>
        Assert.Empty(VendorStream.Answer(OpenAIChatApi.Instance, Chat, StreamEvent.TextDelta("a"), StreamEvent.Failure(StreamError.Internal)));

    [Fact]
    public void Legacy_Text_IsOneCompletion() =>
        Assert.Equal(
            """{"id":"ID","object":"text_completion","created":1763800000,"model":"mock-1","choices":[{"text":"Hello","index":0,"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}}""",
            WithoutId(VendorStream.Answer(OpenAICompletionsApi.Instance, Legacy, StreamEvent.TextDelta("Hello"))));

    [Fact]
    public void Legacy_Stream_IsTheStreamOfTheSheet()
    {
        string stream = WithoutId(VendorStream.Answer(
            OpenAICompletionsApi.Instance,
            """{"model":"mock-1","prompt":"Hi","stream":true,"stream_options":{"include_usage":true},"max_tokens":5,"suffix":""}""",
            StreamEvent.TextDelta("Hello"),
            StreamEvent.ReasoningDelta("has no place"),
            StreamEvent.Finish(FinishReasons.Length, new TokenUsage(11, 7))));

        Assert.Equal(
            """
            data: {"id":"ID","object":"text_completion","created":1763800000,"model":"mock-1","choices":[{"text":"Hello","index":0,"logprobs":null,"finish_reason":null}],"usage":null}

            data: {"id":"ID","object":"text_completion","created":1763800000,"model":"mock-1","choices":[{"text":"","index":0,"logprobs":null,"finish_reason":"length"}],"usage":null}

            data: {"id":"ID","object":"text_completion","created":1763800000,"model":"mock-1","choices":[],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}}

            data: [DONE]


            """,
            stream);
    }

    [Fact]
    public void Legacy_TwoFinishes_EndOnceAndWithTheLast()
    {
        const string Request = """{"model":"mock-1","prompt":"Hi","stream":true}""";

        Assert.Equal(
            WithoutId(VendorStream.Answer(OpenAICompletionsApi.Instance, Request, StreamEvent.TextDelta("a"), StreamEvent.Finish(FinishReasons.Length))),
            WithoutId(VendorStream.Answer(OpenAICompletionsApi.Instance, Request, StreamEvent.Finish(), StreamEvent.TextDelta("a"), StreamEvent.Finish(FinishReasons.Length))));
    }

    [Theory]
    [InlineData("\"prompt\":[\"a\",\"b\"]", "prompt")]
    [InlineData("\"prompt\":[1,2]", "prompt")]
    [InlineData("\"prompt\":\"a\",\"best_of\":2", "n")]
    [InlineData("\"prompt\":\"a\",\"echo\":true", "echo")]
    [InlineData("\"prompt\":\"a\",\"suffix\":\"b\"", "suffix")]
    [InlineData("\"prompt\":\"a\",\"logprobs\":1", "logprobs")]
    public void Legacy_WhatCannotBeHonoured_IsRefused(string fields, string parameter)
    {
        StreamError error = VendorStream.Refused(OpenAICompletionsApi.Instance, $$"""{"model":"m",{{fields}}}""");

        Assert.Equal((StreamErrorCodes.Unsupported, parameter), (error.Code, error.Parameter));
    }

    [Theory]
    [InlineData(StreamErrorCodes.InvalidRequest, "invalid_request_error", null)]
    [InlineData(StreamErrorCodes.Unsupported, "invalid_request_error", null)]
    [InlineData(StreamErrorCodes.ContextLengthExceeded, "invalid_request_error", "context_length_exceeded")]
    [InlineData(StreamErrorCodes.Unauthorized, "authentication_error", "invalid_api_key")]
    [InlineData(StreamErrorCodes.Forbidden, "permission_error", null)]
    [InlineData(StreamErrorCodes.NotFound, "invalid_request_error", "model_not_found")]
    [InlineData(StreamErrorCodes.SafetyBlocked, "invalid_request_error", "content_filter")]
    [InlineData(StreamErrorCodes.RateLimited, "rate_limit_error", "rate_limit_exceeded")]
    [InlineData(StreamErrorCodes.Overloaded, "server_error", null)]
    [InlineData(StreamErrorCodes.Timeout, "server_error", null)]
    [InlineData(StreamErrorCodes.ProviderUnavailable, "server_error", null)]
    [InlineData(StreamErrorCodes.Internal, "server_error", null)]
    public void Failure_EveryCode_HasOpenAIsWords(string code, string type, string? name)
    {
        JsonElement error = JsonDocument.Parse(VendorStream.Failure(OpenAIChatApi.Instance, new StreamError(code, "No \u2028") { Parameter = "p" }, 400)).RootElement.GetProperty("error");

        Assert.Equal(("No \u2028", type, name, "p"), (error.GetProperty("message").GetString(), error.GetProperty("type").GetString(), error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
    }

    private static string WithoutId(string text)
    {
        int start = text.IndexOf("cmpl-", StringComparison.Ordinal);
        string id = text[start..(start + "cmpl-".Length + 32)];
        return text.Replace("chat" + id, "ID", StringComparison.Ordinal).Replace(id, "ID", StringComparison.Ordinal);
    }
}

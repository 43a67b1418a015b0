using FsCheck;
using FsCheck.Fluent;

namespace Gai.Pipelines.AI.Tests.Anthropic;

public sealed class AnthropicMessagesDialectTests
{
    private const string Request = """{"model":"mock-1","max_tokens":100,"stream":true,"messages":[{"role":"user","content":"Hi"}]}""";

    private static readonly StreamEvent Start = StreamEvent.Start("resp_1", "m", "p");

    [Fact]
    public void Answer_ThinkingTextAndTool_IsTheStreamOfTheSheet() => Assert.Equal(
        """
        event: message_start
        data: {"type":"message_start","message":{"id":"ID","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":0,"output_tokens":0}}}

        event: content_block_start
        data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":"","signature":""}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"Let me think."}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"c2ln"}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":0}

        event: content_block_start
        data: {"type":"content_block_start","index":1,"content_block":{"type":"text","text":""}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hello <wörld>"}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"\n\"🌍\""}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":1}

        event: content_block_start
        data: {"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"call_1","name":"get_weather","input":{},"caller":{"type":"direct"}}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{\"city\":\"Zagreb\"}"}}

        event: content_block_stop
        data: {"type":"content_block_stop","index":2}

        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"input_tokens":6,"cache_read_input_tokens":5,"output_tokens":7,"output_tokens_details":{"thinking_tokens":3}}}

        event: message_stop
        data: {"type":"message_stop"}


        """,
        Answer(
            Start,
            StreamEvent.ReasoningDelta("Let me think."),
            StreamEvent.ReasoningDelta(default, "c2ln"),
            StreamEvent.TextDelta("Hello <w\u00F6rld>"),
            StreamEvent.TextDelta("\n\"\U0001F30D\""u8.ToArray()),
            StreamEvent.ToolCall("call_1", "get_weather", "{\"city\":\"Zagreb\"}"),
            StreamEvent.FinishStep(1),
            StreamEvent.Finish(FinishReasons.ToolCalls, new TokenUsage(11, 7) { CachedInputTokens = 5, ReasoningTokens = 3 })));

    [Fact]
    public void Answer_PiecesOfACall_GoOutAsTheyComeAndEndWithTheInput() => Assert.Equal(
        """
        {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"f","input":{},"caller":{"type":"direct"}}}
        {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"x\":\""}}
        {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"}\\\"{\"}"}}
        {"type":"content_block_stop","index":0}
        """,
        Inner(
            StreamEvent.ToolCallDelta("a", "f", default),
            StreamEvent.ToolCallDelta("a", null, "{\"x\":\""),
            StreamEvent.ToolCallDelta("a", null, "}\\\"{\"}"),
            StreamEvent.ToolCallDelta("a", null, " \n"),
            StreamEvent.ToolCallDelta("a", "f", default)));

    [Fact]
    public void Answer_CallsByTurns_TheLaterWaitsForTheEndOfTheEarlier() => Assert.Equal(
        """
        {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"f","input":{},"caller":{"type":"direct"}}}
        {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"x\":"}}
        {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"1}"}}
        {"type":"content_block_stop","index":0}
        {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"b","name":"g","input":{},"caller":{"type":"direct"}}}
        {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"y\":["}}
        {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"]}"}}
        {"type":"content_block_stop","index":1}
        {"type":"content_block_start","index":2,"content_block":{"type":"text","text":""}}
        {"type":"content_block_delta","index":2,"delta":{"type":"text_delta","text":"Done."}}
        {"type":"content_block_stop","index":2}
        """,
        Inner(
            StreamEvent.ToolCallDelta("a", "f", "{\"x\":"),
            StreamEvent.ToolCallDelta("b", "g", "{\"y\":"),
            StreamEvent.ToolCallDelta("b", null, "["),
            StreamEvent.ToolCallDelta("a", null, "1}"),
            StreamEvent.ToolCallDelta("b", null, "]}"),
            StreamEvent.TextDelta("Done.")));

    [Fact]
    public void Answer_AnythingInsideACall_WaitsInItsOrder()
    {
        ReadMessage message = ReadMessage.From(Answer(
            Start,
            StreamEvent.ToolCallDelta("a", "f", "{"),
            StreamEvent.TextDelta("One"),
            StreamEvent.CitationList([new Citation("https://e.x/a")]),
            StreamEvent.ReasoningDelta("Hm", "sig"),
            StreamEvent.ReasoningDelta("Aha"),
            StreamEvent.ReasoningDelta(default, string.Empty),
            StreamEvent.TextDelta(string.Empty),
            StreamEvent.ToolCall("b", "g", "{\"y\":2}"),
            StreamEvent.TextDelta("Two"),
            StreamEvent.ToolCallDelta("a", null, "}"),
            StreamEvent.TextDelta("Three")));

        Assert.Equal("tool_use text thinking thinking tool_use text", message.Blocks);
        Assert.Equal("OneTwoThree", message.Text);
        Assert.Equal("HmAha", message.Reasoning);
        Assert.Equal([("a", "f", "{}"), ("b", "g", "{\"y\":2}")], message.Calls);
    }

    [Fact]
    public void Answer_CallsThatAreNeverComplete_EndWithTheAnswer() => Assert.Equal(
        """
        {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"a","name":"f","input":{},"caller":{"type":"direct"}}}
        {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{}"}}
        {"type":"content_block_stop","index":0}
        {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"b","name":"g","input":{},"caller":{"type":"direct"}}}
        {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"y\":"}}
        {"type":"content_block_stop","index":1}
        """,
        Inner(StreamEvent.ToolCallDelta("a", "f", default), StreamEvent.ToolCallDelta("b", "g", "{\"y\":")));

    [Fact]
    public void Answer_SameIdInTheNextStep_IsAnotherCall()
    {
        ReadMessage message = ReadMessage.From(Answer(
            StreamEvent.ToolCallDelta("0", "f", "{\"x\":1}"),
            StreamEvent.FinishStep(1),
            StreamEvent.ToolCall("0", "f", "{\"x\":2}")));

        Assert.Equal([("0", "f", "{\"x\":1}"), ("0", "f", "{\"x\":2}")], message.Calls);
    }

    [Fact]
    public void Answer_WholeCallBeforeOrAfterItsPieces_IsOneCall()
    {
        ReadMessage message = ReadMessage.From(Answer(
            StreamEvent.ToolCallDelta("a", "f", "{"),
            StreamEvent.ToolCallDelta("b", "g", "{}"),
            StreamEvent.ToolCall("b", "g", "{ }"),
            StreamEvent.ToolCall("c", "h", "{}"),
            StreamEvent.ToolCallDelta("c", "h", "{}"),
            StreamEvent.ToolCallDelta("a", null, "}"),
            StreamEvent.ToolCall("a", "f", "{ }"),
            StreamEvent.ToolCallDelta("c", null, "{}"),
            StreamEvent.ToolCallDelta("d", "i", default),
            StreamEvent.TextDelta("then"),
            StreamEvent.ToolCall("d", "i", "{\"x\":1}"),
            StreamEvent.ToolCallDelta("d", null, "{}")));

        Assert.Equal([("a", "f", "{}"), ("b", "g", "{}"), ("c", "h", "{}"), ("d", "i", "{\"x\":1}")], message.Calls);
        Assert.Equal("then", message.Text);
    }

    [Theory]
    [InlineData("{\"y\"")]
    [InlineData(" ")]
    public void Answer_AWholeCallThatWaits_StandsForPiecesThatBrokeOff(string piece)
    {
        ReadMessage message = ReadMessage.From(Answer(
            StreamEvent.ToolCallDelta("a", "f", "{"),
            StreamEvent.ToolCallDelta("b", "g", piece),
            StreamEvent.ToolCall("b", "g", "{\"y\":2}"),
            StreamEvent.ToolCall("b", "g", "{\"y\":3}"),
            StreamEvent.ToolCallDelta("b", null, ":4}"),
            StreamEvent.ToolCallDelta("a", null, "}")));

        Assert.Equal([("a", "f", "{}"), ("b", "g", "{\"y\":2}")], message.Calls);
    }

    [Fact]
    public void Answer_AWholeCallWithoutInput_LeavesThePieces()
    {
        ReadMessage message = ReadMessage.From(Answer(
            StreamEvent.ToolCallDelta("a", "f", "{\"x\":"),
            StreamEvent.ToolCallDelta("b", "g", "{\"y\":2}"),
            StreamEvent.ToolCall("b", "g", default),
            StreamEvent.ToolCall("c", "h", default),
            StreamEvent.ToolCall("a", "f", default),
            StreamEvent.ToolCallDelta("a", null, "1}")));

        Assert.Equal([("a", "f", "{\"x\":1}"), ("b", "g", "{\"y\":2}"), ("c", "h", "{}")], message.Calls);
    }

    [Fact]
    public void Answer_SignatureOfNoText_IsRedactedThinking() => Assert.Equal(
        """
        {"type":"content_block_start","index":0,"content_block":{"type":"redacted_thinking","data":"c2Vj"}}
        {"type":"content_block_stop","index":0}
        {"type":"content_block_start","index":1,"content_block":{"type":"thinking","thinking":"","signature":""}}
        {"type":"content_block_delta","index":1,"delta":{"type":"thinking_delta","thinking":"Hm"}}
        {"type":"content_block_delta","index":1,"delta":{"type":"signature_delta","signature":"s1"}}
        {"type":"content_block_stop","index":1}
        {"type":"content_block_start","index":2,"content_block":{"type":"thinking","thinking":"","signature":""}}
        {"type":"content_block_delta","index":2,"delta":{"type":"thinking_delta","thinking":"Aha"}}
        {"type":"content_block_stop","index":2}
        """,
        Inner(
            StreamEvent.ReasoningDelta(default),
            StreamEvent.ReasoningDelta(default, "c2Vj"),
            StreamEvent.ReasoningDelta("Hm", "s1"),
            StreamEvent.ReasoningDelta("Aha")));

    [Fact]
    public void Answer_Citations_AreDeltasOfTheText() => Assert.Equal(
        """
        {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}
        {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hello"}}
        {"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{"type":"web_search_result_location","url":"https://e.x/a","title":"A","cited_text":"","encrypted_index":""}}}
        {"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{"type":"web_search_result_location","url":"https://e.x/b","title":"https://e.x/b","cited_text":"","encrypted_index":""}}}
        {"type":"content_block_stop","index":0}
        """,
        Inner(StreamEvent.TextDelta("Hello"), StreamEvent.CitationList([new Citation("https://e.x/a", "A", 0, 5), new Citation("https://e.x/b")])));

    [Fact]
    public void Answer_WhatHasNoPlace_IsLeftOut() => Assert.Equal(
        Answer(Start, StreamEvent.TextDelta("ab")).Replace("\"ab\"", "\"a\"", StringComparison.Ordinal),
        Answer(
            Start,
            StreamEvent.TextDelta(string.Empty),
            StreamEvent.ToolCall("c", "own", "{}", ToolRunner.Server),
            StreamEvent.ToolResult("c", "own", "1"),
            StreamEvent.TextDelta("a"),
            StreamEvent.AudioDelta(new byte[] { 1 }),
            StreamEvent.SafetyCheck(new SafetyVerdict("hate", "warn", 1)),
            StreamEvent.Raw("1"),
            StreamEvent.FinishStep(1)));

    [Fact]
    public void Answer_MoreBlocksThanAreKept_StillNumbersThem()
    {
        ReadMessage message = ReadMessage.From(Answer(
            [.. Enumerable.Range(0, 40).Select(static i => i % 2 == 0 ? StreamEvent.TextDelta("t") : StreamEvent.ReasoningDelta("r"))]));

        Assert.Equal(new string('t', 20), message.Text);
        Assert.Equal(new string('r', 20), message.Reasoning);
    }

    [Theory]
    [InlineData(null, "end_turn")]
    [InlineData(FinishReasons.Stop, "end_turn")]
    [InlineData(FinishReasons.StopSequence, "stop_sequence")]
    [InlineData(FinishReasons.Length, "max_tokens")]
    [InlineData(FinishReasons.ToolCalls, "tool_use")]
    [InlineData(FinishReasons.ContentFilter, "refusal")]
    [InlineData("pause_turn", "pause_turn")]
    [InlineData("model_context_window_exceeded", "model_context_window_exceeded")]
    [InlineData("a provider's own", "end_turn")]
    public void Answer_FinishReason_IsAnthropics(string? neutral, string expected) =>
        Assert.Equal(expected, ReadMessage.From(Answer(Start, StreamEvent.Finish(neutral))).StopReason);

    [Theory]
    [InlineData("[\"END\"]", FinishReasons.StopSequence, "END")]
    [InlineData("[\"END\",\"STOP\"]", FinishReasons.StopSequence, null)]
    [InlineData("[\"END\"]", FinishReasons.Stop, null)]
    public void Answer_StopSequence_IsNamedIfThereIsOne(string sequences, string reason, string? expected) =>
        Assert.Equal(expected, ReadMessage.From(VendorStream.Answer(
            AnthropicMessagesApi.Instance, Request.Replace("\"stream\"", $"\"stop_sequences\":{sequences},\"stream\"", StringComparison.Ordinal), Start, StreamEvent.Finish(reason))).StopSequence);

    [Fact]
    public void Answer_CallsAndPlainStop_StopsForToolUse() =>
        Assert.Equal("tool_use", ReadMessage.From(Answer(Start, StreamEvent.ToolCall("a", "f", "{}"), StreamEvent.Finish(FinishReasons.Stop))).StopReason);

    [Fact]
    public void Answer_NothingAtAll_IsAWholeEmptyMessage()
    {
        string stream = Answer();

        ReadMessage message = ReadMessage.From(stream);
        Assert.True(message.IsWhole);
        Assert.Equal(("mock-1", "end_turn", string.Empty), (message.Model, message.StopReason, message.Blocks));
        Assert.Contains("\"usage\":{\"output_tokens\":0}", stream, StringComparison.Ordinal);
    }

    [Fact]
    public void Answer_Failure_IsAnErrorEventAndNoEnd()
    {
        string stream = Answer(Start, StreamEvent.TextDelta("a"), StreamEvent.Failure(new StreamError(StreamErrorCodes.Overloaded, "Over\"loaded\"", true)));

        Assert.EndsWith(
            "}}\n\nevent: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"Over\\\"loaded\\\"\"},\"request_id\":\"req_1\"}\n\n",
            stream,
            StringComparison.Ordinal);
        Assert.DoesNotContain("message_stop", stream, StringComparison.Ordinal);
        Assert.DoesNotContain("message_delta", stream, StringComparison.Ordinal);
    }

    [Fact]
    public void Answer_FailureAfterTheFinish_HasNoStopReason() =>
        Assert.Null(ReadMessage.From(Answer(Start, StreamEvent.Finish(FinishReasons.Stop), StreamEvent.Failure(StreamError.Internal))).StopReason);

    [Fact]
    public void WriteKeepAlive_IsAPing()
    {
        Dialect<StreamEvent> dialect = VendorStream.Begin(AnthropicMessagesApi.Instance, VendorStream.Read(AnthropicMessagesApi.Instance, Request));

        Assert.Equal("event: ping\ndata: {\"type\":\"ping\"}\n\n", AnthropicStream.Bytes(dialect.WriteKeepAlive));
        Assert.Equal(FailureClose.Clean, dialect.FailureClose);
    }

    [Theory]
    [InlineData("{\"a\":")]
    [InlineData("[1]")]
    [InlineData("null")]
    [InlineData("{} {}")]
    public void Answer_InputThatIsNoJsonObject_Fails(string input) =>
        Assert.Throws<FormatException>(() => Answer(Start, StreamEvent.ToolCall("a", "f", input)));

    [Fact]
    public void Answer_PiecesThatMakeNoObject_Fail()
    {
        Assert.Throws<FormatException>(() => Answer(Start, StreamEvent.ToolCallDelta("a", "f", " ["u8.ToArray())));
        Assert.Throws<FormatException>(() => Answer(Start, StreamEvent.ToolCallDelta("a", "f", "{}"), StreamEvent.ToolCallDelta("a", null, "}")));
    }

    public static TheoryData<StreamEvent[], StreamEvent, string[]> EventsThatAreDiscarded => new()
    {
        { [], StreamEvent.ToolCall("a", "f", "[1]"), ["error"] },
        { [], StreamEvent.ToolCallDelta("a", "f", " [1"), ["error"] },
        { [StreamEvent.TextDelta("Hi")], StreamEvent.ToolCall("a", "f", "[1]"), ["content_block_start", "content_block_delta", "error"] },
        { [StreamEvent.ToolCallDelta("a", "f", default)], StreamEvent.ToolCallDelta("a", null, "[1]"), ["content_block_start", "error"] },
        { [StreamEvent.ToolCallDelta("a", "f", "{\"x\"")], StreamEvent.ToolCall("a", "f", "{\"x\":1}"), ["content_block_start", "content_block_delta", "error"] },
        {
            [StreamEvent.ToolCallDelta("a", "f", "{"), StreamEvent.TextDelta("Hi")],
            StreamEvent.ToolCall("b", "g", "[1]"),
            ["content_block_start", "content_block_delta", "content_block_start", "content_block_delta", "error"]
        },
        {
            [StreamEvent.ToolCallDelta("a", "f", "{"), StreamEvent.ToolCallDelta("b", "g", " "), StreamEvent.TextDelta("Hi")],
            StreamEvent.ToolCallDelta("b", null, "[1]"),
            ["content_block_start", "content_block_delta", "content_block_start", "content_block_delta", "content_block_start", "content_block_delta", "error"]
        },
    };

    [Theory]
    [MemberData(nameof(EventsThatAreDiscarded), DisableDiscoveryEnumeration = true)]
    public void WriteError_AfterAnEventThatWasDiscarded_IsOfBlocksThatHaveStarted(StreamEvent[] before, StreamEvent discarded, string[] types)
    {
        Dialect<StreamEvent> dialect = VendorStream.Begin(AnthropicMessagesApi.Instance, VendorStream.Read(AnthropicMessagesApi.Instance, Request));
        string stream = AnthropicStream.Bytes(output =>
        {
            foreach (StreamEvent item in (StreamEvent[])[Start, .. before])
            {
                dialect.WriteEvent(output, item);
                output.Commit();
            }

            Assert.Throws<FormatException>(() => dialect.WriteEvent(output, discarded));
            output.Discard();
            dialect.WriteError(output, StreamError.Internal);
        });

        Assert.Equal(["message_start", .. types], stream.Split('\n').Where(static line => line.StartsWith("event: ", StringComparison.Ordinal)).Select(static line => line["event: ".Length..]));
        Assert.NotNull(ReadMessage.From(stream).Error);
    }

    [Fact]
    public void WriteEvent_MoreWaitsThanAFrameMayHave_Fails()
    {
        Dialect<StreamEvent> dialect = VendorStream.Begin(AnthropicMessagesApi.Instance, VendorStream.Read(AnthropicMessagesApi.Instance, Request));
        var output = new FrameWriter(new System.Buffers.ArrayBufferWriter<byte>(), maxFrameBytes: 1024);
        dialect.WriteEvent(output, StreamEvent.ToolCallDelta("a", "f", "{"));
        output.Commit();
        dialect.WriteEvent(output, StreamEvent.TextDelta(new string('x', 800)));

        Assert.Throws<FrameTooLargeException>(() => dialect.WriteEvent(output, StreamEvent.TextDelta(new string('x', 200))));
    }

    [Fact]
    public void WriteEvent_PiecesThatAWholeCallStandsFor_TakeNoRoom()
    {
        Dialect<StreamEvent> dialect = VendorStream.Begin(AnthropicMessagesApi.Instance, VendorStream.Read(AnthropicMessagesApi.Instance, Request));
        var output = new FrameWriter(new System.Buffers.ArrayBufferWriter<byte>(), maxFrameBytes: 1024);
        dialect.WriteEvent(output, StreamEvent.ToolCallDelta("a", "f", "{"));
        output.Commit();
        dialect.WriteEvent(output, StreamEvent.ToolCallDelta("b", "g", new string(' ', 800)));
        dialect.WriteEvent(output, StreamEvent.ToolCall("b", "g", "{}"));
        dialect.WriteEvent(output, StreamEvent.TextDelta(new string('x', 700)));

        Assert.Throws<FrameTooLargeException>(() => dialect.WriteEvent(output, StreamEvent.TextDelta(new string('x', 100))));
    }

    [Fact]
    public void Answer_AnyEvents_ComeBackFromTheBlocks() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(AnyAnswer.All().ToArbitrary(), AssertComesBack));

    [Fact]
    public void Answer_AnyEventsInsideCalls_ComeBackFromTheBlocks() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(AnthropicStream.ByTurns().ToArbitrary(), AssertComesBack));

    private static void AssertComesBack(AnyAnswer answer)
    {
        ReadMessage message = ReadMessage.From(Answer(answer.Events));
        if (answer.Error is { } error)
        {
            // What waited for the end of a call comes before the error.
            Assert.Equal(error.Message, message.Error);
            Assert.Equal(answer.Text, message.Text);
            Assert.Equal(answer.Reasoning, message.Reasoning);
            Assert.False(message.IsWhole);
            return;
        }

        Assert.Equal(answer.Text, message.Text);
        Assert.Equal(answer.Reasoning, message.Reasoning);
        Assert.Equal(answer.Calls, message.Calls);
        Assert.True(message.IsWhole);
        Assert.Equal(answer is { Calls.Count: > 0, FinishReason: null or FinishReasons.Stop } ? "tool_use" : AnthropicName(answer.FinishReason), message.StopReason);
    }

    private static string AnthropicName(string? reason) => reason switch
    {
        FinishReasons.Length => "max_tokens",
        FinishReasons.ContentFilter => "refusal",
        FinishReasons.StopSequence => "stop_sequence",
        _ => "end_turn",
    };

    private static string Answer(params StreamEvent[] events) => AnthropicStream.WithoutId(VendorStream.Answer(AnthropicMessagesApi.Instance, Request, events));

    /// <summary>The data of the events between the start and the end of the message.</summary>
    private static string Inner(params StreamEvent[] events) => string.Join(
        '\n', Answer([Start, .. events]).Split('\n').Where(static line => line.StartsWith("data: {\"type\":\"content_block", StringComparison.Ordinal)).Select(static line => line["data: ".Length..]));
}

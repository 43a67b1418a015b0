using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Gai.Pipelines.AI.Tests.AISdk;

public sealed class AISdkDialectTests
{
    private const string Request = """{"messages":[{"id":"u1","role":"user","parts":[{"type":"text","text":"Hi"}]}]}""";

    private static readonly StreamEvent Start = StreamEvent.Start("resp_1", "m", "p");

    [Fact]
    public void Answer_TwoSteps_IsTheStreamOfTheSheet() =>
        Assert.Equal(
            """
            data: {"type":"start","messageId":"ID","messageMetadata":{"model":"m"}}

            data: {"type":"start-step"}

            data: {"type":"reasoning-start","id":"r1"}

            data: {"type":"reasoning-delta","id":"r1","delta":"Let me think."}

            data: {"type":"reasoning-end","id":"r1"}

            data: {"type":"tool-input-start","toolCallId":"call_1","toolName":"get_weather"}

            data: {"type":"tool-input-delta","toolCallId":"call_1","inputTextDelta":"{\"city\":"}

            data: {"type":"tool-input-delta","toolCallId":"call_1","inputTextDelta":"\"Zagreb\"}"}

            data: {"type":"tool-input-available","toolCallId":"call_1","toolName":"get_weather","input":{"city":"Zagreb"}}

            data: {"type":"tool-output-available","toolCallId":"call_1","output":{"tempC":21}}

            data: {"type":"finish-step"}

            data: {"type":"start-step"}

            data: {"type":"text-start","id":"t2"}

            data: {"type":"text-delta","id":"t2","delta":"Hello <wörld>"}

            data: {"type":"text-end","id":"t2"}

            data: {"type":"finish-step"}

            data: {"type":"finish","finishReason":"stop","messageMetadata":{"usage":{"inputTokens":11,"outputTokens":7,"totalTokens":18}}}

            data: [DONE]


            """,
            Answer(
                Start,
                StreamEvent.ReasoningDelta("Let me think."),
                StreamEvent.ToolCallDelta("call_1", "get_weather", "{\"city\":"),
                StreamEvent.ToolCallDelta("call_1", null, "\"Zagreb\"}"),
                StreamEvent.FinishStep(1),
                StreamEvent.ToolResult("call_1", "get_weather", "{\"tempC\":21}"),
                StreamEvent.TextDelta("Hello <wörld>"),
                StreamEvent.FinishStep(2),
                StreamEvent.Finish(FinishReasons.Stop, new TokenUsage(11, 7))));

    public static TheoryData<StreamEvent, string> Chunks => new()
    {
        { StreamEvent.TextDelta("a"), """[{"type":"text-start","id":"t1"},{"type":"text-delta","id":"t1","delta":"a"},{"type":"text-end","id":"t1"}]""" },
        { StreamEvent.ReasoningDelta("a", "s\""), """[{"type":"reasoning-start","id":"r1"},{"type":"reasoning-delta","id":"r1","delta":"a"},{"type":"reasoning-end","id":"r1","providerMetadata":{"gai":{"signature":"s\""}}}]""" },
        { StreamEvent.ReasoningDelta(default, "s"), """[{"type":"reasoning-start","id":"r1"},{"type":"reasoning-end","id":"r1","providerMetadata":{"gai":{"signature":"s"}}}]""" },
        { StreamEvent.ToolCall("c", "f", "{\"a\":1}"), """[{"type":"tool-input-available","toolCallId":"c","toolName":"f","input":{"a":1}}]""" },
        { StreamEvent.ToolCall("c", "f", default), """[{"type":"tool-input-available","toolCallId":"c","toolName":"f","input":{}}]""" },
        { StreamEvent.ToolCall("c", "f", "{}", ToolRunner.Server), """[{"type":"tool-input-available","toolCallId":"c","toolName":"f","input":{},"providerExecuted":true},{"type":"tool-output-error","toolCallId":"c","errorText":"The answer ended before the tool had a result.","providerExecuted":true}]""" },
        { StreamEvent.ToolCallDelta("c", "f", default), """[{"type":"tool-input-start","toolCallId":"c","toolName":"f"},{"type":"tool-input-available","toolCallId":"c","toolName":"f","input":{}}]""" },
        { StreamEvent.ToolCallDelta("c", "f", "1"), """[{"type":"tool-input-start","toolCallId":"c","toolName":"f"},{"type":"tool-input-delta","toolCallId":"c","inputTextDelta":"1"},{"type":"tool-input-available","toolCallId":"c","toolName":"f","input":1}]""" },
        { StreamEvent.ToolCallDelta("c", "f", "{\"a"), """[{"type":"tool-input-start","toolCallId":"c","toolName":"f"},{"type":"tool-input-delta","toolCallId":"c","inputTextDelta":"{\"a"},{"type":"tool-input-error","toolCallId":"c","toolName":"f","input":"{\"a","errorText":"The input of the tool call is not complete JSON."}]""" },
        { StreamEvent.CitationList([new Citation("https://e.x/a", "A", 0, 5), new Citation("https://e.x/b")]), """[{"type":"source-url","sourceId":"s1","url":"https://e.x/a","title":"A"},{"type":"source-url","sourceId":"s2","url":"https://e.x/b"}]""" },
        { StreamEvent.AudioDelta(new byte[] { 1, 2, 3 }, new AudioFormat("audio/mpeg")), """[{"type":"file","url":"data:audio/mpeg;base64,AQID","mediaType":"audio/mpeg"}]""" },
        { StreamEvent.AudioDelta(new byte[] { 1 }), """[{"type":"file","url":"data:application/octet-stream;base64,AQ==","mediaType":"application/octet-stream"}]""" },
    };

    [Theory]
    [MemberData(nameof(Chunks), DisableDiscoveryEnumeration = true)]
    public void Answer_OneEvent_IsItsChunksInAStep(StreamEvent item, string chunks)
    {
        string[] written = Written(Answer(Start, item));

        Assert.Equal(["start", "start-step", "finish-step", "finish", "[DONE]"], ((string[])[.. written[..2], .. written[^3..]]).Select(Type));
        Assert.Equal(chunks, $"[{string.Join(',', written[2..^3])}]");
    }

    [Theory]
    [InlineData("n", "{\"type\":\"data-safety\",\"data\":{\"category\":\"hate\",\"action\":\"warn\",\"score\":0.25,\"note\":\"n\"}}")]
    [InlineData(null, "{\"type\":\"data-safety\",\"data\":{\"category\":\"hate\",\"action\":\"warn\",\"score\":0.25}}")]
    public void Answer_SafetyVerdict_IsADataPart(string? note, string chunk) =>
        Assert.Equal(chunk, Written(Answer(Start, StreamEvent.SafetyCheck(new SafetyVerdict("hate", "warn", 0.25, note))))[1]);

    [Fact]
    public void Answer_RawEvent_IsADataPart() =>
        Assert.Equal("""{"type":"data-raw","data":{"x":[1]}}""", Written(Answer(Start, StreamEvent.Raw("{\"x\":[1]}")))[1]);

    [Fact]
    public void Answer_NothingSaid_HasNoParts()
    {
        string[] nothing = ["""{"type":"start","messageId":"ID"}""", """{"type":"finish","finishReason":"stop"}""", "[DONE]"];

        Assert.Equal(nothing, Written(Answer()));
        Assert.Equal(nothing, Written(Answer(StreamEvent.Start(), StreamEvent.TextDelta(""), StreamEvent.ReasoningDelta(""), StreamEvent.FinishStep(1), StreamEvent.Finish())));
    }

    [Fact]
    public void Answer_TextAndReasoningByTurns_HaveOnePartOpenAtATime() =>
        Assert.Equal(
            ["start", "start-step", "text-start", "text-delta", "text-delta", "text-end", "reasoning-start", "reasoning-delta", "reasoning-end", "text-start", "text-delta", "text-end", "finish-step", "finish", "[DONE]"],
            Written(Answer(Start, StreamEvent.TextDelta("a"), StreamEvent.TextDelta("b"), StreamEvent.ReasoningDelta("c"), StreamEvent.TextDelta("d"))).Select(Type));

    [Fact]
    public void Answer_SignedReasonings_AreParts_EachWithItsOwnSignature() =>
        Assert.Equal(
            [
                """{"type":"reasoning-end","id":"r1","providerMetadata":{"gai":{"signature":"s1"}}}""",
                """{"type":"reasoning-end","id":"r2","providerMetadata":{"gai":{"signature":"s2"}}}""",
                """{"type":"reasoning-end","id":"r3"}""",
                """{"type":"text-end","id":"t4"}""",
            ],
            Written(Answer(
                Start,
                StreamEvent.ReasoningDelta("a"),
                StreamEvent.ReasoningDelta(default, "s1"),
                StreamEvent.ReasoningDelta("b", "s2"),
                StreamEvent.ReasoningDelta("c"),
                StreamEvent.TextDelta("d"))).Where(static chunk => Type(chunk).EndsWith("-end", StringComparison.Ordinal)));

    [Fact]
    public void Answer_ToolOfTheServer_HasItsResult()
    {
        string[] written = Written(Answer(Start, StreamEvent.ToolCall("c", "own", "{}", ToolRunner.Server), StreamEvent.ToolResult("c", "own", default), StreamEvent.TextDelta("a"), StreamEvent.Finish()));

        Assert.Equal("""{"type":"tool-output-available","toolCallId":"c","output":null,"providerExecuted":true}""", written[3]);
        Assert.Equal("""{"type":"finish","finishReason":"stop"}""", written[^2]);
    }

    [Fact]
    public void Answer_ToolOfTheServerBesideOneOfTheClient_FailsAndTheClientGoesOn()
    {
        string[] written = Written(Answer(
            Start, StreamEvent.ToolCall("c", "own", "{}", ToolRunner.Server), StreamEvent.ToolCall("d", "f", "{}"), StreamEvent.FinishStep(1), StreamEvent.Finish(FinishReasons.ToolCalls)));

        Assert.Equal(
            [
                """{"type":"tool-output-error","toolCallId":"c","errorText":"The answer ended before the tool had a result.","providerExecuted":true}""",
                """{"type":"finish-step"}""",
                """{"type":"finish","finishReason":"tool-calls"}""",
            ],
            written[^4..^1]);
    }

    [Fact]
    public void Answer_ResultOfAnUnknownCall_IsLeftOut() =>
        Assert.Equal(Written(Answer(Start)), Written(Answer(Start, StreamEvent.ToolResult("c", "f", "1"))));

    [Fact]
    public void Answer_ResultOfACallInTheMessageThatItGoesOnWith_IsToldUnderThatMessagesId()
    {
        string[] written = Written(VendorStream.Answer(
            AISdkChatApi.Instance,
            """{"messages":[{"id":"a7","role":"assistant","parts":[{"type":"tool-f","toolCallId":"c","state":"input-available","input":{}}]}]}""",
            StreamEvent.ToolResult("c", "f", "1")));

        Assert.Equal("""{"type":"start","messageId":"a7"}""", written[0]);
        Assert.Equal("""{"type":"tool-output-available","toolCallId":"c","output":1}""", written[1]);
    }

    [Fact]
    public void Answer_PiecesByTurns_AreToldByTurnsAndWhole()
    {
        string[] written = Written(Answer(
            Start,
            StreamEvent.ToolCallDelta("c1", null, "{\"a"),
            StreamEvent.ToolCallDelta("c2", "g", "{}"),
            StreamEvent.ToolCallDelta("c1", "f", "\":1"),
            StreamEvent.ToolCallDelta("c1", null, "}"),
            StreamEvent.Finish(FinishReasons.Stop)));

        Assert.Equal(
            [
                """{"type":"tool-input-start","toolCallId":"c2","toolName":"g"}""",
                """{"type":"tool-input-delta","toolCallId":"c2","inputTextDelta":"{}"}""",
                """{"type":"tool-input-available","toolCallId":"c2","toolName":"g","input":{}}""",
                """{"type":"tool-input-start","toolCallId":"c1","toolName":"f"}""",
                """{"type":"tool-input-delta","toolCallId":"c1","inputTextDelta":"{\"a\":1"}""",
                """{"type":"tool-input-delta","toolCallId":"c1","inputTextDelta":"}"}""",
                """{"type":"tool-input-available","toolCallId":"c1","toolName":"f","input":{"a":1}}""",
                """{"type":"finish-step"}""",
                """{"type":"finish","finishReason":"tool-calls"}""",
            ],
            written[2..^1]);
    }

    [Fact]
    public void Answer_ACallInPiecesAndThenWhole_IsAvailableOnce()
    {
        StreamEvent whole = StreamEvent.ToolCall("c", "f", "{\"a\":1}", ToolRunner.Server);

        Assert.Single(Written(Answer(Start, StreamEvent.ToolCallDelta("c", "f", "{\"a\":1}"), whole)), static chunk => Type(chunk) == "tool-input-available");
        Assert.Equal(
            """{"type":"tool-input-available","toolCallId":"c","toolName":"f","input":{"a":1},"providerExecuted":true}""",
            Assert.Single(Written(Answer(Start, StreamEvent.ToolCallDelta("c", "f", "{\"a\""), whole)), static chunk => Type(chunk) == "tool-input-available"));

        string[] told = Written(Answer(Start, whole));
        Assert.Equal(told, Written(Answer(Start, whole, whole)));
        Assert.Equal(told, Written(Answer(Start, whole, StreamEvent.ToolCallDelta("c", "f", "{\"a\":1}"))));
        Assert.Equal(2, Written(Answer(Start, whole, StreamEvent.FinishStep(1), whole)).Count(static chunk => Type(chunk) == "tool-input-available"));
    }

    [Theory]
    [InlineData("[{\"a\":1}]", "[", "{\"a\":1}", "]")]
    [InlineData("[{\"a\":1}]", "[{\"a\":1}", "]")]
    [InlineData("[{},{}]", " ", "[", "{}", ",{}", "]")]
    [InlineData("\"{}\"", "\"", "{}", "\"")]
    public void Answer_InputThatIsNoObject_IsAvailableHoweverItIsCut(string input, params string[] pieces)
    {
        string[] written = Written(Answer([Start, .. pieces.Select(static piece => StreamEvent.ToolCallDelta("c", "f", piece)), StreamEvent.FinishStep(1)]));

        Assert.DoesNotContain(written, static chunk => Type(chunk) == "tool-input-error");
        Assert.Equal(
            input,
            JsonDocument.Parse(Assert.Single(written, static chunk => Type(chunk) == "tool-input-available")).RootElement.GetProperty("input").GetRawText());
    }

    [Fact]
    public void Answer_PiecesOfAudio_AreOneFileAStepAndFormat() =>
        Assert.Equal(
            [
                """{"type":"file","url":"data:audio/wav;base64,AQ==","mediaType":"audio/wav"}""",
                """{"type":"file","url":"data:audio/mpeg;base64,AgM=","mediaType":"audio/mpeg"}""",
                """{"type":"file","url":"data:audio/mpeg;base64,BA==","mediaType":"audio/mpeg"}""",
            ],
            Written(Answer(
                Start,
                StreamEvent.AudioDelta(new byte[] { 1 }, new AudioFormat("audio/wav")),
                StreamEvent.AudioDelta(new byte[] { 2 }, new AudioFormat("audio/mpeg")),
                StreamEvent.AudioDelta(new byte[] { 3 }),
                StreamEvent.FinishStep(1),
                StreamEvent.AudioDelta(new byte[] { 4 }, new AudioFormat("audio/mpeg")))).Where(static chunk => Type(chunk) == "file"));

    [Theory]
    [InlineData(FinishReasons.Stop, "stop")]
    [InlineData(FinishReasons.StopSequence, "stop")]
    [InlineData(FinishReasons.Length, "length")]
    [InlineData(FinishReasons.ToolCalls, "tool-calls")]
    [InlineData(FinishReasons.ContentFilter, "content-filter")]
    [InlineData("tired", "other")]
    [InlineData(null, "stop")]
    public void Answer_FinishReason_HasHyphens(string? reason, string expected) =>
        Assert.Equal($$"""{"type":"finish","finishReason":"{{expected}}"}""", Written(Answer(Start, StreamEvent.Finish(reason)))[^2]);

    [Fact]
    public void Answer_UsageWithDetails_NamesThem() =>
        Assert.Equal(
            """{"type":"finish","finishReason":"stop","messageMetadata":{"usage":{"inputTokens":11,"outputTokens":7,"totalTokens":18,"cachedInputTokens":5,"reasoningTokens":3}}}""",
            Written(Answer(Start, StreamEvent.Finish(null, new TokenUsage(11, 7) { CachedInputTokens = 5, ReasoningTokens = 3 })))[^2]);

    [Fact]
    public void Answer_Error_EndsTheStreamWithoutFinish() =>
        Assert.Equal(
            ["start", "start-step", "text-start", "text-delta", "text-end", "{\"type\":\"error\",\"errorText\":\"No \\\"room\\\"\"}", "[DONE]"],
            Written(Answer(Start, StreamEvent.TextDelta("Hi"), StreamEvent.Finish(), StreamEvent.Failure(new StreamError(StreamErrorCodes.Overloaded, "No \"room\""))))
                .Select(static chunk => Type(chunk) == "error" ? chunk : Type(chunk)));

    [Fact]
    public void Answer_InputThatIsNotJson_FailsTheStream() =>
        Assert.Throws<FormatException>(() => Answer(Start, StreamEvent.ToolCall("c", "f", "{")));

    [Fact]
    public void Failure_IsPlainText()
    {
        Assert.Equal("No \"model\" <here>", VendorStream.Failure(AISdkChatApi.Instance, new StreamError(StreamErrorCodes.NotFound, "No \"model\" <here>"), 404));
        Assert.Equal("text/plain; charset=utf-8", AISdkChatApi.Instance.ContentType);
    }

    [Fact]
    public void WriteKeepAlive_IsAComment()
    {
        var bytes = new System.Buffers.ArrayBufferWriter<byte>();
        var output = new FrameWriter(bytes);
        VendorStream.Begin(AISdkChatApi.Instance, VendorStream.Read(AISdkChatApi.Instance, Request)).WriteKeepAlive(output);
        output.Commit();
        output.Publish();

        Assert.Equal(": keep-alive\n\n", Encoding.UTF8.GetString(bytes.WrittenSpan));
    }

    /// <summary>The answer, with the id of its message replaced.</summary>
    private static string Answer(params StreamEvent[] events) =>
        Regex.Replace(VendorStream.Answer(AISdkChatApi.Instance, Request, events), "msg-[0-9a-f]{32}", "ID", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));

    private static string[] Written(string stream) => [.. stream.Split("\n\n")[..^1].Select(static frame => frame["data: ".Length..])];

    private static string Type(string chunk) => chunk == "[DONE]" ? chunk : JsonDocument.Parse(chunk).RootElement.GetProperty("type").GetString()!;
}

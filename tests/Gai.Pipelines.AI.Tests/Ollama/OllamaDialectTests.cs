using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.AI.Tests.Ollama;

public sealed class OllamaDialectTests
{
    private const string Chat = """{"model":"mock-1","messages":[{"role":"user","content":"Hi"}]}""";
    private const string Document = """{"model":"mock-1","stream":false,"messages":[{"role":"user","content":"Hi"}]}""";
    private const string Generate = """{"model":"mock-1","prompt":"Hi"}""";
    private const string Head = "{\"model\":\"m\",\"created_at\":\"2025-11-22T08:26:40.000Z\",";

    private static readonly StreamEvent Start = StreamEvent.Start("resp_1", "m", "p");

    [Fact]
    public void Answer_Chat_IsTheStreamOfTheSheet() =>
        Assert.Equal(
            """
            {"model":"m","created_at":"2025-11-22T08:26:40.000Z","message":{"role":"assistant","content":"","thinking":"Let me think."},"done":false}
            {"model":"m","created_at":"2025-11-22T08:26:40.000Z","message":{"role":"assistant","content":"Hello <wörld>"},"done":false}
            {"model":"m","created_at":"2025-11-22T08:26:40.000Z","message":{"role":"assistant","content":"","tool_calls":[{"id":"call_1","function":{"index":0,"name":"get_weather","arguments":{"city":"Zagreb"}}}]},"done":false}
            {"model":"m","created_at":"2025-11-22T08:26:40.000Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":11,"eval_count":7}

            """,
            Answer(
                Chat,
                Start,
                StreamEvent.ReasoningDelta("Let me think.", "sig"),
                StreamEvent.TextDelta("Hello <wörld>"),
                StreamEvent.ToolCall("call_1", "get_weather", "{\"city\":\"Zagreb\"}"),
                StreamEvent.FinishStep(1),
                StreamEvent.Finish(FinishReasons.ToolCalls, new TokenUsage(11, 7))));

    [Fact]
    public void Answer_Generate_IsTheStreamOfTheSheet() =>
        Assert.Equal(
            """
            {"model":"m","created_at":"2025-11-22T08:26:40.000Z","response":"","thinking":"Let me think.","done":false}
            {"model":"m","created_at":"2025-11-22T08:26:40.000Z","response":"Hello","done":false}
            {"model":"m","created_at":"2025-11-22T08:26:40.000Z","response":"","done":true,"done_reason":"length"}

            """,
            VendorStream.Answer(
                OllamaGenerateApi.Instance,
                Generate,
                Start,
                StreamEvent.ReasoningDelta("Let me think."),
                StreamEvent.TextDelta("Hello"),
                StreamEvent.ToolCall("call_1", "get_weather", "{}"),
                StreamEvent.ToolCallDelta("call_2", "get_weather", "{"),
                StreamEvent.Finish(FinishReasons.Length)));

    [Fact]
    public void Answer_WhatHasNoPlace_IsLeftOut() =>
        Assert.Equal(
            Answer(Chat, Start, StreamEvent.Finish()),
            Answer(
                Chat,
                Start,
                StreamEvent.ReasoningDelta(default, "sig"),
                StreamEvent.ToolCall("c", "own", "{}", ToolRunner.Server),
                StreamEvent.ToolResult("c", "own", "{}"),
                StreamEvent.AudioDelta(new byte[] { 1 }),
                StreamEvent.CitationList([new Citation("https://e.x/a")]),
                StreamEvent.SafetyCheck(new SafetyVerdict("hate", "warn", 0.5)),
                StreamEvent.Raw("{}"),
                StreamEvent.FinishStep(1),
                StreamEvent.Finish()));

    [Theory]
    [InlineData(FinishReasons.Stop, "stop")]
    [InlineData(FinishReasons.StopSequence, "stop")]
    [InlineData(FinishReasons.Length, "length")]
    [InlineData(FinishReasons.ToolCalls, "stop")]
    [InlineData(FinishReasons.ContentFilter, "stop")]
    [InlineData("other", "stop")]
    [InlineData(null, "stop")]
    public void Answer_FinishReason_IsDoneReason(string? reason, string doneReason) =>
        Assert.EndsWith($"\"done\":true,\"done_reason\":\"{doneReason}\"}}\n", Answer(Chat, Start, StreamEvent.Finish(reason)), StringComparison.Ordinal);

    [Fact]
    public void Answer_NoEvents_StillEnds() =>
        Assert.Equal(
            "{\"model\":\"mock-1\",\"created_at\":\"2025-11-22T08:26:40.000Z\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\"}\n",
            Answer(Chat));

    [Fact]
    public void Answer_Error_IsALineWithoutDone() =>
        Assert.Equal(
            $"{Head}\"message\":{{\"role\":\"assistant\",\"content\":\"Hi\"}},\"done\":false}}\n{{\"error\":\"No \\\"room\\\"\"}}\n",
            Answer(Chat, Start, StreamEvent.TextDelta("Hi"), StreamEvent.Finish(FinishReasons.Stop), StreamEvent.Failure(new StreamError(StreamErrorCodes.Overloaded, "No \"room\""))));

    [Fact]
    public void WriteKeepAlive_IsAnEmptyPiece()
    {
        Assert.Equal(
            "{\"model\":\"mock-1\",\"created_at\":\"2025-11-22T08:26:40.000Z\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":false}\n",
            Written(VendorStream.Begin(OllamaChatApi.Instance, VendorStream.Read(OllamaChatApi.Instance, Chat)), static (dialect, output) => dialect.WriteKeepAlive(output)));
        Assert.Equal(
            "{\"model\":\"mock-1\",\"created_at\":\"2025-11-22T08:26:40.000Z\",\"response\":\"\",\"done\":false}\n",
            Written(VendorStream.Begin(OllamaGenerateApi.Instance, VendorStream.Read(OllamaGenerateApi.Instance, Generate)), static (dialect, output) => dialect.WriteKeepAlive(output)));
    }

    [Fact]
    public void Answer_EventsWithTimes_HaveThemInTheirLines()
    {
        string[] lines = Answer(
            Chat,
            Start,
            StreamEvent.TextDelta("a").At(VendorStream.Moment.AddMilliseconds(7)),
            StreamEvent.TextDelta("b").At(VendorStream.Moment.AddYears(1).AddMilliseconds(123)),
            StreamEvent.TextDelta("c")).Split('\n');

        Assert.Equal(
            ["2025-11-22T08:26:40.007Z", "2026-11-22T08:26:40.123Z", "2025-11-22T08:26:40.000Z"],
            lines.Take(3).Select(static line => line[27..51]));
    }

    [Fact]
    public void Answer_Durations_AreNanosecondsBeforeAndAfterTheFirstWord()
    {
        var clock = new ManualTimeProvider(VendorStream.Moment);
        Dialect<StreamEvent> dialect = OllamaChatApi.Instance.Begin(
            VendorStream.Read(OllamaChatApi.Instance, Chat), new DialectContext(StreamFormat.Ndjson, new DialectSettings { TimeProvider = clock }));

        string stream = Written(dialect, (it, output) =>
        {
            it.WriteEvent(output, Start);
            clock.Advance(TimeSpan.FromMilliseconds(300));
            it.WriteEvent(output, StreamEvent.TextDelta("a"));
            clock.Advance(TimeSpan.FromSeconds(1));
            it.WriteEvent(output, StreamEvent.TextDelta("b"));
            it.WriteEnd(output);
        });

        Assert.EndsWith("\"done_reason\":\"stop\",\"total_duration\":1300000000,\"prompt_eval_duration\":300000000,\"eval_duration\":1000000000}\n", stream, StringComparison.Ordinal);
    }

    [Fact]
    public void Answer_CallsInPiecesByTurns_AreWrittenWholeWhenTheyClose()
    {
        string stream = Answer(
            Chat,
            Start,
            StreamEvent.ToolCallDelta("call_1", "get_weather", " {\"city\":\"}"),
            StreamEvent.ToolCallDelta("call_2", "get_time", default),
            StreamEvent.ToolCallDelta("call_3", "get_time", "{\"a\":[{}]}"u8.ToArray()),
            StreamEvent.TextDelta("and"),
            StreamEvent.ToolCallDelta("call_1", null, "\\\"\"}"),
            StreamEvent.ToolCallDelta("call_1", null, " \n"),
            StreamEvent.Finish(FinishReasons.ToolCalls));

        Assert.Equal(
            [
                Call("""{"id":"call_3","function":{"index":0,"name":"get_time","arguments":{"a":[{}]}}}"""),
                Head + "\"message\":{\"role\":\"assistant\",\"content\":\"and\"},\"done\":false}",
                Call("""{"id":"call_1","function":{"index":1,"name":"get_weather","arguments": {"city":"}\""}}}"""),
                Call("""{"id":"call_2","function":{"index":2,"name":"get_time","arguments":{}}}"""),
                Head + "\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\"}",
                "",
            ],
            stream.Split('\n'));
    }

    [Fact]
    public void Answer_ACallInPiecesAndThenWhole_IsWrittenOnce()
    {
        string told = Answer(Chat, Start, StreamEvent.ToolCall("c", "f", "{\"a\":1}"));

        Assert.Equal(told, Answer(Chat, Start, StreamEvent.ToolCallDelta("c", "f", "{\"a\":1}"), StreamEvent.ToolCall("c", "f", "{\"a\":1}")));
        Assert.Equal(told, Answer(Chat, Start, StreamEvent.ToolCallDelta("c", "f", "{\"a\""), StreamEvent.ToolCall("c", "f", "{\"a\":1}")));
        Assert.Equal(told, Answer(Chat, Start, StreamEvent.ToolCall("c", "f", "{\"a\":1}"), StreamEvent.ToolCall("c", "f", "{\"a\":1}")));
        Assert.Equal(told, Answer(Chat, Start, StreamEvent.ToolCall("c", "f", "{\"a\":1}"), StreamEvent.ToolCallDelta("c", "f", "{\"a\":1}")));
    }

    [Fact]
    public void Answer_ACallOfALaterStepUnderTheSameId_IsAnother() =>
        Assert.Equal(
            Answer(Chat, Start, StreamEvent.ToolCall("c", "f", "{\"a\":1}"), StreamEvent.FinishStep(1), StreamEvent.ToolCall("c", "g", "{}")),
            Answer(Chat, Start, StreamEvent.ToolCallDelta("c", "f", "{\"a\":1}"), StreamEvent.FinishStep(1), StreamEvent.ToolCallDelta("c", "g", default)));

    [Theory]
    [InlineData("[1]")]
    [InlineData("1")]
    [InlineData("\"a\"")]
    [InlineData("null")]
    [InlineData("{\"a\":")]
    [InlineData("{\"a\"}")]
    [InlineData("{} {}")]
    public void Answer_ArgumentsThatAreNoObject_FailTheStream(string input)
    {
        Assert.ThrowsAny<FormatException>(() => Answer(Chat, Start, StreamEvent.ToolCall("c", "f", input)));
        Assert.ThrowsAny<FormatException>(() => Answer(Chat, Start, StreamEvent.ToolCallDelta("c", "f", input), StreamEvent.Finish(FinishReasons.ToolCalls)));
        Assert.ThrowsAny<FormatException>(() => Answer(Chat, Start, StreamEvent.ToolCallDelta("c", "f", input)));
    }

    [Fact]
    public void Answer_ACallThatTheLimitCutOff_IsLeftOut()
    {
        StreamEvent[] cut = [Start, StreamEvent.ToolCallDelta("c", "f", "{\"a\":"), StreamEvent.FinishStep(1), StreamEvent.Finish(FinishReasons.Length)];

        Assert.Equal(Answer(Chat, Start, StreamEvent.Finish(FinishReasons.Length)), Answer(Chat, cut));
        Assert.DoesNotContain("tool_calls", Answer(Chat.Replace("{\"model", "{\"stream\":false,\"model", StringComparison.Ordinal), cut), StringComparison.Ordinal);
    }

    [Fact]
    public void Answer_ArgumentsThatTheLimitCutOffBeforeTheyWereAnObject_AreLeftOutHoweverTheyAreCut() =>
        Assert.Equal(
            Answer(Chat, Start, StreamEvent.ToolCallDelta("c", "f", "[{}"), StreamEvent.Finish(FinishReasons.Length)),
            Answer(Chat, Start, StreamEvent.ToolCallDelta("c", "f", "["), StreamEvent.ToolCallDelta("c", null, "{}"), StreamEvent.Finish(FinishReasons.Length)));

    [Theory]
    [InlineData(true, """{"model":"m","created_at":"2025-11-22T08:26:40.000Z","message":{"role":"assistant","content":"Hello you","thinking":"Hm","tool_calls":[{"id":"c","function":{"index":0,"name":"f","arguments":{"a":1}}}]},"done":true,"done_reason":"stop","prompt_eval_count":11,"eval_count":7}""")]
    [InlineData(false, """{"model":"m","created_at":"2025-11-22T08:26:40.000Z","response":"Hello you","thinking":"Hm","done":true,"done_reason":"stop","prompt_eval_count":11,"eval_count":7}""")]
    public void Answer_WithoutStream_IsOneDocument(bool chat, string document)
    {
        StreamEvent[] events =
        [
            Start,
            StreamEvent.ReasoningDelta("Hm"),
            StreamEvent.TextDelta("Hello "),
            StreamEvent.ToolCallDelta("c", "f", "{\"a\""),
            StreamEvent.ToolCallDelta("c", null, ":1}"),
            StreamEvent.TextDelta("you"),
            StreamEvent.Finish(FinishReasons.ToolCalls, new TokenUsage(11, 7)),
        ];

        Assert.Equal(document, chat
            ? Answer("""{"model":"m","stream":false,"messages":[{"role":"user","content":"Hi"}]}""", events)
            : VendorStream.Answer(OllamaGenerateApi.Instance, """{"model":"m","stream":false,"prompt":"Hi"}""", events));
    }

    [Fact]
    public void Answer_DocumentOfACallWhosePiecesBrokeOff_HasTheWholeOne() =>
        Assert.Equal(
            Answer(Document, Start, StreamEvent.ToolCall("c", "f", "{\"a\":1}"), StreamEvent.Finish()),
            Answer(Document, Start, StreamEvent.ToolCallDelta("c", "f", "{\"a\""), StreamEvent.ToolCall("c", "f", "{\"a\":1}"), StreamEvent.Finish()));

    [Fact]
    public void Answer_DocumentWithDurations_MeasuresTheFirstWord()
    {
        var clock = new ManualTimeProvider(VendorStream.Moment);
        Dialect<StreamEvent> dialect = OllamaGenerateApi.Instance.Begin(
            VendorStream.Read(OllamaGenerateApi.Instance, """{"model":"m","stream":false,"prompt":"Hi"}"""),
            new DialectContext(StreamFormat.JsonDocument, new DialectSettings { TimeProvider = clock }));

        string document = Written(dialect, (it, output) =>
        {
            clock.Advance(TimeSpan.FromMilliseconds(2));
            it.WriteEvent(output, StreamEvent.TextDelta("a"));
            clock.Advance(TimeSpan.FromMilliseconds(3));
            it.WriteEnd(output);
        });

        Assert.EndsWith("\"total_duration\":5000000,\"prompt_eval_duration\":2000000,\"eval_duration\":3000000}", document, StringComparison.Ordinal);
    }

    [Fact]
    public void Failure_IsOneString() =>
        Assert.Equal("""{"error":"No \"model\""}""", VendorStream.Failure(OllamaChatApi.Instance, new StreamError(StreamErrorCodes.NotFound, "No \"model\""), 404));

    private static string Answer(string request, params StreamEvent[] events) => VendorStream.Answer(OllamaChatApi.Instance, request, events);

    private static string Call(string call) => $$"""{{Head}}"message":{"role":"assistant","content":"","tool_calls":[{{call}}]},"done":false}""";

    private static string Written(Dialect<StreamEvent> dialect, Action<Dialect<StreamEvent>, FrameWriter> write)
    {
        var bytes = new System.Buffers.ArrayBufferWriter<byte>();
        var output = new FrameWriter(bytes);
        write(dialect, output);
        output.Commit();
        output.Publish();
        return System.Text.Encoding.UTF8.GetString(bytes.WrittenSpan);
    }
}

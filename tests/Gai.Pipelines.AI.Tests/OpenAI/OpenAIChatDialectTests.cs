using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;

namespace Gai.Pipelines.AI.Tests.OpenAI;

public sealed class OpenAIChatDialectTests
{
    private const string Request = """{"model":"mock-1","stream":true,"messages":[{"role":"user","content":"Hi"}]}""";
    private const string WithUsage = """{"model":"mock-1","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"Hi"}]}""";

    private static readonly StreamEvent Start = StreamEvent.Start("resp_1", "m", "p");

    [Fact]
    public void Answer_TextAndUsage_IsTheStreamOfTheSheet()
    {
        string stream = Answer(WithUsage, Start, StreamEvent.TextDelta("Hello <w\u00F6rld>"), StreamEvent.Finish(FinishReasons.Stop, new TokenUsage(11, 7)));

        Assert.Equal(
            """
            data: {"id":"ID","object":"chat.completion.chunk","created":1763800000,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"finish_reason":null,"logprobs":null}],"usage":null}

            data: {"id":"ID","object":"chat.completion.chunk","created":1763800000,"model":"m","choices":[{"index":0,"delta":{"content":"Hello <wörld>"},"finish_reason":null,"logprobs":null}],"usage":null}

            data: {"id":"ID","object":"chat.completion.chunk","created":1763800000,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop","logprobs":null}],"usage":null}

            data: {"id":"ID","object":"chat.completion.chunk","created":1763800000,"model":"m","choices":[],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18,"prompt_tokens_details":{"cached_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}}

            data: [DONE]


            """,
            stream);
    }

    public static TheoryData<StreamEvent, string> Deltas => new()
    {
        { StreamEvent.ReasoningDelta("Hm", "sig"), "{\"reasoning_content\":\"Hm\"}" },
        { StreamEvent.ToolCall("call_1", "get_weather", "{\"city\":\"Zagreb\"}"), """{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"get_weather","arguments":"{\"city\":\"Zagreb\"}"}}]}""" },
        { StreamEvent.ToolCall("call_1", "get_weather", default), """{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"get_weather","arguments":"{}"}}]}""" },
        { StreamEvent.ToolCallDelta("call_1", "get_weather", "{\"ci"), """{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"get_weather","arguments":"{\"ci"}}]}""" },
        { StreamEvent.CitationList([new Citation("https://e.x/a", null, 0, 5)]), """{"annotations":[{"type":"url_citation","url_citation":{"start_index":0,"end_index":5,"url":"https://e.x/a","title":"https://e.x/a"}}]}""" },
    };

    [Theory]
    [MemberData(nameof(Deltas), DisableDiscoveryEnumeration = true)]
    public void Answer_OneEvent_IsOneChunk(StreamEvent item, string delta) =>
        Assert.Equal(delta, Chunks(Answer(Request, Start, item))[1].GetProperty("choices")[0].GetProperty("delta").GetRawText());

    [Fact]
    public void Answer_WhatHasNoPlace_IsLeftOut()
    {
        string without = Answer(Request, Start, StreamEvent.Finish());

        Assert.Equal(without, Answer(
            Request,
            Start,
            StreamEvent.ToolCall("c", "own", "{}", ToolRunner.Server),
            StreamEvent.ToolResult("c", "own", "1"),
            StreamEvent.AudioDelta(new byte[] { 1 }),
            StreamEvent.SafetyCheck(new SafetyVerdict("hate", "warn", 1)),
            StreamEvent.Raw("1"),
            StreamEvent.ReasoningDelta(default, "signature alone"),
            StreamEvent.FinishStep(1),
            StreamEvent.Finish()));
    }

    [Fact]
    public void Answer_PiecesOfCallsByTurns_HaveTheirIndexesAndOneNameEach()
    {
        JsonElement[] calls = [.. Chunks(Answer(
            Request,
            Start,
            StreamEvent.ToolCallDelta("a", "f", "{"),
            StreamEvent.ToolCallDelta("b", "g", default),
            StreamEvent.ToolCallDelta("a", null, "}"),
            StreamEvent.Finish(FinishReasons.Stop))).Select(static chunk => chunk.GetProperty("choices")[0].GetProperty("delta")).Where(static delta => delta.TryGetProperty("tool_calls", out _))];

        Assert.Equal(
            [
                """[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{"}}]""",
                """[{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":""}}]""",
                """[{"index":0,"function":{"arguments":"}"}}]""",
                """[{"index":1,"function":{"arguments":"{}"}}]""", // no arguments at all are an empty object
            ],
            calls.Select(static delta => delta.GetProperty("tool_calls").GetRawText()));
    }

    [Fact]
    public void Answer_ACallInPiecesAndThenWhole_IsWrittenOnce()
    {
        string[] arguments = [.. Chunks(Answer(
            Request,
            Start,
            StreamEvent.ToolCallDelta("a", "f", "{\"x\":"),
            StreamEvent.ToolCallDelta("a", null, "1}"),
            StreamEvent.ToolCall("a", "f", "{\"x\":1}"),
            StreamEvent.ToolCallDelta("b", "g", default),
            StreamEvent.ToolCall("b", "g", "{\"y\":2}"),
            StreamEvent.ToolCall("b", "g", "{\"y\":2}"),
            StreamEvent.ToolCallDelta("b", null, "{\"y\":2}"),
            StreamEvent.Finish()))
            .Select(static chunk => chunk.GetProperty("choices")[0].GetProperty("delta"))
            .Where(static delta => delta.TryGetProperty("tool_calls", out _))
            .Select(static delta => delta.GetProperty("tool_calls")[0])
            .Select(static call => $"{call.GetProperty("index")} {call.GetProperty("function").GetProperty("arguments").GetString()}")];

        Assert.Equal(["0 {\"x\":", "0 1}", "1 ", "1 {\"y\":2}"], arguments);
    }

    [Theory]
    [InlineData(null, "stop")]
    [InlineData(FinishReasons.Stop, "stop")]
    [InlineData(FinishReasons.StopSequence, "stop")]
    [InlineData(FinishReasons.Length, "length")]
    [InlineData(FinishReasons.ToolCalls, "tool_calls")]
    [InlineData(FinishReasons.ContentFilter, "content_filter")]
    [InlineData("a provider's own", "stop")]
    public void Answer_FinishReason_IsOpenAIs(string? neutral, string expected) =>
        Assert.Equal(expected, FinishOf(Answer(Request, Start, StreamEvent.Finish(neutral))));

    [Fact]
    public void Answer_CallsAndPlainStop_FinishesWithToolCalls() =>
        Assert.Equal("tool_calls", FinishOf(Answer(Request, Start, StreamEvent.ToolCall("a", "f", "{}"), StreamEvent.Finish(FinishReasons.Stop))));

    [Fact]
    public void Answer_TwoFinishes_EndsOnceAndWithTheLast() =>
        Assert.Equal(
            Answer(WithUsage, Start, StreamEvent.ToolCallDelta("a", "f", default), StreamEvent.Finish(FinishReasons.Length, new TokenUsage(11, 7))),
            Answer(WithUsage, Start, StreamEvent.ToolCallDelta("a", "f", default), StreamEvent.Finish(FinishReasons.Stop), StreamEvent.Finish(FinishReasons.Length, new TokenUsage(11, 7))));

    [Fact]
    public void Answer_APieceAfterTheFinish_ComesBeforeTheEnd() =>
        Assert.Equal(
            Answer(Request, Start, StreamEvent.ToolCallDelta("a", "f", default), StreamEvent.ToolCallDelta("a", null, "{\"x\":1}"), StreamEvent.Finish()),
            Answer(Request, Start, StreamEvent.ToolCallDelta("a", "f", default), StreamEvent.Finish(), StreamEvent.ToolCallDelta("a", null, "{\"x\":1}")));

    [Fact]
    public void Answer_NothingAtAll_IsAWholeEmptyAnswer()
    {
        string stream = Answer(Request);

        Assert.Equal("mock-1", Chunks(stream)[0].GetProperty("model").GetString());
        Assert.Equal("stop", FinishOf(stream));
        Assert.EndsWith("data: [DONE]\n\n", stream, StringComparison.Ordinal);
    }

    [Fact]
    public void Answer_Failure_IsAnErrorRecordAndNoEnd()
    {
        string stream = Answer(Request, Start, StreamEvent.TextDelta("a"), StreamEvent.Failure(new StreamError(StreamErrorCodes.RateLimited, "Slow \"down\"", true)));

        Assert.EndsWith(
            "\n\ndata: {\"error\":{\"message\":\"Slow \\\"down\\\"\",\"type\":\"rate_limit_error\",\"param\":null,\"code\":\"rate_limit_exceeded\"}}\n\n", stream, StringComparison.Ordinal);
        Assert.DoesNotContain("[DONE]", stream, StringComparison.Ordinal);
        Assert.DoesNotContain("finish_reason\":\"", stream, StringComparison.Ordinal);
    }

    [Fact]
    public void Answer_InputThatIsNoJson_FailsAndLeavesNothing() =>
        Assert.Throws<FormatException>(() => Answer(Request, Start, StreamEvent.ToolCall("a", "f", "{\"a\":")));

    [Fact]
    public void Answer_AnyEvents_ComeBackFromTheChunks() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(AnyAnswer.All().ToArbitrary(), static answer =>
        {
            string stream = Answer(Request, answer.Events);
            JsonElement[] chunks = [.. Chunks(stream)];
            JsonElement[] deltas = [.. chunks.Where(static chunk => chunk.TryGetProperty("choices", out _)).Select(static chunk => chunk.GetProperty("choices")[0].GetProperty("delta"))];
            Assert.Equal(answer.Text, string.Concat(deltas.Select(static delta => Text(delta, "content"))));
            Assert.Equal(answer.Reasoning, string.Concat(deltas.Select(static delta => Text(delta, "reasoning_content"))));
            if (answer.Error is null)
            {
                Assert.Equal(answer.Calls, CallsOf(deltas));
                Assert.EndsWith("data: [DONE]\n\n", stream, StringComparison.Ordinal);
                Assert.Equal(answer is { Calls.Count: > 0, FinishReason: null or FinishReasons.Stop } ? "tool_calls" : OpenAIName(answer.FinishReason), FinishOf(stream));
            }
            else
            {
                Assert.Equal(answer.Error.Value.Message, chunks[^1].GetProperty("error").GetProperty("message").GetString());
            }
        }));

    private static string OpenAIName(string? reason) => reason is FinishReasons.Length or FinishReasons.ContentFilter ? reason : "stop";

    private static List<(string Id, string Name, string Input)> CallsOf(JsonElement[] deltas)
    {
        var calls = new List<(string Id, string Name, string Input)>();
        foreach (JsonElement call in deltas.Where(static delta => delta.TryGetProperty("tool_calls", out _)).SelectMany(static delta => delta.GetProperty("tool_calls").EnumerateArray()))
        {
            int index = call.GetProperty("index").GetInt32();
            JsonElement function = call.GetProperty("function");
            if (index == calls.Count)
            {
                calls.Add((call.GetProperty("id").GetString()!, function.GetProperty("name").GetString()!, string.Empty));
            }

            calls[index] = calls[index] with { Input = calls[index].Input + function.GetProperty("arguments").GetString() };
        }

        return calls;
    }

    private static string? Text(JsonElement delta, string name) => delta.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    private static string FinishOf(string stream) => Assert.Single(
        Chunks(stream).Where(static chunk => chunk.TryGetProperty("choices", out JsonElement choices) && choices.GetArrayLength() > 0)
            .Select(static chunk => chunk.GetProperty("choices")[0].GetProperty("finish_reason").GetString()),
        static reason => reason is not null)!;

    private static List<JsonElement> Chunks(string stream)
    {
        using var bytes = new MemoryStream(Encoding.UTF8.GetBytes(stream));
        return [.. SseParser.Create(bytes).Enumerate().Where(static item => item.Data != "[DONE]").Select(static item => JsonDocument.Parse(item.Data).RootElement)];
    }

    /// <summary>Answers, with the id that is new for each stream replaced.</summary>
    private static string Answer(string request, params StreamEvent[] events)
    {
        string stream = VendorStream.Answer(OpenAIChatApi.Instance, request, events);
        int start = stream.IndexOf("chatcmpl-", StringComparison.Ordinal);
        return start < 0 ? stream : stream.Replace(stream.Substring(start, "chatcmpl-".Length + 32), "ID", StringComparison.Ordinal);
    }
}

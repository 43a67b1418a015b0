using System.Text;
using Gai.Pipelines.AI.Providers;
using Gai.Pipelines.AI.Tests.Chat;

namespace Gai.Pipelines.AI.Tests.Providers;

public sealed class CompletionEventsTests
{
    private const string Done = "data: [DONE]\n\n";

    private static readonly string Stop = ChunkReader.Delta("{}", "\"stop\"");

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(7)]
    [InlineData(1)]
    public async Task ReadStream_WholeAnswer_GivesAllOfIt(int pieceBytes)
    {
        string stream = ": hello\n\n" +
            ChunkReader.Delta("""{"role":"assistant","content":"","refusal":null}""") +
            ChunkReader.Delta("""{"reasoning_content":"hm"}""") +
            ChunkReader.Delta("""{"content":"čao \ud83d\ude00"}""") +
            ChunkReader.Delta("""{"content":" \"x\"\n\u2028\\ud83d"}""") +
            Stop +
            ChunkReader.Frame("""{"id":"chatcmpl-1","choices":[],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18,"prompt_tokens_details":{"audio_tokens":1,"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":2,"x":{"y":[]}}}}""") +
            Done;

        foreach (string ends in (string[])["\n", "\r\n", "\r"])
        {
            List<StreamEvent> events = await ChunkReader.ReadAsync(stream.Replace("\n", ends, StringComparison.Ordinal), pieceBytes);

            Assert.Equal(
            [
                "Start chatcmpl-1 mock-1", "ReasoningDelta hm", "TextDelta čao \U0001F600 \"x\"\n\u2028\\ud83d", "FinishStep 1",
                $"Finish stop {new TokenUsage(11, 7, 18) { CachedInputTokens = 4, ReasoningTokens = 2 }}",
            ], Described.Events(events));
            Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1763800000), events[0].Timestamp);
            Assert.Equal("test", events[0].Provider);
        }
    }

    [Fact]
    public async Task ReadStream_FieldsInAnyOrder_AreFound()
    {
        List<StreamEvent> events = await ChunkReader.ReadAsync(ChunkReader.Frame(
            """{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"{}","name":"now"},"id":"c1","index":0}],"content":"a","reasoning":"r","reasoning_content":"r"},"finish_reason":"tool_calls","index":0},{"index":1,"delta":{"content":"other"}}],"created":1,"error":null,"id":"i","model":"m"}""") + Done);

        Assert.Equal(["Start i m", "ReasoningDelta r", "TextDelta a", "ToolCallDelta c1 now {}", "FinishStep 1", "Finish tool_calls "], Described.Events(events));
    }

    [Fact]
    public async Task ReadStream_FirstRecordNamesNothing_StartWaitsForTheNames()
    {
        // Azure's, which tells only of its filters.
        string filters = ChunkReader.Frame("""{"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0,"content_filter_results":{}}]}""");

        List<StreamEvent> events = await ChunkReader.ReadAsync(filters + ChunkReader.Delta("""{"role":"assistant","content":""}""") + ChunkReader.Delta("""{"content":"a"}""") + Stop + Done);

        Assert.Equal(["Start chatcmpl-1 mock-1", "TextDelta a", "FinishStep 1", "Finish stop "], Described.Events(events));
        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1763800000), events[0].Timestamp);
    }

    [Fact]
    public async Task ReadStream_NothingIsEverNamed_StillStarts()
    {
        const string Nameless = """{"id":"","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}]}""";

        Assert.Equal(["Start  ", "TextDelta a", "FinishStep 1", "Finish stop "], Described.Events(await ChunkReader.ReadAsync(ChunkReader.Frame(Nameless) + Done)));
        Assert.Equal(["Start  ", "Finish  "], Described.Events(await ChunkReader.ReadAsync(ChunkReader.Frame("""{"id":"","choices":[]}""") + Done)));
    }

    [Theory]
    [InlineData("""{"content":"a\ud83d"}""", """{"content":"\ude00b"}""", "a\U0001F600b")]
    [InlineData("""{"content":"a\ud83d"}""", """{"content":"b"}""", "a\uFFFDb")]
    [InlineData("""{"content":"a\ud83d"}""", """{"reasoning_content":"\ude00"}""", "a\uFFFD")]
    [InlineData("""{"content":"\ude00"}""", """{"content":"\ud83d\ud83d\ude00\n"}""", "\uFFFD\uFFFD\U0001F600\n")]
    public async Task ReadStream_SurrogatePairCutBetweenChunks_IsJoined(string first, string second, string text)
    {
        List<StreamEvent> events = await ChunkReader.ReadAsync(ChunkReader.Delta(first) + ChunkReader.Delta(second) + Stop + Done);

        Assert.Equal(text, string.Concat(events.Where(item => item.Type == StreamEventType.TextDelta).Select(item => item.Text.ToString())));
    }

    [Theory]
    [InlineData("""{"content":"I cannot."}""", "stop")]
    [InlineData("""{"refusal":"I cannot."}""", "content_filter")]
    [InlineData("""{"content":[{"type":"text","text":"I "},{"type":"text","text":"cannot."}]}""", "stop")]
    public async Task ReadStream_TextWhereverItStands_IsTextDelta(string delta, string reason) =>
        Assert.Equal(
            ["Start chatcmpl-1 mock-1", "TextDelta I cannot.", "FinishStep 1", $"Finish {reason} "],
            Described.Events(await ChunkReader.ReadAsync(ChunkReader.Delta(delta) + Stop + Done)));

    [Fact]
    public async Task ReadStream_ParallelCalls_AreKeptApart()
    {
        List<StreamEvent> events = await ChunkReader.ReadAsync(
            ChunkReader.Delta("""{"tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"get_weather","arguments":""}}]}""") +
            ChunkReader.Delta("""{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":"}}]}""") +
            ChunkReader.Delta("""{"tool_calls":[{"index":1,"id":"c2","type":"function","function":{"name":"now","arguments":"{"}}]}""") +
            ChunkReader.Delta("""{"tool_calls":[{"index":0,"function":{"arguments":"\"Zagreb\"}"}},{"index":1,"function":{"arguments":"}"}}]}""") +
            ChunkReader.Delta("{}", "\"tool_calls\"") + Done);

        Assert.Equal(
            ["ToolCallDelta c1 get_weather ", "ToolCallDelta c1  {\"city\":", "ToolCallDelta c2 now {", "ToolCallDelta c1  \"Zagreb\"}", "ToolCallDelta c2  }"],
            events.Where(item => item.Type == StreamEventType.ToolCallDelta).Select(item => Described.Event(item)));
    }

    [Theory]
    [InlineData("""[{"id":"c1","function":{"name":"a","arguments":"{"}}]""", """[{"function":{"arguments":"}"}}]""", """[{"id":"c2","function":{"name":"b","arguments":{"x":1}}}]""")] // no index
    [InlineData("""[{"id":"c1","function":{"name":"a","arguments":"{"}}]""", """[{"id":"","function":{"name":"","arguments":"}"}}]""", """[{"id":"c2","function":{"name":"b","arguments":{"x":1}}}]""")] // empty names
    [InlineData("""[{"index":0,"id":"c1","function":{"name":"a","arguments":"{"}}]""", """[{"index":0,"id":"c1","function":{"name":"a","arguments":"}"}}]""", """[{"index":0,"id":"c2","function":{"name":"b","arguments":"{\"x\":1}"}}]""")] // id and name repeated; one index for all
    public async Task ReadStream_CallsAsSomeServersSendThem_AreKeptApart(params string[] calls)
    {
        List<StreamEvent> events = await ChunkReader.ReadAsync(string.Concat(calls.Select(list => ChunkReader.Delta($$"""{"tool_calls":{{list}}}"""))) + Done);

        Assert.Equal(
            ["ToolCallDelta c1 a {", "ToolCallDelta c1  }", "ToolCallDelta c2 b {\"x\":1}"],
            events.Where(item => item.Type == StreamEventType.ToolCallDelta).Select(item => Described.Event(item)));
    }

    [Fact]
    public async Task ReadStream_CallWithoutId_GetsOne()
    {
        List<StreamEvent> events = await ChunkReader.ReadAsync(
            ChunkReader.Delta("""{"tool_calls":[{"index":0,"id":"","function":{"name":"now","arguments":"{"}}]}""") +
            ChunkReader.Delta("""{"tool_calls":[{"index":0,"function":{"arguments":"}"}}]}""") + Done);

        StreamEvent[] pieces = [.. events.Where(item => item.Type == StreamEventType.ToolCallDelta)];
        Assert.Equal(2, pieces.Length);
        Assert.StartsWith("call_", pieces[0].Id, StringComparison.Ordinal);
        Assert.Equal(pieces[0].Id, pieces[1].Id);
    }

    [Fact]
    public async Task ReadStream_CallThatIsNamedAfterItsFirstPiece_HasTheName()
    {
        List<StreamEvent> events = await ChunkReader.ReadAsync(
            ChunkReader.Delta("""{"tool_calls":[{"index":0,"id":"c1","function":{"name":"","arguments":"{"}}]}""") +
            ChunkReader.Delta("""{"tool_calls":[{"index":0,"function":{"name":"now","arguments":"}"}}]}""") + Done);

        Assert.Equal(
            ["ToolCallDelta c1  {", "ToolCallDelta c1 now }"],
            events.Where(item => item.Type == StreamEventType.ToolCallDelta).Select(item => Described.Event(item)));
    }

    [Theory]
    [InlineData(1_024, false)]
    [InlineData(1_025, true)]
    public async Task ReadStream_MoreCallsThanAnAnswerMayHave_IsRefused(int calls, bool isRefused)
    {
        string list = string.Join(',', Enumerable.Range(0, calls).Select(number => $$"""{"id":"c{{number}}","function":{"name":"now","arguments":"{}"} }"""));

        Task<List<StreamEvent>> read = ChunkReader.ReadAsync(ChunkReader.Delta($$"""{"tool_calls":[{{list}}]}""") + Done);

        if (isRefused)
        {
            Assert.Contains("at most 1,024 tool calls; this one has more", (await Assert.ThrowsAsync<StreamReadException>(() => read)).Message, StringComparison.Ordinal);
        }
        else
        {
            Assert.Equal(calls, (await read).Count(item => item.Type == StreamEventType.ToolCallDelta));
        }
    }

    [Fact]
    public async Task ReadStream_IdOfACallIsMuchTooLong_IsRefused()
    {
        string id = new('a', 5_000);

        StreamReadException thrown = await Assert.ThrowsAsync<StreamReadException>(() => ChunkReader.ReadAsync(ChunkReader.Delta($$"""{"tool_calls":[{"id":"{{id}}","function":{"name":"now"} }]}""") + Done));

        Assert.Contains("at most 4,096 bytes; this one has 5,000", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadStream_ManyCallsEndInTheMiddleOfACodePoint_EachIsCompleted()
    {
        const int Calls = 1_000;
        string records = string.Concat(Enumerable.Range(0, Calls).Select(static n => ChunkReader.Delta($$"""{"tool_calls":[{"id":"c{{n}}","function":{"name":"now","arguments":"\ud83d"} }]}""")));

        List<StreamEvent> events = await ChunkReader.ReadAsync(records + Stop + Done);

        Assert.Equal(Calls, events.Count(static item => item.Type == StreamEventType.ToolCallDelta && item.Text.ToString() == "\uFFFD"));
    }

    [Fact]
    public async Task ReadStream_EndsAfterFinishReasonWithoutDone_IsComplete() =>
        Assert.Equal("stop", (await ChunkReader.ReadAsync(ChunkReader.Delta("""{"content":"a"}""") + Stop))[^1].FinishReason);

    [Fact]
    public async Task ReadStream_EmptyFinishReasonInEveryChunk_SaysNothing()
    {
        string answer = ChunkReader.Delta("""{"content":"a"}""", "\"\"");

        Assert.Equal("length", (await ChunkReader.ReadAsync(answer + ChunkReader.Delta("{}", "\"length\"") + ChunkReader.Delta("{}", "\"\"") + Done))[^1].FinishReason);
        var thrown = await Assert.ThrowsAsync<StreamErrorException>(() => ChunkReader.ReadAsync(answer));
        Assert.IsType<TruncatedStreamException>(thrown.InnerException);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("[{\"cached_tokens\":1}]")]
    [InlineData("7")]
    [InlineData("null")]
    public async Task ReadStream_DetailsOfUsageThatAreNoObject_AreSkipped(string details)
    {
        string usage = ChunkReader.Frame($$"""{"choices":[],"usage":{"prompt_tokens_details":{{details}},"completion_tokens_details":{{details}},"prompt_tokens":11,"completion_tokens":7} }""");

        Assert.Equal(new TokenUsage(11, 7), (await ChunkReader.ReadAsync(Stop + usage + Done))[^1].Usage);
    }

    [Fact]
    public async Task ReadStream_DoneWithoutFinishReason_IsComplete() =>
        Assert.Null((await ChunkReader.ReadAsync(ChunkReader.Delta("""{"content":"a"}""") + Done))[^1].FinishReason);

    [Theory]
    [InlineData("")]
    [InlineData("data: [DONE]\n")]
    [InlineData("data: {\"choices\":[]}")]
    public async Task ReadStream_EndsWithNeither_IsTruncated(string rest)
    {
        string stream = ChunkReader.Delta("""{"content":"a"}""");

        var thrown = await Assert.ThrowsAsync<StreamErrorException>(() => ChunkReader.ReadAsync(stream + rest));

        Assert.Equal((StreamErrorCodes.Network, true), (thrown.Error.Code, thrown.Error.Temporary));
        var truncated = Assert.IsType<TruncatedStreamException>(thrown.InnerException);
        Assert.Equal((2, Encoding.UTF8.GetByteCount(stream)), (truncated.Number, (int)truncated.ByteOffset));
    }

    [Theory]
    [InlineData("""{"error":{"message":"upstream exploded","type":"server_error","param":null,"code":"internal"}}""", StreamErrorCodes.Internal, true)]
    [InlineData("""{"error":{"message":"upstream exploded","type":"rate_limit_error"}}""", StreamErrorCodes.RateLimited, true)]
    [InlineData("""{"error":{"message":"upstream exploded","code":503}}""", StreamErrorCodes.ProviderUnavailable, true)]
    [InlineData("""{"error":{"message":"upstream exploded","type":"BadRequestError","code":400}}""", StreamErrorCodes.InvalidRequest, false)]
    [InlineData("""{"error":"upstream exploded"}""", StreamErrorCodes.Internal, true)]
    [InlineData("""{"object":"error","message":"upstream exploded","code":429}""", StreamErrorCodes.RateLimited, true)]
    public async Task ReadStream_ErrorRecord_IsThrownEvenAfterTheFinishReason(string record, string code, bool isTemporary)
    {
        var thrown = await Assert.ThrowsAsync<StreamErrorException>(() => ChunkReader.ReadAsync(Stop + ChunkReader.Frame(record) + Done));

        Assert.Equal(new StreamError(code, "upstream exploded", isTemporary), thrown.Error);
    }

    [Theory]
    [InlineData("{\"choices\":")]
    [InlineData("[]")]
    [InlineData("{\"choices\":{}}")]
    [InlineData("{} {}")]
    [InlineData("hello")]
    public async Task ReadStream_RecordIsNoChunk_SaysWhichAndWhere(string record)
    {
        var thrown = await Assert.ThrowsAsync<StreamReadException>(() => ChunkReader.ReadAsync(Stop + ChunkReader.Frame(record)));

        Assert.Equal((StreamReadError.InvalidJson, 2, Stop.Length), (thrown.Error, thrown.Number, (int)thrown.ByteOffset));
    }

    [Fact]
    public async Task ReadStream_Limits_AreExact()
    {
        int line = Stop.Length - 2;

        Assert.Equal(3, (await ChunkReader.ReadAsync(Stop, options: new SseReaderOptions { MaxLineBytes = line })).Count);
        var thrown = await Assert.ThrowsAsync<StreamReadException>(() => ChunkReader.ReadAsync(Stop, options: new SseReaderOptions { MaxLineBytes = line - 1 }));
        Assert.Equal(StreamReadError.TooLarge, thrown.Error);
    }

    [Fact]
    public void ReadWhole_Completion_GivesWholeCalls()
    {
        byte[] json = Encoding.UTF8.GetBytes(
            """{"id":"c","object":"chat.completion","created":1763800000,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"a\nb","tool_calls":[{"id":"c1","type":"function","function":{"name":"x","arguments":"{\"q\":\"\\u010d\"}"}},{"id":"c2","type":"function","function":{"name":"y","arguments":""}}],"reasoning_content":"hm"},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":1,"completion_tokens":2}}""");

        StreamEvent[] events = [.. CompletionEvents.ReadWhole(json, "test").Select(item => ChunkReader.Owned(item))];

        Assert.Equal(
            ["Start c m", "ReasoningDelta hm", "TextDelta a\nb", $"ToolCall c1 x {Described.Json("{\"q\":\"č\"}", "")} Client", "ToolCall c2 y {} Client", "FinishStep 1", $"Finish tool_calls {new TokenUsage(1, 2)}"],
            Described.Events(events));
    }

    [Theory]
    [InlineData("{\\\"city\\\":\\\"Za", "{\"city\":\"Za")]
    [InlineData("{\\\"city\\\":\\\"\\ud83d", "{\"city\":\"")]
    public void ReadWhole_CallThatTheLimitHasCutOff_IsAPiece(string arguments, string input)
    {
        byte[] json = Encoding.UTF8.GetBytes(
            $$"""{"model":"m","choices":[{"message":{"tool_calls":[{"id":"c1","function":{"name":"x","arguments":"{{arguments}}"} }]},"finish_reason":"length"}]}""");

        StreamEvent[] events = [.. CompletionEvents.ReadWhole(json, "test").Select(item => ChunkReader.Owned(item))];

        Assert.Equal($"ToolCallDelta c1 x {input}", Described.Event(events[1]));
        Assert.DoesNotContain(events, item => item.Type == StreamEventType.ToolCall);
    }
}

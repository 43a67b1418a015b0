using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;

namespace Gai.Pipelines.AI.Tests.OpenAI;

public sealed partial class OpenAIResponsesDialectTests
{
    private const string Request = """{"model":"mock-1","stream":true,"input":"Hi"}""";

    // What a response says of this request.
    private const string Echo = """
        "access_programs":null,"background":false,"instructions":null,"max_output_tokens":null,"max_tool_calls":null,"metadata":{},"parallel_tool_calls":true,"previous_response_id":null,"reasoning":{"effort":null,"summary":null},"store":false,"temperature":null,"text":{"format":{"type":"text"}},"tool_choice":"auto","tools":[],"top_logprobs":0,"top_p":null,"truncation":"disabled"
        """;

    private static readonly StreamEvent Start = StreamEvent.Start("r", "m", "p");

    [Fact]
    public void Answer_TextAndUsage_IsTheStreamOfTheSheet()
    {
        string stream = Answer(Request, Start, StreamEvent.TextDelta("Hello <w\u00F6rld>"), StreamEvent.Finish(FinishReasons.Stop, new TokenUsage(11, 7) { CachedInputTokens = 5, ReasoningTokens = 3 }));

        Assert.Equal(
            $$$"""
            event: response.created
            data: {"type":"response.created","sequence_number":0,"response":{"id":"resp_1","object":"response","created_at":1763800000,"status":"in_progress","completed_at":null,"error":null,"incomplete_details":null,"model":"m","output":[],"usage":null,{{{Echo}}}}}

            event: response.in_progress
            data: {"type":"response.in_progress","sequence_number":1,"response":{"id":"resp_1","object":"response","created_at":1763800000,"status":"in_progress","completed_at":null,"error":null,"incomplete_details":null,"model":"m","output":[],"usage":null,{{{Echo}}}}}

            event: response.output_item.added
            data: {"type":"response.output_item.added","sequence_number":2,"output_index":0,"item":{"id":"msg_2","type":"message","status":"in_progress","role":"assistant","content":[]}}

            event: response.content_part.added
            data: {"type":"response.content_part.added","sequence_number":3,"item_id":"msg_2","output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}}

            event: response.output_text.delta
            data: {"type":"response.output_text.delta","sequence_number":4,"item_id":"msg_2","output_index":0,"content_index":0,"delta":"Hello <wörld>","logprobs":[]}

            event: response.output_text.done
            data: {"type":"response.output_text.done","sequence_number":5,"item_id":"msg_2","output_index":0,"content_index":0,"text":"Hello <wörld>","logprobs":[]}

            event: response.content_part.done
            data: {"type":"response.content_part.done","sequence_number":6,"item_id":"msg_2","output_index":0,"content_index":0,"part":{"type":"output_text","text":"Hello <wörld>","annotations":[],"logprobs":[]}}

            event: response.output_item.done
            data: {"type":"response.output_item.done","sequence_number":7,"output_index":0,"item":{"id":"msg_2","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Hello <wörld>","annotations":[],"logprobs":[]}]}}

            event: response.completed
            data: {"type":"response.completed","sequence_number":8,"response":{"id":"resp_1","object":"response","created_at":1763800000,"status":"completed","completed_at":1763800000,"error":null,"incomplete_details":null,"model":"m","output":[{"id":"msg_2","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Hello <wörld>","annotations":[],"logprobs":[]}]}],"usage":{"input_tokens":11,"input_tokens_details":{"cached_tokens":5},"output_tokens":7,"output_tokens_details":{"reasoning_tokens":3},"total_tokens":18},{{{Echo}}}}}


            """,
            stream);
    }

    [Fact]
    public void Answer_AWholeCall_IsOpenedFilledAndClosedAtOnce() =>
        Assert.Equal(
            """
            event: response.output_item.added
            data: {"type":"response.output_item.added","sequence_number":2,"output_index":0,"item":{"id":"fc_2","type":"function_call","status":"in_progress","call_id":"call_1","name":"get_weather","arguments":""}}

            event: response.function_call_arguments.delta
            data: {"type":"response.function_call_arguments.delta","sequence_number":3,"item_id":"fc_2","output_index":0,"delta":"{\"city\":\"Zagreb\"}"}

            event: response.function_call_arguments.done
            data: {"type":"response.function_call_arguments.done","sequence_number":4,"item_id":"fc_2","output_index":0,"name":"get_weather","arguments":"{\"city\":\"Zagreb\"}"}

            event: response.output_item.done
            data: {"type":"response.output_item.done","sequence_number":5,"output_index":0,"item":{"id":"fc_2","type":"function_call","status":"completed","call_id":"call_1","name":"get_weather","arguments":"{\"city\":\"Zagreb\"}"}}


            """,
            Between(Answer(Request, Start, StreamEvent.ToolCall("call_1", "get_weather", "{\"city\":\"Zagreb\"}"))));

    [Fact]
    public void Answer_Reasoning_IsASummaryAndItsSignature() =>
        Assert.Equal(
            """
            event: response.output_item.added
            data: {"type":"response.output_item.added","sequence_number":2,"output_index":0,"item":{"id":"rs_2","type":"reasoning","status":"in_progress","summary":[]}}

            event: response.reasoning_summary_part.added
            data: {"type":"response.reasoning_summary_part.added","sequence_number":3,"item_id":"rs_2","output_index":0,"summary_index":0,"part":{"type":"summary_text","text":""}}

            event: response.reasoning_summary_text.delta
            data: {"type":"response.reasoning_summary_text.delta","sequence_number":4,"item_id":"rs_2","output_index":0,"summary_index":0,"delta":"Hm"}

            event: response.reasoning_summary_text.done
            data: {"type":"response.reasoning_summary_text.done","sequence_number":5,"item_id":"rs_2","output_index":0,"summary_index":0,"text":"Hm"}

            event: response.reasoning_summary_part.done
            data: {"type":"response.reasoning_summary_part.done","sequence_number":6,"item_id":"rs_2","output_index":0,"summary_index":0,"part":{"type":"summary_text","text":"Hm"}}

            event: response.output_item.done
            data: {"type":"response.output_item.done","sequence_number":7,"output_index":0,"item":{"id":"rs_2","type":"reasoning","status":"completed","summary":[{"type":"summary_text","text":"Hm"}],"encrypted_content":"c2ln"}}


            """,
            Between(Answer(Request, Start, StreamEvent.ReasoningDelta("Hm"), StreamEvent.ReasoningDelta(default, "c2ln"))));

    [Fact]
    public void Answer_ASignatureAlone_IsAReasoningWithoutASummary() =>
        Assert.Equal(
            """
            event: response.output_item.added
            data: {"type":"response.output_item.added","sequence_number":2,"output_index":0,"item":{"id":"rs_2","type":"reasoning","status":"in_progress","summary":[]}}

            event: response.output_item.done
            data: {"type":"response.output_item.done","sequence_number":3,"output_index":0,"item":{"id":"rs_2","type":"reasoning","status":"completed","summary":[],"encrypted_content":"c2ln"}}


            """,
            Between(Answer(Request, Start, StreamEvent.ReasoningDelta(default, "c2ln"))));

    [Fact]
    public void Answer_Citations_AreAnnotationsOfTheLastText()
    {
        string stream = Answer(
            Request, Start, StreamEvent.TextDelta("Hello"), StreamEvent.CitationList([new Citation("https://e.x/a", "A", 0, 5), new Citation("https://e.x/b", null, 1, 2)]));

        Assert.Contains(
            """
            data: {"type":"response.output_text.annotation.added","sequence_number":6,"item_id":"msg_2","output_index":0,"content_index":0,"annotation_index":1,"annotation":{"type":"url_citation","start_index":1,"end_index":2,"url":"https://e.x/b","title":"https://e.x/b"}}
            """,
            stream,
            StringComparison.Ordinal);
        Assert.Contains("""
            "part":{"type":"output_text","text":"Hello","annotations":[{"type":"url_citation","start_index":0,"end_index":5,"url":"https://e.x/a","title":"A"},{"type":"url_citation",
            """, stream, StringComparison.Ordinal);
        ResponsesReader.Read(stream).CheckEnded();
    }

    [Fact]
    public void Answer_CitationsBeforeAnyText_BeginTheMessage()
    {
        ResponsesReader read = ResponsesReader.Read(Answer(Request, Start, StreamEvent.CitationList([new Citation("https://e.x/a", "A", 0, 5)]), StreamEvent.TextDelta("Hello")));

        read.CheckEnded();
        Assert.Equal("Hello", read.Text);
        Assert.Single(read.Response.GetProperty("output").EnumerateArray());
    }

    [Fact]
    public void Answer_CitationsAfterTheMessageHasEnded_AreInTheResponse()
    {
        ResponsesReader read = ResponsesReader.Read(Answer(
            Request, Start, StreamEvent.TextDelta("Hello"), StreamEvent.ToolCall("a", "f", default), StreamEvent.CitationList([new Citation("https://e.x/a", "A", 0, 5)])));

        Assert.Contains("response.output_text.annotation.added", read.Types);
        Assert.Equal(1, read.Response.GetProperty("output")[0].GetProperty("content")[0].GetProperty("annotations").GetArrayLength());
    }

    [Fact]
    public void Answer_WhatHasNoPlace_IsLeftOut() =>
        Assert.Equal(
            Answer(Request, Start, StreamEvent.Finish()),
            Answer(
                Request,
                Start,
                StreamEvent.ToolCall("c", "own", "{}", ToolRunner.Server),
                StreamEvent.ToolResult("c", "own", "1"),
                StreamEvent.AudioDelta(new byte[] { 1 }),
                StreamEvent.SafetyCheck(new SafetyVerdict("hate", "warn", 1)),
                StreamEvent.Raw("1"),
                StreamEvent.TextDelta(default),
                StreamEvent.ReasoningDelta(default),
                StreamEvent.CitationList([]),
                StreamEvent.FinishStep(1),
                StreamEvent.Finish()));

    [Fact]
    public void Answer_PiecesOfCallsByTurns_StayOpenUntilTheEnd()
    {
        ResponsesReader read = ResponsesReader.Read(Answer(
            Request,
            Start,
            StreamEvent.TextDelta("One"),
            StreamEvent.ToolCallDelta("a", "f", "{"),
            StreamEvent.ToolCallDelta("b", "g", default),
            StreamEvent.TextDelta("Two"),
            StreamEvent.ToolCallDelta("a", null, "}"),
            StreamEvent.TextDelta("!"),
            StreamEvent.Finish(FinishReasons.Stop)));

        read.CheckEnded();
        Assert.Equal([("a", "f", "{}"), ("b", "g", "{}")], read.Calls); // no arguments at all are an empty object
        Assert.Equal(["message", "function_call", "function_call", "message"], read.Response.GetProperty("output").EnumerateArray().Select(static item => item.GetProperty("type").GetString()));
        Assert.Equal("Two!", read.Response.GetProperty("output")[3].GetProperty("content")[0].GetProperty("text").GetString());
        Assert.Equal("completed", read.Response.GetProperty("status").GetString());
    }

    [Fact]
    public void Answer_AWholeCallAndItsPieces_IsOneCallWhicheverComesFirst()
    {
        ResponsesReader read = ResponsesReader.Read(Answer(
            Request,
            Start,
            StreamEvent.ToolCallDelta("a", "f", "{\"x\":1}"),
            StreamEvent.ToolCall("a", "f", "{ \"x\": 1 }"), // the client has the pieces, and they stay
            StreamEvent.ToolCall("b", "f", "{\"x\":2}"),
            StreamEvent.ToolCallDelta("b", null, "{\"x\":2}"),
            StreamEvent.ToolCallDelta("c", "f", default),
            StreamEvent.ToolCall("c", "f", "{\"x\":3}")));

        read.CheckEnded();
        Assert.Equal([("a", "f", "{\"x\":1}"), ("b", "f", "{\"x\":2}"), ("c", "f", "{\"x\":3}")], read.Calls);
    }

    [Fact]
    public void Answer_AWholeCallAfterPiecesThatBrokeOff_Fails() =>
        Assert.Throws<FormatException>(() => Answer(Request, Start, StreamEvent.ToolCallDelta("a", "f", "{\"x\""), StreamEvent.ToolCall("a", "f", "{\"x\":1}")));

    [Theory]
    [InlineData(null, "completed", null)]
    [InlineData(FinishReasons.Stop, "completed", null)]
    [InlineData(FinishReasons.StopSequence, "completed", null)]
    [InlineData(FinishReasons.ToolCalls, "completed", null)]
    [InlineData(FinishReasons.Length, "incomplete", "max_output_tokens")]
    [InlineData(FinishReasons.ContentFilter, "incomplete", "content_filter")]
    [InlineData("a provider's own", "completed", null)]
    public void Answer_FinishReason_IsTheStatus(string? neutral, string status, string? reason)
    {
        ResponsesReader read = ResponsesReader.Read(Answer(Request, Start, StreamEvent.ReasoningDelta("Hm"), StreamEvent.TextDelta("a"), StreamEvent.Finish(neutral)));

        Assert.Equal($"response.{status}", read.Types[^1]);
        Assert.Equal(status, read.Response.GetProperty("status").GetString());
        Assert.Equal(["completed", status], read.Response.GetProperty("output").EnumerateArray().Select(static item => item.GetProperty("status").GetString()));
        JsonElement details = read.Response.GetProperty("incomplete_details");
        Assert.Equal(reason, details.ValueKind == JsonValueKind.Null ? null : details.GetProperty("reason").GetString());
        Assert.Equal(reason is null, read.Response.GetProperty("completed_at").ValueKind == JsonValueKind.Number);
    }

    [Fact]
    public void Answer_ACallThatWasCut_IsIncompleteAndTheOthersAreNot()
    {
        ResponsesReader read = ResponsesReader.Read(Answer(
            Request, Start, StreamEvent.ToolCallDelta("a", "f", "{}"), StreamEvent.ToolCallDelta("b", "f", "{\"x\":"), StreamEvent.Finish(FinishReasons.Length)));

        read.CheckEnded();
        Assert.Equal(["completed", "incomplete"], read.Response.GetProperty("output").EnumerateArray().Select(static item => item.GetProperty("status").GetString()));
        Assert.Equal("{\"x\":", read.Response.GetProperty("output")[1].GetProperty("arguments").GetString());
    }

    [Fact]
    public void Answer_NothingAtAll_IsAWholeEmptyResponse()
    {
        ResponsesReader read = ResponsesReader.Read(Answer(Request));

        Assert.Equal(["response.created", "response.in_progress", "response.completed"], read.Types);
        Assert.Equal("mock-1", read.Response.GetProperty("model").GetString());
    }

    [Fact]
    public void Answer_Failure_IsBothShapesOfTheErrorAndAFailedResponse()
    {
        string stream = Answer(Request, Start, StreamEvent.TextDelta("a"), StreamEvent.Failure(new StreamError(StreamErrorCodes.RateLimited, "Slow \"down\"", true)));

        Assert.EndsWith(
            $$$"""
            event: error
            data: {"type":"error","sequence_number":5,"code":"rate_limit_exceeded","message":"Slow \"down\"","param":null,"error":{"type":"rate_limit_error","code":"rate_limit_exceeded","message":"Slow \"down\"","param":null}}

            event: response.failed
            data: {"type":"response.failed","sequence_number":6,"response":{"id":"resp_1","object":"response","created_at":1763800000,"status":"failed","completed_at":null,"error":{"code":"rate_limit_exceeded","message":"Slow \"down\""},"incomplete_details":null,"model":"m","output":[],"usage":null,{{{Echo}}}}}


            """,
            stream,
            StringComparison.Ordinal);
        Assert.DoesNotContain("response.completed", stream, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(StreamErrorCodes.InvalidRequest, "invalid_prompt", "invalid_prompt")]
    [InlineData(StreamErrorCodes.Unsupported, "invalid_prompt", "invalid_prompt")]
    [InlineData(StreamErrorCodes.ContextLengthExceeded, "context_length_exceeded", "invalid_prompt")]
    [InlineData(StreamErrorCodes.SafetyBlocked, "content_filter", "invalid_prompt")]
    [InlineData(StreamErrorCodes.NotFound, "model_not_found", "server_error")]
    [InlineData(StreamErrorCodes.Unauthorized, "invalid_api_key", "server_error")]
    [InlineData(StreamErrorCodes.Overloaded, "server_error", "server_error")]
    [InlineData(StreamErrorCodes.ServerDraining, "server_error", "server_error")]
    public void Answer_FailureBeforeAnyEvent_HasTheWordsOfBothEvents(string code, string inError, string inResponse)
    {
        ResponsesReader read = ResponsesReader.Read(Answer(Request, StreamEvent.Failure(new StreamError(code, "No"))));

        Assert.Equal(["response.created", "response.in_progress", "error", "response.failed"], read.Types);
        Assert.Equal(inError, read.Error!.Value.GetProperty("code").GetString());
        Assert.Equal(inError, read.Error.Value.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(inResponse, read.Response.GetProperty("error").GetProperty("code").GetString());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WriteError_AfterAnEventThatWasDiscarded_LeavesNoGap(bool first)
    {
        Dialect<StreamEvent> dialect = Begin(Request);
        var bytes = new ArrayBufferWriter<byte>();
        var output = new FrameWriter(bytes);
        if (!first)
        {
            dialect.WriteEvent(output, Start);
            output.Commit();
        }

        Assert.Throws<FormatException>(() => dialect.WriteEvent(output, StreamEvent.ToolCall("a", "f", "{\"a\":")));
        output.Discard();
        dialect.WriteError(output, StreamError.Internal);
        output.Commit();
        output.Publish();

        Assert.Equal(["response.created", "response.in_progress", "error", "response.failed"], ResponsesReader.Read(Encoding.UTF8.GetString(bytes.WrittenSpan)).Types);
    }

    [Fact]
    public void WriteEvent_MoreTextThanTheEndCouldRepeat_Fails()
    {
        Dialect<StreamEvent> dialect = Begin(Request);
        var output = new FrameWriter(new ArrayBufferWriter<byte>(), 8192);
        dialect.WriteEvent(output, StreamEvent.TextDelta(new string('a', 1900)));
        output.Commit();

        Assert.Throws<FrameTooLargeException>(() => dialect.WriteEvent(output, StreamEvent.TextDelta(new string('a', 200))));
    }

    [Fact]
    public void WriteKeepAlive_IsAComment()
    {
        var bytes = new ArrayBufferWriter<byte>();
        var output = new FrameWriter(bytes);
        Begin(Request).WriteKeepAlive(output);
        output.Commit();
        output.Publish();

        Assert.Equal(": keep-alive\n\n", Encoding.UTF8.GetString(bytes.WrittenSpan));
    }

    [Fact]
    public void Answer_HalvesOfACodePointThatWereNotSentTogether_AreTheSameInDeltasAndInTheWhole()
    {
        ResponsesReader read = ResponsesReader.Read(Answer(
            Request,
            Start,
            StreamEvent.ToolCallDelta("a", "f", "{"),
            StreamEvent.TextDelta(new byte[] { 0xF0, 0x9F }),
            StreamEvent.ToolCallDelta("a", null, "}"),
            StreamEvent.TextDelta(new byte[] { 0x98, 0x80 })));

        read.CheckEnded();
        Assert.Equal("\uFFFD\uFFFD\uFFFD", read.Text);
    }

    [Fact]
    public void Answer_AnyEvents_ComeBackFromTheStream() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(AnyAnswer.All().ToArbitrary(), static answer =>
        {
            ResponsesReader read = ResponsesReader.Read(VendorStream.Answer(OpenAIResponsesApi.Instance, Request, answer.Events));
            Assert.Equal(answer.Text, read.Text);
            Assert.Equal(answer.Reasoning, read.Reasoning);
            if (answer.Error is { } error)
            {
                Assert.Equal("response.failed", read.Types[^1]);
                Assert.Equal(error.Message, read.Error!.Value.GetProperty("message").GetString());
                return;
            }

            Assert.Equal(answer.Calls, read.Calls);
            Assert.Equal(answer.FinishReason is FinishReasons.Length or FinishReasons.ContentFilter ? "response.incomplete" : "response.completed", read.Types[^1]);
            read.CheckEnded();

            // The document says the same, but for its ids.
            JsonElement document = JsonDocument.Parse(VendorStream.Answer(OpenAIResponsesApi.Instance, """{"model":"mock-1","input":"Hi"}""", answer.Events)).RootElement;
            Assert.Equal(WithoutIds(read.Response.GetRawText()), WithoutIds(document.GetRawText()));
        }));

    private static Dialect<StreamEvent> Begin(string request) => VendorStream.Begin(OpenAIResponsesApi.Instance, VendorStream.Read(OpenAIResponsesApi.Instance, request));

    /// <summary>Answers, with the ids that are new for each stream replaced by numbers.</summary>
    private static string Answer(string request, params StreamEvent[] events) => WithoutIds(VendorStream.Answer(OpenAIResponsesApi.Instance, request, events));

    private static string WithoutIds(string text)
    {
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        return Id().Replace(text, id =>
        {
            numbers.TryAdd(id.Value, numbers.Count + 1);
            return $"{id.Groups[1].Value}_{numbers[id.Value]}";
        });
    }

    /// <summary>What comes between the two events with which a stream begins and the one with which it ends.</summary>
    private static string Between(string stream)
    {
        string[] events = stream.Split("\n\n");
        return string.Concat(events[2..^2].Select(static text => text + "\n\n"));
    }

    [GeneratedRegex("(resp|msg|fc|rs)_[0-9a-f]{32}")]
    private static partial Regex Id();
}

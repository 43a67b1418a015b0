using System.Text.Json;
using System.Text.RegularExpressions;

namespace Gai.Pipelines.AI.Tests.OpenAI;

public sealed partial class OpenAIResponsesDocumentTests
{
    private const string Request = """{"model":"mock-1","input":"Hi"}""";

    [Fact]
    public void Document_EveryKindOfItem_IsOneResponse() =>
        Assert.Equal(
            """{"id":"resp","object":"response","created_at":1763800000,"status":"completed","completed_at":1763800000,"error":null,"incomplete_details":null,"model":"m","output":[{"id":"rs","type":"reasoning","status":"completed","summary":[{"type":"summary_text","text":"Hm"}],"encrypted_content":"c2ln"},{"id":"msg","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Hello you","annotations":[{"type":"url_citation","start_index":0,"end_index":5,"url":"https://e.x/a","title":"A"}],"logprobs":[]}]},{"id":"fc","type":"function_call","status":"completed","call_id":"a","name":"f","arguments":"{\"x\":1}"},{"id":"fc","type":"function_call","status":"completed","call_id":"b","name":"g","arguments":"{}"}],"usage":{"input_tokens":11,"input_tokens_details":{"cached_tokens":5},"output_tokens":7,"output_tokens_details":{"reasoning_tokens":3},"total_tokens":18},"access_programs":null,"background":false,"instructions":null,"max_output_tokens":null,"max_tool_calls":null,"metadata":{},"parallel_tool_calls":true,"previous_response_id":null,"reasoning":{"effort":null,"summary":null},"store":false,"temperature":null,"text":{"format":{"type":"text"}},"tool_choice":"auto","tools":[],"top_logprobs":0,"top_p":null,"truncation":"disabled"}""",
            Id().Replace(
                VendorStream.Answer(
                    OpenAIResponsesApi.Instance,
                    Request,
                    StreamEvent.Start("r", "m"),
                    StreamEvent.ReasoningDelta("Hm", "c2ln"),
                    StreamEvent.TextDelta("Hello"),
                    StreamEvent.TextDelta(" you"u8.ToArray()),
                    StreamEvent.CitationList([new Citation("https://e.x/a", "A", 0, 5)]),
                    StreamEvent.ToolCallDelta("a", "f", "{\"x\":"),
                    StreamEvent.ToolCall("b", "g", default),
                    StreamEvent.ToolCall("own", "h", "{}", ToolRunner.Server),
                    StreamEvent.ToolCallDelta("a", null, "1}"),
                    StreamEvent.Finish(FinishReasons.Stop, new TokenUsage(11, 7) { CachedInputTokens = 5, ReasoningTokens = 3 })),
                "$1"));

    [Fact]
    public void Document_CutByTheLimit_IsIncompleteInItsLastItem()
    {
        JsonElement answer = Answer(StreamEvent.ReasoningDelta("Hm"), StreamEvent.TextDelta("a"), StreamEvent.Finish(FinishReasons.Length));

        Assert.Equal(("incomplete", "max_output_tokens"), (answer.GetProperty("status").GetString(), answer.GetProperty("incomplete_details").GetProperty("reason").GetString()));
        Assert.Equal(["completed", "incomplete"], answer.GetProperty("output").EnumerateArray().Select(static item => item.GetProperty("status").GetString()));
    }

    [Fact]
    public void Document_Nothing_IsAnEmptyResponse()
    {
        JsonElement answer = Answer();

        Assert.Equal(("mock-1", "completed", 0), (answer.GetProperty("model").GetString(), answer.GetProperty("status").GetString(), answer.GetProperty("output").GetArrayLength()));
    }

    [Fact]
    public void Document_AWholeCallAfterPiecesThatBrokeOff_StandsForThem() =>
        Assert.Equal(
            "{\"x\":1}",
            Answer(StreamEvent.ToolCallDelta("a", "f", "{\"x\""), StreamEvent.ToolCall("a", "f", "{\"x\":1}")).GetProperty("output")[0].GetProperty("arguments").GetString());

    [Fact]
    public void Document_AWholeCallThatIsNoJson_Fails() => Assert.Throws<FormatException>(() => Answer(StreamEvent.ToolCall("a", "f", "{\"x\":")));

    [Fact]
    public void Document_Failure_WritesNothing() =>
        Assert.Empty(VendorStream.Answer(OpenAIResponsesApi.Instance, Request, StreamEvent.TextDelta("a"), StreamEvent.Failure(StreamError.Internal)));

    [Fact]
    public void Failure_BeforeTheHead_IsOpenAIsDocument() =>
        Assert.Equal(
            """{"error":{"message":"No","type":"invalid_request_error","param":"input[0]","code":null}}""",
            VendorStream.Failure(OpenAIResponsesApi.Instance, new StreamError(StreamErrorCodes.Unsupported, "No") { Parameter = "input[0]" }, 400));

    private static JsonElement Answer(params StreamEvent[] events) => JsonDocument.Parse(VendorStream.Answer(OpenAIResponsesApi.Instance, Request, events)).RootElement;

    [GeneratedRegex("(resp|msg|fc|rs)_[0-9a-f]{32}")]
    private static partial Regex Id();
}

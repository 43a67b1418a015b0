using System.Buffers;

namespace Gai.Pipelines.AI.Tests.Answers;

/// <summary>Models that never stop: whatever a dialect keeps of an answer, it keeps within the frame's limit.</summary>
public sealed class EndlessAnswerTests
{
    private const int MaxFrameBytes = 8192;
    private const string Messages = "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]";

    public static TheoryData<string> Endless => new("calls", "parallel calls", "sources", "signatures");

    [Theory]
    [MemberData(nameof(Endless))]
    public void WriteEvent_ADocumentOfAnEndlessAnswer_Fails(string what) =>
        AssertFails(VendorStream.Begin(AnthropicMessagesApi.Instance, VendorStream.Read(AnthropicMessagesApi.Instance, $$"""{"model":"m","max_tokens":1,{{Messages}}}""")), what);

    [Theory]
    [MemberData(nameof(Endless))]
    public void WriteEvent_AnEndlessResponse_Fails(string what) =>
        AssertFails(VendorStream.Begin(OpenAIResponsesApi.Instance, VendorStream.Read(OpenAIResponsesApi.Instance, """{"model":"m","stream":true,"input":"Hi"}""")), what);

    [Theory]
    [MemberData(nameof(Endless))]
    public void WriteEvent_EndlesslyWaitingForACall_Fails(string what)
    {
        Dialect<StreamEvent> dialect = VendorStream.Begin(
            AnthropicMessagesApi.Instance, VendorStream.Read(AnthropicMessagesApi.Instance, $$"""{"model":"m","max_tokens":1,"stream":true,{{Messages}}}"""));

        AssertFails(dialect, what, StreamEvent.ToolCallDelta("open", "f", "{"));
    }

    [Fact]
    public void WriteEvent_EndlessParallelCallsInPieces_FailInOllamasChat() =>
        AssertFails(VendorStream.Begin(OllamaChatApi.Instance, VendorStream.Read(OllamaChatApi.Instance, $$"""{"model":"m",{{Messages}}}""")), "parallel calls");

    [Fact]
    public void WriteEvent_EndlessParallelCallsInPieces_FailInTheAISdksChat() =>
        AssertFails(VendorStream.Begin(AISdkChatApi.Instance, VendorStream.Read(AISdkChatApi.Instance, """{"messages":[{"role":"user","parts":[]}]}""")), "parallel calls");

    [Fact]
    public void WriteEvent_CallsInPiecesOneAfterTheOther_AreNotKept()
    {
        Dialect<StreamEvent> dialect = VendorStream.Begin(OllamaChatApi.Instance, VendorStream.Read(OllamaChatApi.Instance, $$"""{"model":"m",{{Messages}}}"""));
        var output = new FrameWriter(new ArrayBufferWriter<byte>(), MaxFrameBytes);

        for (int i = 0; i < 50; i++)
        {
            dialect.WriteEvent(output, StreamEvent.ToolCallDelta($"c{i}", "f", $$"""{"a":"{{new string('x', 5000)}}"}"""));
            output.Commit();
            dialect.WriteEvent(output, StreamEvent.FinishStep(i + 1));
            output.Commit();
        }
    }

    private static void AssertFails(Dialect<StreamEvent> dialect, string what, params StreamEvent[] before)
    {
        var output = new FrameWriter(new ArrayBufferWriter<byte>(), MaxFrameBytes);
        foreach (StreamEvent item in before)
        {
            dialect.WriteEvent(output, item);
            output.Commit();
        }

        Assert.Throws<FrameTooLargeException>(() =>
        {
            for (int i = 0; i < 200; i++)
            {
                dialect.WriteEvent(output, what switch
                {
                    "calls" => StreamEvent.ToolCallDelta($"c{i}", "f", default),
                    "parallel calls" => StreamEvent.ToolCallDelta($"c{i % 4}", "f", i < 4 ? $"{{\"a\":\"{new string('x', 2500)}" : "x"),
                    "sources" => StreamEvent.CitationList([new Citation("https://e.x/a", "A", 0, 0)]),
                    _ => StreamEvent.ReasoningDelta(default, new string('s', 100)),
                });
                output.Commit();
            }
        });
    }
}

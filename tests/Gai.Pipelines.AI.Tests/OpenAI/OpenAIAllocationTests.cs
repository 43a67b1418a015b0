namespace Gai.Pipelines.AI.Tests.OpenAI;

[Collection(nameof(ExactAllocations))]
public sealed class OpenAIAllocationTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WriteEvent_TextDeltas_AllocateNothing(bool reasoning)
    {
        Dialect<StreamEvent> chat = VendorStream.Begin(
            OpenAIChatApi.Instance, VendorStream.Read(OpenAIChatApi.Instance, """{"model":"m","stream":true,"messages":[{"role":"user","content":"x"}]}"""));
        StreamEvent delta = reasoning ? StreamEvent.ReasoningDelta(" token\n") : StreamEvent.TextDelta(" token\n"u8.ToArray());

        Assert.Equal(0, VendorStream.AllocatedForDeltas(chat, StreamEvent.Start(), delta));
    }

    [Fact]
    public void WriteEvent_PiecesOfACall_AllocateNothing()
    {
        Dialect<StreamEvent> chat = VendorStream.Begin(
            OpenAIChatApi.Instance, VendorStream.Read(OpenAIChatApi.Instance, """{"model":"m","stream":true,"messages":[{"role":"user","content":"x"}]}"""));

        Assert.Equal(0, VendorStream.AllocatedForDeltas(chat, StreamEvent.ToolCallDelta("a", "f", "{"), StreamEvent.ToolCallDelta("a", null, " ")));
    }

    [Fact]
    public void WriteEvent_TextDeltasOfLegacyCompletions_AllocateNothing()
    {
        Dialect<StreamEvent> legacy = VendorStream.Begin(
            OpenAICompletionsApi.Instance, VendorStream.Read(OpenAICompletionsApi.Instance, """{"model":"m","stream":true,"prompt":"x"}"""));

        Assert.Equal(0, VendorStream.AllocatedForDeltas(legacy, StreamEvent.Start(), StreamEvent.TextDelta(" token")));
    }
}

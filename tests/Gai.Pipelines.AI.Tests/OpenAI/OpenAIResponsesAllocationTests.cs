namespace Gai.Pipelines.AI.Tests.OpenAI;

[Collection(nameof(ExactAllocations))]
public sealed class OpenAIResponsesAllocationTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WriteEvent_TextDeltas_AllocateNothing(bool reasoning)
    {
        StreamEvent delta = reasoning ? StreamEvent.ReasoningDelta(" token\n") : StreamEvent.TextDelta(" token\n"u8.ToArray());

        // The text is remembered in rented memory. An answer that has ended leaves it to the next one.
        VendorStream.Write(Begin(), [StreamEvent.Start(), .. Enumerable.Repeat(delta, 3000)]);

        Assert.Equal(0, VendorStream.AllocatedForDeltas(Begin(), StreamEvent.Start(), delta));
    }

    private static Dialect<StreamEvent> Begin() => VendorStream.Begin(
        OpenAIResponsesApi.Instance, VendorStream.Read(OpenAIResponsesApi.Instance, """{"model":"m","stream":true,"input":"x"}"""));
}

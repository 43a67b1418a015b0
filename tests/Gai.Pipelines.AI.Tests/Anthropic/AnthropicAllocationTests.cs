namespace Gai.Pipelines.AI.Tests.Anthropic;

[Collection(nameof(ExactAllocations))]
public sealed class AnthropicAllocationTests
{
    public static TheoryData<StreamEvent> Deltas =>
        [StreamEvent.TextDelta(" token\n"), StreamEvent.TextDelta(" token\n"u8.ToArray()), StreamEvent.ReasoningDelta(" token"), StreamEvent.ToolCallDelta("a", null, "[],")];

    [Theory]
    [MemberData(nameof(Deltas), DisableDiscoveryEnumeration = true)]
    public void WriteEvent_Deltas_AllocateNothing(StreamEvent delta)
    {
        Dialect<StreamEvent> dialect = VendorStream.Begin(
            AnthropicMessagesApi.Instance,
            VendorStream.Read(AnthropicMessagesApi.Instance, """{"model":"m","max_tokens":9,"stream":true,"messages":[{"role":"user","content":"x"}]}"""));
        StreamEvent first = delta.Type == StreamEventType.ToolCallDelta ? StreamEvent.ToolCallDelta("a", "f", "{\"x\":[") : StreamEvent.Start();

        Assert.Equal(0, VendorStream.AllocatedForDeltas(dialect, first, delta));
    }
}

using System.Buffers;
using System.Text;

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

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Answer_Ended_GivesTheMemoryOfItsTextBack(bool failed)
    {
        byte[] text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(1000, 1500).Select(static number => $"{number} ")));
        StreamEvent end = failed ? StreamEvent.Failure(StreamError.Internal) : StreamEvent.Finish();
        VendorStream.Write(Begin(), StreamEvent.TextDelta(text), end);

        // What a thread gave back last is what it gets first.
        byte[] next = ArrayPool<byte>.Shared.Rent(text.Length);
        Assert.Equal(text, next[..text.Length]);
        ArrayPool<byte>.Shared.Return(next);
    }

    private static Dialect<StreamEvent> Begin() => VendorStream.Begin(
        OpenAIResponsesApi.Instance, VendorStream.Read(OpenAIResponsesApi.Instance, """{"model":"m","stream":true,"input":"x"}"""));
}

using Gai.Pipelines.Internal;

namespace Gai.Pipelines.Tests.Internal;

public sealed class BacklogItemsTests
{
    [Fact]
    public void SizeOf_CitationsAndSignature_CountsTheirLetters()
    {
        IBacklogItems<StreamEvent> items = BacklogItems.For<StreamEvent>();
        var letters = new string('x', 1_000);

        Assert.InRange(items.SizeOf(StreamEvent.CitationList([.. Enumerable.Repeat(new Citation("u", letters), 100)])), 200_000, 220_000);
        Assert.InRange(items.SizeOf(StreamEvent.ReasoningDelta("a", letters)), 2_000, 2_200);
    }

    [Fact]
    public void SizeOf_MemoryOfBytes_CountsThem() =>
        Assert.InRange(BacklogItems.For<ReadOnlyMemory<byte>>().SizeOf(new byte[10_000]), 10_000, 10_200);

    /// <summary>A source may use its memory again before the event is encoded.</summary>
    [Fact]
    public void Own_MemoryOfBytes_HasBytesOfItsOwn()
    {
        byte[] reused = [1, 2, 3];
        ReadOnlyMemory<byte> own = BacklogItems.For<ReadOnlyMemory<byte>>().Own(reused);
        reused.AsSpan().Clear();

        Assert.Equal([1, 2, 3], own.ToArray());
    }
}

using System.Text;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines.Tests.Logs;

/// <summary>What a dialect writes for one event is cut into frames without ids, for a store to number.</summary>
public sealed class FrameCutTests
{
    [Theory]
    [InlineData("data: a\n\n", "data: a\n\n")]
    [InlineData("data: a\n\ndata: b\n\n", "data: a\n\n|data: b\n\n")]
    [InlineData("id: 5\ndata: a\n\n", "data: a\n\n")]
    [InlineData("id: gai.done\ndata: a\n\n", "id: gai.done\ndata: a\n\n")]
    [InlineData(": c\n\ndata: a\n\ndata: b\n\n", ": c\n\ndata: a\n\n|data: b\n\n")]
    [InlineData(": c\n\n", "")]
    [InlineData("", "")]
    public void Cut_Sse_GivesAFrameForEachBlockWithData(string written, string expected) =>
        Assert.Equal(expected, Cut(written, StreamFormat.ServerSentEvents));

    [Theory]
    [InlineData("{\"a\":1}\n", "{\"a\":1}\n")]
    [InlineData("{\"a\":1}\n\n {\"b\":2} \n", "{\"a\":1}\n|{\"b\":2}\n")]
    [InlineData("{ }\n", "{ }\n")]
    [InlineData("\n", "")]
    [InlineData("", "")]
    public void Cut_Records_GivesAFrameForEach(string written, string expected) =>
        Assert.Equal(expected, Cut(written, StreamFormat.Ndjson));

    [Theory]
    [InlineData("[1]\n")]
    [InlineData("{\"a\":1}\n2\n")]
    [InlineData("{\"event_id\":1}\n")]
    public void Cut_RecordThatCannotCarryAnId_AddsNothing(string written)
    {
        using var batch = new LogBatch();

        Assert.Throws<InvalidOperationException>(() => FrameIds.Cut(Encoding.UTF8.GetBytes(written), StreamFormat.Ndjson, batch));

        Assert.Equal(0, batch.Count);
    }

    private static string Cut(string written, StreamFormat format)
    {
        using var batch = new LogBatch();
        FrameIds.Cut(Encoding.UTF8.GetBytes(written), format, batch);
        return string.Join('|', Enumerable.Range(0, batch.Count).Select(i => Encoding.UTF8.GetString(batch[i])));
    }
}

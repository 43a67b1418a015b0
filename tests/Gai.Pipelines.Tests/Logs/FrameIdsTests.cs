using System.Text;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Logs;

/// <summary>What a dialect writes for one event becomes frames with ids, whatever it is.</summary>
public sealed class FrameIdsTests : LogTest
{
    [Theory]
    [InlineData("data: a\n\n", "#1 data: a\n\n")]
    [InlineData("event: x\ndata: a\ndata: b\n\n", "#1 event: x\ndata: a\ndata: b\n\n")]
    [InlineData("data\n\n", "#1 data\n\n")]
    [InlineData("data: a\n\ndata: b\n\n", "#1 data: a\n\n#2 data: b\n\n")]
    [InlineData("id: 5\ndata: a\n\n", "#1 data: a\n\n")]
    [InlineData("event: x\nid: 5\ndata: a\nid:6\n\n", "#1 event: x\ndata: a\n\n")]
    [InlineData("id\ndata: a\n\n", "#1 data: a\n\n")]
    [InlineData("id:\ndata: a\n\n", "#1 data: a\n\n")]
    [InlineData("idx: 3\ndata: a\n\n", "#1 idx: 3\ndata: a\n\n")]
    [InlineData("id: gai.done\ndata: a\n\n", "id: gai.done\ndata: a\n\n")]
    [InlineData("id:gai.failed\ndata: a\n\n", "id:gai.failed\ndata: a\n\n")]
    [InlineData("id: gai.done2\ndata: a\n\n", "#1 data: a\n\n")]
    [InlineData(": c\n\n", "")]
    [InlineData("retry: 5\n\n", "")]
    [InlineData("datax: a\n\n", "")]
    [InlineData("id: 7\n\n", "")]
    [InlineData("", "")]
    [InlineData(": c\n\ndata: a\n\n: d\n\nretry: 1\n\n", ": c\n\n#1 data: a\n\n: d\n\nretry: 1\n\n")]
    [InlineData(": c\n\ndata: a\n\n: d\n\ndata: b\n\n: e\n\n", ": c\n\n#1 data: a\n\n: d\n\n#2 data: b\n\n: e\n\n")]
    [InlineData("data: a\r\rdata: b\r\n\r\n", "#1 data: a\r\r#2 data: b\r\n\r\n")]
    [InlineData("id: 5\rdata: a\r\r", "#1 data: a\r\r")]
    public async Task WriteEvent_OverSse_GivesEachBlockWithDataAnId(string written, string expected)
    {
        Assert.Equal(expected + "#N data: end\n\n", await LoggedAsync(StreamFormat.ServerSentEvents, written, "data: end\n\n"));
        Assert.Equal("#1 data: end\n\n" + Renumbered(expected), await LoggedAsync(StreamFormat.ServerSentEvents, "data: end\n\n", written));
    }

    [Theory]
    [InlineData("{}\n", "{#1}\n")]
    [InlineData("{ }\n", "{ #1}\n")]
    [InlineData("{\"a\":1}\n", "{\"a\":1,#1}\n")]
    [InlineData("{\"a\":1}\n{\"b\":{}}\n", "{\"a\":1,#1}\n{\"b\":{},#2}\n")]
    [InlineData(" {\"a\":1} \r\n", "{\"a\":1,#1}\n")]
    [InlineData("\n", "")]
    [InlineData("\n{\"a\":1}\n\n", "{\"a\":1,#1}\n")]
    [InlineData("", "")]
    [InlineData("{\"a\":{\"event_id\":1}}\n", "{\"a\":{\"event_id\":1},#1}\n")]
    [InlineData("{\"a\":\"\\\"event_id\\\":1\"}\n", "{\"a\":\"\\\"event_id\\\":1\",#1}\n")]
    [InlineData("{\"event_id2\":1}\n", "{\"event_id2\":1,#1}\n")]
    public async Task WriteEvent_OverNdjson_GivesEachRecordAnId(string written, string expected)
    {
        Assert.Equal(expected + "{\"z\":0,#N}\n", await LoggedAsync(StreamFormat.Ndjson, written, "{\"z\":0}\n"));
        Assert.Equal("{\"z\":0,#1}\n" + Renumbered(expected), await LoggedAsync(StreamFormat.Ndjson, "{\"z\":0}\n", written));
    }

    [Theory]
    [InlineData("[1]\n", "must be a JSON object")]
    [InlineData("\"{}\"\n", "must be a JSON object")]
    [InlineData("null\n", "must be a JSON object")]
    [InlineData("1\n", "must be a JSON object")]
    [InlineData("{\"a\":1}\n[2]\n", "must be a JSON object")]
    [InlineData("{\"event_id\":1}\n", "event_id")]
    [InlineData("{\"a\":{\"event_id\":1},\"event_id\":2}\n", "event_id")]
    public async Task WriteEvent_RecordThatCannotCarryAnId_FailsTheStream(string written, string says)
    {
        StreamLog log = await WriteAsync(NewNode(), StreamFormat.Ndjson, written);

        InvalidOperationException failure = Assert.IsType<InvalidOperationException>(log.Failure);
        Assert.Contains(says, failure.Message, StringComparison.Ordinal);
        Assert.Equal((LogOutcome.Failed, 0), (log.End!.Value.Outcome, log.LastSequence));
    }

    [Fact]
    public async Task WriteEvent_SeveralBlocksOfOneEvent_AreFramesOfTheirOwn()
    {
        StreamLog log = await WriteAsync(NewNode(), StreamFormat.ServerSentEvents, "data: a\n\ndata: b\n\n", "data: c\n\n");

        Assert.Equal(3, log.LastSequence);
        (_, string text) = await ReadToEndAsync(log.OpenCursor(new LogPosition(log.Description.Id, 1)));
        Assert.Equal(["b", "c"], DataOf(text));
    }

    [Fact]
    public async Task WriteEvent_FrameIsTooLarge_FailsTheStreamAndLeavesNoHole()
    {
        var source = new ManualSequence<string>();
        StreamLogs node = NewNode();
        LogAttachment attachment = await node.GetOrStartAsync(At(LogKey.New()), () => new LogProducer<string>
        {
            Source = StreamSource.From(source),
            Dialect = new RawDialect(),
            Settings = PumpSettings.Default with { MaxFrameBytes = 300 },
        });
        string[] tooLarge = ["data: " + new string('x', 300) + "\n\n", "data: " + new string('x', 150) + "\n\ndata: " + new string('y', 150) + "\n\n"];
        await Deadline.UntilAsync(() => source.IsWaiting);
        source.PushTogether("data: a\n\n", "data: b\n\n", tooLarge[0]);
        await attachment.Log.Ended.OrFail();

        (StreamOutcome outcome, string text) = await ReadToEndAsync(attachment.Log.OpenCursorAtStart());
        Assert.Equal(["a", "b", "internal"], DataOf(text));
        Assert.Equal(3, attachment.Log.LastSequence);
        Assert.Equal(StreamOutcomeReason.SourceFailed, outcome.Reason);

        StreamLog other = await WriteAsync(node, StreamFormat.ServerSentEvents, 300, tooLarge[1]);
        Assert.IsType<FrameTooLargeException>(other.Failure);
        Assert.Equal(0, other.LastSequence);
    }

    [Fact]
    public async Task WriteEvent_FrameIsAsLargeAsItMayBe_IsAFrame()
    {
        // 41 bytes of id, 6 of "data: ", 251 and two line ends.
        string largest = new('x', 251);

        StreamLog log = await WriteAsync(NewNode(), StreamFormat.ServerSentEvents, 300, "data: a\n\n", $"data: {largest}\n\n", "data: b\n\n");

        Assert.Equal(["a", largest, "b"], DataOf((await ReadToEndAsync(log.OpenCursorAtStart())).Text));
        Assert.Equal((3, LogOutcome.Completed), (log.LastSequence, log.End!.Value.Outcome));
    }

    private static string Renumbered(string expected) =>
        expected.Replace("#2", "#3", StringComparison.Ordinal).Replace("#1", "#2", StringComparison.Ordinal);

    private static Task<StreamLog> WriteAsync(StreamLogs node, StreamFormat format, params string[] written) =>
        WriteAsync(node, format, FrameWriter.DefaultMaxFrameBytes, written);

    private static async Task<StreamLog> WriteAsync(StreamLogs node, StreamFormat format, int maxFrameBytes, params string[] written)
    {
        var source = new ManualSequence<string>();
        source.Push(written);
        source.End();
        LogAttachment attachment = await node.GetOrStartAsync(At(LogKey.New(), format: format), () => new LogProducer<string>
        {
            Source = StreamSource.From(source),
            Dialect = new RawDialect(),
            Settings = PumpSettings.Default with { MaxFrameBytes = maxFrameBytes },
        });
        await attachment.Log.Ended.OrFail();
        return attachment.Log;
    }

    /// <summary>Gives what a reader gets, with <c>#1</c> in place of the id of the first frame, and <c>#N</c> for the last.</summary>
    private async Task<string> LoggedAsync(StreamFormat format, params string[] written)
    {
        StreamLog log = await WriteAsync(NewNode(), format, written);
        (_, string text) = await ReadToEndAsync(log.OpenCursorAtStart());
        bool lastIsEnd = written[^1].Contains("end", StringComparison.Ordinal) || written[^1].Contains("\"z\"", StringComparison.Ordinal);
        for (long sequence = 1; sequence <= log.LastSequence; sequence++)
        {
            string id = new LogPosition(log.Description.Id, sequence).ToString();
            string mark = lastIsEnd && sequence == log.LastSequence ? "#N" : $"#{sequence}";
            text = text.Replace($"id: {id}\n", mark + " ", StringComparison.Ordinal).Replace($"\"event_id\":\"{id}\"", mark, StringComparison.Ordinal);
        }

        return text;
    }

    internal sealed class RawDialect : Dialect<string>
    {
        public override void WriteEvent(FrameWriter output, in string item) => output.Write(Encoding.UTF8.GetBytes(item));

        public override void WriteError(FrameWriter output, in StreamError error) => output.Write(Encoding.UTF8.GetBytes($"data: {error.Code}\n\n"));

        public override void WriteEnd(FrameWriter output)
        {
        }
    }
}

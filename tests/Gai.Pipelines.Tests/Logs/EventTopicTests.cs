using System.Globalization;
using Gai.Pipelines.Internal;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Logs;

public sealed class EventTopicTests : SharedLogTest
{
    private static TopicStart<string> News { get; } = new() { Name = "news", Dialects = Plain };

    [Fact]
    public async Task Publish_AtOneNode_EveryReaderGetsItAndIsEncodedForOnce()
    {
        StreamLogs node = NewNode();
        int encoded = 0;
        EventTopic<string> topic = await node.OpenTopicAsync(News with
        {
            Dialects = new DialectFactory<string>(context => new CountingDialect(Plain.Create(context), () => encoded++)),
        });
        await topic.PublishAsync("before");
        StreamLog log = (await topic.OpenLogAsync(StreamFormat.ServerSentEvents))!;
        var outputs = Enumerable.Range(0, 20).Select(_ => new RecordingPipeWriter()).ToArray();
        Task<StreamOutcome>[] readings = [.. outputs.Select((output, i) => ReadAsync(i % 2 == 0 ? log.OpenCursorAtEnd() : log.OpenCursorAtStart(), output))];

        await topic.PublishAsync("a");
        await topic.PublishAsync("b");
        await topic.CompleteAsync();

        await Task.WhenAll(readings).OrFail();
        Assert.All(outputs, (output, i) => Assert.Equal(i % 2 == 0 ? ["a", "b"] : ["before", "a", "b"], DataOf(output.Text)));
        Assert.Equal(3, encoded);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await topic.PublishAsync("c"));
    }

    [Fact]
    public async Task Publish_AfterItsLogsAreDisposedOf_IsRefused()
    {
        StreamLogs node = NewNode();
        EventTopic<string> topic = await node.OpenTopicAsync(News);
        await topic.PublishAsync("a");
        StreamLog log = (await topic.OpenLogAsync(StreamFormat.ServerSentEvents))!;
        await node.DisposeAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await topic.PublishAsync("b"));
        Assert.True(log.Memory.HasEnded);
    }

    [Fact]
    public async Task Dispose_SomebodyReads_IsToldAndNothingMoreIsPublished()
    {
        StreamLogs node = NewNode();
        EventTopic<string> topic = await node.OpenTopicAsync(News);
        await topic.PublishAsync("a");
        StreamLog log = (await topic.OpenLogAsync(StreamFormat.ServerSentEvents))!;
        var output = new RecordingPipeWriter();
        Task<StreamOutcome> reading = ReadAsync(log.OpenCursorAtStart(), output);
        await output.WaitForTextAsync("data: a\n");

        await node.DisposeAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await topic.PublishAsync("b"));
        StreamOutcome outcome = await reading.OrFail();
        Assert.Equal(StreamErrorCodes.ProducerLost, Assert.IsType<StreamErrorException>(outcome.Exception).Error.Code);
        await Deadline.UntilAsync(() => node.MemoryBytes == 0);
    }

    /// <summary>Both would be one log, with each event twice.</summary>
    [Fact]
    public void TopicStart_OneFormatTwice_IsRefused() =>
        Assert.Throws<ArgumentException>(() => News with { Formats = [StreamFormat.Ndjson, StreamFormat.Ndjson] });

    [Theory]
    [InlineData(int.MinValue, false)]
    [InlineData(255, false)]
    [InlineData(256, true)]
    public void TopicStart_MaxFrameBytes_IsAtLeast256(int bytes, bool isAllowed)
    {
        Exception? failure = Record.Exception(() => News with { MaxFrameBytes = bytes });

        Assert.Equal(isAllowed, failure is null);
        Assert.True(isAllowed || failure is ArgumentOutOfRangeException { ParamName: nameof(TopicStart<string>.MaxFrameBytes) });
    }

    [Fact]
    public async Task Open_SameName_IsTheSameTopic()
    {
        StreamLogs node = NewNode();
        EventTopic<string> topic = await node.OpenTopicAsync(News);

        Assert.Same(topic, await node.OpenTopicAsync(News));
        Assert.NotSame(topic, await node.OpenTopicAsync(News with { Name = "other" }));
        await Assert.ThrowsAsync<InvalidOperationException>(async () =>
            await node.OpenTopicAsync(new TopicStart<Note> { Name = "news", Dialects = global::Gai.Pipelines.Dialects.Plain(TestJson.Default.Note) }));
        await Assert.ThrowsAsync<ArgumentException>(async () => await topic.OpenLogAsync(StreamFormat.Ndjson));
        Assert.Throws<ArgumentException>(() => News with { Formats = [] });
        Assert.Throws<ArgumentException>(() => News with { Formats = [StreamFormat.JsonDocument] });
        Assert.Throws<ArgumentException>(() => News with { Name = string.Empty });
    }

    [Fact]
    public async Task OpenCursor_IdIsAheadOfATopicOfThisProcess_IsNoIdOfTheLog()
    {
        EventTopic<string> topic = await NewNode().OpenTopicAsync(News);
        await topic.PublishAsync("a");
        StreamLog log = (await topic.OpenLogAsync(StreamFormat.ServerSentEvents))!;

        LogCursor cursor = log.OpenCursor(new LogPosition(log.Description.Id, 5));

        Assert.Equal(new LogGap(0, 1), cursor.Gap);
        await topic.CompleteAsync();
        Assert.Equal("a", DataOf((await ReadToEndAsync(cursor)).Text)[1]);
    }

    [Fact]
    public async Task Open_DialectOfTheSecondFormatFails_LeavesNoLogOfTheFirst()
    {
        StreamLogs node = NewNode();
        var start = new TopicStart<Note>
        {
            Name = "notes",
            Dialects = new DialectFactory<Note>(static context => context.Format == StreamFormat.Ndjson
                ? throw new NotSupportedException("No records.")
                : global::Gai.Pipelines.Dialects.Plain(TestJson.Default.Note).Create(context)),
            Formats = [StreamFormat.ServerSentEvents, StreamFormat.Ndjson],
        };

        int entries = Scheduler.EntryCount;

        await Assert.ThrowsAsync<NotSupportedException>(async () => await node.OpenTopicAsync(start));

        Assert.Equal((0, entries), (node.Count, Scheduler.EntryCount));
    }

    [Fact]
    public async Task Publish_InTwoFormats_EachHasItsLog()
    {
        DialectFactory<Note> notes = global::Gai.Pipelines.Dialects.Plain(TestJson.Default.Note);
        EventTopic<Note> topic = await NewNode().OpenTopicAsync(new TopicStart<Note>
        {
            Name = "notes",
            Dialects = notes,
            Formats = [StreamFormat.ServerSentEvents, StreamFormat.Ndjson],
        });
        await topic.PublishAsync(new Note("a"));
        await topic.CompleteAsync();

        StreamLog sse = (await topic.OpenLogAsync(StreamFormat.ServerSentEvents))!;
        StreamLog ndjson = (await topic.OpenLogAsync(StreamFormat.Ndjson))!;
        var output = new RecordingPipeWriter();
        await ReadAsync(ndjson.OpenCursorAtStart(), output, notes).OrFail();

        Assert.Equal($"{{\"Text\":\"a\",\"event_id\":\"{new LogPosition(ndjson.Description.Id, 1)}\"}}\n", output.Text);
        Assert.Equal(["{\"Text\":\"a\"}"], DataOf((await ReadToEndAsync(sse.OpenCursorAtStart())).Text));
        Assert.NotEqual(sse.Description.Id, ndjson.Description.Id);
    }

    [Fact]
    public async Task Publish_EventCannotBeEncoded_IsThrownToThePublisherAndNoFrame()
    {
        EventTopic<Bomb> topic = await NewNode().OpenTopicAsync(new TopicStart<Bomb> { Name = "b", Dialects = global::Gai.Pipelines.Dialects.Plain(TestJson.Default.Bomb) });

        await Assert.ThrowsAsync<NotSupportedException>(async () => await topic.PublishAsync(new Bomb("a")));
        await Assert.ThrowsAsync<NotSupportedException>(async () => await topic.PublishAsync(new Bomb("b")));

        Assert.Equal(0, (await topic.OpenLogAsync(StreamFormat.ServerSentEvents))!.LastSequence);
    }

    [Fact]
    public async Task Complete_MarkerCannotBeEncoded_LeavesNothingOfIt()
    {
        bool isBroken = true;
        var dialects = new DialectFactory<string>(_ => new HalfMarkedDialect(() => isBroken));
        EventTopic<string> topic = await NewNode().OpenTopicAsync(new TopicStart<string> { Name = "half", Dialects = dialects });
        StreamLog log = (await topic.OpenLogAsync(StreamFormat.ServerSentEvents))!;

        await Assert.ThrowsAsync<NotSupportedException>(async () => await topic.CompleteAsync());
        await topic.PublishAsync("a");
        isBroken = false;
        await topic.CompleteAsync();

        Assert.Equal(["a", "half", "end"], DataOf((await ReadToEndAsync(log.OpenCursorAtStart())).Text));
    }

    /// <summary>What was whole of a refused event is no frame either, nor is anything that comes behind it cut there.</summary>
    [Fact]
    public async Task Publish_SecondRecordOfAnEventIsRefused_LeavesNothingOfTheFirst()
    {
        var raw = new DialectFactory<string>(static _ => new FrameIdsTests.RawDialect(), StreamFormat.Ndjson);
        EventTopic<string> topic = await NewNode().OpenTopicAsync(new TopicStart<string> { Name = "raw", Dialects = raw, Formats = [StreamFormat.Ndjson] });
        StreamLog log = (await topic.OpenLogAsync(StreamFormat.Ndjson))!;

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await topic.PublishAsync("{\"a\":1}\n[2]\n"));
        Assert.Equal(0, log.LastSequence);
        await topic.PublishAsync("{\"b\":1}\n");
        await topic.CompleteAsync();

        var output = new RecordingPipeWriter();
        await ReadAsync(log.OpenCursorAtStart(), output, raw).OrFail();
        Assert.Equal($"{{\"b\":1,\"event_id\":\"{new LogPosition(log.Description.Id, 1)}\"}}\n", output.Text);
        Assert.Equal(1, log.LastSequence);
    }

    /// <summary>The ids of its blocks are what is too much: the first block was whole by then.</summary>
    [Fact]
    public async Task Publish_SecondBlockOfAnEventIsTooLarge_LeavesNothingOfTheFirst()
    {
        var raw = new DialectFactory<string>(static _ => new FrameIdsTests.RawDialect());
        EventTopic<string> topic = await NewNode().OpenTopicAsync(new TopicStart<string> { Name = "raw", Dialects = raw, MaxFrameBytes = 300 });
        StreamLog log = (await topic.OpenLogAsync(StreamFormat.ServerSentEvents))!;

        // With one id they fill the first segment but for 10 bytes: the second id has no room, and the first block is too large for more.
        string blocks = $"data: {new string('x', 300)}\n\ndata: \n\n";
        int idLine = "id: \n".Length + LogPosition.TextLength;
        blocks = blocks.Insert(blocks.Length - 2, new string('y', LogSegment.SmallBytes - idLine - blocks.Length - 10));

        await Assert.ThrowsAsync<FrameTooLargeException>(async () => await topic.PublishAsync(blocks));
        Assert.Equal(0, log.LastSequence);
        await topic.PublishAsync("data: a\n\n");
        await topic.CompleteAsync();

        (_, string text) = await ReadToEndAsync(log.OpenCursorAtStart());
        Assert.Equal($"id: {new LogPosition(log.Description.Id, 1)}\ndata: a\n\n", text);
        Assert.Equal(1, log.LastSequence);
    }

    [Fact]
    public async Task Publish_FromManyThreads_EachEventOnceAndEachPublishersInOrder()
    {
        StreamLogs node = NewNode();
        EventTopic<string> topic = await node.OpenTopicAsync(News);
        StreamLog log = (await topic.OpenLogAsync(StreamFormat.ServerSentEvents))!;
        var output = new RecordingPipeWriter();
        Task<StreamOutcome> reading = ReadAsync(log.OpenCursorAtStart(), output);

        await Task.WhenAll(Enumerable.Range(0, 4).Select(publisher => Task.Run(async () =>
        {
            for (int i = 0; i < 500; i++)
            {
                await topic.PublishAsync($"{publisher} {i}");
            }
        }))).OrFail();
        await topic.CompleteAsync();

        await reading.OrFail();
        AssertAllInOrder(DataOf(output.Text), publishers: 4, each: 500);
    }

    [Fact]
    public async Task Topic_CompletedAndOld_IsForgottenAndCanBeOpenedAnew()
    {
        StreamLogs node = NewNode();
        EventTopic<string> topic = await node.OpenTopicAsync(News with { Options = new LogOptions { MaxAge = TimeSpan.FromMinutes(1) } });
        await topic.PublishAsync("a");
        Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(1, node.Count);
        await topic.PublishAsync("b");
        await topic.CompleteAsync();

        Time.Advance(TimeSpan.FromMinutes(2));
        await Deadline.UntilAsync(() => node.Count == 0);

        EventTopic<string> next = await node.OpenTopicAsync(News);
        Assert.NotSame(topic, next);
        await next.PublishAsync("c");
    }

    [Fact]
    public async Task Publish_AtTwoNodes_ReadersAtBothSeeTheSame()
    {
        EventTopic<string> atA = await PassUntilDoneAsync(A.OpenTopicAsync(News).AsTask());
        EventTopic<string> atB = await PassUntilDoneAsync(B.OpenTopicAsync(News).AsTask());
        StreamLog logAtA = (await PassUntilDoneAsync(atA.OpenLogAsync(StreamFormat.ServerSentEvents).AsTask()))!;
        StreamLog logAtB = (await PassUntilDoneAsync(atB.OpenLogAsync(StreamFormat.ServerSentEvents).AsTask()))!;
        var outputAtA = new RecordingPipeWriter();
        var outputAtB = new RecordingPipeWriter();
        Task<StreamOutcome> readingAtA = ReadAsync(logAtA.OpenCursorAtEnd(), outputAtA);
        Task<StreamOutcome> readingAtB = ReadAsync(logAtB.OpenCursorAtEnd(), outputAtB);

        Task publishing = Task.WhenAll(((EventTopic<string>[])[atA, atB, atA]).Select((topic, publisher) => Task.Run(async () =>
        {
            for (int i = 0; i < 200; i++)
            {
                if (i % 10 == 0)
                {
                    StoreOfA.FailsAfter = new IOException("The answer is lost.");
                }

                await topic.PublishAsync($"{publisher} {i}");
            }
        })));
        await PassUntilAsync(() => publishing.IsCompleted, TimeSpan.FromMilliseconds(100));
        await publishing;
        StoreOfA.FailsAfter = null;
        Task completing = atB.CompleteAsync().AsTask();
        await PassUntilAsync(() => completing.IsCompleted);
        await completing;

        await PassUntilDoneAsync(readingAtA);
        await PassUntilDoneAsync(readingAtB);
        Assert.Equal(Events(outputAtA.Text), Events(outputAtB.Text));
        AssertAllInOrder(DataOf(outputAtA.Text), publishers: 3, each: 200);
        Assert.Equal(Enumerable.Range(1, 600).Select(i => new LogPosition(logAtA.Description.Id, i).ToString()), Events(outputAtA.Text).Select(one => one.Id));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await PassUntilDoneAsync(DoneAsync(atA.PublishAsync("late"))));

        // Whoever comes later reads it from the store, at either node, with the same ids.
        Assert.Equal(Events(outputAtA.Text), Events((await PassToEndAsync((await FindAsync(A, logAtB)).OpenCursorAtStart())).Text));
    }

    [Fact]
    public async Task Read_OldEventsOfASharedTopicAreGone_IsToldExactly()
    {
        TopicStart<string> start = News with { Options = new LogOptions { MaxAge = TimeSpan.FromMinutes(1), MaxEvents = 1 } };
        EventTopic<string> topic = await PassUntilDoneAsync(A.OpenTopicAsync(start).AsTask());
        for (int i = 1; i <= 5; i++)
        {
            await PassUntilDoneAsync(DoneAsync(topic.PublishAsync($"{i}")));
        }

        Time.Advance(TimeSpan.FromSeconds(61));
        await Shared.DeleteExpiredAsync(100, CancellationToken.None);
        await PassUntilDoneAsync(DoneAsync(topic.PublishAsync("6")));
        StreamLog log = (await PassUntilDoneAsync(topic.OpenLogAsync(StreamFormat.ServerSentEvents).AsTask()))!;
        LogCursor cursor = log.OpenCursor(new LogPosition(log.Description.Id, 2));
        Task completing = topic.CompleteAsync().AsTask();
        await PassUntilAsync(() => completing.IsCompleted);
        await completing;

        (_, string text) = await PassToEndAsync(cursor);

        Assert.Equal(new LogGap(3, 6), cursor.Gap);
        Assert.Equal($"{{\"dropped\":3,\"first_id\":\"{new LogPosition(log.Description.Id, 6)}\"}}", Events(text)[0].Data);
        Assert.Equal("6", Events(text)[1].Data);
        Assert.Equal(2, Events(text).Count);
    }

    private static async Task<bool> DoneAsync(ValueTask task)
    {
        await task;
        return true;
    }

    private static void AssertAllInOrder(string[] seen, int publishers, int each)
    {
        Assert.Equal(publishers * each, seen.Length);
        foreach (IGrouping<string, string> ofOne in seen.GroupBy(data => data.Split(' ')[0]))
        {
            Assert.Equal(Enumerable.Range(0, each), ofOne.Select(data => int.Parse(data.Split(' ')[1], CultureInfo.InvariantCulture)));
        }
    }

    private sealed class HalfMarkedDialect(Func<bool> isBroken) : Dialect<string>
    {
        public override void WriteEvent(FrameWriter output, in string item) => SseEncoder.WriteText(output, default, item);

        public override void WriteError(FrameWriter output, in StreamError error)
        {
        }

        public override void WriteEnd(FrameWriter output)
        {
            SseEncoder.WriteText(output, default, "half");
            if (isBroken())
            {
                throw new NotSupportedException("No end.");
            }

            SseEncoder.WriteText(output, default, "end");
        }
    }

    private sealed class CountingDialect(Dialect<string> inner, Action onEvent) : Dialect<string>
    {
        public override void WriteEvent(FrameWriter output, in string item)
        {
            onEvent();
            inner.WriteEvent(output, item);
        }

        public override void WriteError(FrameWriter output, in StreamError error) => inner.WriteError(output, error);

        public override void WriteEnd(FrameWriter output) => inner.WriteEnd(output);
    }
}

using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Logs;

/// <summary>Topics whose events go through a store, which is slow, away or full.</summary>
public sealed class SharedTopicTests : SharedLogTest
{
    private static TopicStart<string> News { get; } = new() { Name = "news", Dialects = Plain };

    [Fact]
    public async Task Publish_InTwoFormats_WaitsForTheStore()
    {
        EventTopic<Note> topic = await OpenAsync(A, new TopicStart<Note>
        {
            Name = "notes",
            Dialects = global::Gai.Pipelines.Dialects.Plain(TestJson.Default.Note),
            Formats = [StreamFormat.ServerSentEvents, StreamFormat.Ndjson],
        });
        StoreOfA.Close();

        Task publishing = topic.PublishAsync(new Note("a")).AsTask();
        Assert.False(publishing.IsCompleted);
        StoreOfA.Open();
        await PassUntilAsync(() => publishing.IsCompleted);

        await publishing;
        Assert.Equal(2, StoreOfA.Publications);
    }

    [Fact]
    public async Task Publish_AsManyWaitAsMay_IsRefused()
    {
        EventTopic<string> topic = await OpenAsync(NewNode(Options with { Store = StoreOfA, MaxStoreLag = 3 }), News);
        StoreOfA.Close();
        List<Task> published = [topic.PublishAsync("sent").AsTask()];
        await Deadline.UntilAsync(() => StoreOfA.Publications == 1);

        for (int i = 0; i < 3; i++)
        {
            published.Add(topic.PublishAsync($"{i}").AsTask());
        }

        InvalidOperationException refusal = await Assert.ThrowsAsync<InvalidOperationException>(async () => await topic.PublishAsync("one too many").AsTask().OrFail());
        Assert.Contains("MaxStoreLag", refusal.Message, StringComparison.Ordinal);
        StoreOfA.Open();
        await PassUntilAsync(() => published.TrueForAll(one => one.IsCompletedSuccessfully));
    }

    [Fact]
    public async Task Publish_AsManyBytesWaitAsMay_IsRefused()
    {
        EventTopic<string> topic = await OpenAsync(NewNode(Options with { Store = StoreOfA, MaxTotalBytes = 64 * 1024 }), News);
        string item = new('x', 16 * 1024);
        StoreOfA.Close();
        List<Task> published = [topic.PublishAsync("sent").AsTask()];
        await Deadline.UntilAsync(() => StoreOfA.Publications == 1);

        for (int i = 0; i < 4; i++)
        {
            published.Add(topic.PublishAsync(item).AsTask());
        }

        InvalidOperationException refusal = await Assert.ThrowsAsync<InvalidOperationException>(async () => await topic.PublishAsync("one too many").AsTask().OrFail());
        Assert.Contains("MaxTotalBytes", refusal.Message, StringComparison.Ordinal);
        StoreOfA.Open();
        await PassUntilAsync(() => published.TrueForAll(one => one.IsCompletedSuccessfully));
        Task again = topic.PublishAsync("again").AsTask();
        await PassUntilAsync(() => again.IsCompletedSuccessfully);
    }

    /// <summary>Nobody has to read the topic at the node, and whoever publishes need not await it: the store's failure must be seen all the same.</summary>
    [Fact]
    public async Task Publish_StoreIsAway_IsReportedAndLagsUntilItIsBack()
    {
        var told = new ConcurrentQueue<(LogId Log, Exception Failure)>();
        StreamLogs node = NewNode(Options with
        {
            Store = StoreOfA,
            OnTopicStoreFailure = (log, failure) =>
            {
                told.Enqueue((log, failure));
                throw new NotSupportedException("The application's.");
            },
        });
        EventTopic<string> topic = await OpenAsync(node, News);
        StoreOfA.FailsBefore = new IOException("Away.");

        Task[] publishing = [topic.PublishAsync("a").AsTask(), topic.PublishAsync("b").AsTask()];
        await PassUntilAsync(() => StoreOfA.Publications > 2);
        Task late = topic.PublishAsync("c").AsTask();

        Assert.Equal(3, node.Sum().StoreLag);
        Assert.True(told.Count >= 2);
        LogDescription description = (await Shared.FindAsync(LogKey.Of("topic", "news", nameof(StreamFormat.ServerSentEvents)), CancellationToken.None))!;
        Assert.All(told, one => Assert.Equal((description.Id, StoreOfA.FailsBefore), one));
        StoreOfA.FailsBefore = null;
        await PassUntilAsync(() => publishing.All(one => one.IsCompletedSuccessfully) && late.IsCompletedSuccessfully);
        Assert.Equal(0, node.Sum().StoreLag);
    }

    /// <summary>An event has different sizes in its formats, so that only one of them may be full.</summary>
    [Fact]
    public async Task Publish_OnlyOneFormatIsFull_IsRefusedInAll()
    {
        EventTopic<Note> topic = await OpenAsync(NewNode(Options with { Store = StoreOfA, MaxTotalBytes = 64 * 1024 }), new TopicStart<Note>
        {
            Name = "notes",
            Dialects = global::Gai.Pipelines.Dialects.Plain(TestJson.Default.Note),
            Formats = [StreamFormat.Ndjson, StreamFormat.ServerSentEvents],
        });

        // With its frame 4 bytes below a quarter of the room as a record, and 2 above it as an event.
        var item = new Note(new string('x', (16 * 1024) - 16));
        StoreOfA.Close();
        List<Task> published = [topic.PublishAsync(new Note("sent")).AsTask()];
        await Deadline.UntilAsync(() => StoreOfA.Publications == 2);
        published.AddRange(Enumerable.Range(0, 4).Select(_ => topic.PublishAsync(item).AsTask()));

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await topic.PublishAsync(new Note("one too many")).AsTask().OrFail());
        StoreOfA.Open();
        await PassUntilAsync(() => published.TrueForAll(one => one.IsCompletedSuccessfully));

        StreamLog?[] logs = [await PassUntilDoneAsync(topic.OpenLogAsync(StreamFormat.Ndjson).AsTask()), await PassUntilDoneAsync(topic.OpenLogAsync(StreamFormat.ServerSentEvents).AsTask())];
        await PassUntilAsync(() => Array.TrueForAll(logs, static log => log!.LastSequence == 5));
    }

    /// <summary>One batch is one row and one command of a store: what has waited for long must not become one that is too large for either.</summary>
    [Fact]
    public async Task Publish_MuchHasWaitedForTheStore_GoesThereInBatches()
    {
        string[] items = [.. Enumerable.Range(1, 1000).Select(i => $"{i} " + new string('x', 10_000))];
        EventTopic<string> topic = await OpenAsync(A, News);
        StoreOfA.Close();
        List<Task> published = [.. items.Select(item => topic.PublishAsync(item).AsTask())];
        StoreOfA.FailsAfter = new IOException("The answer is lost.");

        StoreOfA.Open();
        await PassUntilAsync(() => published.TrueForAll(one => one.IsCompletedSuccessfully), TimeSpan.FromMilliseconds(100));

        Assert.InRange(StoreOfA.LargestPublication, Options.StoreBatchBytes, Options.StoreBatchBytes + 10_100);
        StreamLog log = (await PassUntilDoneAsync(topic.OpenLogAsync(StreamFormat.ServerSentEvents).AsTask()))!;
        Task completing = topic.CompleteAsync().AsTask();
        await PassUntilAsync(() => completing.IsCompleted);
        (StreamOutcome outcome, string text) = await PassToEndAsync(log.OpenCursorAtStart());
        Assert.Equal(StreamOutcomeReason.Completed, outcome.Reason);
        Assert.Equal(items, DataOf(text));
    }

    [Fact]
    public async Task Complete_PublicationsAreUnderWay_EndsBehindThemAndTakesNoMore()
    {
        EventTopic<string> topic = await OpenAsync(A, News);
        StoreOfA.Close();
        Task publishing = topic.PublishAsync("a").AsTask();
        await Deadline.UntilAsync(() => StoreOfA.Publications == 1);

        Task completing = topic.CompleteAsync().AsTask();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await topic.PublishAsync("late").AsTask().OrFail());
        Assert.Equal(0, StoreOfA.Ends);
        StoreOfA.Open();
        await PassUntilAsync(() => publishing.IsCompleted && completing.IsCompleted);
        await publishing;
        await completing;

        EventTopic<string> atB = await OpenAsync(B, News);
        StreamLog log = (await PassUntilDoneAsync(atB.OpenLogAsync(StreamFormat.ServerSentEvents).AsTask()))!;
        (StreamOutcome outcome, string text) = await PassToEndAsync(log.OpenCursorAtStart());
        Assert.Equal((StreamOutcomeReason.Completed, "a"), (outcome.Reason, Assert.Single(DataOf(text))));
    }

    [Fact]
    public async Task Complete_APublicationHasFailed_EndsAllTheSame()
    {
        EventTopic<string> topic = await OpenAsync(A, News);
        EventTopic<string> atB = await OpenAsync(B, News);
        StoreOfA.FailsBefore = new IOException("Away.");
        Task publishing = topic.PublishAsync("a").AsTask();
        await Deadline.UntilAsync(() => StoreOfA.Publications > 0);
        await atB.CompleteAsync();
        StoreOfA.FailsBefore = null;
        await PassUntilAsync(() => publishing.IsCompleted);
        await Assert.ThrowsAsync<InvalidOperationException>(() => publishing);

        await topic.CompleteAsync().AsTask().OrFail();
    }

    /// <summary>Nobody reads it at the node, which learns of the end by what it wants of the topic.</summary>
    [Theory]
    [InlineData("publish")]
    [InlineData("complete")]
    [InlineData("read")]
    public async Task Open_TopicHasEndedAndExpiredUnread_IsAnother(string use)
    {
        EventTopic<string> topic = await OpenAsync(A, News);
        EventTopic<string> atB = await OpenAsync(B, News);
        await PassUntilDoneAsync(DoneAsync(topic.PublishAsync("a")));
        await PassUntilDoneAsync(DoneAsync((use == "complete" ? topic : atB).CompleteAsync()));
        Time.Advance(2 * LogOptions.Default.MaxAge);
        await Shared.DeleteExpiredAsync(100, CancellationToken.None);

        if (use == "publish")
        {
            await Assert.ThrowsAsync<InvalidOperationException>(() => PassUntilDoneAsync(DoneAsync(topic.PublishAsync("late"))));
        }
        else if (use == "read")
        {
            Assert.Null(await PassUntilDoneAsync(topic.OpenLogAsync(StreamFormat.ServerSentEvents).AsTask()));
        }

        EventTopic<string> next = await OpenAsync(A, News);
        Assert.NotSame(topic, next);
        await PassUntilDoneAsync(DoneAsync(next.PublishAsync("b")));
        StreamLog log = (await PassUntilDoneAsync(next.OpenLogAsync(StreamFormat.ServerSentEvents).AsTask()))!;
        await PassUntilDoneAsync(DoneAsync(next.CompleteAsync()));
        Assert.Equal(["b"], DataOf((await PassToEndAsync(log.OpenCursorAtStart())).Text));
    }

    [Fact]
    public async Task Open_TopicWasRemovedWhileItWasRead_IsAnother()
    {
        EventTopic<string> topic = await OpenAsync(A, News);
        EventTopic<string> atB = await OpenAsync(B, News);
        StreamLog log = (await PassUntilDoneAsync(atB.OpenLogAsync(StreamFormat.ServerSentEvents).AsTask()))!;
        LogCursor cursor = log.OpenCursorAtStart();
        await PassUntilDoneAsync(DoneAsync(topic.PublishAsync("a")));
        await PassUntilAsync(() => log.LastSequence == 1);

        await Shared.RemoveAsync(log.Description.Id, CancellationToken.None);

        Assert.Equal(StreamOutcomeReason.SourceFailed, (await PassToEndAsync(cursor)).Outcome.Reason);
        await Deadline.UntilAsync(() => B.Count == 0);
        EventTopic<string> next = await OpenAsync(B, News);
        Assert.NotSame(atB, next);
        await PassUntilDoneAsync(DoneAsync(next.PublishAsync("b")));
    }

    /// <summary>A copy that nobody reads is given up; the topic goes on.</summary>
    [Fact]
    public async Task Open_CopyWithoutAnEventIsForgottenUnread_IsTheSameTopic()
    {
        EventTopic<string> topic = await OpenAsync(A, News);
        StreamLog log = (await PassUntilDoneAsync(topic.OpenLogAsync(StreamFormat.ServerSentEvents).AsTask()))!;
        log.OpenCursorAtStart().Dispose();

        await PassUntilAsync(() => log.Ended.IsCompleted, TimeSpan.FromSeconds(1));

        Assert.Equal(0, A.Count);
        Assert.Same(topic, await OpenAsync(A, News));
    }

    /// <summary>What is begun for one request and goes on for all must not keep what belongs to that request.</summary>
    [Fact]
    public async Task PublishAndRead_BegunByARequest_AreNotOfItsContext()
    {
        var request = new AsyncLocal<string?>();
        var seen = new ConcurrentQueue<string?>();
        EventTopic<string> topic = await OpenAsync(A, News);
        request.Value = "the request";
        StreamLog log = (await PassUntilDoneAsync(topic.OpenLogAsync(StreamFormat.ServerSentEvents).AsTask()))!;
        StoreOfA.OnCall = () => seen.Enqueue(request.Value);

        await PassUntilDoneAsync(DoneAsync(topic.PublishAsync("a")));
        await PassUntilAsync(() => log.LastSequence == 1);

        Assert.True(seen.Count >= 2);
        Assert.All(seen, Assert.Null);
    }

    /// <summary>A client that stops at the mark of the end has got all, whoever ends the topic, and however often that is tried.</summary>
    [Fact]
    public async Task Complete_StoreFails_TheMarkerStandsOnceBehindAllThatIsPublished()
    {
        TopicStart<string> start = News with { Dialects = new DialectFactory<string>(static _ => new MarkedDialect()) };
        EventTopic<string> topic = await OpenAsync(A, start);
        EventTopic<string> atB = await OpenAsync(B, start);
        StreamLog log = (await PassUntilDoneAsync(atB.OpenLogAsync(StreamFormat.ServerSentEvents).AsTask()))!;
        LogCursor cursor = log.OpenCursorAtStart();
        await PassUntilDoneAsync(DoneAsync(topic.PublishAsync("a")));

        StoreOfA.FailsToEnd = new IOException("Away.");
        await Assert.ThrowsAsync<IOException>(() => PassUntilDoneAsync(DoneAsync(topic.CompleteAsync())));
        await PassUntilDoneAsync(DoneAsync(atB.PublishAsync("b")));
        StoreOfA.FailsToEnd = null;
        StoreOfA.FailsAfter = new IOException("The answer is lost.");
        await Assert.ThrowsAsync<IOException>(() => PassUntilDoneAsync(DoneAsync(topic.CompleteAsync())));
        await PassUntilDoneAsync(DoneAsync(topic.CompleteAsync()));
        await PassUntilDoneAsync(DoneAsync(atB.CompleteAsync()));

        (StreamOutcome outcome, string text) = await PassToEndAsync(cursor);
        Assert.Equal(StreamOutcomeReason.Completed, outcome.Reason);
        Assert.Equal(["a", "b", "done"], DataOf(text));
    }

    /// <summary>Topics last as long as the process.</summary>
    [Fact]
    public async Task Publish_EventIsLarge_ItsMemoryIsNotKept()
    {
        var dialect = new LargeDialect();
        EventTopic<string> topic = await OpenAsync(A, News with { Dialects = new DialectFactory<string>(_ => dialect) });

        await PassUntilDoneAsync(DoneAsync(topic.PublishAsync(new string('x', 1024 * 1024))));

        await Deadline.UntilAsync(() =>
        {
            GC.Collect();
            return !dialect.Memory!.IsAlive;
        });
        await PassUntilDoneAsync(DoneAsync(topic.PublishAsync("small")));
        StreamLog log = (await PassUntilDoneAsync(topic.OpenLogAsync(StreamFormat.ServerSentEvents).AsTask()))!;
        await PassUntilDoneAsync(DoneAsync(topic.CompleteAsync()));
        Assert.Equal([1024 * 1024, 5], DataOf((await PassToEndAsync(log.OpenCursorAtStart())).Text).Select(static data => data.Length));
    }

    /// <summary>The half of an event that could not be written is not the beginning of the next one.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Publish_EncodingFailsHalfway_LeavesNothingOfIt(bool isShared)
    {
        var torn = new DialectFactory<string>(static _ => new TornDialect());
        EventTopic<string> topic = await OpenAsync(isShared ? A : NewNode(), News with { Dialects = torn });

        await Assert.ThrowsAsync<NotSupportedException>(async () => await topic.PublishAsync("bad"));
        Task publishing = topic.PublishAsync("good").AsTask();
        await PassUntilAsync(() => publishing.IsCompleted);

        StreamLog log = (await PassUntilDoneAsync(topic.OpenLogAsync(StreamFormat.ServerSentEvents).AsTask()))!;
        Task completing = topic.CompleteAsync().AsTask();
        (_, string text) = await PassToEndAsync(log.OpenCursorAtStart());
        await PassUntilAsync(() => completing.IsCompleted);
        Assert.Equal($"id: {new LogPosition(log.Description.Id, 1)}\ndata: good\n\n", text);
    }

    [Fact]
    public async Task Open_Fails_TheNextOneTriesAgain()
    {
        bool fails = true;
        TopicStart<string> start = News with
        {
            Dialects = new DialectFactory<string>(context => fails ? throw new NotSupportedException("Not yet.") : Plain.Create(context)),
        };

        await Assert.ThrowsAsync<NotSupportedException>(async () => await A.OpenTopicAsync(start));
        fails = false;

        Assert.Equal("news", (await OpenAsync(A, start)).Name);
    }

    [Fact]
    public async Task Stop_StoreIsAway_PublisherIsToldAndNothingIsBegun()
    {
        EventTopic<string> topic = await OpenAsync(A, News);
        StoreOfA.FailsBefore = new IOException("Away.");
        Task publishing = topic.PublishAsync("a").AsTask();
        await Deadline.UntilAsync(() => StoreOfA.Publications > 0);

        Task stopping = A.StopAsync();
        await PassUntilAsync(() => publishing.IsCompleted && stopping.IsCompleted);

        await Assert.ThrowsAsync<IOException>(() => publishing);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await A.OpenTopicAsync(News with { Name = "other" }));
    }

    /// <summary>Nobody but the nodes clears the store, and they do so again and again.</summary>
    [Fact]
    public async Task Sweep_LogsAreOver_AreDeletedFromTheStore()
    {
        for (int i = 0; i < 3; i++)
        {
            StreamLog log = await WriteAsync(A, ["a"], new LogOptions { MaxAge = TimeSpan.FromSeconds(10) });
            int ends = i;
            await PassUntilAsync(() => log.DurableSequence == 1 && StoreOfA.Ends > ends);

            int deleted = Deleted();
            await PassUntilAsync(() => Deleted() > deleted, TimeSpan.FromSeconds(1));

            Assert.Null(await Shared.FindAsync(log.Description.Id, default));
            Assert.Null(await Shared.FindAsync(log.Description.Key, default));
        }

        int Deleted() => StoreOfA.Deleted + StoreOfB.Deleted;
    }

    private static async Task<bool> DoneAsync(ValueTask task)
    {
        await task;
        return true;
    }

    private async Task<EventTopic<T>> OpenAsync<T>(StreamLogs node, TopicStart<T> start) => await PassUntilDoneAsync(node.OpenTopicAsync(start).AsTask());

    private sealed class MarkedDialect : Dialect<string>
    {
        public override void WriteEvent(FrameWriter output, in string item) => SseEncoder.WriteText(output, default, item);

        public override void WriteError(FrameWriter output, in StreamError error)
        {
        }

        public override void WriteEnd(FrameWriter output) => SseEncoder.WriteText(output, default, "done");
    }

    private sealed class LargeDialect : Dialect<string>
    {
        /// <summary>Gets what the last event was encoded into.</summary>
        public WeakReference? Memory { get; private set; }

        public override void WriteEvent(FrameWriter output, in string item)
        {
            SseEncoder.WriteText(output, default, item);
            output.Commit();
            Assert.True(MemoryMarshal.TryGetArray(output.GetMemory(), out ArraySegment<byte> room));
            Assert.True(item.Length < 1024 * 1024 || room.Array!.Length > 1024 * 1024);
            Memory = new WeakReference(room.Array);
        }

        public override void WriteError(FrameWriter output, in StreamError error)
        {
        }

        public override void WriteEnd(FrameWriter output)
        {
        }
    }

    private sealed class TornDialect : Dialect<string>
    {
        public override void WriteEvent(FrameWriter output, in string item)
        {
            output.Write("data: "u8);
            if (item == "bad")
            {
                throw new NotSupportedException("It has no text.");
            }

            output.Write("good\n\n"u8);
        }

        public override void WriteError(FrameWriter output, in StreamError error)
        {
        }

        public override void WriteEnd(FrameWriter output)
        {
        }
    }
}

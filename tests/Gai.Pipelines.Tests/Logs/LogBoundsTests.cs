using System.Buffers;
using System.Text;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Logs;

public sealed class LogBoundsTests : LogTest
{
    [Fact]
    public async Task Read_FirstEventsAreEvicted_BeginsWithAnExactGap()
    {
        StreamLog log = await WriteAsync(NewNode(), Numbers(1, 10), new LogOptions { MaxEvents = 4 });

        LogCursor cursor = log.OpenCursor(new LogPosition(log.Description.Id, 2));
        (StreamOutcome outcome, string text) = await ReadToEndAsync(cursor);

        Assert.Equal(new LogGap(4, 7), cursor.Gap);
        Assert.StartsWith($"id: {Id(log, 6)}\nevent: gap\ndata: {{\"dropped\":4,\"first_id\":\"{Id(log, 7)}\"}}\n\nid: {Id(log, 7)}\ndata: 7\n\n", text, StringComparison.Ordinal);
        Assert.Equal(["7", "8", "9", "10"], DataOf(text)[1..]);
        Assert.Equal((4, 4), (cursor.Events, cursor.Dropped));
        Assert.Equal(StreamOutcomeReason.Completed, outcome.Reason);
        Assert.Equal((7, 10), (log.FirstSequence, log.LastSequence));
    }

    /// <summary>The id of a gap is the position behind it.</summary>
    [Fact]
    public async Task Read_CutBehindTheGap_IsNotToldAgain()
    {
        StreamLog log = await WriteAsync(NewNode(), Numbers(1, 10), new LogOptions { MaxEvents = 4 });
        string gapId = Events((await ReadToEndAsync(log.OpenCursorAtStart())).Text)[0].Id;

        Assert.True(LogPosition.TryParse(gapId, out LogPosition after));
        LogCursor cursor = log.OpenCursor(after);

        Assert.Null(cursor.Gap);
        Assert.Equal(["7", "8", "9", "10"], DataOf((await ReadToEndAsync(cursor)).Text));
    }

    [Theory]
    [InlineData(StreamFormat.ServerSentEvents, false, "event: gap\ndata: {\"dropped\":2,\"first_id\":\"$3\"}\n\n")]
    [InlineData(StreamFormat.Ndjson, false, "{\"type\":\"gap\",\"dropped\":2,\"first_id\":\"$3\",\"event_id\":\"$2\"}\n")]
    [InlineData(StreamFormat.ServerSentEvents, true, "\"seq\":1,\"dropped\":2,\"first_id\":\"$3\"}\n\n")]
    [InlineData(StreamFormat.Ndjson, true, "\"seq\":1,\"dropped\":2,\"first_id\":\"$3\",\"event_id\":\"$2\"}\n")]
    public async Task Read_GapInDialectsOfAIStreams_IsTheirOwnEvent(StreamFormat format, bool records, string expected)
    {
        DialectFactory<StreamEvent> dialects = records ? global::Gai.Pipelines.Dialects.GaiEvents : global::Gai.Pipelines.Dialects.Gai;
        var source = new ManualSequence<StreamEvent>();
        source.Push(StreamEvent.TextDelta("a"), StreamEvent.TextDelta("b"), StreamEvent.TextDelta("c"));
        source.End();
        LogAttachment attachment = await NewNode().GetOrStartAsync(At(LogKey.New(), new LogOptions { MaxEvents = 2 }, format), () => new LogProducer<StreamEvent>
        {
            Source = StreamSource.From(source),
            Dialect = dialects.Create(new DialectContext(format, DialectSettings.Default)),
        });
        StreamLog log = attachment.Log;
        await log.Ended.OrFail();
        var output = new RecordingPipeWriter();

        await ReadAsync(log.OpenCursorAtStart(), output, dialects).OrFail();

        string text = output.Text.Replace(Id(log, 2), "$2", StringComparison.Ordinal).Replace(Id(log, 3), "$3", StringComparison.Ordinal);
        Assert.Contains(expected, text, StringComparison.Ordinal);
        Assert.Equal(format == StreamFormat.ServerSentEvents, text.StartsWith("id: $2\n", StringComparison.Ordinal));
        using var body = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(output.Text));
        StreamEvent gap = default;
        await foreach (StreamEvent item in StreamEventReader.ReadAsync(body, format))
        {
            gap = item;
            break;
        }

        Assert.Equal((StreamEventType.Gap, 2L, Id(log, 3)), (gap.Type, gap.Dropped, gap.FirstId));
    }

    [Fact]
    public async Task Read_GapInADialectWithoutAWordForIt_IsARecordAllTheSame()
    {
        DialectFactory<Note> dialects = global::Gai.Pipelines.Dialects.Plain(TestJson.Default.Note);
        var source = new ManualSequence<Note>();
        source.Push(new Note("a"), new Note("b"), new Note("c"));
        source.End();
        LogAttachment attachment = await NewNode().GetOrStartAsync(At(LogKey.New(), new LogOptions { MaxEvents = 1 }, StreamFormat.Ndjson), () => new LogProducer<Note>
        {
            Source = StreamSource.From(source),
            Dialect = dialects.Create(new DialectContext(StreamFormat.Ndjson, DialectSettings.Default)),
        });
        await attachment.Log.Ended.OrFail();
        var output = new RecordingPipeWriter();

        await ReadAsync(attachment.Log.OpenCursorAtStart(), output, dialects).OrFail();

        Assert.Equal(
            $"{{\"dropped\":2,\"first_id\":\"{Id(attachment.Log, 3)}\",\"event_id\":\"{Id(attachment.Log, 2)}\"}}\n{{\"Text\":\"c\",\"event_id\":\"{Id(attachment.Log, 3)}\"}}\n",
            output.Text);
    }

    [Fact]
    public async Task Read_GapInAnEventDialectWithoutAWordForIt_IsAnEventThatClientsSee()
    {
        StreamLog log = await WriteAsync(NewNode(), ["a", "b", "c"], new LogOptions { MaxEvents = 1 });
        var output = new RecordingPipeWriter();

        await ReadAsync(log.OpenCursorAtStart(), output, new DialectFactory<string>(static _ => new Wordless())).OrFail();

        (string id, string type, string data) = Events(output.Text)[0];
        Assert.Equal((Id(log, 2), "gap", $"{{\"dropped\":2,\"first_id\":\"{Id(log, 3)}\"}}"), (id, type, data));
    }

    [Fact]
    public async Task OpenCursor_IdOfAnotherLog_OpensNothingAndSaysSo()
    {
        StreamLogs node = NewNode();
        StreamLog log = await WriteAsync(node, ["a", "b"]);
        StreamLog other = await WriteAsync(node, ["secret"]);

        LogCursor cursor = log.OpenCursor(new LogPosition(other.Description.Id, 1));

        Assert.Equal(new LogGap(0, 1), cursor.Gap);
        (_, string text) = await ReadToEndAsync(cursor);
        Assert.Equal(
            $"id: {Id(log, 0)}\nevent: gap\ndata: {{\"dropped\":0,\"first_id\":\"{Id(log, 1)}\"}}\n\nid: {Id(log, 1)}\ndata: a\n\nid: {Id(log, 2)}\ndata: b\n\n",
            text);
    }

    /// <summary>An opening with an id of this log would let a client that is cut behind it come back as if nothing were missing.</summary>
    [Fact]
    public async Task WriteOpening_IdWasOfAnotherLog_LeavesTheIdToTheGap()
    {
        (StreamLog log, _) = await BeginAsync(NewNode());

        Assert.Contains("id: ", Opening(log.OpenCursorAtStart()), StringComparison.Ordinal);
        Assert.DoesNotContain("id: ", Opening(log.OpenCursor(new LogPosition(LogId.New(), 1))), StringComparison.Ordinal);

        static string Opening(LogCursor cursor)
        {
            using (cursor)
            {
                var bytes = new ArrayBufferWriter<byte>();
                var frames = new FrameWriter(bytes);
                cursor.DialectsOver(Plain).Create(new DialectContext(StreamFormat.ServerSentEvents, DialectSettings.Default)).WriteOpening(frames);
                frames.Commit();
                frames.Publish();
                return Encoding.UTF8.GetString(bytes.WrittenSpan);
            }
        }
    }

    [Fact]
    public async Task OpenCursor_IdBeyondTheEnd_IsNoIdOfTheLog()
    {
        StreamLog log = await WriteAsync(NewNode(), ["a"]);

        Assert.Equal(new LogGap(0, 1), Opened(2));
        Assert.Equal(new LogGap(0, 1), Opened(LogPosition.MaxSequence));
        Assert.Null(Opened(1));

        LogGap? Opened(long sequence)
        {
            using LogCursor cursor = log.OpenCursor(new LogPosition(log.Description.Id, sequence));
            return cursor.Gap;
        }
    }

    /// <summary>Whatever is evicted under a slow reader: what it gets and what it is told make up the whole.</summary>
    [Theory]
    [InlineData(10, int.MaxValue)]
    [InlineData(1000, 3000)]
    [InlineData(1, int.MaxValue)]
    [InlineData(300, 40_000)]
    public async Task Read_EvictedUnderASlowReader_EveryHoleIsAnnouncedExactly(int maxEvents, int maxBytes)
    {
        const int Count = 4000;
        var random = new Random(5);
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(NewNode(), new LogOptions { MaxEvents = maxEvents, MaxBytes = maxBytes });
        var output = new RecordingPipeWriter();
        LogCursor cursor = log.OpenCursorAtStart();
        Task<StreamOutcome> reading = ReadAsync(cursor, output);
        for (int i = 1; i <= Count;)
        {
            output.HoldFlushes();
            for (int burst = random.Next(1, 600); burst > 0 && i <= Count; burst--)
            {
                source.Push($"{i++}");
            }

            output.ReleaseFlush();
            await Task.Yield();
        }

        source.End();
        Assert.Equal(StreamOutcomeReason.Completed, (await reading.OrFail()).Reason);

        long next = 1;
        long dropped = 0;
        foreach ((string id, string type, string data) in Events(output.Text))
        {
            if (type == "gap")
            {
                using var gap = System.Text.Json.JsonDocument.Parse(data);
                long missing = gap.RootElement.GetProperty("dropped").GetInt64();
                Assert.True(missing > 0);
                next += missing;
                dropped += missing;
                Assert.Equal(Id(log, next), gap.RootElement.GetProperty("first_id").GetString());
                Assert.Equal(Id(log, next - 1), id);
            }
            else
            {
                Assert.Equal($"{next}", data);
                Assert.Equal(Id(log, next), id);
                next++;
            }
        }

        Assert.Equal(Count + 1, next);
        Assert.Equal((dropped, Count - dropped), (cursor.Dropped, cursor.Events));
        Assert.True(dropped > 0, "Nothing was evicted under the reader.");
    }

    [Fact]
    public async Task Evict_TooManyBytes_KeepsTheNewestThatFitAndTheLastAlways()
    {
        string[] items = [.. Enumerable.Range(0, 100).Select(_ => new string('x', 951))];
        StreamLog log = await WriteAsync(NewNode(), items, new LogOptions { MaxBytes = 10_000 });
        StreamLog tiny = await WriteAsync(NewNode(), items, new LogOptions { MaxBytes = 1 });

        // 41 bytes of id, 6 of "data: ", 951 and two line ends.
        Assert.Equal(91, log.FirstSequence);
        Assert.Equal(10_000, log.Memory.Bytes);
        Assert.Equal((100, 1000), (tiny.FirstSequence, tiny.Memory.Bytes));
    }

    [Fact]
    public async Task Evict_EventsGrowOld_GoByThemselves()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(NewNode(), new LogOptions { MaxAge = TimeSpan.FromMinutes(1), AbandonAfter = Timeout.InfiniteTimeSpan });
        await PushedAsync(log, source, "a", "b");
        Time.Advance(TimeSpan.FromSeconds(40));
        await PushedAsync(log, source, "c", "d");
        Assert.Equal(1, log.FirstSequence);

        Time.Advance(TimeSpan.FromSeconds(25));
        await Deadline.UntilAsync(() => log.FirstSequence == 3);

        // The last stays, as long as the log does. Its clock is set a moment after the others have gone.
        await Deadline.UntilAsync(() =>
        {
            Time.Advance(TimeSpan.FromMinutes(1));
            return log.FirstSequence == 4;
        });
        Assert.Equal(4, log.LastSequence);
    }

    [Fact]
    public async Task Evict_ReadersComeAndGo_EventsGrowOldAllTheSame()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(NewNode(), new LogOptions { MaxAge = TimeSpan.FromMinutes(1), AbandonAfter = Timeout.InfiniteTimeSpan });
        await PushedAsync(log, source, "a", "b");

        await Deadline.UntilAsync(() =>
        {
            Time.Advance(TimeSpan.FromSeconds(30));
            log.OpenCursorAtEnd().Dispose();
            return log.FirstSequence == 2;
        });
    }

    [Fact]
    public async Task Expire_LogHasEnded_IsForgottenAfterItsAge()
    {
        StreamLogs node = NewNode();
        StreamLog log = await WriteAsync(node, ["a"], new LogOptions { MaxAge = TimeSpan.FromMinutes(1) });
        Time.Advance(TimeSpan.FromSeconds(59));
        Assert.Same(log, await node.FindAsync(log.Description.Id));

        Time.Advance(TimeSpan.FromSeconds(2));
        await Deadline.UntilAsync(() => node.Count == 0 && node.MemoryBytes == 0);

        Assert.Null(await node.FindAsync(log.Description.Id));
        Assert.Null(await node.FindAsync(log.Description.Key));
        Assert.Equal(0, Scheduler.EntryCount);
    }

    [Fact]
    public async Task Expire_SomebodyReadsIt_ReadsToTheEnd()
    {
        StreamLogs node = NewNode();
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(node, new LogOptions { MaxAge = TimeSpan.FromSeconds(40) });
        var output = new RecordingPipeWriter();
        Task<StreamOutcome> reading = ReadAsync(log.OpenCursorAtStart(), output);
        source.Push("1");
        await output.WaitForTextAsync("data: 1");
        output.HoldFlushes();
        source.Push(Numbers(2, 999));
        source.End();
        await log.Ended.OrFail();
        await output.WaitForPendingFlushAsync();

        Time.Advance(TimeSpan.FromSeconds(30));
        Time.Advance(TimeSpan.FromSeconds(20));
        await Deadline.UntilAsync(() => node.Count == 0);
        output.ReleaseFlush();

        Assert.Equal(StreamOutcomeReason.Completed, (await reading.OrFail()).Reason);
        Assert.Equal(Numbers(1, 1000), DataOf(output.Text));
        await Deadline.UntilAsync(() => node.MemoryBytes == 0);
    }

    [Fact]
    public async Task MaxTotalBytes_FinishedLogs_TheLeastRecentlyReadGoesFirst()
    {
        StreamLogs node = NewNode(new StreamLogsOptions { MaxTotalBytes = 64 * 1024 });
        var logs = new List<StreamLog>();
        for (int i = 0; i < 16; i++)
        {
            logs.Add(await WriteAsync(node, ["a"]));
            Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(16, node.Count);
        int[] order = [3, 0, 7, 1, 15, 2, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14];
        foreach (int i in order)
        {
            await ReadToEndAsync(logs[i].OpenCursorAtStart());
            Time.Advance(TimeSpan.FromSeconds(1));
        }

        for (int gone = 1; gone <= 5; gone++)
        {
            await WriteAsync(node, ["b"]);
            Time.Advance(TimeSpan.FromSeconds(1));

            Assert.Equal(order[gone..], await FoundAsync());
            Assert.True(node.MemoryBytes <= 64 * 1024);
        }

        async Task<int[]> FoundAsync()
        {
            var found = new List<int>();
            foreach (int i in order)
            {
                if (await node.FindAsync(logs[i].Description.Id) is not null)
                {
                    found.Add(i);
                }
            }

            return [.. found];
        }
    }

    /// <summary>All logs are looked at for it, so that it is worth some more.</summary>
    [Fact]
    public async Task MaxTotalBytes_IsReached_ASixteenthIsFreedAtOnce()
    {
        StreamLogs node = NewNode(new StreamLogsOptions { MaxTotalBytes = 1024 * 1024 });
        await WriteLogsAsync(256);
        Assert.Equal((256, 1024 * 1024), (node.Count, node.MemoryBytes));

        await WriteLogsAsync(1);
        Assert.Equal((240, 960 * 1024), (node.Count, node.MemoryBytes));

        await WriteLogsAsync(16);
        Assert.Equal((256, 1024 * 1024), (node.Count, node.MemoryBytes));

        async Task WriteLogsAsync(int count)
        {
            for (int i = 0; i < count; i++)
            {
                await WriteAsync(node, ["a"]);
            }
        }
    }

    [Fact]
    public async Task MaxTotalBytes_UnfinishedLogs_KeepWhatTheirReadersNeedUnlessForced()
    {
        StreamLogs node = NewNode(new StreamLogsOptions { MaxTotalBytes = 128 * 1024 });
        string[] items = [.. Enumerable.Range(1, 30).Select(i => $"{i} " + new string('x', 950))];
        (StreamLog slow, ManualSequence<string> slowSource) = await BeginAsync(node);
        using LogCursor waiting = slow.OpenCursorAtStart();
        Time.Advance(TimeSpan.FromSeconds(1));
        (StreamLog quick, ManualSequence<string> quickSource) = await BeginAsync(node);
        (StreamLog unread, ManualSequence<string> unreadSource) = await BeginAsync(node);
        var output = new RecordingPipeWriter();
        LogCursor cursor = quick.OpenCursorAtStart();
        Task<StreamOutcome> reading = ReadAsync(cursor, output);
        StreamLog finished = await WriteAsync(node, ["a"]);
        await PushedAsync(slow, slowSource, items);
        await PushedAsync(quick, quickSource, items);
        await PushedAsync(unread, unreadSource, items);
        await Deadline.UntilAsync(() => cursor.Position.Sequence == 30);
        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((1, 1, 1, 4), (slow.FirstSequence, quick.FirstSequence, unread.FirstSequence, node.Count));

        // 30 KB each, and a limit of 128: the finished log goes, then what the quick reader has read; the slow one and who has no reader keep all.
        await PushedAsync(quick, quickSource, items);
        Assert.Null(await node.FindAsync(finished.Description.Id));
        await Deadline.UntilAsync(() => cursor.Position.Sequence == 60);
        await PushedAsync(quick, quickSource, items);
        await Deadline.UntilAsync(() => cursor.Position.Sequence == 90);
        Assert.Equal((1, 1), (slow.FirstSequence, unread.FirstSequence));
        Assert.True(quick.FirstSequence > 1);
        Assert.True(node.MemoryBytes <= 128 * 1024);

        // And when nothing else is left, they give too: the least recently read first.
        await PushedAsync(unread, unreadSource, [.. items, .. items, .. items, .. items]);
        Assert.True(slow.FirstSequence > 1);
        Assert.True(node.MemoryBytes <= 128 * 1024);

        quickSource.End();
        slowSource.End();
        unreadSource.End();
        await reading.OrFail();
        Assert.Equal(90, DataOf(output.Text).Length);
        Assert.Equal(slow.FirstSequence - 1, Gap(await ReadToEndAsync(slow.OpenCursorAtStart())));

        static long Gap((StreamOutcome Outcome, string Text) read)
        {
            using var gap = System.Text.Json.JsonDocument.Parse(Events(read.Text)[0].Data);
            return gap.RootElement.GetProperty("dropped").GetInt64();
        }
    }

    private static string Id(StreamLog log, long sequence) => new LogPosition(log.Description.Id, sequence).ToString();

    private sealed class Wordless : Dialect<string>
    {
        public override void WriteEvent(FrameWriter output, in string item) => SseEncoder.WriteText(output, default, item);

        public override void WriteError(FrameWriter output, in StreamError error)
        {
        }

        public override void WriteEnd(FrameWriter output)
        {
        }
    }
}

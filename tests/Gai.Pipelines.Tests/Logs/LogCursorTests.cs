using System.Globalization;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Logs;

public sealed class LogCursorTests : LogTest
{
    [Fact]
    public async Task Read_LogHasEnded_GivesAllEventsWithTheirIds()
    {
        StreamLog log = await WriteAsync(NewNode(), ["a", "b", "c"]);

        (StreamOutcome outcome, string text) = await ReadToEndAsync(log.OpenCursorAtStart());

        string Id(long sequence) => new LogPosition(log.Description.Id, sequence).ToString();
        Assert.Equal($"id: {Id(1)}\ndata: a\n\nid: {Id(2)}\ndata: b\n\nid: {Id(3)}\ndata: c\n\n", text);
        Assert.Equal(StreamOutcomeReason.Completed, outcome.Reason);
        Assert.Equal(0, log.Readers);
    }

    [Fact]
    public async Task Read_FromEveryPosition_GoesOnBehindIt()
    {
        StreamLog log = await WriteAsync(NewNode(), Numbers(1, 50));

        for (int seen = 0; seen <= 50; seen++)
        {
            LogCursor cursor = log.OpenCursor(new LogPosition(log.Description.Id, seen));
            Assert.Null(cursor.Gap);
            (StreamOutcome outcome, string text) = await ReadToEndAsync(cursor);

            Assert.Equal(Numbers(seen + 1, 50 - seen), DataOf(text));
            Assert.Equal(StreamOutcomeReason.Completed, outcome.Reason);
            Assert.Equal(new LogPosition(log.Description.Id, 50), cursor.Position);
            Assert.Equal(50 - seen, cursor.Events);
        }
    }

    [Fact]
    public async Task Read_LiveLog_GetsWhatIsThereAndWhatComes()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(NewNode());
        await PushedAsync(log, source, "a", "b");
        var output = new RecordingPipeWriter();

        Task<StreamOutcome> reading = ReadAsync(log.OpenCursorAtStart(), output);
        await output.WaitForTextAsync("data: b");
        source.Push("c");
        await output.WaitForTextAsync("data: c");
        source.Push("d").End();

        Assert.Equal(StreamOutcomeReason.Completed, (await reading.OrFail()).Reason);
        Assert.Equal(["a", "b", "c", "d"], DataOf(output.Text));
    }

    /// <summary>What follows the end of a response is its application's, and may block.</summary>
    [Fact]
    public async Task Read_LogEndsAndOneReaderBlocks_TheOthersEnd()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(NewNode());
        RecordingPipeWriter[] outputs = [new(), new()];
        using var othersHaveEnded = new ManualResetEventSlim();
        int ended = 0;
        Task[] readings = [.. outputs.Select(output => ReadAsync(log.OpenCursorAtStart(), output).ContinueWith(
            _ =>
            {
                if (Interlocked.Increment(ref ended) == 1)
                {
                    Assert.True(othersHaveEnded.Wait(TimeSpan.FromSeconds(30)));
                }
                else
                {
                    othersHaveEnded.Set();
                }
            },
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default))];
        source.Push("a");
        await Task.WhenAll(outputs.Select(static output => output.WaitForTextAsync("data: a")));
        source.End();

        await Task.WhenAll(readings);
    }

    [Fact]
    public async Task OpenCursorAtEnd_LiveLog_GetsOnlyWhatComes()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(NewNode());
        await PushedAsync(log, source, "a", "b");

        LogCursor cursor = log.OpenCursorAtEnd();
        source.Push("c").End();

        Assert.Equal(["c"], DataOf((await ReadToEndAsync(cursor)).Text));
    }

    /// <summary>A client that is cut before the first event that it would have got knows where to go on all the same.</summary>
    [Fact]
    public async Task OpenCursorAtEnd_NothingComes_TellsThePositionAtOnce()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(NewNode());
        await PushedAsync(log, source, "a", "b");
        var atEnd = new RecordingPipeWriter();
        var before = new RecordingPipeWriter();

        Task<StreamOutcome> reading = ReadAsync(log.OpenCursorAtEnd(), atEnd);
        Task<StreamOutcome> readingBefore = ReadAsync(log.OpenCursor(new LogPosition(log.Description.Id, 1)), before);
        Time.Advance(PumpSettings.Default.CommitWindow);
        await atEnd.WaitForTextAsync("id: ");
        await before.WaitForTextAsync("data: b");
        source.End();
        await Task.WhenAll(reading, readingBefore).OrFail();

        Assert.Equal($"id: {new LogPosition(log.Description.Id, 2)}\n\n", atEnd.Text);
        Assert.Equal($"id: {new LogPosition(log.Description.Id, 2)}\ndata: b\n\n", before.Text);
        Assert.Equal(string.Empty, (await ReadToEndAsync(log.OpenCursorAtEnd())).Text);
    }

    /// <summary>A client that is cut anywhere, also inside a frame, goes on behind the last whole event that it has seen.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Read_CutTwoHundredTimesWhileItIsWritten_SeesEachEventOnce(int seed)
    {
        const int Count = 10_000;
        const int Cuts = 200;
        var random = new Random(seed);
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(NewNode());
        Task producing = Task.Run(async () =>
        {
            var pace = new Random(seed);
            for (int i = 1; i <= Count; i++)
            {
                source.Push($"{i}");
                if (pace.Next(50) == 0)
                {
                    await Task.Yield();
                }
            }

            source.End();
        });

        var seen = new List<string>();
        string lastId = new LogPosition(log.Description.Id, 0).ToString();
        for (int cut = 0; ; cut++)
        {
            Assert.True(LogPosition.TryParse(lastId, out LogPosition after));
            LogCursor cursor = log.OpenCursor(after);
            Assert.Null(cursor.Gap);

            // The client takes so many bytes and is gone.
            long bytes = cut < Cuts ? random.Next(0, 2 * Count * 55 / Cuts) : long.MaxValue;
            using var client = new CancellationTokenSource();
            var output = new CuttingPipeWriter(bytes, client);
            StreamOutcome outcome = await ReadAsync(cursor, output, client.Token).OrFail();
            foreach ((string id, _, string data) in Events(output.Text))
            {
                seen.Add(data);
                lastId = id;
            }

            if (outcome.Reason == StreamOutcomeReason.Completed)
            {
                Assert.True(cut >= 50, $"The log was read with {cut} cuts only.");
                break;
            }
        }

        await producing.OrFail();
        Assert.Equal(Numbers(1, Count), seen);
        Assert.Equal(0, log.Readers);
    }

    [Fact]
    public async Task Read_ManyCursorsAtEveryMoment_EachSeesAll()
    {
        const int Count = 3000;
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(NewNode());
        var readers = new List<(int From, RecordingPipeWriter Output, Task<StreamOutcome> Reading)>();
        for (int i = 1; i <= Count; i++)
        {
            source.Push($"{i}");
            if (i % 30 == 0)
            {
                long from = Math.Max(0, log.LastSequence - (i % 7));
                var output = new RecordingPipeWriter();
                readers.Add(((int)from, output, ReadAsync(log.OpenCursor(new LogPosition(log.Description.Id, from)), output)));
            }
        }

        source.End();
        foreach ((int from, RecordingPipeWriter output, Task<StreamOutcome> reading) in readers)
        {
            Assert.Equal(StreamOutcomeReason.Completed, (await reading.OrFail()).Reason);
            Assert.Equal(Numbers(from + 1, Count - from), DataOf(output.Text));
        }
    }

    [Fact]
    public async Task Read_LogEndsAtEveryMomentOfTheCatchUp_EndsOnceAndComplete()
    {
        for (int round = 0; round < 300; round++)
        {
            (StreamLog log, ManualSequence<string> source) = await BeginAsync(NewNode());
            await PushedAsync(log, source, "a", "b");
            LogCursor cursor = log.OpenCursorAtStart();
            var output = new RecordingPipeWriter();
            using var both = new Barrier(2);

            Task ending = Task.Run(() =>
            {
                both.SignalAndWait();
                source.Push("c").End();
            });
            Task<StreamOutcome> reading = Task.Run(() =>
            {
                both.SignalAndWait();
                return ReadAsync(cursor, output);
            });

            Assert.Equal(StreamOutcomeReason.Completed, (await reading.OrFail()).Reason);
            await ending.OrFail();
            Assert.Equal(["a", "b", "c"], DataOf(output.Text));
        }
    }

    [Fact]
    public async Task Read_LogWithoutEvents_IsComplete()
    {
        StreamLog log = await WriteAsync(NewNode(), []);

        (StreamOutcome outcome, string text) = await ReadToEndAsync(log.OpenCursorAtStart());

        Assert.Equal((StreamOutcomeReason.Completed, string.Empty), (outcome.Reason, text));
    }

    [Fact]
    public async Task Read_SlowClient_DelaysNeitherTheProducerNorOthers()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(NewNode());
        var slow = new RecordingPipeWriter();
        slow.HoldFlushes();
        Task<StreamOutcome> slowReading = ReadAsync(log.OpenCursorAtStart(), slow);
        var quick = new RecordingPipeWriter();
        Task<StreamOutcome> quickReading = ReadAsync(log.OpenCursorAtStart(), quick);
        source.Push("1");
        await slow.WaitForPendingFlushAsync();

        foreach (string number in Numbers(2, 2999))
        {
            source.Push(number);
        }

        await quick.WaitForTextAsync("data: 3000\n");
        Assert.Equal(3000, log.LastSequence);
        Assert.Equal(["1"], DataOf(slow.Text));
        slow.ReleaseFlush();
        source.End();

        Assert.Equal(StreamOutcomeReason.Completed, (await slowReading.OrFail()).Reason);
        Assert.Equal(StreamOutcomeReason.Completed, (await quickReading.OrFail()).Reason);
        Assert.Equal(Numbers(1, 3000), DataOf(slow.Text));
    }

    /// <summary>Outputs that block their threads, which none should, still hold up nobody but themselves, and be they more than there are cores.</summary>
    [Fact]
    public async Task Read_OutputsBlockTheirThreads_OthersGoOn()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(NewNode());
        using var release = new ManualResetEventSlim();
        var isBlocked = new TaskCompletionSource[Environment.ProcessorCount + 1];
        var badReadings = new Task<StreamOutcome>[isBlocked.Length];
        RecordingPipeWriter[] bad = [.. isBlocked.Select(static _ => new RecordingPipeWriter())];
        for (int i = 0; i < isBlocked.Length; i++)
        {
            var blocked = isBlocked[i] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            badReadings[i] = ReadAsync(log.OpenCursorAtStart(), bad[i]);
            bad[i].OnFlush = () =>
            {
                blocked.TrySetResult();
                Assert.True(release.Wait(TimeSpan.FromSeconds(30)));
            };
        }

        var good = new RecordingPipeWriter();
        Task<StreamOutcome> goodReading = ReadAsync(log.OpenCursorAtStart(), good);
        source.Push("0");
        for (int i = 0; i < isBlocked.Length; i++)
        {
            await isBlocked[i].Task.OrFail();
            Time.Advance(TimeSpan.FromMilliseconds(11));
            source.Push((i + 1).ToString(CultureInfo.InvariantCulture));
        }

        await good.WaitForTextAsync($"data: {isBlocked.Length}\n");
        release.Set();
        source.End();

        await Task.WhenAll([goodReading, .. badReadings]).OrFail();
        Assert.All(bad, output => Assert.Equal(Numbers(0, isBlocked.Length + 1), DataOf(output.Text)));
    }

    [Fact]
    public async Task Read_ClientLeaves_LeavesTheLog()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(NewNode());
        using var client = new CancellationTokenSource();
        var output = new RecordingPipeWriter();
        Task<StreamOutcome> reading = ReadAsync(log.OpenCursorAtStart(), output, client.Token);
        source.Push("a");
        await output.WaitForTextAsync("data: a");
        Assert.Equal(1, log.Readers);

        await client.CancelAsync();

        Assert.Equal(StreamOutcomeReason.ClientGone, (await reading.OrFail()).Reason);
        Assert.Equal(0, log.Readers);
        Assert.False(source.Token.IsCancellationRequested);
        source.Push("b").End();
        await log.Ended.OrFail();
        Assert.Equal(2, log.LastSequence);
    }

    [Fact]
    public async Task Dispose_NeverRead_LeavesTheLog()
    {
        (StreamLog log, _) = await BeginAsync(NewNode());
        LogCursor[] cursors = [log.OpenCursorAtStart(), log.OpenCursorAtEnd(), log.OpenCursorAtStart()];
        Assert.Equal(3, log.Readers);

        cursors[1].Dispose();
        cursors[1].Dispose();
        Assert.Equal(2, log.Readers);
        cursors[0].Dispose();
        cursors[2].Dispose();
        Assert.Equal(0, log.Readers);
    }

    [Fact]
    public async Task Read_FramesOfAllSizes_ComeWhole()
    {
        var random = new Random(3);
        string[] items = [.. Enumerable.Range(0, 400).Select(i => new string((char)('a' + (i % 26)), (i % 9) switch
        {
            0 => random.Next(3000, 6000),
            1 => random.Next(15_000, 18_000),
            2 => i % 90 == 2 ? random.Next(100_000, 300_000) : 1,
            _ => random.Next(0, 300),
        }))];
        StreamLog log = await WriteAsync(NewNode(), items, new LogOptions { MaxBytes = 1 << 28 });

        Assert.Equal(items, DataOf((await ReadToEndAsync(log.OpenCursorAtStart())).Text));
        Assert.Equal(items[200..], DataOf((await ReadToEndAsync(log.OpenCursor(new LogPosition(log.Description.Id, 200)))).Text));
    }

    [Theory]
    [InlineData(SlowClientPolicy.DropOldest)]
    [InlineData(SlowClientPolicy.Disconnect)]
    [InlineData(SlowClientPolicy.MergeDeltas)]
    public async Task Read_OtherPolicyForSlowClients_IsNeededByNobodyAndHarmless(SlowClientPolicy policy)
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(NewNode());
        LogCursor cursor = log.OpenCursorAtStart();
        var output = new RecordingPipeWriter();
        output.HoldFlushes();
        Dialect<LogFrames> dialect = cursor.DialectsOver(Plain).Create(new DialectContext(StreamFormat.ServerSentEvents, DialectSettings.Default));
        PumpSettings settings = PumpSettings.Default with { Scheduler = Scheduler, SlowClientPolicy = policy };
        Task<StreamOutcome> reading = new EventPump<LogFrames>(cursor, dialect, output, settings).RunAsync(CancellationToken.None);
        source.Push("1");
        await output.WaitForPendingFlushAsync();
        foreach (string number in Numbers(2, 1999))
        {
            source.Push(number);
        }

        output.ReleaseFlush();
        source.End();

        Assert.Equal(StreamOutcomeReason.Completed, (await reading.OrFail()).Reason);
        Assert.Equal(Numbers(1, 2000), DataOf(output.Text));
    }
}

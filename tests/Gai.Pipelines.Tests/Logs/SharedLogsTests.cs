using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Logs;

public sealed class SharedLogsTests : SharedLogTest
{
    [Fact]
    public async Task Find_AtAnotherNode_ReadsWhatIsThereAndWhatComes()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(A);
        await PushedAsync(log, source, "a", "b");
        await PassUntilDurableAsync(log);

        StreamLog copy = await FindAsync(B, log);
        var output = new RecordingPipeWriter();
        Task<StreamOutcome> reading = ReadAsync(copy.OpenCursor(new LogPosition(log.Description.Id, 1)), output);
        await PassUntilAsync(() => output.Text.Contains("data: b", StringComparison.Ordinal));
        source.Push("c");
        await PassUntilAsync(() => output.Text.Contains("data: c", StringComparison.Ordinal));
        source.Push("d").End();

        Assert.Equal(StreamOutcomeReason.Completed, (await PassUntilDoneAsync(reading)).Reason);
        Assert.Equal(["b", "c", "d"], DataOf(output.Text));
        Assert.Equal((await ReadToEndAsync(log.OpenCursor(new LogPosition(log.Description.Id, 1)))).Text, output.Text);
        Assert.Equal(log.Description, copy.Description);
        Assert.Equal((true, false), (log.IsProducedHere, copy.IsProducedHere));
        Assert.Equal(LogEnd.Completed, copy.End);
    }

    [Fact]
    public async Task GetOrStart_OnBothNodesAtTheSameMoment_OneProducer()
    {
        for (int round = 0; round < 200; round++)
        {
            var key = LogKey.New();
            int produced = 0;
            using var gate = new Barrier(2);
            Task<LogAttachment>[] starts = [.. ((StreamLogs[])[A, B]).Select(node => Task.Factory.StartNew(
                () =>
                {
                    gate.SignalAndWait();
                    return node.GetOrStartAsync(At(key), () =>
                    {
                        Interlocked.Increment(ref produced);
                        return From(new ManualSequence<string>().Push("a").End());
                    }).AsTask();
                },
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default).Unwrap())];

            LogAttachment[] attachments = await PassUntilDoneAsync(Task.WhenAll(starts));

            Assert.Equal(1, produced);
            Assert.Single(attachments, attachment => attachment.IsNew);
            Assert.Equal(attachments[0].Log.Description.Id, attachments[1].Log.Description.Id);
            LogAttachment other = attachments.Single(attachment => !attachment.IsNew);
            Assert.Equal(["a"], DataOf((await PassToEndAsync(other.Log.OpenCursorAtStart())).Text));
        }
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public async Task Read_CutTwoHundredTimesOverTwoNodes_SeesEachEventOnce(int seed, bool deaf)
    {
        const int Count = 10_000;
        const int Cuts = 200;
        var random = new Random(seed);
        StoreOfB.IsDeaf = deaf;
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(A);
        int pushed = 0;
        var seen = new List<string>();
        string lastId = new LogPosition(log.Description.Id, 0).ToString();
        for (int cut = 0; ; cut++)
        {
            Assert.True(LogPosition.TryParse(lastId, out LogPosition after));
            StreamLog here = cut % 3 == 0 ? log : await FindAsync(B, log);
            LogCursor cursor = here.OpenCursor(after);
            Assert.Null(cursor.Gap);
            long bytes = cut < Cuts ? random.Next(0, 2 * Count * 55 / Cuts) : long.MaxValue;
            using var client = new CancellationTokenSource();
            var output = new CuttingPipeWriter(bytes, client);
            Task<StreamOutcome> reading = ReadAsync(cursor, output, client.Token);
            await PassUntilAsync(
                () =>
                {
                    for (int i = random.Next(30); i > 0 && pushed < Count; i--)
                    {
                        source.Push($"{++pushed}");
                        if (pushed == Count)
                        {
                            source.End();
                        }
                    }

                    return reading.IsCompleted;
                },
                TimeSpan.FromMilliseconds(deaf ? 50 : 10));
            StreamOutcome outcome = await reading;
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

        Assert.Equal(Numbers(1, Count), seen);
    }

    [Fact]
    public async Task Read_EvictedFromMemory_ComesFromTheStoreWithoutAGap()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(A, new LogOptions { MaxEvents = 100 });
        foreach (string[] some in Numbers(1, 2000).Chunk(50))
        {
            await PushedAsync(log, source, some);
            await PassUntilDurableAsync(log);
        }

        Assert.Equal((1901, 1), (log.Memory.First, log.FirstSequence));
        LogCursor cursor = log.OpenCursorAtStart();
        Assert.Null(cursor.Gap);
        source.Push("2001").End();

        Assert.Equal(Numbers(1, 2001), DataOf((await PassToEndAsync(cursor)).Text));
        Assert.Equal((2001, 0), (cursor.Events, cursor.Dropped));
    }

    [Fact]
    public async Task Read_StoreIsAwayWhileCatchingUp_WaitsAndGoesOn()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(A, new LogOptions { MaxEvents = 10 });
        foreach (string[] some in Numbers(1, 100).Chunk(10))
        {
            await PushedAsync(log, source, some);
            await PassUntilDurableAsync(log);
        }

        StoreOfA.FailsBefore = new IOException("Away.");
        LogCursor cursor = log.OpenCursorAtStart();
        var output = new RecordingPipeWriter();
        Task<StreamOutcome> reading = ReadAsync(cursor, output);
        for (int i = 0; i < 50; i++)
        {
            Time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        Assert.Equal((string.Empty, 0), (DataText(output.Text), cursor.Dropped));
        StoreOfA.FailsBefore = null;
        await PassUntilAsync(() => DataOf(output.Text).Length == 100);

        // As many as have caught up wait for what comes, and none holds what it has read meanwhile.
        await PassUntilAsync(() => !cursor.ReadsStore);
        source.End();

        StreamOutcome outcome = await PassUntilDoneAsync(reading);
        Assert.Equal((StreamOutcomeReason.Completed, 100), (outcome.Reason, outcome.Events));
        Assert.Equal(Numbers(1, 100), DataOf(output.Text));

        static string DataText(string text) => string.Concat(DataOf(text));
    }

    [Fact]
    public async Task Cancel_FromAnotherNode_ReachesTheProducer()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(A);
        await PushedAsync(log, source, "a");
        Assert.Null(log.End);

        Assert.True(await PassUntilDoneAsync(B.CancelAsync(log.Description.Key).AsTask()));

        await PassUntilAsync(() => log.End is not null && source.IsDisposed);
        Assert.Equal(LogOutcome.Cancelled, log.End!.Value.Outcome);
        Assert.Equal(StreamErrorCodes.Cancelled, await ErrorAtAsync(B, log, ["a"]));
        Assert.False(await PassUntilDoneAsync(B.CancelAsync(log.Description.Id).AsTask()));
    }

    [Fact]
    public async Task Cancel_ByKeyWhereItIsProduced_NeedsNoStore()
    {
        LogKey key = LogKey.New();
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(A, key: key);
        await PushedAsync(log, source, "a");
        StoreOfA.Close();

        Assert.True(await A.CancelAsync(key).AsTask().OrFail());

        await Deadline.UntilAsync(() => source.IsDisposed);
    }

    [Fact]
    public async Task Cancel_SignalIsLost_IsFoundWithTheNextRenewal()
    {
        StoreOfA.IsDeaf = true;
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(A);
        await PushedAsync(log, source, "a");

        Assert.True(await PassUntilDoneAsync(B.CancelAsync(log.Description.Id).AsTask()));

        await PassUntilAsync(() => log.End is not null, TimeSpan.FromMilliseconds(100));
        Assert.Equal(LogOutcome.Cancelled, log.End!.Value.Outcome);
    }

    [Fact]
    public async Task Producer_ReadAtAnotherNodeOnly_GoesOnUntilThatReaderLeaves()
    {
        var options = new LogOptions { AbandonAfter = TimeSpan.FromMinutes(1) };
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(A, options);
        await PushedAsync(log, source, "a");
        StreamLog copy = await FindAsync(B, log, options);
        LogCursor cursor = copy.OpenCursorAtStart();

        await Deadline.UntilAsync(() => StoreOfB.Notes > 0);

        // A third of the lease is how often both sides say what they know.
        for (int i = 0; i < 30; i++)
        {
            (int renewals, int notes) = (StoreOfA.Renewals, StoreOfB.Notes);
            await PassUntilAsync(() => StoreOfA.Renewals > renewals && StoreOfB.Notes > notes, TimeSpan.FromMilliseconds(50));
        }

        Assert.False(source.Token.IsCancellationRequested);
        cursor.Dispose();

        await PassUntilAsync(() => source.IsDisposed && log.End is not null, TimeSpan.FromMilliseconds(100));
        Assert.Equal(LogOutcome.Cancelled, log.End!.Value.Outcome);
    }

    /// <summary>That somebody reads elsewhere its own node learns with the next renewal.</summary>
    [Fact]
    public async Task Producer_ReadAtAnotherNodeJustBeforeItsTimeIsOver_GoesOn()
    {
        var options = new LogOptions { AbandonAfter = TimeSpan.FromSeconds(65) };
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(A, options);
        await PushedAsync(log, source, "a");
        DateTimeOffset begun = Time.GetUtcNow();
        await PassUntilAsync(() => Time.GetUtcNow() - begun > TimeSpan.FromSeconds(62), TimeSpan.FromMilliseconds(50));
        int renewals = StoreOfA.Renewals;
        using LogCursor cursor = (await FindAsync(B, log, options)).OpenCursorAtStart();
        await Deadline.UntilAsync(() => StoreOfB.Notes > 0);

        await PassUntilAsync(() => StoreOfA.Renewals > renewals + 1);

        Assert.False(source.Token.IsCancellationRequested);
    }

    /// <summary>Whoever read it elsewhere was told that it is lost.</summary>
    [Fact]
    public async Task Producer_StoreIsGivenUpAndItWasReadAtAnotherNodeOnly_IsAbandoned()
    {
        var options = new LogOptions { AbandonAfter = TimeSpan.FromMinutes(1) };
        StreamLogs node = NewNode(Options with { Store = StoreOfA, MaxStoreLag = 50 });
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(node, options);
        await PushedAsync(log, source, "a");
        using LogCursor cursor = (await FindAsync(B, log, options)).OpenCursorAtStart();
        await Deadline.UntilAsync(() => StoreOfB.Notes > 0);
        int renewals = StoreOfA.Renewals;
        await PassUntilAsync(() => StoreOfA.Renewals > renewals + 1, TimeSpan.FromMilliseconds(50));
        StoreOfA.FailsToAppend = new IOException("There is no room.");
        await PushedAsync(log, source, Numbers(1, 100));

        await PassUntilAsync(() => source.IsDisposed && log.End is not null, TimeSpan.FromMilliseconds(100));

        Assert.Equal(LogOutcome.Cancelled, log.End!.Value.Outcome);
    }

    [Fact]
    public async Task Producer_ItsNodeIsGone_ReadersElsewhereGetWhatWasDurableAndTheError()
    {
        DialectFactory<StreamEvent> gai = global::Gai.Pipelines.Dialects.Gai;
        var source = new ManualSequence<StreamEvent>();
        StreamLog log = (await A.GetOrStartAsync(At(LogKey.New()), () => new LogProducer<StreamEvent>
        {
            Source = StreamSource.From(source),
            Dialect = gai.Create(new DialectContext(StreamFormat.ServerSentEvents, DialectSettings.Default)),
        })).Log;
        source.Push(StreamEvent.TextDelta("a"), StreamEvent.TextDelta("b"));
        await PassUntilAsync(() => log.DurableSequence == 2);
        StreamLog copy = await FindAsync(B, log);
        var output = new RecordingPipeWriter();
        Task<StreamOutcome> reading = ReadAsync(copy.OpenCursorAtStart(), output, gai);
        await PassUntilAsync(() => output.Text.Contains("\"b\"", StringComparison.Ordinal));

        // As after kill -9: nothing of it reaches the store any more.
        StoreOfA.Close();
        source.Push(StreamEvent.TextDelta("c"));

        await PassUntilAsync(() => reading.IsCompleted, TimeSpan.FromMilliseconds(100));
        StreamOutcome outcome = await reading;
        Assert.Equal(StreamErrorCodes.ProducerLost, Assert.IsType<StreamErrorException>(outcome.Exception).Error.Code);
        Assert.Equal(["text_delta", "text_delta", "gai.error"], Events(output.Text).Select(one => one.Type));
        Assert.Contains("\"producer_lost\"", Events(output.Text)[^1].Data, StringComparison.Ordinal);
        Assert.Equal(LogEnd.Lost, copy.End);

        // When it comes to itself again, it is fenced off and stops.
        StoreOfA.Open();
        await PassUntilAsync(() => source.IsDisposed, TimeSpan.FromMilliseconds(100));
        await PassUntilAsync(() => log.End is not null);
        Assert.Equal(StreamErrorCodes.ProducerLost, log.End!.Value.Error!.Value.Code);
        Assert.Equal(LogEnd.Lost, (await Shared.ReadAsync(log.Description.Id, 1, 1, new LogBatch(), CancellationToken.None))!.Value.End);
    }

    [Fact]
    public async Task Append_StoreIsSlow_ReadersHereDoNotWait()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(A);
        var output = new RecordingPipeWriter();
        Task<StreamOutcome> reading = ReadAsync(log.OpenCursorAtStart(), output);
        StoreOfA.Close();

        foreach (string number in Numbers(1, 500))
        {
            source.Push(number);
        }

        // Not even the clock moves.
        await output.WaitForTextAsync("data: 500\n");
        Assert.Equal(0, log.DurableSequence);
        source.End();
        Assert.Equal(StreamOutcomeReason.Completed, (await reading.OrFail()).Reason);
        StoreOfA.Open();
        await PassUntilDurableAsync(log);
        Assert.Equal(Numbers(1, 500), DataOf((await PassToEndAsync((await FindAsync(B, log)).OpenCursorAtStart())).Text));
    }

    [Fact]
    public async Task Append_StoreFailsAndAnswersGetLost_NothingIsLostAndNothingTwice()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(A);
        int reported = 0;
        for (int i = 1; i <= 300; i++)
        {
            switch (i % 5)
            {
                case 0:
                    StoreOfA.FailsAfter = new IOException("The answer is lost.");
                    break;
                case 2:
                    StoreOfA.FailsBefore = new IOException("Away.");
                    break;
                case 3:
                    StoreOfA.FailsBefore = null;
                    break;
            }

            await PushedAsync(log, source, $"{i}");
            Time.Advance(TimeSpan.FromMilliseconds(30));
            await Task.Yield();
            reported++;
        }

        StoreOfA.FailsBefore = StoreOfA.FailsAfter = null;
        source.End();
        await PassUntilDurableAsync(log);

        Assert.Equal(Numbers(1, 300), DataOf((await PassToEndAsync((await FindAsync(B, log)).OpenCursorAtStart())).Text));
        Assert.True(StoreOfA.Appends < reported, $"{StoreOfA.Appends} appends are no batches.");
    }

    [Fact]
    public async Task Follow_AllThereIsWasRead_WaitsForASignalBeforeItReadsAgain()
    {
        const int Events = 20;
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(A, Unabandoned);
        StreamLog copy = await FindAsync(B, log, Unabandoned);
        using LogCursor cursor = copy.OpenCursorAtStart();
        int before = StoreOfB.Reads;
        for (int i = 1; i <= Events; i++)
        {
            source.Push($"{i}");
            await PassUntilAsync(() => copy.LastSequence == i);
        }

        // One for each event, and a few because time passed.
        Assert.InRange(StoreOfB.Reads - before, Events, Events * 3 / 2);
    }

    [Fact]
    public async Task Append_StoreHasForgottenFrames_TheyAreWrittenAgain()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(A, Unabandoned);
        await PushedAsync(log, source, Numbers(1, 10));
        await PassUntilDurableAsync(log);
        StoreOfA.Forgets = true;
        await PushedAsync(log, source, Numbers(11, 10));
        await PassUntilDurableAsync(log);
        StoreOfA.Forgets = false;

        await PushedAsync(log, source, Numbers(21, 10));
        source.End();

        Assert.Equal(Numbers(1, 30), DataOf((await PassToEndAsync((await FindAsync(B, log, Unabandoned)).OpenCursorAtStart())).Text));
    }

    /// <summary>To forget what the store lacks frees nothing: it is not done in vain, and no reader of another log pays for it.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task MaxTotalBytes_StoreIsAwayAndFinishedLogsWaitForIt_GoBeforeWhatIsRead(bool areForgotten)
    {
        string[] items = [.. Enumerable.Range(1, 30).Select(i => $"{i} " + new string('x', 950))];
        StreamLogs node = NewNode(Options with { Store = StoreOfA, MaxTotalBytes = 128 * 1024 });
        StoreOfA.FailsToAppend = new IOException("Away.");
        (StreamLog live, ManualSequence<string> source) = await BeginAsync(node, Unabandoned);
        await PushedAsync(live, source, items);
        using LogCursor waiting = live.OpenCursorAtStart();
        Time.Advance(TimeSpan.FromSeconds(1));
        StreamLog[] finished = [await WriteAsync(node, items), await WriteAsync(node, items)];
        if (areForgotten)
        {
            Array.ForEach(finished, node.Forget);
        }

        Time.Advance(TimeSpan.FromSeconds(1));
        (StreamLog next, ManualSequence<string> more) = await BeginAsync(node, Unabandoned);
        await PushedAsync(next, more, items);

        Assert.Equal((1, 1), (live.FirstSequence, next.FirstSequence));
        Assert.True(finished[0].Memory.First > 1);
        Assert.Equal(areForgotten ? 2 : 4, node.Count);
        Assert.InRange(node.MemoryBytes, 1, 128 * 1024);
    }

    [Fact]
    public async Task Append_StoreTakesAllButTooSlowly_IsGivenUp()
    {
        StreamLogs node = NewNode(Options with { Store = StoreOfA, MaxStoreLag = 50, StoreBatchBytes = 1 });
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(node, Unabandoned);
        StoreOfA.Close();
        await PushedAsync(log, source, Numbers(1, 100));
        StoreOfA.Open();

        await PassUntilAsync(() => StoreOfA.Ends > 0);

        (StreamOutcome outcome, string text) = await PassToEndAsync((await FindAsync(B, log, Unabandoned)).OpenCursorAtStart());
        Assert.Equal((StreamOutcomeReason.SourceFailed, "1"), (outcome.Reason, Assert.Single(DataOf(text))));
        Assert.False(log.Ended.IsCompleted);
    }

    [Fact]
    public async Task End_StoreHasForgottenTheLastFrames_TheyAreWrittenAgainFirst()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(A, Unabandoned);
        await PushedAsync(log, source, Numbers(1, 10));
        await PassUntilDurableAsync(log);
        StoreOfA.Forgets = true;
        await PushedAsync(log, source, Numbers(11, 10));
        await PassUntilDurableAsync(log);
        StoreOfA.Forgets = false;

        source.End();

        Assert.Equal(Numbers(1, 20), DataOf((await PassToEndAsync((await FindAsync(B, log, Unabandoned)).OpenCursorAtStart())).Text));
    }

    [Fact]
    public async Task Append_StoreHasForgottenFramesThatAreEvicted_ReadersElsewhereAreToldTheLoss()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(A, Unabandoned with { MaxEvents = 5 });
        StoreOfA.Forgets = true;
        foreach (string number in Numbers(1, 10))
        {
            await PushedAsync(log, source, number);
            await PassUntilDurableAsync(log);
        }

        StoreOfA.Forgets = false;
        await PushedAsync(log, source, "11");

        Assert.Equal(StreamErrorCodes.ProducerLost, await ErrorAtAsync(B, log, []));
        Assert.Null(log.End);
    }

    [Fact]
    public async Task Append_StoreIsTooFarBehind_IsGivenUpAndReadersHereGoOn()
    {
        StreamLogs node = NewNode(Options with { Store = StoreOfA, MaxStoreLag = 50 });
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(node, Unabandoned);
        await PushedAsync(log, source, Numbers(1, 10));
        await PassUntilDurableAsync(log);
        LogCursor cursor = log.OpenCursorAtStart();
        StoreOfA.FailsBefore = new IOException("Away.");
        await PushedAsync(log, source, Numbers(11, 100));
        await PassUntilAsync(() => StoreOfA.Ends > 0);

        StoreOfA.FailsBefore = null;
        StreamLog copy = await FindAsync(B, log);
        (StreamOutcome outcome, string text) = await PassToEndAsync(copy.OpenCursorAtStart());
        Assert.Equal(StreamErrorCodes.ProducerLost, Assert.IsType<StreamErrorException>(outcome.Exception).Error.Code);
        Assert.Equal(Numbers(1, 10), DataOf(text));

        Assert.Null(log.End);
        source.Push("111").End();
        Assert.Equal(Numbers(1, 111), DataOf((await PassToEndAsync(cursor)).Text));
    }

    /// <summary>It is no gap that a store is away, but what the store was never given it will not have when it is back.</summary>
    [Fact]
    public async Task Read_EvictedAndTheStoreWasGivenUpBeforeItGotIt_IsToldTheGapWhileTheStoreIsAway()
    {
        StreamLogs node = NewNode(Options with { Store = StoreOfA, MaxStoreLag = 50, StoreBatchBytes = 1 });
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(node, Unabandoned with { MaxEvents = 10 });
        await PushedAsync(log, source, Numbers(1, 10));
        await PassUntilDurableAsync(log);
        StoreOfA.FailsBefore = new IOException("Away.");
        await PushedAsync(log, source, Numbers(11, 100));
        await PassUntilAsync(() => log.Memory.First > 100);

        LogCursor slow = log.OpenCursor(new LogPosition(log.Description.Id, 20));
        source.Push("111").End();
        await log.Ended.OrFail();

        LogCursor resuming = log.OpenCursor(new LogPosition(log.Description.Id, 20));
        Assert.Equal(new LogGap(81, 102), resuming.Gap);
        foreach (LogCursor cursor in (LogCursor[])[slow, resuming])
        {
            (StreamOutcome outcome, string text) = await PassToEndAsync(cursor);
            Assert.Equal((StreamOutcomeReason.Completed, 81), (outcome.Reason, cursor.Dropped));
            Assert.StartsWith("{\"dropped\":81,", DataOf(text)[0], StringComparison.Ordinal);
            Assert.Equal(Numbers(102, 10), DataOf(text)[1..]);
        }
    }

    [Fact]
    public async Task Read_StoreIsGivenUpWhileSomebodyWaitsForIt_IsToldTheGap()
    {
        StreamLogs node = NewNode(Options with { Store = StoreOfA, MaxStoreLag = 5000, StoreBatchBytes = 1 });
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(node, Unabandoned);
        StoreOfA.FailsBefore = new IOException("Away.");
        await PushedAsync(log, source, Numbers(1, 4000));
        log.Memory.Trim(long.MaxValue, long.MaxValue);
        LogCursor cursor = log.OpenCursor(new LogPosition(log.Description.Id, 1));
        Task<(StreamOutcome Outcome, string Text)> reading = PassToEndAsync(cursor);
        await Deadline.UntilAsync(() => cursor.ReadsStore);
        Assert.Null(cursor.Gap);

        source.Push(Numbers(4001, 2000)).End();

        (StreamOutcome outcome, string text) = await reading;
        Assert.Equal((StreamOutcomeReason.Completed, "6000"), (outcome.Reason, DataOf(text)[^1]));
        Assert.Equal((6000 - 1, 0), (cursor.Events + cursor.Dropped, StoreOfA.Appends));
    }

    /// <summary>To give a store up is to end the log there, and a second end finds it lost.</summary>
    [Fact]
    public async Task Append_AnswerToTheGivingUpIsLost_ReadersHereGoOn()
    {
        StreamLogs node = NewNode(Options with { Store = StoreOfA, MaxStoreLag = 50 });
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(node, Unabandoned);
        (StoreOfA.FailsToAppend, StoreOfA.FailsAfter) = (new IOException("There is no room."), new IOException("The answer is lost."));
        await PushedAsync(log, source, Numbers(1, 100));

        await PassUntilAsync(() => StoreOfA.Ends > 1 && !log.WaitsForStore);

        Assert.Null(log.End);
        source.Push("101").End();
        Assert.Equal(Numbers(1, 101), DataOf((await PassToEndAsync(log.OpenCursorAtStart())).Text));
    }

    /// <summary>A renewal that comes between the end in the store and its answer finds the log lost.</summary>
    [Fact]
    public async Task Append_RenewalMeetsTheGivingUp_ReadersHereGoOn()
    {
        StreamLogs node = NewNode(Options with { Store = StoreOfA, MaxStoreLag = 50 });
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(node, Unabandoned);
        var answer = new TaskCompletionSource();
        (StoreOfA.FailsToAppend, StoreOfA.EndAnswers) = (new IOException("There is no room."), answer.Task);
        await PushedAsync(log, source, Numbers(1, 100));
        await PassUntilAsync(() => StoreOfA.Ends > 0);

        for (int i = 0; i < 30; i++)
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        answer.SetResult();
        await PassUntilAsync(() => !log.WaitsForStore);
        Assert.Null(log.End);
        source.Push("101").End();
        Assert.Equal(Numbers(1, 101), DataOf((await PassToEndAsync(log.OpenCursorAtStart())).Text));
    }

    /// <summary>What the store lacks is no more than it may lack, however little the log keeps.</summary>
    [Fact]
    public async Task Append_MoreAtOnceThanTheLogKeeps_NothingIsLost()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(A, Unabandoned with { MaxEvents = 100, MaxBytes = 4096 });
        await PushedAsync(log, source, Numbers(1, 1000));

        await PassUntilDurableAsync(log);

        await Deadline.UntilAsync(() => log.Memory.First >= 900);
        Assert.InRange(log.Memory.First, 900, 1000);
        source.End();
        Assert.Equal(Numbers(1, 1000), DataOf((await PassToEndAsync((await FindAsync(B, log, Unabandoned)).OpenCursorAtStart())).Text));
    }

    /// <summary>Memory has no room for it any more, and the store has not got it yet: that is no gap.</summary>
    [Fact]
    public async Task Read_EvictedOnItsWayToTheStore_WaitsForIt()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(A, Unabandoned);
        LogCursor cursor = log.OpenCursorAtStart();
        var appending = new TaskCompletionSource();
        StoreOfA.Appending = appending.Task;
        await PushedAsync(log, source, [.. Numbers(1, 4000)]);
        await PassUntilAsync(() => StoreOfA.Appends > 0);
        log.Memory.Trim(long.MaxValue, long.MaxValue);
        Assert.InRange(log.Memory.First, 2, 4000);
        Task<(StreamOutcome Outcome, string Text)> reading = PassToEndAsync(cursor);
        await PassUntilAsync(() => StoreOfA.Reads > 1);

        appending.SetResult();
        source.End();

        Assert.Equal(Numbers(1, 4000), DataOf((await reading).Text));
        Assert.Equal(0, cursor.Dropped);
    }

    /// <summary>What the store has taken and lost is not on its way to it: who waits for that waits for ever.</summary>
    [Fact]
    public async Task Read_StoreHasLostWhatMemoryHasEvicted_IsToldTheGap()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(A, Unabandoned with { MaxEvents = 5 });
        StoreOfA.Forgets = true;
        foreach (string number in Numbers(1, 10))
        {
            await PushedAsync(log, source, number);
            await PassUntilDurableAsync(log);
        }

        LogCursor cursor = log.OpenCursorAtStart();
        Task<(StreamOutcome Outcome, string Text)> reading = PassToEndAsync(cursor);

        await PassUntilAsync(() => cursor.Next > log.LastSequence);

        Assert.Equal(log.Memory.First - 1, cursor.Dropped);
        StoreOfA.Forgets = false;
        source.End();
        await reading;
    }

    [Fact]
    public async Task Append_BatchIsFull_TheNextOneDoesNotWait()
    {
        TimeSpan delay = TimeSpan.FromMinutes(1);
        StreamLogs node = NewNode(Options with { Store = StoreOfA, StoreDelay = delay, StoreBatchBytes = 100, Lease = 10 * delay });
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(node, Unabandoned);
        await PushedAsync(log, source, Numbers(1, 20));

        await PassUntilAsync(() => StoreOfA.Appends > 0, TimeSpan.FromSeconds(1));

        await Deadline.UntilAsync(() => log.DurableSequence == 20);
        Assert.InRange(StoreOfA.Appends, 5, 20);
    }

    /// <summary>The lag of a log that has ended does not grow, and its lease is renewed.</summary>
    [Fact]
    public async Task Append_FailsForGoodWhenTheLogHasEnded_IsGivenUpAndReadersElsewhereAreTold()
    {
        LogOptions options = Unabandoned with { MaxAge = TimeSpan.FromMinutes(1) };
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(A, options);
        await PushedAsync(log, source, "a");
        await PassUntilDurableAsync(log);
        var output = new RecordingPipeWriter();
        Task<StreamOutcome> reading = ReadAsync((await FindAsync(B, log, options)).OpenCursorAtStart(), output);
        StoreOfA.FailsToAppend = new IOException("There is no room.");

        source.Push("b").End();
        await log.Ended.OrFail();
        await PassUntilAsync(() => reading.IsCompleted && A.MemoryBytes == 0, TimeSpan.FromMilliseconds(100));

        Assert.Equal(StreamErrorCodes.ProducerLost, Assert.IsType<StreamErrorException>((await reading).Exception).Error.Code);
        Assert.Equal(["a"], DataOf(output.Text));
        Assert.Equal(1, StoreOfA.Ends);
    }

    /// <summary>A store without room refuses the end as well: its patience counts once.</summary>
    [Fact]
    public async Task Append_FailsForGoodAndSoDoesTheEnd_IsGivenUpAfterFourLeases()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(A, Unabandoned with { MaxAge = TimeSpan.FromMinutes(1) });
        await PushedAsync(log, source, "a");
        await PassUntilDurableAsync(log);
        StoreOfA.FailsToAppend = StoreOfA.FailsToEnd = new IOException("There is no room.");
        source.Push("b").End();
        await log.Ended.OrFail();
        long ended = Time.GetTimestamp();

        await PassUntilAsync(() => A.MemoryBytes == 0, TimeSpan.FromMilliseconds(100));

        Assert.InRange(Time.GetElapsedTime(ended), 4 * Options.Lease, 6 * Options.Lease);
    }

    [Fact]
    public async Task Append_FailsForALittleWhenTheLogHasEnded_NothingIsLost()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(A, Unabandoned);
        StoreOfA.FailsToAppend = new IOException("There is no room.");
        source.Push("a", "b").End();
        await log.Ended.OrFail();
        int appends = StoreOfA.Appends;
        await PassUntilAsync(() => StoreOfA.Appends > appends + 10);
        StoreOfA.FailsToAppend = null;

        await PassUntilDurableAsync(log);

        (StreamOutcome outcome, string text) = await PassToEndAsync((await FindAsync(B, log)).OpenCursorAtStart());
        Assert.Equal(StreamOutcomeReason.Completed, outcome.Reason);
        Assert.Equal(["a", "b"], DataOf(text));
    }

    [Fact]
    public async Task GetOrStart_AnswerOfTheClaimIsLost_BeginsTheLogAllTheSame()
    {
        var key = LogKey.New();
        StoreOfA.FailsAfter = new IOException("The answer is lost.");

        LogAttachment attachment = await A.GetOrStartAsync(At(key), () => From(new ManualSequence<string>().Push("a").End()));

        Assert.True(attachment.IsNew);
        Assert.Null(StoreOfA.FailsAfter);
        Assert.Equal(["a"], DataOf((await PassToEndAsync((await FindAsync(B, attachment.Log)).OpenCursorAtStart())).Text));
        Assert.False((await PassUntilDoneAsync(A.GetOrStartAsync(At(key), () => From(new ManualSequence<string>())).AsTask())).IsNew);
    }

    [Fact]
    public async Task GetOrStart_AllAnswersOfTheClaimAreLost_LeavesNoOwnerThatDoesNotKnow()
    {
        var key = LogKey.New();
        StoreOfA.LosesClaims = new IOException("The answer is lost.");
        StoreOfA.FailsBefore = new IOException("And away.");
        await Assert.ThrowsAsync<IOException>(() => A.GetOrStartAsync(At(key), () => From(new ManualSequence<string>())).AsTask());
        Assert.NotNull(await Shared.FindAsync(key, default));

        Time.Advance(TimeSpan.FromSeconds(1));
        StoreOfA.FailsBefore = StoreOfA.LosesClaims = null;
        await PassUntilAsync(() => StoreOfA.Removals == 1);
        Assert.Null(await Shared.FindAsync(key, default));

        Assert.True((await A.GetOrStartAsync(At(key), () => From(new ManualSequence<string>().Push("a").End()))).IsNew);
    }

    [Fact]
    public async Task MaxTotalBytes_LogsThatNobodyReads_GiveUpFirstWhatTheStoreHas()
    {
        StreamLogs node = NewNode(Options with { Store = StoreOfA, MaxTotalBytes = 64 * 1024 });
        string[] items = [.. Enumerable.Range(1, 25).Select(i => $"{i} " + new string('x', 950))];
        (StreamLog behind, ManualSequence<string> sourceBehind) = await BeginAsync(node, Unabandoned);
        Time.Advance(TimeSpan.FromSeconds(1));
        (StreamLog durable, ManualSequence<string> sourceDurable) = await BeginAsync(node, Unabandoned);
        await PushedAsync(durable, sourceDurable, items);
        await PassUntilDurableAsync(durable);
        StoreOfA.Close();

        await PushedAsync(behind, sourceBehind, items);

        // By age alone it were the turn of the other one.
        Assert.Equal(1, behind.Memory.First);
        Assert.True(durable.Memory.First > 1);
        Assert.True(node.MemoryBytes <= 64 * 1024);
        StoreOfA.Open();
        sourceBehind.End();
        (StreamOutcome outcome, string text) = await PassToEndAsync((await FindAsync(B, behind)).OpenCursorAtStart());
        Assert.Equal(StreamOutcomeReason.Completed, outcome.Reason);
        Assert.Equal(items, DataOf(text));
    }

    [Fact]
    public async Task Fail_BeforeTheFirstEvent_ReadersElsewhereAreToldToo()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(A);
        StreamLog copy = await FindAsync(B, log);
        LogCursor cursor = copy.OpenCursorAtStart();

        source.Fail(new StreamErrorException(new StreamError("overloaded", "Later.", Temporary: true)));

        (StreamOutcome outcome, _) = await PassToEndAsync(cursor);
        Assert.Equal(new StreamError("overloaded", "Later.", Temporary: true), Assert.IsType<StreamErrorException>(outcome.Exception).Error);
        LogAttachment again = await PassUntilDoneAsync(B.GetOrStartAsync(At(log.Description.Key), () => From(new ManualSequence<string>())).AsTask());
        Assert.True(again.IsNew);
    }

    [Fact]
    public async Task Remove_AtAnotherNode_StopsTheProducerAndFreesTheKeyEverywhere()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(A);
        await PushedAsync(log, source, "a");
        await PassUntilDurableAsync(log);

        Assert.True(await PassUntilDoneAsync(B.RemoveAsync(log.Description.Key).AsTask()));

        await PassUntilAsync(() => source.IsDisposed && log.End is not null, TimeSpan.FromMilliseconds(50));
        LogAttachment next = await PassUntilDoneAsync(A.GetOrStartAsync(At(log.Description.Key), () => From(new ManualSequence<string>())).AsTask());
        Assert.True(next.IsNew);
        Assert.NotEqual(log.Description.Id, next.Log.Description.Id);
    }

    [Fact]
    public async Task Stop_Node_ReadersElsewhereLearnOfItAtOnce()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(A);
        await PushedAsync(log, source, "a");

        Task stopping = A.StopAsync(new CancellationToken(canceled: true));
        await PassUntilAsync(() => stopping.IsCompleted);

        Assert.Equal(StreamErrorCodes.ProducerLost, await ErrorAtAsync(B, log, ["a"]));
        Assert.True(source.IsDisposed);
    }

    /// <summary>What is no longer found is still being written, and must neither be cut off nor hold the memory of a node that goes.</summary>
    [Fact]
    public async Task Stop_LogIsForgottenAndTheStoreLacksSomeOfIt_WaitsForTheStoreAndAtLastGivesItUp()
    {
        StreamLogs node = NewNode(Options with { Store = StoreOfA, Lease = TimeSpan.FromHours(1) });
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(node, Unabandoned with { MaxAge = TimeSpan.FromSeconds(1) });
        StoreOfA.FailsToAppend = new IOException("There is no room.");
        source.Push("a").End();
        await log.Ended.OrFail();
        await PassUntilAsync(() => node.Count == 0, TimeSpan.FromMilliseconds(100));
        using var patience = new CancellationTokenSource();

        Task stopping = node.StopAsync(patience.Token);
        Assert.False(stopping.IsCompleted);
        await patience.CancelAsync();
        await PassUntilAsync(() => stopping.IsCompleted);

        await PassUntilAsync(() => node.MemoryBytes == 0);
        Assert.Equal(1, StoreOfA.Ends);
    }

    [Fact]
    public async Task Copy_NobodyReadsIt_IsGivenUpAndFoundAgain()
    {
        // Its clock is far ahead of the threads that would renew a lease.
        StreamLogs node = NewNode(Options with { Store = StoreOfA, Lease = TimeSpan.FromDays(1) });
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(node, Unabandoned);
        await PushedAsync(log, source, "a");
        await PassUntilDurableAsync(log);
        StreamLog copy = await FindAsync(B, log, Unabandoned);
        copy.OpenCursorAtStart().Dispose();

        await PassUntilAsync(() => B.Count == 0, TimeSpan.FromSeconds(1));
        Task given = copy.DrainAsync();
        await PassUntilAsync(() => given.IsCompleted);
        int reads = StoreOfB.Reads;
        await PassAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(reads, StoreOfB.Reads);
        Assert.Throws<InvalidOperationException>(() => copy.OpenCursorAtStart());
        Assert.Null(log.End);

        StreamLog again = await FindAsync(B, log, Unabandoned);
        Assert.NotSame(copy, again);
        source.Push("b").End();
        Assert.Equal(["a", "b"], DataOf((await PassToEndAsync(again.OpenCursorAtStart())).Text));
    }

    [Fact]
    public async Task Remove_CopyIsBeingRead_ItsReadersAreTold()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(A, Unabandoned);
        await PushedAsync(log, source, "a");
        await PassUntilDurableAsync(log);
        StreamLog copy = await FindAsync(B, log, Unabandoned);
        Task<(StreamOutcome Outcome, string Text)> reading = PassToEndAsync(copy.OpenCursorAtStart());

        Assert.True(await PassUntilDoneAsync(B.RemoveAsync(log.Description.Key).AsTask()));

        Assert.Equal(StreamErrorCodes.ProducerLost, Assert.IsType<StreamErrorException>((await reading).Outcome.Exception).Error.Code);
    }

    private async Task PassAsync(TimeSpan time)
    {
        for (TimeSpan passed = TimeSpan.Zero; passed < time; passed += TimeSpan.FromMilliseconds(500))
        {
            Time.Advance(TimeSpan.FromMilliseconds(500));
            for (int i = 0; i < 20; i++)
            {
                await Task.Yield();
            }
        }
    }

    private async Task<string> ErrorAtAsync(StreamLogs node, StreamLog log, string[] events)
    {
        (StreamOutcome outcome, string text) = await PassToEndAsync((await FindAsync(node, log)).OpenCursorAtStart());
        Assert.Equal(events, DataOf(text));
        return Assert.IsType<StreamErrorException>(outcome.Exception).Error.Code;
    }
}

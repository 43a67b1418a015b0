using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Logs;

public sealed class StreamLogsTests : LogTest
{
    [Fact]
    public async Task GetOrStart_SameKeyAtTheSameMomentAThousandTimes_OneProducerEach()
    {
        const int Starters = 4;
        StreamLogs node = NewNode();
        for (int round = 0; round < 1000; round++)
        {
            var key = LogKey.New();
            int produced = 0;
            using var gate = new Barrier(Starters);
            Task<LogAttachment>[] starts = [.. Enumerable.Range(0, Starters).Select(_ => Task.Factory.StartNew(
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

            LogAttachment[] attachments = await Task.WhenAll(starts).OrFail();

            Assert.Equal(1, produced);
            Assert.Single(attachments, attachment => attachment.IsNew);
            Assert.Single(attachments.Select(attachment => attachment.Log).Distinct());
        }
    }

    [Fact]
    public async Task GetOrStart_LogHasEnded_AttachesToIt()
    {
        StreamLogs node = NewNode();
        StreamLog log = await WriteAsync(node, ["a"]);

        LogAttachment attachment = await node.GetOrStartAsync<string>(At(log.Description.Key), () => throw new InvalidOperationException("Begun twice."));

        Assert.Equal(new LogAttachment(log, IsNew: false), attachment);
        Assert.Equal(["a"], DataOf((await ReadToEndAsync(log.OpenCursorAtStart())).Text));
    }

    [Fact]
    public async Task GetOrStart_MakingTheProducerThrows_NothingIsBegunAndTheKeyIsFree()
    {
        StreamLogs node = NewNode();
        var key = LogKey.New();

        await Assert.ThrowsAsync<NotSupportedException>(async () => await node.GetOrStartAsync<string>(At(key), () => throw new NotSupportedException()));

        Assert.Null(await node.FindAsync(key));
        Assert.True((await node.GetOrStartAsync(At(key), () => From(new ManualSequence<string>()))).IsNew);
    }

    [Fact]
    public async Task OnPrepared_Any_IsToldOfTheLogBeforeAnybodyFindsIt()
    {
        StreamLogs node = NewNode();
        StreamLog? prepared = null;
        ValueTask<StreamLog?> found = default;

        LogAttachment attachment = await node.GetOrStartAsync(At(LogKey.New()), () => From(new ManualSequence<string>()) with
        {
            OnPrepared = log =>
            {
                prepared = log;
                found = node.FindAsync(log.Description.Id);
            },
        });

        Assert.Same(attachment.Log, prepared);
        Assert.Null(await found);
    }

    [Fact]
    public async Task GetOrStart_Any_DescribesTheLog()
    {
        StreamLogs node = NewNode();
        LogStart start = At(new LogKey("k"), new LogOptions { MaxAge = TimeSpan.FromMinutes(3) });

        LogDescription log = (await node.GetOrStartAsync(start, () => From(new ManualSequence<string>()))).Log.Description;

        Assert.Equal(
            new LogDescription
            {
                Id = log.Id,
                Key = start.Key,
                Kind = LogKind.Generation,
                Format = StreamFormat.ServerSentEvents,
                Dialect = "plain",
                Owner = "me",
                CreatedAt = Time.GetUtcNow(),
                KeepFor = TimeSpan.FromMinutes(3),
            },
            log);
        Assert.NotEqual(default, log.Id);
        Assert.Throws<ArgumentOutOfRangeException>(() => start with { Format = StreamFormat.JsonDocument });
    }

    [Fact]
    public void Start_JsonDocument_IsRefused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => At(LogKey.New(), format: StreamFormat.JsonDocument));

    [Fact]
    public async Task Find_ById_FindsItAndNoOther()
    {
        StreamLogs node = NewNode();
        StreamLog one = await WriteAsync(node, ["a"]);
        StreamLog other = await WriteAsync(node, ["b"]);

        Assert.Same(one, await node.FindAsync(one.Description.Id));
        Assert.Same(other, await node.FindAsync(other.Description.Key));
        Assert.Null(await node.FindAsync(LogId.New()));
        Assert.Null(await node.FindAsync(new LogId(one.Description.Id.Bits ^ 1)));
        Assert.Null(await node.FindAsync(LogKey.New()));
    }

    [Fact]
    public async Task Producer_AllReadersLeave_GoesOnForAWhileAndIsCancelled()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(NewNode(), new LogOptions { AbandonAfter = TimeSpan.FromMinutes(2) });
        await PushedAsync(log, source, "a");
        LogCursor cursor = log.OpenCursorAtStart();
        Time.Advance(TimeSpan.FromMinutes(10));
        await Task.Yield();
        cursor.Dispose();

        Time.Advance(TimeSpan.FromSeconds(119));
        Assert.False(source.Token.IsCancellationRequested);
        Time.Advance(TimeSpan.FromSeconds(2));

        await source.Disposed;
        await log.Ended.OrFail();
        Assert.Equal((LogOutcome.Cancelled, StreamErrorCodes.Cancelled), (log.End!.Value.Outcome, log.End.Value.Error!.Value.Code));
        Assert.True(source.Token.IsCancellationRequested);
    }

    [Fact]
    public async Task Producer_ReaderComesBackInTime_GoesOn()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(NewNode());
        for (int i = 0; i < 5; i++)
        {
            Time.Advance(TimeSpan.FromSeconds(110));
            log.OpenCursorAtStart().Dispose();
        }

        Assert.False(source.Token.IsCancellationRequested);
        source.Push("a").End();
        await log.Ended.OrFail();
        Assert.Equal(LogOutcome.Completed, log.End!.Value.Outcome);
    }

    [Fact]
    public async Task Producer_NobodyEverReads_IsCancelledAsWell()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(NewNode());

        Time.Advance(TimeSpan.FromSeconds(121));

        await source.Disposed;
        await log.Ended.OrFail();
    }

    [Fact]
    public async Task Producer_MayGoOnForEver_IsNotCancelled()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(NewNode(), new LogOptions { AbandonAfter = Timeout.InfiniteTimeSpan });

        Time.Advance(TimeSpan.FromDays(2));

        source.Push("a").End();
        await log.Ended.OrFail();
        Assert.Equal(LogOutcome.Completed, log.End!.Value.Outcome);
    }

    [Fact]
    public async Task Cancel_InMidStream_EndsTheSourceAndTellsReaders()
    {
        StreamLogs node = NewNode();
        StreamOutcome producer = default;
        var source = new ManualSequence<StreamEvent>();
        var key = LogKey.New();
        StreamLog log = (await node.GetOrStartAsync(At(key), () => new LogProducer<StreamEvent>
        {
            Source = StreamSource.From(source),
            Dialect = global::Gai.Pipelines.Dialects.Gai.Create(new DialectContext(StreamFormat.ServerSentEvents, DialectSettings.Default)),
            OnEnded = (_, outcome) => producer = outcome,
        })).Log;
        var output = new RecordingPipeWriter();
        Task<StreamOutcome> reading = ReadAsync(log.OpenCursorAtStart(), output, global::Gai.Pipelines.Dialects.Gai);
        source.Push(StreamEvent.TextDelta("a"));
        await output.WaitForTextAsync("text_delta");

        Assert.True(await node.CancelAsync(key));

        await source.Disposed;
        StreamOutcome outcome = await reading.OrFail();
        Assert.Equal(StreamOutcomeReason.SourceFailed, outcome.Reason);
        Assert.Equal(StreamErrorCodes.Cancelled, Assert.IsType<StreamErrorException>(outcome.Exception).Error.Code);
        (string id, string type, string data) = Events(output.Text)[^1];
        Assert.Equal((TerminalEventId.Failed, "gai.error"), (id, type));
        Assert.Contains("\"code\":\"cancelled\"", data, StringComparison.Ordinal);
        Assert.Equal(2, Events(output.Text).Count);
        await Deadline.UntilAsync(() => producer != default);
        Assert.Equal(StreamOutcomeReason.Cancelled, producer.Reason);
        Assert.False(await node.CancelAsync(key));
        Assert.False(await node.CancelAsync(LogKey.New()));
        Assert.False(await node.CancelAsync(LogId.New()));

        // The partial answer is still there, for whoever comes back.
        Assert.False((await node.GetOrStartAsync(At(key), () => From(new ManualSequence<string>()))).IsNew);
    }

    [Fact]
    public async Task Cancel_BeforeTheFirstEvent_TellsReadersAndFreesTheKey()
    {
        StreamLogs node = NewNode();
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(node);
        LogCursor cursor = log.OpenCursorAtStart();

        Assert.True(log.Cancel());

        StreamOutcome outcome = (await ReadToEndAsync(cursor)).Outcome;
        Assert.Equal((StreamOutcomeReason.SourceFailed, false), (outcome.Reason, outcome.HeadSent));
        Assert.Equal(StreamErrorCodes.Cancelled, Assert.IsType<StreamErrorException>(outcome.Exception).Error.Code);
        await Deadline.UntilAsync(() => node.Count == 0);
        Assert.True(source.IsDisposed || !source.IsStarted);
        Assert.True((await node.GetOrStartAsync(At(log.Description.Key), () => From(new ManualSequence<string>()))).IsNew);
    }

    [Fact]
    public async Task Fail_BeforeTheFirstEvent_ReadersGetTheExceptionAndTheNextStartBeginsAnew()
    {
        StreamLogs node = NewNode();
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(node);
        var failure = new TimeoutException("The model does not answer.");
        var output = new RecordingPipeWriter();
        Task<StreamOutcome> reading = ReadAsync(log.OpenCursorAtStart(), output);

        source.Fail(failure);

        StreamOutcome outcome = await reading.OrFail();
        Assert.Equal((StreamOutcomeReason.SourceFailed, false, string.Empty), (outcome.Reason, outcome.HeadSent, output.Text));
        Assert.Same(failure, outcome.Exception);
        Assert.Same(failure, log.Failure);
        Assert.Same(failure, (await ReadToEndAsync(log.OpenCursorAtStart())).Outcome.Exception);
        await Deadline.UntilAsync(() => node.Count == 0);
        Assert.True((await node.GetOrStartAsync(At(log.Description.Key), () => From(new ManualSequence<string>()))).IsNew);
    }

    /// <summary>The producer is over before the thread that has started it goes on.</summary>
    [Fact]
    public async Task Fail_WhileTheLogIsBeingBegun_FreesTheKey()
    {
        StreamLogs node = NewNode();
        var key = LogKey.New();
        using var ended = new ManualResetEventSlim();
        var source = new ManualSequence<string>();
        source.Fail(new TimeoutException("The model does not answer."));

        // What the start sets is taken back when its code returns to its caller: right there its thread is held.
        var ofTheStart = new AsyncLocal<bool>(change =>
        {
            if (change is { ThreadContextChanged: true, PreviousValue: true })
            {
                ended.Wait(TimeSpan.FromSeconds(30));
            }
        });

        LogAttachment failed = await node.GetOrStartAsync(At(key), () =>
        {
            ofTheStart.Value = true;
            return From(source, (_, _) => ended.Set());
        });

        Assert.True(ended.IsSet);
        Assert.Equal((LogOutcome.Failed, 0), (failed.Log.End!.Value.Outcome, node.Count));
        Assert.Null(await node.FindAsync(key));
        Assert.True((await node.GetOrStartAsync(At(key), () => From(new ManualSequence<string>()))).IsNew);
    }

    /// <summary>The last reader is out of the log, and has not said so yet.</summary>
    [Fact]
    public async Task Abandon_LastReaderIsJustLeaving_IsNotYetDue()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(NewNode(), new LogOptions { AbandonAfter = TimeSpan.FromMinutes(1) });
        LogCursor cursor = log.OpenCursorAtStart();
        Time.Advance(TimeSpan.FromMinutes(2));

        log.Memory.RemoveReader(cursor);
        log.Tend();

        await PushedAsync(log, source, "a");
    }

    /// <summary>Somebody comes after it was seen that nobody reads.</summary>
    [Fact]
    public async Task Abandon_ReaderComesAtThatMoment_IsNotCancelled()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(NewNode(), new LogOptions { AbandonAfter = TimeSpan.FromMinutes(1) });
        var opened = new TaskCompletionSource<LogCursor>(TaskCreationOptions.RunContinuationsAsynchronously);
        int test = Environment.CurrentManagedThreadId;
        int isArmed = 1;
        Time.OnTimestamp = () =>
        {
            // The clock itself is asked while the test moves it; the log asks on a thread of the pool.
            if (Environment.CurrentManagedThreadId != Volatile.Read(ref test) && Interlocked.Exchange(ref isArmed, 0) == 1)
            {
                opened.SetResult(log.OpenCursorAtStart());
            }
        };

        Time.Advance(TimeSpan.FromMinutes(2));
        Volatile.Write(ref test, 0);

        using LogCursor cursor = await opened.Task.OrFail();
        await PushedAsync(log, source, "a");
    }

    /// <summary>Its end is published, and when that was is not noted yet.</summary>
    [Fact]
    public async Task Expire_LogIsJustEnding_IsNotYetDue()
    {
        StreamLogs node = NewNode();
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(node, new LogOptions { MaxAge = TimeSpan.FromMinutes(1), AbandonAfter = Timeout.InfiniteTimeSpan });
        await PushedAsync(log, source, "a");
        Time.Advance(TimeSpan.FromMinutes(2));
        int isArmed = 1;
        Time.OnTimestamp = () =>
        {
            if (log.Memory.HasEnded && Interlocked.Exchange(ref isArmed, 0) == 1)
            {
                log.Tend();
            }
        };

        source.End();
        await log.Ended.OrFail();

        Assert.Equal((0, 1), (isArmed, node.Count));
    }

    /// <summary>As when a copy is forgotten just before what feeds it has begun.</summary>
    [Fact]
    public async Task Release_SomebodyWaitsAndTheEndComesBehind_IsTold()
    {
        (StreamLog log, _) = await BeginAsync(NewNode());
        Task<(StreamOutcome Outcome, string Text)> reading = ReadToEndAsync(log.OpenCursorAtStart());
        log.Memory.Release();

        log.Memory.Publish(LogEnd.Lost);

        Assert.Equal(StreamOutcomeReason.SourceFailed, (await reading.OrFail()).Outcome.Reason);
    }

    [Fact]
    public async Task Fail_BehindTheHead_ReadersGetTheErrorOfTheirOwnDialect()
    {
        var source = new ManualSequence<StreamEvent>();
        DialectFactory<StreamEvent> dialects = global::Gai.Pipelines.Dialects.Gai;
        StreamLog log = (await NewNode().GetOrStartAsync(At(LogKey.New()), () => new LogProducer<StreamEvent>
        {
            Source = StreamSource.From(source),
            Dialect = dialects.Create(new DialectContext(StreamFormat.ServerSentEvents, DialectSettings.Default)),
        })).Log;
        LogCursor cursor = log.OpenCursorAtStart();
        var output = new RecordingPipeWriter();
        Dialect<LogFrames> dialect = cursor.DialectsOver(dialects).Create(new DialectContext(StreamFormat.ServerSentEvents, DialectSettings.Default));
        Task<StreamOutcome> reading = new EventPump<LogFrames>(cursor, dialect, output, PumpSettings.Default with { Scheduler = Scheduler, CommitWindow = TimeSpan.Zero })
            .RunAsync(CancellationToken.None);
        await output.WaitForFlushesAsync(1);

        source.Fail(new TimeoutException("Secret."));

        Assert.True((await reading.OrFail()).HeadSent);
        Assert.Equal(("gai.error", true), (Events(output.Text).Single().Type, output.Text.Contains("\"internal\"", StringComparison.Ordinal)));
        Assert.DoesNotContain("Secret", output.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fail_InMidStream_EveryReaderGetsTheSameErrorOnce()
    {
        var source = new ManualSequence<StreamEvent>();
        DialectFactory<StreamEvent> dialects = global::Gai.Pipelines.Dialects.Gai;
        StreamLog log = (await NewNode().GetOrStartAsync(At(LogKey.New()), () => new LogProducer<StreamEvent>
        {
            Source = StreamSource.From(source),
            Dialect = dialects.Create(new DialectContext(StreamFormat.ServerSentEvents, DialectSettings.Default)),
        })).Log;
        var live = new RecordingPipeWriter();
        Task<StreamOutcome> reading = ReadAsync(log.OpenCursorAtStart(), live, dialects);
        source.Push(StreamEvent.TextDelta("a"));
        source.Fail(new StreamErrorException(new StreamError("overloaded", "Later.", Temporary: true)));
        StreamOutcome outcome = await reading.OrFail();
        var late = new RecordingPipeWriter();
        await ReadAsync(log.OpenCursorAtStart(), late, dialects).OrFail();
        var later = new RecordingPipeWriter();
        await ReadAsync(log.OpenCursor(new LogPosition(log.Description.Id, 1)), later, dialects).OrFail();

        Assert.Equal(StreamOutcomeReason.SourceFailed, outcome.Reason);
        Assert.Equal("overloaded", Assert.IsType<StreamErrorException>(outcome.Exception).Error.Code);
        Assert.Equal(live.Text, late.Text);
        Assert.Equal(["text_delta", "gai.error"], Events(live.Text).Select(one => one.Type));
        Assert.Equal(Events(live.Text)[1..], Events(later.Text));
        Assert.Equal(new LogEnd(LogOutcome.Failed, new StreamError("overloaded", "Later.", Temporary: true)), log.End);
        Assert.Null(log.Failure);
    }

    [Fact]
    public async Task Remove_InMidStream_CancelsForgetsAndFreesTheKey()
    {
        StreamLogs node = NewNode();
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(node);
        await PushedAsync(log, source, "a");

        Assert.True(await node.RemoveAsync(log.Description.Key));

        await source.Disposed;
        Assert.Null(await node.FindAsync(log.Description.Id));
        Assert.False(await node.RemoveAsync(log.Description.Key));
        await Deadline.UntilAsync(() => node.MemoryBytes == 0);
        (StreamLog next, _) = await BeginAsync(node, key: log.Description.Key);
        Assert.NotEqual(log.Description.Id, next.Description.Id);
        using LogCursor cursor = next.OpenCursor(new LogPosition(log.Description.Id, 1));
        Assert.Equal(0, cursor.Gap!.Value.Dropped);
    }

    [Fact]
    public async Task Stop_ProducersEndInTime_LetsThemEnd()
    {
        StreamLogs node = NewNode();
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(node);
        Task stopping = node.StopAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await node.GetOrStartAsync(At(LogKey.New()), () => From(new ManualSequence<string>())));
        Assert.False(stopping.IsCompleted);

        source.Push("a").End();

        await stopping.OrFail();
        Assert.Equal(LogOutcome.Completed, log.End!.Value.Outcome);
    }

    [Fact]
    public async Task Stop_TimeIsUp_EndsProducersWithoutAFrameOfTheirEnd()
    {
        StreamLogs node = NewNode();
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(node);
        await PushedAsync(log, source, "a");
        LogCursor cursor = log.OpenCursorAtStart();

        await node.StopAsync(new CancellationToken(canceled: true)).OrFail();

        await source.Disposed;
        Assert.Equal((LogEnd.Lost, 1L), (log.End!.Value, log.LastSequence));
        (StreamOutcome outcome, string text) = await ReadToEndAsync(cursor);
        Assert.Equal(["a"], DataOf(text));
        Assert.Equal(StreamErrorCodes.ProducerLost, Assert.IsType<StreamErrorException>(outcome.Exception).Error.Code);
    }

    [Fact]
    public async Task Stop_WhileALogIsBeingBegun_EndsItsProducerToo()
    {
        StreamLogs node = NewNode();
        var source = new ManualSequence<string>();
        Task stopping = Task.CompletedTask;

        LogAttachment attachment = await node.GetOrStartAsync(At(LogKey.New()), () =>
        {
            stopping = node.StopAsync(new CancellationToken(canceled: true));
            return From(source);
        });

        await Deadline.UntilAsync(() =>
        {
            Time.Advance(TimeSpan.FromMilliseconds(10));
            return stopping.IsCompleted;
        });
        await attachment.Log.Ended.OrFail();
        Assert.Equal(LogOutcome.Lost, attachment.Log.End?.Outcome);
    }

    [Fact]
    public async Task Producer_StartedByARequest_HasNothingOfIt()
    {
        var ambient = new AsyncLocal<string?> { Value = "of the request" };
        var seen = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        async IAsyncEnumerable<string> Produce()
        {
            seen.SetResult(ambient.Value);
            await Task.Yield();
            yield return "a";
        }

        await NewNode().GetOrStartAsync(At(LogKey.New()), () => new LogProducer<string> { Source = StreamSource.From(Produce()), Dialect = NewDialect() });

        Assert.Null(await seen.Task.OrFail());
    }

    [Fact]
    public async Task OnEnded_Throws_IsNoMatterOfTheLog()
    {
        var source = new ManualSequence<string>();
        StreamLogs node = NewNode();
        StreamLog log = (await node.GetOrStartAsync(At(LogKey.New()), () => From(source, (_, _) => throw new InvalidOperationException()))).Log;

        source.Push("a").End();

        await node.StopAsync().OrFail();
        Assert.Equal(LogOutcome.Completed, log.End!.Value.Outcome);
    }

    [Fact]
    public async Task Ids_OfOneLog_DoNotOpenAnother()
    {
        StreamLogs node = NewNode();
        StreamLog mine = await WriteAsync(node, Numbers(1, 100));
        StreamLog other = await WriteAsync(node, ["secret"]);
        string id = new LogPosition(mine.Description.Id, 50).ToString();
        int opened = 0;

        // Whatever single character is changed: it is the same log, or none.
        for (int at = 0; at < id.Length; at++)
        {
            foreach (char digit in "0123456789abcdefghijklmnopqrstuv")
            {
                if (LogPosition.TryParse(id[..at] + digit + id[(at + 1)..], out LogPosition position) && await node.FindAsync(position.Log) is { } found)
                {
                    Assert.Same(mine, found);
                    opened++;
                }
            }
        }

        Assert.Equal(26 + (10 * 32), opened);
        Assert.NotSame(mine, other);
    }
}

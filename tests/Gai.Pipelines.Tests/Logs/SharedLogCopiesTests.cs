using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Logs;

/// <summary>How long a node keeps what it has of the logs of others.</summary>
public sealed class SharedLogCopiesTests : SharedLogTest
{
    private static LogOptions KeptForLong { get; } = Unabandoned with { MaxAge = TimeSpan.FromDays(1) };

    /// <summary>The end of the log in the store is not that of the copy, and is long ago.</summary>
    [Fact]
    public async Task Copy_LogHasEndedAndNobodyReads_IsForgottenALittleLater()
    {
        StreamLog log = await WriteAsync(A, ["a"], KeptForLong);
        await PassUntilDurableAsync(log);
        StreamLog copy = await FindAsync(B, log, KeptForLong);
        LogCursor waiting = copy.OpenCursorAtStart();
        await PassToEndAsync(copy.OpenCursorAtStart());
        Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(1, B.Count);
        waiting.Dispose();
        long left = Time.GetTimestamp();

        await PassUntilAsync(() => B.Count == 0, TimeSpan.FromSeconds(10));

        Assert.InRange(Time.GetElapsedTime(left), TimeSpan.FromSeconds(30), TimeSpan.FromHours(12));
    }

    [Fact]
    public async Task Copy_NobodyEverReadsIt_IsGivenUpAsSoon()
    {
        StreamLogs node = NewNode(Options with { Store = StoreOfA, Lease = TimeSpan.FromDays(1) });
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(node, KeptForLong);
        await PushedAsync(log, source, "a");
        await PassUntilDurableAsync(log);
        await FindAsync(B, log, KeptForLong);
        long found = Time.GetTimestamp();

        await PassUntilAsync(() => B.Count == 0, TimeSpan.FromSeconds(10));

        Assert.InRange(Time.GetElapsedTime(found), TimeSpan.FromSeconds(30), TimeSpan.FromHours(12));
    }

    [Fact]
    public async Task Copy_StoreNoLongerHasTheLog_IsForgotten()
    {
        StreamLog log = await WriteAsync(A, ["a", "b"], KeptForLong);
        await PassUntilDurableAsync(log);
        StreamLog copy = await FindAsync(B, log, KeptForLong);
        await PassToEndAsync(copy.OpenCursorAtStart());
        await Shared.RemoveAsync(log.Description.Id, CancellationToken.None);
        LogCursor cursor = copy.OpenCursorAtStart();

        await PassToEndAsync(cursor);

        Assert.Equal((2, 3), (cursor.Dropped, copy.FirstSequence));
        Assert.Equal(0, B.Count);
        Assert.Null(await PassUntilDoneAsync(B.FindAsync(log.Description.Id).AsTask()));
    }

    /// <summary>Each client that came to it would put off that it is forgotten.</summary>
    [Fact]
    public async Task Copy_LogIsRemovedWhileItIsRead_IsForgottenAtOnce()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(A, KeptForLong);
        StreamLog copy = await FindAsync(B, log, KeptForLong);
        LogCursor cursor = copy.OpenCursorAtStart();
        await PushedAsync(log, source, "a");
        await PassUntilAsync(() => copy.LastSequence == 1);

        await Shared.RemoveAsync(log.Description.Id, CancellationToken.None);

        (StreamOutcome outcome, string text) = await PassToEndAsync(cursor);
        Assert.Equal(StreamErrorCodes.ProducerLost, Assert.IsType<StreamErrorException>(outcome.Exception).Error.Code);
        Assert.Equal(["a"], DataOf(text));

        // The clock stands still.
        await Deadline.UntilAsync(() => B.Count == 0);
        Assert.Null(await PassUntilDoneAsync(B.FindAsync(log.Description.Id).AsTask()));
    }

    [Fact]
    public async Task Find_LogHasEnded_ItsEndIsKnownAtOnce()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(A, KeptForLong);
        source.Push("a").End();
        await PassUntilAsync(() => !log.WaitsForStore);
        int reads = 0;
        StoreOfB.OnCall = () => StoreOfB.FailsBefore = ++reads > 1 ? new IOException("Away.") : null;

        StreamLog copy = await FindAsync(B, log, KeptForLong);

        Assert.Equal(LogEnd.Completed, copy.End);
        Assert.True(copy.Memory.EndIsInFrames);
    }

    [Fact]
    public async Task Find_LogHasFailedBeforeItsFirstEvent_TellsSoAndIsNotKept()
    {
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(A, KeptForLong);
        source.Fail(new StreamErrorException(new StreamError("overloaded", "Later.", Temporary: true)));
        await PassUntilAsync(() => StoreOfA.Ends > 0);

        StreamLog copy = await FindAsync(B, log, KeptForLong);

        (StreamOutcome outcome, _) = await PassToEndAsync(copy.OpenCursorAtStart());
        Assert.Equal("overloaded", Assert.IsType<StreamErrorException>(outcome.Exception).Error.Code);
        await PassUntilAsync(() => B.Count == 0 && B.MemoryBytes == 0, TimeSpan.FromSeconds(1));
    }
}

using Xunit;

namespace Gai.Pipelines.TestKit;

public abstract partial class LogStoreContractTests
{
    /// <summary>An owner that is silent too long has lost its log, and learns of it.</summary>
    [Fact]
    public async Task Read_LeaseHasRunOut_EndsTheLogAsLost()
    {
        ILogStore store = await OpenNodeAsync();
        ILogStore other = await OpenNodeAsync();
        LogClaim claim = await BeginAsync(store, ShortTime);
        await AppendAsync(store, claim, Numbered(1, 2));

        await PassAsync(2 * ShortTime);

        (LogState state, _, string[] frames) = await ReadAsync(other, claim.Log.Id);
        Assert.Equal(new LogState(1, 2, LogEnd.Lost), state);
        Assert.Equal(2, frames.Length);
        await Assert.ThrowsAsync<LogFencedException>(() => AppendAsync(store, claim, Numbered(3, 1)));
        await Assert.ThrowsAsync<LogFencedException>(async () => await store.RenewAsync(claim.Log.Id, claim.FencingToken, LongTime, None));
        await Assert.ThrowsAsync<LogFencedException>(async () => await store.EndAsync(claim.Log.Id, claim.FencingToken, LogEnd.Completed, lastSequence: 0, None));
        Assert.Equal(state, (await ReadAsync(store, claim.Log.Id)).State);
    }

    /// <summary>Only a renewal says that the owner lives: neither what it has written, nor that somebody reads, nor that somebody wants it cancelled.</summary>
    [Fact]
    public async Task Read_OwnerDidAllButRenew_EndsTheLogAsLost()
    {
        ILogStore store = await OpenNodeAsync();
        ILogStore other = await OpenNodeAsync();
        LogClaim claim = await BeginAsync(store, 2 * ShortTime);
        await PassAsync(ShortTime);
        await AppendAsync(store, claim, Numbered(1, 2));
        await other.NoteReaderAsync(claim.Log.Id, None);
        await other.RequestCancelAsync(claim.Log.Id, None);

        await PassAsync(1.5 * ShortTime);

        Assert.Equal(new LogState(1, 2, LogEnd.Lost), (await ReadAsync(other, claim.Log.Id)).State);
    }

    /// <summary>A log that was lost before its first frame is begun anew.</summary>
    [Fact]
    public async Task Read_LeaseHasRunOutBeforeTheFirstFrame_FreesTheKey()
    {
        ILogStore store = await OpenNodeAsync();
        ILogStore other = await OpenNodeAsync();
        LogClaim claim = await BeginAsync(store, ShortTime);

        await PassAsync(2 * ShortTime);

        Assert.Equal(new LogState(1, 0, LogEnd.Lost), (await ReadAsync(other, claim.Log.Id)).State);
        Assert.True((await other.ClaimAsync(Describe(claim.Log.Key), LongTime, None)).IsOwner);
    }

    /// <summary>An owner that says that it lives keeps its log.</summary>
    [Fact]
    public async Task Renew_InTime_KeepsTheLog()
    {
        ILogStore store = await OpenNodeAsync();
        LogClaim claim = await BeginAsync(store, ShortTime);

        await store.RenewAsync(claim.Log.Id, claim.FencingToken, LongTime, None);
        await PassAsync(2 * ShortTime);

        Assert.Null((await ReadAsync(store, claim.Log.Id)).State.End);
    }

    /// <summary>An owner that was cut off for a while comes back, if nobody has noticed.</summary>
    [Fact]
    public async Task Renew_LateButUnnoticed_KeepsTheLog()
    {
        ILogStore store = await OpenNodeAsync();
        LogClaim claim = await BeginAsync(store, ShortTime);
        await PassAsync(2 * ShortTime);

        await store.RenewAsync(claim.Log.Id, claim.FencingToken, LongTime, None);
        await AppendAsync(store, claim, Numbered(1, 1));

        Assert.Equal(new LogState(1, 1, End: null), (await ReadAsync(store, claim.Log.Id)).State);
    }

    /// <summary>A wish to cancel reaches the owner, who is not cancelled by it alone.</summary>
    [Fact]
    public async Task RequestCancel_FromAnotherNode_TellsTheOwner()
    {
        ILogStore store = await OpenNodeAsync();
        ILogStore other = await OpenNodeAsync();
        LogClaim claim = await BeginAsync(store);
        Assert.False((await store.RenewAsync(claim.Log.Id, claim.FencingToken, LongTime, None)).IsCancelRequested);
        var signalled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using IDisposable watch = store.Watch(claim.Log.Id, change =>
        {
            if (change != LogChange.Frames)
            {
                signalled.TrySetResult();
            }
        });

        Assert.True(await other.RequestCancelAsync(claim.Log.Id, None));

        await InTimeAsync(signalled.Task);
        Assert.True((await store.RenewAsync(claim.Log.Id, claim.FencingToken, LongTime, None)).IsCancelRequested);
        Assert.Null((await ReadAsync(other, claim.Log.Id)).State.End);
        await store.EndAsync(claim.Log.Id, claim.FencingToken, new LogEnd(LogOutcome.Cancelled, StreamError.Cancelled), lastSequence: 0, None);
        Assert.False(await other.RequestCancelAsync(claim.Log.Id, None));
    }

    /// <summary>Readers elsewhere are counted.</summary>
    [Fact]
    public async Task NoteReader_OnAnotherNode_TellsTheOwnerHowLongAgo()
    {
        ILogStore store = await OpenNodeAsync();
        ILogStore other = await OpenNodeAsync();
        LogClaim claim = await BeginAsync(store);
        Assert.Null((await store.RenewAsync(claim.Log.Id, claim.FencingToken, LongTime, None)).ReadAgo);

        await other.NoteReaderAsync(claim.Log.Id, None);
        TimeSpan? atOnce = (await store.RenewAsync(claim.Log.Id, claim.FencingToken, LongTime, None)).ReadAgo;
        await PassAsync(ShortTime);
        TimeSpan? later = (await store.RenewAsync(claim.Log.Id, claim.FencingToken, LongTime, None)).ReadAgo;
        await other.NoteReaderAsync(claim.Log.Id, None);
        TimeSpan? again = (await store.RenewAsync(claim.Log.Id, claim.FencingToken, LongTime, None)).ReadAgo;

        Assert.NotNull(atOnce);
        Assert.InRange(later!.Value, ShortTime, TimeSpan.FromMinutes(5));
        Assert.True(again < later);
    }

    /// <summary>Whoever watches a log is told of each kind of change, made anywhere.</summary>
    [Fact]
    public async Task Watch_ChangesOnAnotherNode_AreSignalled()
    {
        ILogStore store = await OpenNodeAsync();
        ILogStore other = await OpenNodeAsync();
        LogClaim claim = await BeginAsync(store);
        LogId topic = await BeginTopicAsync(store);

        await SignalledAsync(claim.Log.Id, () => AppendAsync(store, claim, Numbered(1, 1)));
        await SignalledAsync(claim.Log.Id, async () => await store.EndAsync(claim.Log.Id, claim.FencingToken, LogEnd.Completed, lastSequence: 0, None));
        await SignalledAsync(topic, () => PublishAsync(store, topic, Guid.NewGuid(), Batch(0, "a")));
        await SignalledAsync(topic, async () => await CompleteAsync(store, topic));

        async Task SignalledAsync(LogId log, Func<Task> change)
        {
            var signalled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using IDisposable watch = other.Watch(log, kind =>
            {
                if (kind != LogChange.Ownership)
                {
                    signalled.TrySetResult();
                }
            });
            await change();
            await InTimeAsync(signalled.Task);
        }
    }

    /// <summary>What is removed is gone for everybody, and its key is free.</summary>
    [Fact]
    public async Task Remove_OfAnOpenLog_FreesTheKeyAndFencesTheOwner()
    {
        ILogStore store = await OpenNodeAsync();
        ILogStore other = await OpenNodeAsync();
        LogClaim claim = await BeginAsync(store);
        await AppendAsync(store, claim, Numbered(1, 2));

        var signalled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using IDisposable watch = store.Watch(claim.Log.Id, change =>
        {
            if (change != LogChange.Frames)
            {
                signalled.TrySetResult();
            }
        });

        Assert.True(await other.RemoveAsync(claim.Log.Id, None));

        await InTimeAsync(signalled.Task);
        Assert.Null(await store.FindAsync(claim.Log.Key, None));
        Assert.Null(await store.FindAsync(claim.Log.Id, None));
        await Assert.ThrowsAsync<LogFencedException>(() => AppendAsync(store, claim, Numbered(3, 1)));
        LogClaim next = await other.ClaimAsync(Describe(claim.Log.Key), LongTime, None);
        Assert.True(next.IsOwner);
        Assert.Equal(new LogState(1, 0, End: null), (await ReadAsync(store, next.Log.Id)).State);
        await Assert.ThrowsAsync<LogFencedException>(() => AppendAsync(store, claim, Numbered(1, 1)));
    }

    /// <summary>A call that is cancelled says so.</summary>
    [Fact]
    public async Task AnyCall_CancelledBefore_Throws()
    {
        ILogStore store = await OpenNodeAsync();
        LogClaim claim = await BeginAsync(store);
        var cancelled = new CancellationToken(canceled: true);
        using LogBatch batch = Numbered(1, 1);
        using LogBatch unnumbered = Batch(0, "a");
        using var into = new LogBatch();

        Func<Task>[] calls =
        [
            async () => await store.ClaimAsync(Describe(), LongTime, cancelled),
            async () => await store.FindAsync(claim.Log.Key, cancelled),
            async () => await store.FindAsync(claim.Log.Id, cancelled),
            async () => await store.AppendAsync(claim.Log.Id, claim.FencingToken, batch, cancelled),
            async () => await store.PublishAsync(claim.Log.Id, Guid.NewGuid(), unnumbered, cancelled),
            async () => await store.EndAsync(claim.Log.Id, claim.FencingToken, LogEnd.Completed, lastSequence: 0, cancelled),
            async () => await store.RenewAsync(claim.Log.Id, claim.FencingToken, LongTime, cancelled),
            async () => await store.ReadAsync(claim.Log.Id, 1, 100, into, cancelled),
            async () => await store.NoteReaderAsync(claim.Log.Id, cancelled),
            async () => await store.RequestCancelAsync(claim.Log.Id, cancelled),
            async () => await store.RemoveAsync(claim.Log.Id, cancelled),
            async () => await store.DeleteExpiredAsync(10, cancelled),
        ];

        foreach (Func<Task> call in calls)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(call);
        }

        Assert.Equal(new LogState(1, 0, End: null), (await ReadAsync(store, claim.Log.Id)).State);
    }
}

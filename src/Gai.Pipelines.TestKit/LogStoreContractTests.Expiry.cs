using Xunit;

namespace Gai.Pipelines.TestKit;

// What has expired, and who deletes it.
public abstract partial class LogStoreContractTests
{
    /// <summary>Generations expire when they are over, and not before.</summary>
    [Fact]
    public async Task DeleteExpired_GenerationsAreOver_DeletesThem()
    {
        ILogStore store = await OpenNodeAsync();
        ILogStore other = await OpenNodeAsync();
        LogClaim open = await BeginAsync(store);
        LogClaim silent = await BeginAsync(store, ShortTime);
        LogClaim ended = await BeginAsync(store);
        await AppendAsync(store, open, Numbered(1, 3));
        await AppendAsync(store, ended, Numbered(1, 3));
        await store.EndAsync(ended.Log.Id, ended.FencingToken, LogEnd.Completed, lastSequence: 0, None);

        await PassAsync(4 * ShortTime);
        LogClaim justEnded = await BeginAsync(store, keepFor: LongTime);
        await store.EndAsync(justEnded.Log.Id, justEnded.FencingToken, LogEnd.Completed, lastSequence: 0, None);
        await Task.WhenAll(DeleteAllAsync(store), DeleteAllAsync(other));

        Assert.Null(await other.FindAsync(ended.Log.Id, None));
        Assert.Null(await other.FindAsync(ended.Log.Key, None));
        Assert.Null(await other.FindAsync(silent.Log.Id, None));
        Assert.Equal(3, (await ReadAsync(other, open.Log.Id)).Frames.Length);
        Assert.NotNull(await other.FindAsync(justEnded.Log.Id, None));
    }

    /// <summary>A log that has expired holds its key no longer, whether anybody has deleted it or not.</summary>
    [Fact]
    public async Task Claim_LogOfTheKeyHasExpired_BeginsAnother()
    {
        ILogStore store = await OpenNodeAsync();
        ILogStore other = await OpenNodeAsync();
        LogClaim ended = await BeginAsync(store);
        await AppendAsync(store, ended, Numbered(1, 3));

        // From its end on it is a matter of a second, and the first call of a node takes long.
        Assert.NotNull(await other.FindAsync(ended.Log.Key, None));
        await store.EndAsync(ended.Log.Id, ended.FencingToken, LogEnd.Completed, lastSequence: 0, None);
        Assert.Equal(ended.Log.Id, (await other.ClaimAsync(Describe(ended.Log.Key), LongTime, None)).Log.Id);

        await PassAsync(2 * ShortTime);

        Assert.Null(await other.FindAsync(ended.Log.Key, None));
        LogClaim next = await other.ClaimAsync(Describe(ended.Log.Key), LongTime, None);
        Assert.True(next.IsOwner);
        await DeleteAllAsync(store);
        Assert.Equal(next.Log.Id, (await store.FindAsync(ended.Log.Key, None))?.Id);
    }

    /// <summary>What is expired is deleted piece by piece.</summary>
    [Fact]
    public async Task DeleteExpired_Repeated_DeletesAllInTheEnd()
    {
        ILogStore store = await OpenNodeAsync();
        var logs = new List<LogId>();
        for (int i = 0; i < 5; i++)
        {
            LogClaim claim = await BeginAsync(store);
            await AppendAsync(store, claim, Numbered(1, 10));
            await store.EndAsync(claim.Log.Id, claim.FencingToken, LogEnd.Completed, lastSequence: 0, None);
            logs.Add(claim.Log.Id);
        }

        await PassAsync(2 * ShortTime);
        Assert.True(await store.DeleteExpiredAsync(maxFrames: 3, None) > 0);
        await DeleteAllAsync(store, maxFrames: 3);

        foreach (LogId log in logs)
        {
            Assert.Null(await store.FindAsync(log, None));
        }
    }

    private static async Task DeleteAllAsync(ILogStore store, int maxFrames = 1000)
    {
        while (await store.DeleteExpiredAsync(maxFrames, None) > 0)
        {
        }
    }
}

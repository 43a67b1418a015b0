using System.Text;
using Xunit;

namespace Gai.Pipelines.TestKit;

public abstract partial class LogStoreContractTests
{
    /// <summary>Whoever begins a log owns it.</summary>
    [Fact]
    public async Task Claim_NewKey_CallerOwnsIt()
    {
        ILogStore store = await OpenNodeAsync();
        LogDescription proposal = Describe();

        LogClaim claim = await store.ClaimAsync(proposal, LongTime, None);

        Assert.True(claim.IsOwner);
        Assert.Equal(proposal, claim.Log);
        Assert.True(claim.FencingToken >= 1);
    }

    /// <summary>Every other node attaches, and learns all that the log was begun with.</summary>
    [Theory]
    [InlineData(StreamFormat.ServerSentEvents, "somebody")]
    [InlineData(StreamFormat.Ndjson, null)]
    [InlineData(StreamFormat.JsonLines, "O'Brien; drop table \"x\" \\ \uD83C\uDF0D")]
    public async Task Claim_KeyIsTaken_CallerAttaches(StreamFormat format, string? owner)
    {
        ILogStore store = await OpenNodeAsync();
        ILogStore other = await OpenNodeAsync();
        LogDescription begun = Describe() with { Format = format, Owner = owner, KeepFor = TimeSpan.FromMinutes(90) };
        await store.ClaimAsync(begun, LongTime, None);

        LogClaim claim = await other.ClaimAsync(Describe(begun.Key) with { Dialect = "another" }, LongTime, None);

        Assert.Equal(new LogClaim(begun, IsOwner: false, FencingToken: 0), claim);
        Assert.Equal(begun, await other.FindAsync(begun.Key, None));
        Assert.Equal(begun, await other.FindAsync(begun.Id, None));
    }

    /// <summary>A claim whose answer was lost is made again.</summary>
    [Fact]
    public async Task Claim_RepeatedByItsOwner_OwnsItWithTheSameToken()
    {
        ILogStore store = await OpenNodeAsync();
        LogDescription proposal = Describe();
        LogClaim first = await store.ClaimAsync(proposal, LongTime, None);

        Assert.Equal(first, await store.ClaimAsync(proposal, LongTime, None));
    }

    /// <summary>Of simultaneous claims one wins.</summary>
    [Fact]
    public async Task Claim_AtTheSameMoment_ExactlyOneOwns()
    {
        ILogStore[] nodes = [await OpenNodeAsync(), await OpenNodeAsync(), await OpenNodeAsync()];
        for (int round = 0; round < 20; round++)
        {
            var key = LogKey.New();
            using var gate = new SemaphoreSlim(0);
            Task<LogClaim>[] claims = [.. Enumerable.Range(0, 9).Select(i => Task.Run(async () =>
            {
                await gate.WaitAsync();
                return await nodes[i % nodes.Length].ClaimAsync(Describe(key), LongTime, None);
            }))];
            gate.Release(claims.Length);

            LogClaim[] answers = await InTimeAsync(Task.WhenAll(claims));

            Assert.Single(answers, claim => claim.IsOwner);
            Assert.Single(answers.Select(claim => claim.Log.Id).Distinct());
        }
    }

    /// <summary>Keys are compared to the letter.</summary>
    [Fact]
    public async Task Claim_KeysLookAlike_AreDifferentLogs()
    {
        ILogStore store = await OpenNodeAsync();
        string unique = LogKey.New().Value!;
        string[] keys = [unique, unique.ToUpperInvariant() + "A", unique + " ", unique + "%", unique + "\u00E9", unique + "e\u0301", unique + "\uD83C\uDF0D", LogKey.Of(unique, "b:c").Value!, LogKey.Of(unique + ":b", "c").Value!];

        foreach (string key in keys)
        {
            Assert.True((await store.ClaimAsync(Describe(new LogKey(key)), LongTime, None)).IsOwner);
        }
    }

    /// <summary>What nobody has begun is not found.</summary>
    [Fact]
    public async Task Find_NobodyBeganIt_FindsNothing()
    {
        ILogStore store = await OpenNodeAsync();

        Assert.Null(await store.FindAsync(LogKey.New(), None));
        Assert.Null(await store.FindAsync(LogId.New(), None));
        using var batch = new LogBatch();
        Assert.Null(await store.ReadAsync(LogId.New(), 1, 100, batch, None));
        Assert.False(await store.RequestCancelAsync(LogId.New(), None));
        Assert.False(await store.RemoveAsync(LogId.New(), None));
        await store.NoteReaderAsync(LogId.New(), None);
    }

    /// <summary>An end is kept with all that readers are told.</summary>
    [Theory]
    [InlineData(LogOutcome.Completed, null, false)]
    [InlineData(LogOutcome.Failed, "overloaded", true)]
    [InlineData(LogOutcome.Cancelled, "cancelled", false)]
    [InlineData(LogOutcome.Lost, "producer_lost", false)]
    public async Task End_Once_EveryNodeReadsIt(LogOutcome outcome, string? code, bool temporary)
    {
        ILogStore store = await OpenNodeAsync();
        ILogStore other = await OpenNodeAsync();
        LogClaim claim = await BeginAsync(store, keepFor: LongTime);
        await AppendAsync(store, claim, Numbered(1, 2));
        var end = new LogEnd(outcome, code is null ? null : new StreamError(code, "A sentence, \u00E9.", temporary));

        await store.EndAsync(claim.Log.Id, claim.FencingToken, end, lastSequence: 0, None);

        (LogState state, _, string[] frames) = await ReadAsync(other, claim.Log.Id);
        Assert.Equal(new LogState(1, 2, end), state);
        Assert.Equal(2, frames.Length);
        Assert.False((await other.ClaimAsync(Describe(claim.Log.Key), LongTime, None)).IsOwner);
    }

    /// <summary>An error of any text ends the log: NUL and unpaired surrogates come back as they were or as U+FFFD.</summary>
    [Fact]
    public async Task End_ErrorHasNulAndHalfASurrogatePair_EveryNodeReadsIt()
    {
        ILogStore store = await OpenNodeAsync();
        ILogStore other = await OpenNodeAsync();
        LogClaim claim = await BeginAsync(store);
        await AppendAsync(store, claim, Numbered(1, 1));

        var error = new StreamError("inter\0nal", "a\0b\uD83D\uD83C\uDF0D\uDF0D\uD83D");

        await store.EndAsync(claim.Log.Id, claim.FencingToken, new LogEnd(LogOutcome.Failed, error), lastSequence: 1, None);

        LogEnd? end = (await ReadAsync(other, claim.Log.Id)).State.End;
        Assert.Equal(LogOutcome.Failed, end?.Outcome);
        Assert.Equal(("inter\uFFFDnal", "a\uFFFDb\uFFFD\uD83C\uDF0D\uFFFD\uFFFD"), (Replaced(end!.Value.Error!.Value.Code), Replaced(end.Value.Error.Value.Message)));

        static string Replaced(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)).Replace('\0', '\uFFFD');
    }

    /// <summary>A store that lacks frames of the owner's does not end the log, and takes what it lacks.</summary>
    [Fact]
    public async Task End_StoreLacksFrames_IsRefusedUntilItHasThem()
    {
        ILogStore store = await OpenNodeAsync();
        LogClaim claim = await BeginAsync(store);
        await AppendAsync(store, claim, Numbered(1, 2));

        await Assert.ThrowsAsync<ArgumentException>("lastSequence", async () => await store.EndAsync(claim.Log.Id, claim.FencingToken, LogEnd.Completed, lastSequence: 3, None));

        Assert.Null((await ReadAsync(store, claim.Log.Id)).State.End);
        await store.RenewAsync(claim.Log.Id, claim.FencingToken, LongTime, None);
        await AppendAsync(store, claim, Numbered(3, 1));
        await store.EndAsync(claim.Log.Id, claim.FencingToken, LogEnd.Completed, lastSequence: 3, None);
        Assert.Equal(new LogState(1, 3, LogEnd.Completed), (await ReadAsync(store, claim.Log.Id)).State);

        // Said again it changes nothing, whatever it says.
        await store.EndAsync(claim.Log.Id, claim.FencingToken, LogEnd.Completed, lastSequence: 4, None);
    }

    /// <summary>Behind the end nothing follows; the end itself may be said again.</summary>
    [Fact]
    public async Task End_Twice_ChangesNothing()
    {
        ILogStore store = await OpenNodeAsync();
        LogClaim claim = await BeginAsync(store);
        await store.EndAsync(claim.Log.Id, claim.FencingToken, LogEnd.Completed, lastSequence: 0, None);

        await store.EndAsync(claim.Log.Id, claim.FencingToken, LogEnd.Completed, lastSequence: 0, None);

        await Assert.ThrowsAsync<LogFencedException>(() => AppendAsync(store, claim, Numbered(1, 1)));
        await Assert.ThrowsAsync<LogFencedException>(async () => await store.RenewAsync(claim.Log.Id, claim.FencingToken, LongTime, None));
        Assert.Equal(new LogState(1, 0, LogEnd.Completed), (await ReadAsync(store, claim.Log.Id)).State);
    }

    /// <summary>What failed before its first frame is begun anew; whoever follows the first attempt still learns how it ended.</summary>
    [Theory]
    [InlineData(LogOutcome.Failed)]
    [InlineData(LogOutcome.Cancelled)]
    public async Task End_WithoutAFrameAndNotCompleted_FreesTheKey(LogOutcome outcome)
    {
        ILogStore store = await OpenNodeAsync();
        ILogStore other = await OpenNodeAsync();
        LogClaim claim = await BeginAsync(store);
        var end = new LogEnd(outcome, new StreamError("overloaded", "Later.", Temporary: true));

        await store.EndAsync(claim.Log.Id, claim.FencingToken, end, lastSequence: 0, None);

        Assert.Null(await other.FindAsync(claim.Log.Key, None));
        Assert.Equal(new LogState(1, 0, end), (await ReadAsync(other, claim.Log.Id)).State);
        LogClaim next = await other.ClaimAsync(Describe(claim.Log.Key), LongTime, None);
        Assert.True(next.IsOwner);
        Assert.Equal(new LogState(1, 0, end), (await ReadAsync(store, claim.Log.Id)).State);
        Assert.Equal(next.Log.Id, (await store.FindAsync(claim.Log.Key, None))!.Id);
    }
}

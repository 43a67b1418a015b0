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

    /// <summary>Frames are bytes and come back as they were.</summary>
    [Fact]
    public async Task Read_OnAnotherNode_GivesTheFramesToTheByte()
    {
        ILogStore store = await OpenNodeAsync();
        ILogStore other = await OpenNodeAsync();
        LogClaim claim = await BeginAsync(store);
        byte[][] frames = [[.. Enumerable.Range(0, 256).Select(i => (byte)i)], [0], "id: 1\ndata: \u00E9\uD83C\uDF0D\n\n"u8.ToArray()];
        using (var batch = new LogBatch())
        {
            batch.Clear(firstSequence: 1);
            Array.ForEach(frames, frame => batch.Add(frame));
            await store.AppendAsync(claim.Log.Id, claim.FencingToken, batch, None);
        }

        using var read = new LogBatch();
        LogState? state = await other.ReadAsync(claim.Log.Id, 1, 1000, read, None);

        Assert.Equal(new LogState(1, 3, End: null), state);
        Assert.Equal(1, read.FirstSequence);
        Assert.Equal(frames, Enumerable.Range(0, read.Count).Select(i => read[i].ToArray()));
    }

    /// <summary>A range begins anywhere, also inside what was one batch.</summary>
    [Fact]
    public async Task Read_FromTheMiddle_GivesWhatFollows()
    {
        ILogStore store = await OpenNodeAsync();
        LogClaim claim = await BeginAsync(store);
        await AppendAsync(store, claim, Numbered(1, 4));
        await AppendAsync(store, claim, Numbered(5, 3));

        for (long first = 1; first <= 9; first++)
        {
            (LogState state, long at, string[] frames) = await ReadAsync(store, claim.Log.Id, first);

            Assert.Equal(new LogState(1, 7, End: null), state);
            Assert.Equal(first, at);
            Assert.Equal(Enumerable.Range(1, 7).Where(i => i >= first).Select(i => $"frame {i}\n\n"), frames);
        }
    }

    /// <summary>A range is bounded, but never to nothing.</summary>
    [Fact]
    public async Task Read_Bounded_GivesWholeFramesAndAtLeastOne()
    {
        ILogStore store = await OpenNodeAsync();
        LogClaim claim = await BeginAsync(store);
        await AppendAsync(store, claim, Batch(1, new string('a', 300), new string('b', 300), new string('c', 300), new string('d', 5000)));
        var sizes = new List<int>();

        for (long next = 1; next <= 4;)
        {
            (LogState state, long at, string[] frames) = await ReadAsync(store, claim.Log.Id, next, maxBytes: 700);
            Assert.Equal((4, next), (state.LastSequence, at));
            Assert.NotEmpty(frames);
            Assert.True(frames.Length == 1 || frames.Sum(frame => frame.Length) <= 700);
            sizes.AddRange(frames.Select(frame => frame.Length));
            next += frames.Length;
        }

        Assert.Equal([300, 300, 300, 5000], sizes);
    }

    /// <summary>A frame may be larger than any notification.</summary>
    [Fact]
    public async Task Append_LargeFrames_Arrive()
    {
        ILogStore store = await OpenNodeAsync();
        ILogStore other = await OpenNodeAsync();
        LogClaim claim = await BeginAsync(store);
        string[] large = [new string('a', 8001), new string('b', 1 << 20), "c"];
        var seen = new List<string>();
        Task following = FollowAsync(other, claim.Log.Id, (batch, _) =>
        {
            seen.AddRange(Enumerable.Range(0, batch.Count).Select(i => Encoding.UTF8.GetString(batch[i])));
            return seen.Count < large.Length;
        });

        await AppendAsync(store, claim, Batch(1, large));

        await InTimeAsync(following);
        Assert.Equal(large, seen);
    }

    /// <summary>An append whose answer was lost is made again, perhaps with more behind it.</summary>
    [Fact]
    public async Task Append_Repeated_AddsWhatIsNew()
    {
        ILogStore store = await OpenNodeAsync();
        LogClaim claim = await BeginAsync(store);
        await AppendAsync(store, claim, Numbered(1, 3));

        await AppendAsync(store, claim, Numbered(1, 3));
        await AppendAsync(store, claim, Numbered(2, 4));

        Assert.Equal(Enumerable.Range(1, 5).Select(i => $"frame {i}\n\n"), (await ReadAsync(store, claim.Log.Id)).Frames);
    }

    /// <summary>There are no holes.</summary>
    [Fact]
    public async Task Append_WouldLeaveAHole_IsRefused()
    {
        ILogStore store = await OpenNodeAsync();
        LogClaim claim = await BeginAsync(store);
        await AppendAsync(store, claim, Numbered(1, 3));

        await Assert.ThrowsAnyAsync<ArgumentException>(() => AppendAsync(store, claim, Numbered(5, 1)));
        await Assert.ThrowsAnyAsync<ArgumentException>(() => AppendAsync(store, claim, Numbered(0, 1)));

        Assert.Equal(3, (await ReadAsync(store, claim.Log.Id)).State.LastSequence);
    }

    /// <summary>Only the owner writes.</summary>
    [Fact]
    public async Task Append_NotTheOwner_IsFencedOff()
    {
        ILogStore store = await OpenNodeAsync();
        LogClaim claim = await BeginAsync(store);
        LogClaim stranger = claim with { FencingToken = claim.FencingToken + 1 };

        await Assert.ThrowsAsync<LogFencedException>(() => AppendAsync(store, stranger, Numbered(1, 1)));
        await Assert.ThrowsAsync<LogFencedException>(async () => await store.RenewAsync(claim.Log.Id, stranger.FencingToken, LongTime, None));
        await Assert.ThrowsAsync<LogFencedException>(async () => await store.EndAsync(claim.Log.Id, stranger.FencingToken, LogEnd.Completed, lastSequence: 0, None));

        Assert.Equal(new LogState(1, 0, End: null), (await ReadAsync(store, claim.Log.Id)).State);
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
        LogClaim claim = await BeginAsync(store);
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

    /// <summary>A follower sees each frame once and the end behind all of them, whatever the moment.</summary>
    [Fact]
    public async Task Follow_WhileItIsWritten_SeesEachFrameOnceAndTheEndLast()
    {
        const int Frames = 400;
        ILogStore store = await OpenNodeAsync();
        ILogStore other = await OpenNodeAsync();
        LogClaim claim = await BeginAsync(store);
        var seen = new List<string>();
        Task following = Task.Run(() => FollowAsync(other, claim.Log.Id, (batch, state) =>
        {
            seen.AddRange(Enumerable.Range(0, batch.Count).Select(i => Encoding.UTF8.GetString(batch[i])));
            return state.End is null || batch.LastSequence < state.LastSequence;
        }));

        for (int next = 1; next <= Frames;)
        {
            int count = Math.Min(1 + (next % 7), Frames - next + 1);
            await AppendAsync(store, claim, Numbered(next, count));
            next += count;
        }

        await store.EndAsync(claim.Log.Id, claim.FencingToken, LogEnd.Completed, lastSequence: 0, None);

        await InTimeAsync(following);
        Assert.Equal(Enumerable.Range(1, Frames).Select(i => $"frame {i}\n\n"), seen);
    }
}

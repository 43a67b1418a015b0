using System.Text;
using Xunit;

namespace Gai.Pipelines.TestKit;

public abstract partial class LogStoreContractTests
{
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

using System.Text;
using Xunit;

namespace Gai.Pipelines.TestKit;

/// <summary>What every <see cref="ILogStore"/> must do. Derive a test class from it, say how your store is opened, and run it.</summary>
/// <remarks>
/// The store may be shared with other tests that run at the same time: each test uses logs of its own, with keys of its own. None of them
/// depends on the clock of the machine; time passes by <see cref="PassAsync"/>.
/// </remarks>
public abstract partial class LogStoreContractTests
{
    /// <summary>How long waiting for what must come lasts before the test fails: 30 s.</summary>
    protected static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    /// <summary>Gets the lease that the tests take, and how long what has expired is kept.</summary>
    /// <value>Default 1 s: a store with a real clock waits for it several times. A test that holds a lease does nothing slow.</value>
    protected virtual TimeSpan ShortTime => TimeSpan.FromSeconds(1);

    /// <summary>Opens the store as another node does: over the same data, with connections of its own.</summary>
    /// <returns>The store. The derived class closes it after the test.</returns>
    protected abstract ValueTask<ILogStore> OpenNodeAsync();

    /// <summary>Lets time pass on the clock of the store.</summary>
    /// <param name="time">How long, at least.</param>
    /// <returns>A task that is done when it has passed.</returns>
    protected abstract ValueTask PassAsync(TimeSpan time);

    private static CancellationToken None => CancellationToken.None;

    private TimeSpan LongTime => TimeSpan.FromMinutes(10) + ShortTime;

    private LogDescription Describe(LogKey? key = null, LogKind kind = LogKind.Generation) => new()
    {
        Id = LogId.New(),
        Key = key ?? LogKey.New(),
        Kind = kind,
        Format = StreamFormat.ServerSentEvents,
        Dialect = "gai",
        Owner = "somebody",
        CreatedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
        KeepFor = ShortTime,
    };

    /// <summary>Begins a generation whose owner need not hurry.</summary>
    private async Task<LogClaim> BeginAsync(ILogStore store, TimeSpan? lease = null, TimeSpan? keepFor = null)
    {
        LogClaim claim = await store.ClaimAsync(Describe() with { KeepFor = keepFor ?? ShortTime }, lease ?? LongTime, None);
        Assert.True(claim.IsOwner);
        return claim;
    }

    private async Task<LogId> BeginTopicAsync(ILogStore store, TimeSpan? keepFor = null) =>
        (await store.ClaimAsync(Describe(kind: LogKind.Topic) with { KeepFor = keepFor ?? ShortTime }, LongTime, None)).Log.Id;

    private static LogBatch Batch(long first, params string[] frames)
    {
        var batch = new LogBatch();
        batch.Clear(first);
        foreach (string frame in frames)
        {
            batch.Add(Encoding.UTF8.GetBytes(frame).AsSpan());
        }

        return batch;
    }

    /// <summary>Frames that say their numbers.</summary>
    private static LogBatch Numbered(long first, int count) =>
        Batch(first, [.. Enumerable.Range(0, count).Select(i => $"frame {first + i}\n\n")]);

    private static async Task AppendAsync(ILogStore store, LogClaim claim, LogBatch batch)
    {
        using (batch)
        {
            await store.AppendAsync(claim.Log.Id, claim.FencingToken, batch, None);
        }
    }

    private static async Task<long> PublishAsync(ILogStore store, LogId topic, Guid publication, LogBatch batch)
    {
        using (batch)
        {
            return await store.PublishAsync(topic, publication, batch, None);
        }
    }

    private static async Task CompleteAsync(ILogStore store, LogId topic, params string[] marker)
    {
        using LogBatch batch = Batch(0, marker);
        await store.CompleteTopicAsync(topic, batch, None);
    }

    private static async Task<(LogState State, long First, string[] Frames)> ReadAsync(ILogStore store, LogId log, long first = 1, int maxBytes = 1 << 20)
    {
        using var batch = new LogBatch();
        LogState? state = await store.ReadAsync(log, first, maxBytes, batch, None);
        Assert.NotNull(state);
        return (state.Value, batch.FirstSequence, [.. Enumerable.Range(0, batch.Count).Select(i => Encoding.UTF8.GetString(batch[i]))]);
    }

    private static async Task<T> InTimeAsync<T>(Task<T> task)
    {
        await InTimeAsync((Task)task);
        return await task;
    }

    private static async Task InTimeAsync(Task task)
    {
        await Task.WhenAny(task, Task.Delay(Deadline));
        Assert.True(task.IsCompleted, $"This did not come within {Deadline.TotalSeconds:F0} s.");
        await task;
    }

    /// <summary>Follows a log as a node does: reads, and waits for a signal when there is nothing.</summary>
    private static async Task FollowAsync(ILogStore store, LogId log, Func<LogBatch, LogState, bool> goesOn)
    {
        using var signal = new SemaphoreSlim(0);
        using IDisposable watch = store.Watch(log, _ => signal.Release());
        using var batch = new LogBatch();
        long next = 1;
        while (true)
        {
            LogState? state = await store.ReadAsync(log, next, 1 << 16, batch, None);
            Assert.NotNull(state);
            Assert.Equal(next, batch.FirstSequence);
            next = batch.LastSequence + 1;
            if (!goesOn(batch, state.Value))
            {
                return;
            }

            if (batch.Count == 0)
            {
                // The poll that is the net under the signals.
                await signal.WaitAsync(TimeSpan.FromMilliseconds(500));
            }
        }
    }
}

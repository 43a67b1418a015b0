using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Logs;

/// <summary>Two nodes with a store between them.</summary>
public abstract class SharedLogTest : LogTest
{
    private static readonly TimeSpan Pace = TimeSpan.FromMicroseconds(200);

    protected SharedLogTest()
    {
        Shared = new MemoryLogStore(Time) { IsShared = true };
        StoreOfA = new FaultyLogStore(Shared);
        StoreOfB = new FaultyLogStore(Shared);
        Options = new StreamLogsOptions { OnStoreFailure = (_, failure) => Failures.Enqueue(failure), OnTopicStoreFailure = (_, failure) => Failures.Enqueue(failure) };
        A = NewNode(Options with { Store = StoreOfA });
        B = NewNode(Options with { Store = StoreOfB });
    }

    protected StreamLogsOptions Options { get; }

    protected ConcurrentQueue<Exception> Failures { get; } = [];

    protected static LogOptions Unabandoned { get; } = new() { AbandonAfter = Timeout.InfiniteTimeSpan };

    internal MemoryLogStore Shared { get; }

    internal FaultyLogStore StoreOfA { get; }

    internal FaultyLogStore StoreOfB { get; }

    protected StreamLogs A { get; }

    protected StreamLogs B { get; }

    public override async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        StoreOfA.Open();
        StoreOfB.Open();
        await base.DisposeAsync();
    }

    /// <summary>Lets time pass, a little at a time, until something is so: fast, but not so fast that nobody gets anything done in a lease.</summary>
    protected async Task PassUntilAsync(Func<bool> condition, TimeSpan? step = null, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        long last = 0;
        try
        {
            await Deadline.UntilAsync(
                () =>
                {
                    bool isSo = condition();
                    if (!isSo && Stopwatch.GetElapsedTime(last) > Pace)
                    {
                        Time.Advance(step ?? TimeSpan.FromMilliseconds(5));
                        last = Stopwatch.GetTimestamp();
                    }

                    return isSo;
                },
                what);
        }
        catch (TimeoutException late)
        {
            throw new TimeoutException($"{late.Message} The stores failed {Failures.Count} times; the last: {Failures.LastOrDefault()}", late);
        }
    }

    protected Task PassUntilDurableAsync(StreamLog log) => PassUntilAsync(() => log.DurableSequence == log.LastSequence);

    protected async Task<T> PassUntilDoneAsync<T>(Task<T> task, [CallerArgumentExpression(nameof(task))] string what = "")
    {
        await PassUntilAsync(() => task.IsCompleted, what: what);
        return await task;
    }

    protected async Task<StreamLog> FindAsync(StreamLogs node, StreamLog log, LogOptions? options = null)
    {
        StreamLog? found = await PassUntilDoneAsync(node.FindAsync(log.Description.Id, options).AsTask());
        Assert.NotNull(found);
        return found;
    }

    protected async Task<(StreamOutcome Outcome, string Text)> PassToEndAsync(LogCursor cursor)
    {
        var output = new RecordingPipeWriter();
        return (await PassUntilDoneAsync(ReadAsync(cursor, output)), output.Text);
    }
}

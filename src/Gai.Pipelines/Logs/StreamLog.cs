using System.Runtime.ExceptionServices;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>The append-only list of the frames of a stream that can be resumed. One producer writes it, any number of cursors read it.</summary>
/// <remarks>Thread-safe. Made by <see cref="StreamLogs"/>. Of a log that another node produces this one holds a copy of the end, and reads the rest from the store.</remarks>
public sealed partial class StreamLog
{
    private readonly StreamLogs _logs;
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LogClock _clock;
    private ExceptionDispatchInfo? _failure;

    internal StreamLog(StreamLogs logs, LogDescription description, LogOptions options, ILogStore? store, long firstSequence = 1)
    {
        _logs = logs;
        Options = options;
        Description = description;
        Store = store;
        StoreFirst = 1;
        Memory = new LogMemory(options, logs.Options.Scheduler, logs.Budget, firstSequence) { Published = OnPublished };
        _clock = new LogClock(this);
        _clock.Schedule(Soonest(options.AbandonAfter, options.MaxAge));
    }

    /// <summary>Gets what the log is.</summary>
    public LogDescription Description { get; }

    /// <summary>Gets the number of the first event that can be had.</summary>
    /// <value>1 as long as none is lost; one more than the last if none can be had.</value>
    public long FirstSequence => Store is null ? Memory.First : Math.Min(Memory.First, StoreFirst);

    /// <summary>Gets the number of the last event that this node knows.</summary>
    /// <value>0 before the first.</value>
    public long LastSequence => Memory.Last;

    /// <summary>Gets how the log has ended.</summary>
    /// <value><see langword="null"/> if it has not.</value>
    public LogEnd? End => Memory.End;

    /// <summary>Gets what the producer of this node threw before its first event.</summary>
    /// <value><see langword="null"/> if it did not.</value>
    public Exception? Failure => Volatile.Read(ref _failure)?.SourceException;

    /// <summary>Gets how many cursors of this node read it.</summary>
    public int Readers => Memory.Readers;

    /// <summary>Gets the number of the last event that every reader at any node is sure to get, whatever happens to this one.</summary>
    /// <value>Without a shared store <see cref="LastSequence"/>.</value>
    public long DurableSequence => _writeBehind?.DurableSequence ?? LastSequence;

    /// <summary>Gets a task that is done when the log has ended, in whatever way.</summary>
    public Task Ended => _ended.Task;

    internal LogMemory Memory { get; }

    /// <summary>The store, if it is shared.</summary>
    internal ILogStore? Store { get; }

    /// <summary>The number of the first event that the store has, as far as is known.</summary>
    internal long StoreFirst { get; set; }

    internal LogOptions Options { get; }

    internal LogCounts Counts => _logs.Budget.Counts;

    internal StreamLogsOptions Shared => _logs.Options;

    private long Now => Shared.Scheduler.CoarseMilliseconds;

    /// <summary>Opens a cursor behind an event that a client has read.</summary>
    /// <param name="after">The id of that event.</param>
    /// <returns>The cursor. If the id is of another log, or of an event that the log does not have yet, it begins with what can be had and has a <see cref="LogCursor.Gap"/>, as it has for what was evicted.</returns>
    public LogCursor OpenCursor(LogPosition after) => TryOpenCursor(after) ?? throw GivenUp();

    /// <summary>Opens a cursor before the first event.</summary>
    /// <returns>The cursor. If the first events were evicted, it has a <see cref="LogCursor.Gap"/>.</returns>
    public LogCursor OpenCursorAtStart() => OpenCursor(new LogPosition(Description.Id, 0));

    /// <summary>Opens a cursor behind the last event that this node knows: for those who want only what comes.</summary>
    /// <returns>The cursor.</returns>
    public LogCursor OpenCursorAtEnd() => TryOpenCursorAtEnd() ?? throw GivenUp();

    /// <summary>Opens a cursor as <see cref="OpenCursor"/> does.</summary>
    /// <returns><see langword="null"/> if this is a copy that was given up, since nobody read it: find the log again.</returns>
    internal LogCursor? TryOpenCursor(LogPosition after)
    {
        long first = FirstSequence;
        bool isKnown = after.Log == Description.Id && (after.Sequence <= LastSequence || (Store is not null && !IsProducedHere));
        if (!isKnown)
        {
            return TryOpen(first, new LogGap(0, first));
        }

        long next = after.Sequence + 1;
        if (IsNeverStored(next))
        {
            // That a store which was given up has the first events says nothing of those that it was never given.
            first = Memory.First;
        }

        return TryOpen(next, next < first ? new LogGap(first - next, first) : default);
    }

    /// <summary>Opens a cursor as <see cref="OpenCursorAtStart"/> does.</summary>
    /// <returns><see langword="null"/> if this is a copy that was given up.</returns>
    internal LogCursor? TryOpenCursorAtStart() => TryOpenCursor(new LogPosition(Description.Id, 0));

    /// <summary>Opens a cursor as <see cref="OpenCursorAtEnd"/> does.</summary>
    /// <returns><see langword="null"/> if this is a copy that was given up.</returns>
    internal LogCursor? TryOpenCursorAtEnd() => TryOpen(LastSequence + 1, default);

    /// <summary>Throws what a reader is to be told at the end, if the log has not completed.</summary>
    internal void ThrowIfNotCompleted()
    {
        _failure?.Throw();
        if (End is { Outcome: not LogOutcome.Completed } end)
        {
            throw new StreamErrorException(end.Error ?? StreamError.Internal);
        }
    }

    private static InvalidOperationException GivenUp() =>
        new("This copy of a log that another node produces was given up, since nobody read it. Find the log again.");

    private LogCursor? TryOpen(long next, LogGap gap)
    {
        LogCursor cursor;
        lock (_lifeLock)
        {
            if (_isGivenUpCopy)
            {
                return null;
            }

            cursor = new LogCursor(this, next, gap);
        }

        _follower?.OnReader();
        return cursor;
    }

    private void OnPublished()
    {
        _writeBehind?.Signal();
        if (Memory.HasEnded && Interlocked.CompareExchange(ref _endedAt, Now, NotEnded) == NotEnded)
        {
            OnEnded();
        }
    }

    private void OnEnded()
    {
        if (Memory.Last == 0 && End is { Outcome: not LogOutcome.Completed })
        {
            // There is nothing to read again: the next start begins anew.
            _logs.Forget(this);
        }
        else
        {
            _clock.Schedule(_follower is null ? Options.MaxAge : CopyLingers);
        }

        _ended.TrySetResult();
    }

    private static TimeSpan Soonest(TimeSpan one, TimeSpan other) =>
        one == Timeout.InfiniteTimeSpan ? other : other == Timeout.InfiniteTimeSpan || one < other ? one : other;
}

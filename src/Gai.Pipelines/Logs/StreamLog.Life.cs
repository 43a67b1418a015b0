using System.Runtime.ExceptionServices;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

// The life of a log at this node, in this order:
//   produced    its pump writes it, and what writes behind takes it to the store (Prepare);
//   or followed its frames come from the store (FollowedBy); a topic of this process alone is neither;
//   ended       its end is published (LogMemory.Publish): nothing is written any more, and its readers read on;
//   given up    the store is not waited for any longer (GiveUp), or nobody reads the copy (TryCloseUnread);
//   forgotten   it is not found any more (OnForgotten): by its age, by the bounds of all logs, with the process;
//   released    its memory goes back to the pool with its last reader (LogMemory.Release).
public sealed partial class StreamLog
{
    // A copy of another node's log is kept a little after its last reader has left, who may come back.
    private static readonly TimeSpan CopyLingers = TimeSpan.FromSeconds(30);

    private static readonly StreamError Abandoned = StreamError.Cancelled with { Message = "Nobody read the stream for too long; it was cancelled." };

    private readonly Lock _lifeLock = new();
    private LogWriter? _writer;

    // Whatever the type of the events is.
#pragma warning disable CA1859
    private IOpenStream? _pump;
#pragma warning restore CA1859

    private LogWriteBehind? _writeBehind;
    private LogFollower? _follower;
    private Task _producing = Task.CompletedTask;
    private StreamError _cancellation = StreamError.Cancelled;
    private long _endedAt;
    private bool _isGivenUpCopy;
    private bool _isForgotten;

    internal bool IsGivenUp { get; private set; }

    /// <summary>Gets whether the producer is, or was, at this node.</summary>
    public bool IsProducedHere => _pump is not null;

    /// <summary>Cancels the producer, if it is at this node and has not ended. Readers get the dialect's error <c>cancelled</c>. See <see cref="StreamLogs.CancelAsync(LogId, CancellationToken)"/> for any node.</summary>
    /// <returns>Whether there was something to cancel.</returns>
    public bool Cancel() => Cancel(StreamError.Cancelled);

    /// <summary>Prepares the producer. It is no part of whatever request has started it.</summary>
    /// <returns>What runs it, to be called once.</returns>
    internal Action Prepare<T>(LogProducer<T> producer, long fencingToken)
    {
        if (Store is not null)
        {
            _writeBehind = new LogWriteBehind(this, Store, fencingToken);
        }

        PumpSettings settings = producer.Settings with
        {
            Scheduler = Shared.Scheduler,
            CommitWindow = Timeout.InfiniteTimeSpan,
            KeepAliveInterval = TimeSpan.Zero,
            WriteTimeout = Timeout.InfiniteTimeSpan,
            MaxAge = Timeout.InfiniteTimeSpan,
            SlowClientPolicy = SlowClientPolicy.Wait,
        };
        _writer = new LogWriter(Memory);
        var dialect = new LoggedDialect<T>(producer.Dialect, new FrameIds(Description.Id, Description.Format), _writer);
        var pump = new EventPump<T>(producer.Source, dialect, _writer, settings);
        _pump = pump;
        var produced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _producing = produced.Task;
        return () =>
        {
            using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
            {
                _writeBehind?.Start();
                _ = Task.Run(
                    async () =>
                    {
                        Surround(producer.OnStarting);
                        await ProduceAsync(pump, settings, producer.OnEnded);
                        produced.SetResult();
                    },
                    CancellationToken.None);
            }
        };
    }

    /// <summary>Notes who feeds the log from its store. Before anybody can find it.</summary>
    internal void FollowedBy(LogFollower follower) => _follower = follower;

    internal void OnReaderLeft()
    {
        if (Memory.Readers == 0 && !Memory.HasEnded)
        {
            _clock.Schedule(_follower is null ? Soonest(Options.AbandonAfter, Options.MaxAge) : CopyLingers);
        }
    }

    internal bool Cancel(StreamError error)
    {
        lock (_lifeLock)
        {
            if (_pump is null || Memory.HasEnded)
            {
                return false;
            }

            _cancellation = error;
            _writer!.IsCancelled = true;
            _pump.End(StreamOutcomeReason.Cancelled, error);
            return true;
        }
    }

    /// <summary>Ends the producer because its node goes away: readers elsewhere get what there is, and <c>producer_lost</c>.</summary>
    internal void Lose()
    {
        lock (_lifeLock)
        {
            if (_pump is not null && !Memory.HasEnded)
            {
                _writer!.IsLost = true;
                _pump.End(StreamOutcomeReason.Drained, StreamError.ServerDraining);
            }
        }
    }

    /// <summary>The number below which no reader of the log needs anything, nor the store; 0 if nobody reads it and nobody else has it.</summary>
    internal long LowestNeeded()
    {
        long lacking = DurableSequence + 1;
        return Memory.LowestUnread() is { } lowest ? Math.Min(lowest, lacking) : Store is null ? 0 : lacking;
    }

    /// <summary>Whether the store has not got all of it yet, nor is given up: until then its memory is needed, whoever forgets it.</summary>
    internal bool WaitsForStore => _writeBehind is { Done.IsCompleted: false };

    /// <summary>Waits until the producer is done, and the store has all that there is or is given up.</summary>
    internal async Task DrainAsync()
    {
        await _producing;
        if (_follower is not null)
        {
            await _follower.Done;
        }

        if (_writeBehind is not null)
        {
            await _writeBehind.Done;
        }
    }

    /// <summary>Stops to wait for the store.</summary>
    internal void GiveUp()
    {
        IsGivenUp = true;
        _writeBehind?.Signal();
    }

    /// <summary>Takes a copy that nobody reads out of use: no cursor can be opened any more.</summary>
    internal bool TryCloseUnread()
    {
        lock (_lifeLock)
        {
            if (Memory.Readers > 0)
            {
                return false;
            }

            _isGivenUpCopy = _follower is not null && !Memory.HasEnded;
            return true;
        }
    }

    /// <summary>Ends what keeps the log alive here. It is no longer found.</summary>
    internal void OnForgotten()
    {
        lock (_lifeLock)
        {
            if (_isForgotten)
            {
                return;
            }

            _isForgotten = true;
            _isGivenUpCopy |= _follower is not null && !Memory.HasEnded;
        }

        _clock.Retire();
        _follower?.Stop();
        Cancel(StreamError.Cancelled);
        _ = ReleaseAsync();
    }

    internal void Report(Exception failure)
    {
        try
        {
            Shared.OnStoreFailure?.Invoke(this, failure);
        }
        catch (Exception)
        {
            // The application's.
        }
    }

    /// <summary>Looks what is due: called when the clock says so, on the thread pool.</summary>
    internal void Tend()
    {
        if (Memory.HasEnded)
        {
            TendEnded();
        }
        else if (_follower is not null || Description.Kind == LogKind.Topic)
        {
            TendCopy();
        }
        else
        {
            TendProducer();
        }
    }

    private void TendEnded()
    {
        TimeSpan left = Options.MaxAge - Since(Volatile.Read(ref _endedAt));
        if (left <= TimeSpan.Zero)
        {
            _logs.Forget(this);
        }
        else
        {
            Rest(left);
        }
    }

    private void TendCopy()
    {
        bool isUnread = Memory.Readers == 0 && _follower is not null;
        TimeSpan left = CopyLingers - Since(Memory.ReadAt);
        if (isUnread && left <= TimeSpan.Zero && TryCloseUnread())
        {
            _logs.Forget(this);
        }
        else
        {
            Rest(isUnread && left > TimeSpan.Zero ? left : Options.MaxAge);
        }
    }

    private void TendProducer()
    {
        TimeSpan left = Options.AbandonAfter;
        if (Memory.Readers == 0 && left != Timeout.InfiniteTimeSpan)
        {
            TimeSpan unread = Since(Memory.ReadAt);
            unread = _writeBehind?.ReadElsewhereAgo is { } ago && ago < unread ? ago : unread;
            left -= unread;
            if (left <= TimeSpan.Zero)
            {
                if (TryAbandon())
                {
                    return;
                }

                left = Options.AbandonAfter;
            }
        }

        Rest(left);
    }

    /// <summary>Cancels the producer, unless somebody has just come to read.</summary>
    private bool TryAbandon()
    {
        lock (_lifeLock)
        {
            if (Memory.Readers > 0)
            {
                return false;
            }

            Cancel(Abandoned);
            return true;
        }
    }

    private void Rest(TimeSpan atMost)
    {
        Memory.EvictOld();
        TimeSpan next = Soonest(atMost, Memory.UntilTooOld() ?? Options.MaxAge);
        _clock.Schedule(next);
    }

    private TimeSpan Since(long time) => TimeSpan.FromMilliseconds(Now - time);

    private async Task ReleaseAsync()
    {
        await DrainAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _logs.OnLeft(this);
        Memory.Release();
    }

    // Not async: what is made current here shall stay so for whoever calls.
    private static void Surround(Action? onStarting)
    {
        try
        {
            onStarting?.Invoke();
        }
        catch (Exception)
        {
            // A listener's to activities, for example. The events do not depend on it.
        }
    }

    private async Task ProduceAsync<T>(EventPump<T> pump, PumpSettings settings, Action<StreamLog, StreamOutcome>? onEnded)
    {
        StreamOutcome outcome = await pump.RunAsync(CancellationToken.None);
        if (!Memory.HasEnded)
        {
            Conclude(outcome, settings);
        }

        try
        {
            onEnded?.Invoke(this, outcome);
        }
        catch (Exception)
        {
            // The application's, which has nothing to do with the log any more.
        }
    }

    /// <summary>Ends a log whose last frame does not say how it has ended: most often there is none.</summary>
    private void Conclude(in StreamOutcome outcome, PumpSettings settings)
    {
        LogEnd end;
        if (_writer!.IsLost)
        {
            end = LogEnd.Lost;
        }
        else if (outcome.Reason == StreamOutcomeReason.Cancelled)
        {
            end = new LogEnd(LogOutcome.Cancelled, _cancellation);
        }
        else
        {
            StreamError error = Describe(outcome.Exception, settings);

            // With frames, and none that tells of the failure: the dialect could not write it. Readers are told as if the producer were lost.
            bool isEmpty = Memory.Last == 0;
            end = new LogEnd(isEmpty ? LogOutcome.Failed : LogOutcome.Lost, error);
            if (isEmpty && outcome.Exception is { } failure)
            {
                Volatile.Write(ref _failure, ExceptionDispatchInfo.Capture(failure));
            }
        }

        Memory.Publish(end);
    }

    private static StreamError Describe(Exception? failure, PumpSettings settings)
    {
        try
        {
            return failure is null ? StreamError.Internal : settings.DescribeFailure(failure);
        }
        catch (Exception)
        {
            return StreamError.Internal;
        }
    }
}

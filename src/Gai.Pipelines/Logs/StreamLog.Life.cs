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
    private const long NotEnded = -1;

    private readonly Lock _lifeLock = new();
    private LogProduction? _production;
    private LogWriteBehind? _writeBehind;
    private LogFollower? _follower;
    private long _endedAt = NotEnded;
    private bool _isGivenUpCopy;
    private bool _isForgotten;

    internal bool IsGivenUp { get; private set; }

    /// <summary>Ends what writes the log, if that is a topic of this process. Before its memory goes.</summary>
    internal Action? Closing { get; set; }

    internal bool IsForgotten => Volatile.Read(ref _isForgotten);

    /// <summary>Gets whether the producer is, or was, at this node.</summary>
    public bool IsProducedHere => _production is not null;

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

        var production = new LogProduction<T>(this, producer);
        _production = production;
        return () =>
        {
            using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
            {
                _writeBehind?.Start();
                production.Start();
            }
        };
    }

    /// <summary>Notes who feeds the log from its store. Before anybody can find it.</summary>
    internal void FollowedBy(LogFollower follower)
    {
        _follower = follower;
        _clock.Schedule(CopyLingers);
    }

    internal void OnReaderLeft()
    {
        if (Memory.Readers == 0 && (_follower is not null || !Memory.HasEnded))
        {
            Rest(_follower is null ? Options.AbandonAfter : CopyLingers);
        }
    }

    /// <summary>Notes that the store does not have the log any more, with all that is not in memory here.</summary>
    internal void OnGoneFromStore()
    {
        StoreFirst = long.MaxValue;
        if (_follower is not null)
        {
            _logs.Forget(this);
        }
    }

    internal bool Cancel(StreamError error) => _production?.Cancel(error) ?? false;

    /// <inheritdoc cref="LogProduction.Lose"/>
    internal void Lose() => _production?.Lose();

    /// <summary>Notes what the producer has thrown before its first event: readers get it as it is.</summary>
    internal void FailedWith(Exception failure) => Volatile.Write(ref _failure, ExceptionDispatchInfo.Capture(failure));

    /// <summary>The number below which no reader of the log needs anything, nor the store; 0 if nobody reads it and nobody else has it.</summary>
    internal long LowestNeeded()
    {
        long lacking = DurableSequence + 1;
        return Memory.LowestUnread() is not { } lowest ? (Store is null ? 0 : lacking)
            : WaitsForStore ? Math.Min(lowest, lacking)
            : lowest;
    }

    /// <summary>Whether the store has not got all of it yet, nor is given up: until then its memory is needed, whoever forgets it.</summary>
    internal bool WaitsForStore => _writeBehind is { Done.IsCompleted: false };

    /// <summary>Whether the store is being given a frame, which it may have in a moment.</summary>
    internal bool IsOnItsWay(long sequence) => _writeBehind?.IsOnItsWay(sequence) == true;

    /// <summary>Whether the store was given up before it was given a frame.</summary>
    internal bool IsNeverStored(long sequence) => _writeBehind?.NeverGets(sequence) == true;

    /// <summary>Waits until the producer is done, and the store has all that there is or is given up.</summary>
    internal async Task DrainAsync()
    {
        if (_production is not null)
        {
            await _production.Done;
        }

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

        Closing?.Invoke();
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

    private async Task ReleaseAsync()
    {
        await DrainAsync().ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _logs.OnLeft(this);
        Memory.Release();
    }
}

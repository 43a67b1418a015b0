using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

// What its clock has it look after: that nobody reads it, that it has ended long ago, that its frames grow old.
public sealed partial class StreamLog
{
    // A copy of another node's log is kept a little after its last reader has left, who may come back.
    private static readonly TimeSpan CopyLingers = TimeSpan.FromSeconds(30);

    private static readonly StreamError Abandoned = StreamError.Cancelled with { Message = "Nobody read the stream for too long; it was cancelled." };

    /// <summary>Looks what is due: called when the clock says so, on the thread pool.</summary>
    internal void Tend()
    {
        if (Volatile.Read(ref _endedAt) is var endedAt && endedAt != NotEnded)
        {
            TendEnded(Options.MaxAge - Since(endedAt));
        }
        else if (_follower is not null)
        {
            TendCopy();
        }
        else if (Description.Kind == LogKind.Topic)
        {
            Rest(Options.MaxAge);
        }
        else
        {
            TendProducer();
        }
    }

    private void TendEnded(TimeSpan left)
    {
        if (_follower is not null && Memory.Readers == 0)
        {
            // How long the store keeps it was decided when it ended there.
            TimeSpan lingers = CopyLingers - Since(Memory.ReadAt);
            left = lingers < left ? lingers : left;
        }

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
        bool isUnread = Memory.Readers == 0;
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

            // Who came to read at another node just before the time was over is known here a little later.
            left -= unread - (_writeBehind?.RenewEvery ?? TimeSpan.Zero);
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
        if (_follower is not null && Memory.Readers == 0)
        {
            // The last reader may have left meanwhile: what it has set must not be put off.
            _clock.Schedule(Soonest(next, CopyLingers));
        }
    }

    private TimeSpan Since(long time) => TimeSpan.FromMilliseconds(Now - time);
}

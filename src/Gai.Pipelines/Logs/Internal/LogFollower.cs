using System.Diagnostics.CodeAnalysis;

namespace Gai.Pipelines.Internal;

/// <summary>Feeds the copy of a log that another node produces, or that any node does: one reader of the store for all cursors of this node.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A cancellation source without a timer and not linked to another holds nothing.")]
internal sealed class LogFollower
{
    private readonly StreamLog _log;
    private readonly LogMemory _memory;
    private readonly ILogStore _store;
    private readonly LogPace _pace;
    private readonly CancellationTokenSource _stop = new();
    private readonly LogStamp _stamp;
    private readonly double _noteEveryMilliseconds;
    private long? _notedAt;
    private Task _following = Task.CompletedTask;

    public LogFollower(StreamLog log, ILogStore store)
    {
        _log = log;
        _memory = log.Memory;
        _store = store;
        _pace = new LogPace(log.Shared.Scheduler);
        _stamp = new LogStamp(log);
        _noteEveryMilliseconds = LogTenure.Often(log.Shared.Lease, log.Options.AbandonAfter).TotalMilliseconds;
    }

    private long Now => _log.Shared.Scheduler.CoarseMilliseconds;

    /// <summary>Done when nothing is written into the copy any more.</summary>
    public Task Done => _following;

    /// <summary>Begins, unless it has been stopped.</summary>
    public void Start()
    {
        // Of no request, whose context it would keep.
        using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
        {
            _following = Task.Run(FollowAsync, CancellationToken.None);
        }
    }

    /// <summary>Tells that somebody reads, who may be the first since long.</summary>
    public void OnReader()
    {
        if (_log.Description.Kind == LogKind.Generation)
        {
            _pace.Signal();
        }
    }

    public void Stop()
    {
        _ = _stop.CancelAsync();
        _pace.Signal();
    }

    private async Task FollowAsync()
    {
        using IDisposable watch = _store.Watch(_log.Description.Id, _ => _pace.Signal());
        using var batch = new LogBatch();
        while (!_stop.IsCancellationRequested)
        {
            bool isMore = false;
            try
            {
                LogState? state = await _store.ReadAsync(_log.Description.Id, _memory.Last + 1, _log.Shared.StoreBatchBytes, batch, _stop.Token);
                if (Take(state, batch))
                {
                    break;
                }

                isMore = batch.Count > 0 && batch.LastSequence < state!.Value.LastSequence;
                batch.Trim();
                await NoteReaderAsync();
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                break;
            }
            catch (Exception failure)
            {
                _log.Report(failure);
                isMore = false;
            }

            if (!isMore)
            {
                await _pace.WaitAsync(_log.Shared.PollInterval);
            }
        }

        if (!_memory.HasEnded)
        {
            // Whoever still reads must not wait for what nobody brings.
            _memory.Publish(LogEnd.Lost);
        }

        _pace.Retire();
    }

    /// <summary>Takes what was read.</summary>
    /// <returns>Whether there will be no more.</returns>
    public bool Take(LogState? read, LogBatch batch)
    {
        if (read is not { } state)
        {
            // Somebody has removed it, or it has expired while nobody here looked.
            _memory.Publish(LogEnd.Lost);

            // Only then: the name of a topic is free when its log has ended.
            _log.OnGoneFromStore();
            return true;
        }

        _log.StoreFirst = state.FirstSequence;
        long first = batch.Count > 0 ? batch.FirstSequence : state.FirstSequence;
        bool skips = first > _memory.Last + 1;
        if (skips)
        {
            _memory.SkipTo(first);
        }

        if (batch.Count > 0)
        {
            _stamp.Append(batch);
        }

        bool hasEnded = state.End is not null && Math.Max(batch.LastSequence, _memory.Last) >= state.LastSequence;
        if (hasEnded)
        {
            _memory.Publish(state.End, endIsInFrames: state is { LastSequence: > 0, End.Outcome: not LogOutcome.Lost });
        }
        else if (batch.Count > 0 || skips)
        {
            _memory.Publish();
        }

        return hasEnded;
    }

    private async ValueTask NoteReaderAsync()
    {
        if (_log.Description.Kind == LogKind.Generation && _log.Readers > 0 && !(Now - _notedAt < _noteEveryMilliseconds))
        {
            await _store.NoteReaderAsync(_log.Description.Id, _stop.Token);
            _notedAt = Now;
        }
    }
}

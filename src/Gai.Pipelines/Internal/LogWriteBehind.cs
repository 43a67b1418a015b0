using System.Diagnostics.CodeAnalysis;

namespace Gai.Pipelines.Internal;

/// <summary>Writes a log into its shared store, behind its readers: in batches, again after a failure, and never so that the producer waits.</summary>
/// <remarks>Two loops: one writes, one keeps the lease and hears what others want, so that a slow write does not cost the lease.</remarks>
[SuppressMessage("Design", "CA1001", Justification = "A cancellation source without a timer and not linked to another holds nothing.")]
internal sealed class LogWriteBehind
{
    private readonly StreamLog _log;
    private readonly LogMemory _memory;
    private readonly ILogStore _store;
    private readonly long _token;
    private readonly LogPace _writing;
    private readonly LogPace _renewing;
    private readonly TimeSpan _renewEvery;
    private readonly CancellationTokenSource _over = new();
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _durable;
    private long? _refusedSince;
    private int _isIdle;
    private long _renewedAt;
    private TimeSpan? _readAgo;

    public LogWriteBehind(StreamLog log, ILogStore store, long token)
    {
        _log = log;
        _memory = log.Memory;
        _store = store;
        _token = token;
        _writing = new LogPace(log.Shared.Scheduler);
        _renewing = new LogPace(log.Shared.Scheduler);
        _renewEvery = Often(log.Shared.Lease, log.Options.AbandonAfter);
    }

    public long DurableSequence => Volatile.Read(ref _durable);

    /// <summary>Done when the store has the whole log, or is given up.</summary>
    public Task Done => _done.Task;

    /// <summary>How long ago somebody read the log at another node; <see langword="null"/> for never.</summary>
    public TimeSpan? ReadElsewhereAgo
    {
        get
        {
            lock (_over)
            {
                // While the store does not answer nobody knows, and whoever read there may still do so.
                TimeSpan since = TimeSpan.FromMilliseconds(Now - _renewedAt);
                return since > 2 * _renewEvery ? _readAgo : _readAgo + since;
            }
        }
    }

    private bool IsTooFarBehind => _memory.Last - _durable > _log.Shared.MaxStoreLag;

    private long Now => _log.Shared.Scheduler.CoarseMilliseconds;

    /// <summary>For how long a store is asked again to take what is left of a log that has ended.</summary>
    private double PatienceMilliseconds => 4 * _log.Shared.Lease.TotalMilliseconds;

    /// <summary>How often something is said that must not be missed within a lease, nor within the time after which an unread log is abandoned.</summary>
    public static TimeSpan Often(TimeSpan lease, TimeSpan abandonAfter) =>
        (abandonAfter == Timeout.InfiniteTimeSpan || lease < abandonAfter ? lease : abandonAfter) / 3;

    public void Start()
    {
        _ = WriteAsync();
        _ = RenewAsync();
    }

    /// <summary>Tells that there is more. Called after each flush: only one that finds the writing idle wakes it.</summary>
    public void Signal()
    {
        if (Interlocked.Exchange(ref _isIdle, 0) == 1 || _memory.HasEnded)
        {
            _writing.Signal();
        }
    }

    private async Task WriteAsync()
    {
        using var batch = new LogBatch();
        try
        {
            do
            {
                while (await WaitForMoreAsync())
                {
                    if (!await TryAppendAsync(batch))
                    {
                        // What the store lacks is no longer in memory. Readers elsewhere get what it has, and are told.
                        await TryEndAsync(LogEnd.Lost, lastSequence: 0, batch, _refusedSince ?? Now);
                        return;
                    }
                }
            }
            while (!await TryEndAsync(_memory.End!.Value, _durable, batch, Now));
        }
        catch (LogFencedException)
        {
            _log.Cancel(StreamError.ProducerLost);
        }
        finally
        {
            _writing.Retire();
            await _over.CancelAsync();
            _renewing.Signal();
            _done.TrySetResult();
        }
    }

    /// <summary>Waits until there is something to write, and then a little for more.</summary>
    /// <returns><see langword="false"/> if all is written and the log has ended.</returns>
    private async ValueTask<bool> WaitForMoreAsync()
    {
        while (_memory.Last == _durable)
        {
            if (_memory.HasEnded)
            {
                return _memory.Last > _durable;
            }

            Interlocked.Exchange(ref _isIdle, 1);
            if (_memory.Last == _durable && !_memory.HasEnded)
            {
                await _writing.WaitAsync(Timeout.InfiniteTimeSpan);
            }
        }

        if (!_memory.HasEnded && _log.Shared.StoreDelay > TimeSpan.Zero && _memory.Last - _durable < _log.Shared.MaxStoreLag / 2)
        {
            await _writing.WaitAsync(_log.Shared.StoreDelay);
        }

        return true;
    }

    /// <summary>Writes what there is, as often as it takes.</summary>
    /// <returns>Whether the store is not too far behind, nor was away for the time of several leases after the log had ended.</returns>
    private async ValueTask<bool> TryAppendAsync(LogBatch batch)
    {
        if (!_memory.TryCopy(_durable + 1, _log.Shared.StoreBatchBytes, batch))
        {
            return false;
        }

        while (true)
        {
            try
            {
                await _store.AppendAsync(_log.Description.Id, _token, batch, CancellationToken.None);
                Volatile.Write(ref _durable, batch.LastSequence);
                _refusedSince = null;

                // Of a log that has ended the store gets the rest, as long as it takes something.
                return _memory.HasEnded || !IsTooFarBehind;
            }
            catch (Exception failure) when (failure is not LogFencedException)
            {
                _log.Report(failure);
                if (IsTooFarBehind || HasBeenRefusedTooLong() || _log.IsGivenUp)
                {
                    return false;
                }

                await _writing.WaitAsync(_log.Shared.PollInterval);
                if (failure is ArgumentException)
                {
                    return await TryRewindAsync(batch);
                }
            }
        }
    }

    /// <summary>Notes that the store has taken nothing, and says whether that goes on for too long.</summary>
    /// <remarks>The lag of a log that grows tells so. That of one that has ended stays as it is, and as long as the lease is renewed readers elsewhere wait.</remarks>
    private bool HasBeenRefusedTooLong()
    {
        if (!_memory.HasEnded)
        {
            return false;
        }

        _refusedSince ??= Now;
        return Now - _refusedSince > PatienceMilliseconds;
    }

    /// <summary>Goes back to the last frame that the store still has, as after a fail-over to a server that lagged behind.</summary>
    /// <returns>Whether there is something to write again.</returns>
    private async ValueTask<bool> TryRewindAsync(LogBatch batch)
    {
        try
        {
            LogState? state = await _store.ReadAsync(_log.Description.Id, LogPosition.MaxSequence, 1, batch, CancellationToken.None);
            long last = state?.LastSequence ?? throw new LogFencedException(_log.Description.Id);
            bool isBehind = last < _durable;
            Volatile.Write(ref _durable, Math.Min(last, _durable));
            return isBehind;
        }
        catch (Exception failure) when (failure is not LogFencedException)
        {
            // Away again: the next append finds the same.
            _log.Report(failure);
            return true;
        }
    }

    /// <summary>Ends the log in the store. A store that has taken nothing for the time of several leases is given up, once it has been asked: it declares the log lost itself.</summary>
    /// <returns><see langword="false"/> if the store has lost frames that it had: they have to be written again first.</returns>
    private async ValueTask<bool> TryEndAsync(LogEnd end, long lastSequence, LogBatch batch, long since)
    {
        while (true)
        {
            try
            {
                await _store.EndAsync(_log.Description.Id, _token, end, lastSequence, CancellationToken.None);
                return true;
            }
            catch (Exception failure) when (failure is not LogFencedException)
            {
                _log.Report(failure);
                if (Now - since > PatienceMilliseconds || _log.IsGivenUp)
                {
                    return true;
                }

                if (failure is ArgumentException && await TryRewindAsync(batch) && _durable < lastSequence)
                {
                    return false;
                }

                await _writing.WaitAsync(_log.Shared.PollInterval);
            }
        }
    }

    private async Task RenewAsync()
    {
        using IDisposable watch = _store.Watch(_log.Description.Id, OnChange);
        TimeSpan wait = _renewEvery;
        while (true)
        {
            await _renewing.WaitAsync(wait);
            if (_over.IsCancellationRequested)
            {
                break;
            }

            wait = await RenewOnceAsync();
        }

        _renewing.Retire();
    }

    private void OnChange(LogChange change)
    {
        // The frames are its own.
        if (change != LogChange.Frames)
        {
            _renewing.Signal();
        }
    }

    private async ValueTask<TimeSpan> RenewOnceAsync()
    {
        try
        {
            LogLease lease = await _store.RenewAsync(_log.Description.Id, _token, _log.Shared.Lease, _over.Token);
            lock (_over)
            {
                _readAgo = lease.ReadAgo;
                _renewedAt = Now;
            }

            if (lease.IsCancelRequested)
            {
                _log.Cancel();
            }
        }
        catch (LogFencedException)
        {
            if (!_memory.HasEnded)
            {
                _log.Cancel(StreamError.ProducerLost);
            }

            return Timeout.InfiniteTimeSpan;
        }
        catch (OperationCanceledException) when (_over.IsCancellationRequested)
        {
            // It is over.
        }
        catch (Exception failure)
        {
            _log.Report(failure);
            return _log.Shared.PollInterval;
        }

        return _renewEvery;
    }
}

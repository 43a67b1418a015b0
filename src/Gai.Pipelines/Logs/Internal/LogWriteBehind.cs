namespace Gai.Pipelines.Internal;

/// <summary>Writes a log into its shared store, behind its readers: in batches, again after a failure, and never so that the producer waits.</summary>
/// <remarks>The lease is kept by a loop of its own (<see cref="LogTenure"/>): a slow write must not cost it.</remarks>
internal sealed class LogWriteBehind
{
    private readonly StreamLog _log;
    private readonly LogMemory _memory;
    private readonly ILogStore _store;
    private readonly long _token;
    private readonly LogPace _writing;
    private readonly LogTenure _tenure;
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _durable;
    private long _offered; // the last that an append may have brought
    private bool _isFed = true;
    private long? _refusedSince;
    private bool _wasFull; // the last batch: there may be more already
    private int _isIdle;

    public LogWriteBehind(StreamLog log, ILogStore store, long token)
    {
        _log = log;
        _memory = log.Memory;
        _store = store;
        _token = token;
        _writing = new LogPace(log.Shared.Scheduler);
        _tenure = new LogTenure(log, store, token);
        _memory.NoteStored(0, log.Shared.MaxStoreLag);
    }

    public long DurableSequence => Volatile.Read(ref _durable);

    /// <summary>Whether a frame is on its way to the store: memory may have lost it since, and readers of the store have to wait for it.</summary>
    public bool IsOnItsWay(long sequence) => Volatile.Read(ref _isFed) && sequence > DurableSequence && sequence <= Volatile.Read(ref _offered);

    /// <summary>Whether the store neither has a frame nor will get it: nobody has to ask it for that, whether it is there or away.</summary>
    public bool NeverGets(long sequence) => !Volatile.Read(ref _isFed) && sequence > Volatile.Read(ref _offered);

    /// <summary>Done when the store has the whole log, or is given up.</summary>
    public Task Done => _done.Task;

    /// <inheritdoc cref="LogTenure.ReadElsewhereAgo"/>
    /// <remarks>What goes on here when the store is given up nobody reads elsewhere.</remarks>
    public TimeSpan? ReadElsewhereAgo => _done.Task.IsCompleted ? null : _tenure.ReadElsewhereAgo;

    /// <inheritdoc cref="LogTenure.RenewEvery"/>
    public TimeSpan RenewEvery => _done.Task.IsCompleted ? TimeSpan.Zero : _tenure.RenewEvery;

    private bool IsTooFarBehind => _memory.Last - _durable > _log.Shared.MaxStoreLag;

    private long Now => _log.Shared.Scheduler.CoarseMilliseconds;

    /// <summary>For how long a store is asked again to take what is left of a log that has ended.</summary>
    private double PatienceMilliseconds => 4 * _log.Shared.Lease.TotalMilliseconds;

    public void Start()
    {
        _ = WriteAsync();
        _tenure.Start();
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
                        await GiveUpAsync(batch);
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
            StopFeeding();
            _writing.Retire();
            await _tenure.EndAsync();
            _done.TrySetResult();
        }
    }

    /// <summary>Gives the store up: readers elsewhere get what it has, and are told that the rest is lost. Those here go on.</summary>
    private async ValueTask GiveUpAsync(LogBatch batch)
    {
        StopFeeding();

        // First: a renewal that finds the log lost would take it for another node's.
        await _tenure.EndAsync();
        try
        {
            await TryEndAsync(LogEnd.Lost, lastSequence: 0, batch, _refusedSince ?? Now);
        }
        catch (LogFencedException)
        {
            // It is lost already.
        }
    }

    /// <summary>Nothing more comes to the store: nobody waits for it to get anything, and the log keeps to its own bounds.</summary>
    private void StopFeeding()
    {
        Volatile.Write(ref _isFed, false);
        _memory.NoteStored(long.MaxValue, mayLag: 0);
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

        if (!_memory.HasEnded && !_wasFull && _log.Shared.StoreDelay > TimeSpan.Zero && _memory.Last - _durable < _log.Shared.MaxStoreLag / 2)
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

        Volatile.Write(ref _offered, Math.Max(_offered, batch.LastSequence));
        while (true)
        {
            try
            {
                await _store.AppendAsync(_log.Description.Id, _token, batch, CancellationToken.None);
                SetDurable(batch.LastSequence);
                _wasFull = batch.Bytes.Length >= _log.Shared.StoreBatchBytes;
                _refusedSince = null;
                batch.Trim();

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

    private void SetDurable(long sequence)
    {
        Volatile.Write(ref _durable, sequence);
        _memory.NoteStored(sequence, _log.Shared.MaxStoreLag);
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
            SetDurable(Math.Min(last, _durable));
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
}

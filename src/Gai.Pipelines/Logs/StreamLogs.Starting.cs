#pragma warning disable VSTHRD002 // Results are read here only of tasks that have completed.
using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

public sealed partial class StreamLogs
{
    /// <summary>Forgets a log: it is no longer found here.</summary>
    internal void Forget(StreamLog log)
    {
        lock (_lock)
        {
            if (_byId.TryGetValue(log.Description.Id, out StreamLog? known) && known == log)
            {
                _byId.Remove(log.Description.Id);
                _leaving.Add(log);

                // A copy of a topic that goes on ends when it has been forgotten: that is not the topic's end.
                if (log.Description.Kind == LogKind.Topic && log.Memory.HasEnded)
                {
                    FreeTopic(log.Description.Id);
                }
            }

            FreeKey(log);
        }

        log.OnForgotten();
    }

    /// <summary>Notes that nothing is at work any more for a log that is forgotten.</summary>
    internal void OnLeft(StreamLog log)
    {
        lock (_lock)
        {
            _leaving.Remove(log);
        }
    }

    /// <summary>Begins a log, or attaches to the one that another node has begun.</summary>
    /// <returns>Whether it has begun.</returns>
    private async Task<bool> StartAsync<T>(LogStart start, Func<LogProducer<T>> produce, TaskCompletionSource<StreamLog> starting)
    {
        try
        {
            var claim = new LogClaim(Describe(start), IsOwner: true, FencingToken: 0);
            if (_store is not null)
            {
                claim = await ClaimAsync(_store, claim.Log);
            }

            if (claim.IsOwner)
            {
                await BeginAsync(claim, start.Options, produce, starting);
                return true;
            }

            StreamLog copy = await FindCopyAsync(claim.Log, start.Options)
                ?? throw new InvalidOperationException("The log ended and was removed while it was being opened. Try again.");
            starting.SetResult(copy);
            if (!copy.IsProducedHere)
            {
                // Who holds the key is the store's to say.
                ForgetStart(start.Key, starting.Task);
            }

            return false;
        }
        catch (Exception failure)
        {
            ForgetStart(start.Key, starting.Task);
            starting.SetException(failure);
            _ = starting.Task.Exception;
            throw;
        }
    }

    /// <summary>Claims a key in the store, a second time if the first fails: if only its answer was lost, the log has an owner already, who would else not know.</summary>
    private async ValueTask<LogClaim> ClaimAsync(ILogStore store, LogDescription proposal)
    {
        try
        {
            return await store.ClaimAsync(proposal, Options.Lease, CancellationToken.None);
        }
        catch (Exception failure) when (failure is not ArgumentException)
        {
            try
            {
                return await store.ClaimAsync(proposal, Options.Lease, CancellationToken.None);
            }
            catch (Exception)
            {
                _ = WithdrawAsync(store, proposal.Id);
                throw;
            }
        }
    }

    /// <summary>Takes a claim back of which nobody knows whether it was made, within the time in which it would hold its key.</summary>
    private async Task WithdrawAsync(ILogStore store, LogId log)
    {
        var pace = new LogPace(Options.Scheduler);
        long begun = Options.Scheduler.CoarseMilliseconds;
        while (!IsStopping && Options.Scheduler.CoarseMilliseconds - begun < Options.Lease.TotalMilliseconds)
        {
            await pace.WaitAsync(Options.PollInterval);
            try
            {
                await store.RemoveAsync(log, CancellationToken.None);
                break;
            }
            catch (Exception)
            {
                // Away still. Whoever was told of the failure knows that the store is.
            }
        }

        pace.Retire();
    }

    private async Task BeginAsync<T>(LogClaim claim, LogOptions options, Func<LogProducer<T>> produce, TaskCompletionSource<StreamLog> starting)
    {
        try
        {
            LogProducer<T> producer = produce();
            var log = new StreamLog(this, claim.Log, options, _store);
            Action run = log.Prepare(producer, claim.FencingToken);
            producer.OnPrepared?.Invoke(log);
            bool isStopping;
            lock (_lock)
            {
                // Whoever stops the node finds it from here on, with a producer to end.
                isStopping = _isStopping;
                _byId.Add(claim.Log.Id, log);

                // It holds its key before it runs: a log that is over at once, and is forgotten, has to free it.
                starting.SetResult(log);
            }

            if (isStopping)
            {
                log.Lose();
            }

            run();
        }
        catch (Exception) when (_store is not null)
        {
            // What has failed is what the caller is told, whether the store can be reached or not.
            try
            {
                await _store.RemoveAsync(claim.Log.Id, CancellationToken.None);
            }
            catch (Exception)
            {
                _ = WithdrawAsync(_store, claim.Log.Id);
            }

            throw;
        }
    }

    private async Task<StreamLog?> FindCopyAsync(LogDescription description, LogOptions options)
    {
        Task<StreamLog?>? opening;
        lock (_lock)
        {
            if (_byId.TryGetValue(description.Id, out StreamLog? known))
            {
                return known;
            }

            if (!_opening.TryGetValue(description.Id, out opening))
            {
                opening = OpenCopyAsync(description.Id, description, options);
                _opening.Add(description.Id, opening);
            }
        }

        return await opening;
    }

    /// <summary>Opens a copy of a log of the store. It begins where the log ends now: what is before that is read from the store by those who want it.</summary>
    private async Task<StreamLog?> OpenCopyAsync(LogId id, LogDescription? description, LogOptions options)
    {
        // Not under the caller's lock.
        await Task.Yield();
        try
        {
            description ??= await _store!.FindAsync(id, CancellationToken.None);
            if (description is null)
            {
                return null;
            }

            using var nothing = new LogBatch();
            if (await _store!.ReadAsync(id, LogPosition.MaxSequence, 1, nothing, CancellationToken.None) is not { } state)
            {
                return null;
            }

            var log = new StreamLog(this, description, options, _store, state.LastSequence + 1) { StoreFirst = state.FirstSequence };
            var follower = new LogFollower(log, _store);
            log.FollowedBy(follower);

            // Whoever finds it knows how it has ended: a client that has all of it is to be told so.
            bool hasEnded = follower.Take(state, nothing);
            lock (_lock)
            {
                ThrowIfStopping();

                // If it ended without a frame it is forgotten already.
                if (!log.IsForgotten)
                {
                    _byId.Add(id, log);
                }
            }

            if (!hasEnded)
            {
                // Somebody who has found the log may have forgotten it, and stopped this, already.
                follower.Start();
            }

            return log;
        }
        finally
        {
            lock (_lock)
            {
                _opening.Remove(id);
            }
        }
    }

    private async ValueTask<LogId?> IdOfAsync(LogKey key, CancellationToken cancellationToken)
    {
        Task<StreamLog>? known;
        lock (_lock)
        {
            _byKey.TryGetValue(key, out known);
        }

        // What runs here holds its key here, whatever the store knows of it, and however far away that is.
        return known is not null && !MayBeReplaced(known) ? (await known.WaitAsync(cancellationToken)).Description.Id
            : _store is not null ? (await _store.FindAsync(key, cancellationToken))?.Id
            : null;
    }

    /// <summary>Whether a log that has begun here may no longer hold its key, because another node has removed it.</summary>
    private bool MayBeReplaced(Task<StreamLog> known) => _store is not null && known is { IsCompletedSuccessfully: true } && HasEnded(known);

    private static bool HasEnded(Task<StreamLog> known) => known.GetAwaiter().GetResult().Memory.HasEnded;

    private LogDescription Describe(LogStart start) => new()
    {
        Id = LogId.New(),
        Key = start.Key,
        Kind = LogKind.Generation,
        Format = start.Format,
        Dialect = start.Dialect,
        Owner = start.Owner,
        CreatedAt = Options.Scheduler.TimeProvider.GetUtcNow(),
        KeepFor = start.Options.MaxAge,
    };

    private void ForgetStart(LogKey key, Task<StreamLog> start)
    {
        lock (_lock)
        {
            if (_byKey.TryGetValue(key, out Task<StreamLog>? holder) && holder == start)
            {
                _byKey.Remove(key);
            }
        }
    }

    private void FreeKey(StreamLog log)
    {
        if (_byKey.TryGetValue(log.Description.Key, out Task<StreamLog>? holder) &&
            holder.IsCompletedSuccessfully && holder.GetAwaiter().GetResult() == log)
        {
            _byKey.Remove(log.Description.Key);
        }
    }

    private void ThrowIfStopping()
    {
        if (_isStopping)
        {
            throw new InvalidOperationException("The server is shutting down and begins no new streams. Connect to another one.");
        }
    }
}

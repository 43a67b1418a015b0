namespace Gai.Pipelines.Tests.Logs;

/// <summary>A node's way to a store, which a test makes slow, breaks or cuts off.</summary>
internal sealed class FaultyLogStore(ILogStore store) : ILogStore
{
    private TaskCompletionSource _open = Opened();

    /// <summary>Gets or sets what calls that write throw, before anything happens.</summary>
    public Exception? FailsBefore { get; set; }

    /// <summary>Gets or sets what calls that write throw when all has happened: their answer is lost.</summary>
    public Exception? FailsAfter { get; set; }

    /// <summary>Gets or sets what appends alone throw, before anything happens: there is no room, and all else works.</summary>
    public Exception? FailsToAppend { get; set; }

    /// <summary>Gets or sets what ends alone throw, before anything happens.</summary>
    public Exception? FailsToEnd { get; set; }

    /// <summary>Gets or sets what appends alone wait for, before anything happens.</summary>
    public Task Appending { get; set; } = Task.CompletedTask;

    /// <summary>Gets or sets what the answers to ends wait for, when all has happened.</summary>
    public Task EndAnswers { get; set; } = Task.CompletedTask;

    /// <summary>Gets or sets what claims alone throw when all has happened, each time: their answers are lost.</summary>
    public Exception? LosesClaims { get; set; }

    /// <summary>Gets or sets whether frames are taken and lost, as by a server that answers and is then replaced by one that lagged behind.</summary>
    public bool Forgets { get; set; }

    /// <summary>Gets or sets whether signals get lost.</summary>
    public bool IsDeaf { get; set; }

    /// <summary>Gets or sets what is told of each read and publication, in the context of whoever makes it.</summary>
    public Action? OnCall { get; set; }

    public int Appends { get; private set; }

    /// <summary>Gets how often the end of a log was to be written, whether that failed or not.</summary>
    public int Ends { get; private set; }

    /// <summary>Gets how often frames of a topic were to be written, whether that failed or not.</summary>
    public int Publications { get; private set; }

    /// <summary>Gets how many bytes the largest batch of a topic had.</summary>
    public int LargestPublication { get; private set; }

    /// <summary>Gets how many frames and logs were deleted since they were over.</summary>
    public int Deleted { get; private set; }

    /// <summary>Gets how many logs were removed.</summary>
    public int Removals { get; private set; }

    public int Reads { get; private set; }

    public int Renewals { get; private set; }

    public int Notes { get; private set; }

    public bool IsShared => true;

    /// <summary>Lets calls wait until <see cref="Open"/>.</summary>
    public void Close() => _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Open() => _open.TrySetResult();

    public async ValueTask<LogClaim> ClaimAsync(LogDescription proposal, TimeSpan lease, CancellationToken cancellationToken)
    {
        await _open.Task.WaitAsync(cancellationToken);
        LogClaim claim = await store.ClaimAsync(proposal, lease, cancellationToken);
        After();
        if (LosesClaims is { } failure)
        {
            throw failure;
        }

        return claim;
    }

    public async ValueTask<LogDescription?> FindAsync(LogKey key, CancellationToken cancellationToken)
    {
        await _open.Task.WaitAsync(cancellationToken);
        return await store.FindAsync(key, cancellationToken);
    }

    public async ValueTask<LogDescription?> FindAsync(LogId log, CancellationToken cancellationToken)
    {
        await _open.Task.WaitAsync(cancellationToken);
        return await store.FindAsync(log, cancellationToken);
    }

    public async ValueTask AppendAsync(LogId log, long fencingToken, LogBatch batch, CancellationToken cancellationToken)
    {
        await BeforeAsync(cancellationToken);
        Appends++;
        await Appending;
        if (FailsToAppend is { } failure)
        {
            throw failure;
        }

        if (Forgets)
        {
            return;
        }

        await store.AppendAsync(log, fencingToken, batch, cancellationToken);
        After();
    }

    public async ValueTask<long> PublishAsync(LogId log, Guid publication, LogBatch batch, CancellationToken cancellationToken)
    {
        Publications++;
        OnCall?.Invoke();
        await BeforeAsync(cancellationToken);
        LargestPublication = Math.Max(LargestPublication, batch.Bytes.Length);
        long first = await store.PublishAsync(log, publication, batch, cancellationToken);
        After();
        return first;
    }

    public async ValueTask CompleteTopicAsync(LogId log, LogBatch marker, CancellationToken cancellationToken)
    {
        Ends++;
        await BeforeAsync(cancellationToken);
        if (FailsToEnd is { } failure)
        {
            throw failure;
        }

        await store.CompleteTopicAsync(log, marker, cancellationToken);
        After();
    }

    public async ValueTask EndAsync(LogId log, long fencingToken, LogEnd end, long lastSequence, CancellationToken cancellationToken)
    {
        Ends++;
        await BeforeAsync(cancellationToken);
        if (FailsToEnd is { } failure)
        {
            throw failure;
        }

        await store.EndAsync(log, fencingToken, end, lastSequence, cancellationToken);
        await EndAnswers;
        After();
    }

    public async ValueTask<LogLease> RenewAsync(LogId log, long fencingToken, TimeSpan lease, CancellationToken cancellationToken)
    {
        await BeforeAsync(cancellationToken);
        LogLease answer = await store.RenewAsync(log, fencingToken, lease, cancellationToken);
        Renewals++;
        return answer;
    }

    public async ValueTask<LogState?> ReadAsync(LogId log, long first, int maxBytes, LogBatch into, CancellationToken cancellationToken)
    {
        OnCall?.Invoke();
        await BeforeAsync(cancellationToken);
        Reads++;
        return await store.ReadAsync(log, first, maxBytes, into, cancellationToken);
    }

    public IDisposable Watch(LogId log, Action<LogChange> onChange) => store.Watch(log, change =>
    {
        if (!IsDeaf)
        {
            onChange(change);
        }
    });

    public async ValueTask NoteReaderAsync(LogId log, CancellationToken cancellationToken)
    {
        await BeforeAsync(cancellationToken);
        await store.NoteReaderAsync(log, cancellationToken);
        Notes++;
    }

    public async ValueTask<bool> RequestCancelAsync(LogId log, CancellationToken cancellationToken)
    {
        await BeforeAsync(cancellationToken);
        return await store.RequestCancelAsync(log, cancellationToken);
    }

    public async ValueTask<bool> RemoveAsync(LogId log, CancellationToken cancellationToken)
    {
        await BeforeAsync(cancellationToken);
        bool isRemoved = await store.RemoveAsync(log, cancellationToken);
        Removals++;
        return isRemoved;
    }

    public async ValueTask<int> DeleteExpiredAsync(int maxFrames, CancellationToken cancellationToken)
    {
        await BeforeAsync(cancellationToken);
        int deleted = await store.DeleteExpiredAsync(maxFrames, cancellationToken);
        Deleted += deleted;
        return deleted;
    }

    private static TaskCompletionSource Opened()
    {
        var open = new TaskCompletionSource();
        open.SetResult();
        return open;
    }

    private async Task BeforeAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        await _open.Task.WaitAsync(cancellationToken);
        if (FailsBefore is { } failure)
        {
            throw failure;
        }
    }

    private void After()
    {
        if (FailsAfter is { } failure)
        {
            FailsAfter = null;
            throw failure;
        }
    }
}

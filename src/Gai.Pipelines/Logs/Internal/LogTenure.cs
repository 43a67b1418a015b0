using System.Diagnostics.CodeAnalysis;

namespace Gai.Pipelines.Internal;

/// <summary>Keeps a log this node's in its shared store: renews the lease, and hears what others want of the owner.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A cancellation source without a timer and not linked to another holds nothing.")]
internal sealed class LogTenure
{
    private readonly StreamLog _log;
    private readonly ILogStore _store;
    private readonly long _token;
    private readonly LogPace _renewing;
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _over = new();
    private long _renewedAt;
    private TimeSpan? _readAgo;

    public LogTenure(StreamLog log, ILogStore store, long token)
    {
        _log = log;
        _store = store;
        _token = token;
        _renewing = new LogPace(log.Shared.Scheduler);
        RenewEvery = Often(log.Shared.Lease, log.Options.AbandonAfter);
    }

    /// <summary>How long ago somebody read the log at another node; <see langword="null"/> for never.</summary>
    public TimeSpan? ReadElsewhereAgo
    {
        get
        {
            lock (_lock)
            {
                // While the store does not answer nobody knows, and whoever read there may still do so.
                TimeSpan since = TimeSpan.FromMilliseconds(Now - _renewedAt);
                return since > 2 * RenewEvery ? _readAgo : _readAgo + since;
            }
        }
    }

    /// <summary>How long it takes at most until this node knows who reads at another.</summary>
    public TimeSpan RenewEvery { get; }

    private long Now => _log.Shared.Scheduler.CoarseMilliseconds;

    /// <summary>How often something is said that must not be missed within a lease, nor within the time after which an unread log is abandoned.</summary>
    public static TimeSpan Often(TimeSpan lease, TimeSpan abandonAfter) =>
        (abandonAfter == Timeout.InfiniteTimeSpan || lease < abandonAfter ? lease : abandonAfter) / 3;

    public void Start() => _ = RenewAsync();

    /// <summary>Ends the renewals. May be called again.</summary>
    public async Task EndAsync()
    {
        await _over.CancelAsync();
        _renewing.Signal();
    }

    private async Task RenewAsync()
    {
        using IDisposable watch = _store.Watch(_log.Description.Id, OnChange);
        TimeSpan wait = RenewEvery;
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
            lock (_lock)
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
            // Of a log that has ended, or whose store is given up, nobody is to be told so.
            if (!_log.Memory.HasEnded && !_over.IsCancellationRequested)
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

        return RenewEvery;
    }
}

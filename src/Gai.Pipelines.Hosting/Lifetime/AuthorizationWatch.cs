using Gai.Pipelines.Internal;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gai.Pipelines.Hosting;

/// <summary>Ends a stream whose client may no longer read: when its ticket expires, or when the application says so.</summary>
/// <remarks>One entry in the shared scheduler, beside that of the pump, so that a stream that is busy is looked at as well. Only streams that configured it have one.</remarks>
internal sealed class AuthorizationWatch : TimingEntry, IAsyncDisposable
{
    private readonly IOpenStream _stream;
    private readonly HttpContext _context;
    private readonly AuthorizationChecks _checks;
    private readonly StreamScheduler _scheduler;
    private readonly ILogger _logger;
    private readonly DateTimeOffset _expires;
    private readonly Lock _lock = new();
    private Task _check = Task.CompletedTask;
    private bool _isChecking;
    private bool _isOver;

    private AuthorizationWatch(IOpenStream stream, HttpContext context, AuthorizationChecks checks, StreamScheduler scheduler, ILogger logger)
    {
        _stream = stream;
        _context = context;
        _checks = checks;
        _scheduler = scheduler;
        _logger = logger;
        _expires = (checks.EndWhenTicketExpires ? TicketExpiry(context) : null) ?? DateTimeOffset.MaxValue;
    }

    private TimeSpan Left => _expires - _scheduler.TimeProvider.GetUtcNow();

    /// <summary>Watches a stream until it is disposed of.</summary>
    /// <returns><see langword="null"/> if there is nothing to look at.</returns>
    public static AuthorizationWatch? Start(IOpenStream stream, HttpContext context, AuthorizationChecks checks, StreamScheduler scheduler, ILogger logger)
    {
        if (!checks.AreAny)
        {
            return null;
        }

        var watch = new AuthorizationWatch(stream, context, checks, scheduler, logger);
        watch.Continue();
        return watch;
    }

    /// <summary>Ends the watch. A check that is under way uses the request, so it is waited for, but not for ever.</summary>
    public async ValueTask DisposeAsync()
    {
        _scheduler.Coarse.Retire(this);
        Task check;
        lock (_lock)
        {
            _isOver = true;
            check = _check;
        }

        await check.WaitAsync(_checks.LongestWait, _scheduler.TimeProvider).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    protected internal override void OnDue()
    {
        if (_checks.MayGoOn is not null && Left > TimeSpan.Zero)
        {
            BeginCheck();
        }

        Continue();
    }

    private static DateTimeOffset? TicketExpiry(HttpContext context) =>
        context.Features.Get<IAuthenticateResultFeature>()?.AuthenticateResult?.Properties?.ExpiresUtc;

    /// <summary>Sets the next time to look, or ends the stream if the ticket has expired. A check that is under way sets its own, so only the ticket is waited for meanwhile.</summary>
    private void Continue()
    {
        TimeSpan left = Left;
        if (left <= TimeSpan.Zero)
        {
            End();
            return;
        }

        lock (_lock)
        {
            if (_expires != DateTimeOffset.MaxValue || (_checks.MayGoOn is not null && !_isChecking))
            {
                // A ticket expires by the clock on the wall, which may be set meanwhile: it is looked at again, however much is left.
                _scheduler.Coarse.Schedule(this, left < _checks.Interval ? left : _checks.Interval);
            }
        }
    }

    private void BeginCheck()
    {
        Task<bool> check;
        PathString path;
        CancellationToken clientGone;
        lock (_lock)
        {
            // The scheduler may have taken the entry out just before it was retired.
            if (_isOver || _isChecking)
            {
                return;
            }

            _isChecking = true;
            path = _context.Request.Path;
            clientGone = _context.RequestAborted;
            _check = check = Task.Run(() => _checks.MayGoOn!(_context).AsTask());
        }

        _ = ConcludeAsync(check, path, clientGone);
    }

    private async Task ConcludeAsync(Task<bool> check, PathString path, CancellationToken clientGone)
    {
        bool mayGoOn = false;
        try
        {
            mayGoOn = await check.WaitAsync(_checks.Interval, _scheduler.TimeProvider, CancellationToken.None);
        }
        catch (Exception) when (clientGone.IsCancellationRequested)
        {
            // The stream ends without this, and nobody is there to be told.
            mayGoOn = true;
        }
        catch (Exception failure)
        {
            // Who cannot be checked, or not before the next check is due, may not read.
            Log.AuthorizationCheckFailed(_logger, path, failure);
        }

        lock (_lock)
        {
            _isChecking = false;
        }

        if (mayGoOn)
        {
            Continue();
        }
        else
        {
            End();
        }
    }

    private void End()
    {
        lock (_lock)
        {
            if (_isOver)
            {
                return;
            }

            _isOver = true;
        }

        _scheduler.Coarse.Retire(this);
        _stream.End(StreamOutcomeReason.Unauthorized, StreamError.Unauthorized);
    }
}

/// <summary>What is looked at while a stream is open.</summary>
internal sealed record AuthorizationChecks(bool EndWhenTicketExpires, Func<HttpContext, ValueTask<bool>>? MayGoOn, TimeSpan Interval, TimeSpan LongestWait)
{
    public bool AreAny => EndWhenTicketExpires || MayGoOn is not null;
}

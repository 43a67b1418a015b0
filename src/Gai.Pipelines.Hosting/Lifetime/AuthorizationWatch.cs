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
        if (_checks.MayGoOn is null || Left <= TimeSpan.Zero)
        {
            Continue();
            return;
        }

        lock (_lock)
        {
            // The scheduler may have taken the entry out just before it was retired.
            _check = _isOver ? _check : Task.Run(CheckAsync);
        }
    }

    private static DateTimeOffset? TicketExpiry(HttpContext context) =>
        context.Features.Get<IAuthenticateResultFeature>()?.AuthenticateResult?.Properties?.ExpiresUtc;

    /// <summary>Sets the next time to look, or ends the stream if the ticket has expired.</summary>
    private void Continue()
    {
        TimeSpan left = Left;
        if (left <= TimeSpan.Zero)
        {
            End();
        }
        else if (_checks.MayGoOn is not null || _expires != DateTimeOffset.MaxValue)
        {
            // A ticket expires by the clock on the wall, which may be set meanwhile: it is looked at again, however much is left.
            _scheduler.Coarse.Schedule(this, left < _checks.Interval ? left : _checks.Interval);
        }
    }

    private async Task CheckAsync()
    {
        try
        {
            if (await _checks.MayGoOn!(_context))
            {
                Continue();
                return;
            }
        }
        catch (Exception failure)
        {
            // Who cannot be checked may not read.
            Log.AuthorizationCheckFailed(_logger, _context.Request.Path, failure);
        }

        End();
    }

    private void End() => _stream.End(StreamOutcomeReason.Unauthorized, StreamError.Unauthorized);
}

/// <summary>What is looked at while a stream is open.</summary>
internal sealed record AuthorizationChecks(bool EndWhenTicketExpires, Func<HttpContext, ValueTask<bool>>? MayGoOn, TimeSpan Interval, TimeSpan LongestWait)
{
    public bool AreAny => EndWhenTicketExpires || MayGoOn is not null;
}

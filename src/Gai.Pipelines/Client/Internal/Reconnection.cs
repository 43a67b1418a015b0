namespace Gai.Pipelines.Internal;

/// <summary>What a client that comes back knows of its stream from one attempt to the next.</summary>
internal sealed class Reconnection(EventStreamClientOptions options)
{
    // Timers take no longer waits: 2^32 - 2 ms, less than 50 days.
    private static readonly TimeSpan LongestDelay = TimeSpan.FromDays(49);

    private TimeSpan? _serverBackoff;
    private TimeSpan _retryAfter;
    private Exception? _cause;
    private int _failures;

    public EventStreamClientOptions Options => options;

    /// <summary>The id of the last event that was read; empty if there was none.</summary>
    public string LastEventId { get; private set; } = string.Empty;

    /// <summary>Whether a response has been read: it has the last word on the id, also if it has taken it back.</summary>
    public bool HasRead { get; private set; }

    /// <summary>Whether there is nothing to come back for.</summary>
    public bool IsOver { get; private set; }

    /// <summary>An event arrived: the server works, the backoff begins anew.</summary>
    public void OnEvent() => _failures = 0;

    /// <summary>The server said that there is nothing more.</summary>
    public void OnNoContent() => IsOver = true;

    /// <summary>The caller itself resumes a stream that another client has begun.</summary>
    public void OnResumed(string lastEventId) => LastEventId = lastEventId;

    /// <summary>The server asked to come later.</summary>
    public void OnRefused(TimeSpan? retryAfter, Exception cause)
    {
        // A date may have passed.
        _retryAfter = retryAfter > TimeSpan.Zero ? retryAfter.Value : TimeSpan.Zero;
        _cause = cause;
    }

    /// <summary>The connection broke, or could not be made; or the stream failed for good.</summary>
    public void OnLost(Exception cause) => _cause = cause;

    /// <summary>A response ended or was left; notes what it said of coming back.</summary>
    public void OnClosed(string lastEventId, TimeSpan? reconnectionTime)
    {
        HasRead = true;
        LastEventId = lastEventId;
        _serverBackoff = reconnectionTime ?? _serverBackoff;
        IsOver |= TerminalEventId.Contains(lastEventId);
    }

    /// <summary>Waits before the next attempt.</summary>
    /// <exception cref="HttpRequestException">There must be no next attempt, since it would begin the stream anew.</exception>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        if (!IsOver && options.ResumeOnly && LastEventId.Length == 0)
        {
            IsOver = true;
            if (_cause is not null)
            {
                var lost = new HttpRequestException(
                    $"The stream was lost before it named an id to resume from, and ResumeOnly forbids to begin it anew: {_cause.Message}",
                    _cause,
                    (_cause as HttpRequestException)?.StatusCode);
                _cause = lost;
                throw lost;
            }
        }

        if (IsOver)
        {
            // What broke behind the end is nothing that anybody is told of.
            _cause = null;
            return;
        }

        TimeSpan wait = NextWait();
        Report(EventStreamConnection.Waiting, wait);
        _retryAfter = TimeSpan.Zero;
        _cause = null;
        try
        {
            for (; wait > LongestDelay; wait -= LongestDelay)
            {
                await Task.Delay(LongestDelay, options.TimeProvider, cancellationToken);
            }

            await Task.Delay(wait, options.TimeProvider, cancellationToken);
        }
        catch (OperationCanceledException cancelled)
        {
            _cause = cancelled;
            throw;
        }
    }

    public void Report(EventStreamConnection connection, TimeSpan wait = default) =>
        options.OnStateChanged?.Invoke(new EventStreamClientState(connection, LastEventId, wait, _cause));

    /// <summary>Full jitter: anything from nothing to the backoff of this attempt, on top of what the server asked for.</summary>
    private TimeSpan NextWait()
    {
        TimeSpan wait = LongestWait(_failures++) * options.Random.NextDouble();
        return _retryAfter < TimeSpan.MaxValue - wait ? _retryAfter + wait : _retryAfter;
    }

    /// <summary>The server's own time is not cut, and one of zero does not keep the waits for a server that fails from growing.</summary>
    private TimeSpan LongestWait(int failures)
    {
        TimeSpan first = _serverBackoff ?? options.FirstBackoff;
        if (failures == 0)
        {
            return _serverBackoff is null && first > options.MaxBackoff ? options.MaxBackoff : first;
        }

        TimeSpan start = first > options.FirstBackoff ? first : options.FirstBackoff;
        TimeSpan cap = _serverBackoff > options.MaxBackoff ? _serverBackoff.Value : options.MaxBackoff;

        // Infinite after some thousand failures, and 0 times infinite is not a number.
        double milliseconds = start.TotalMilliseconds * Math.Min(Math.Pow(options.BackoffFactor, failures), double.MaxValue);
        return milliseconds < cap.TotalMilliseconds ? TimeSpan.FromMilliseconds(milliseconds) : cap;
    }
}

namespace Gai.Pipelines.Internal;

/// <summary>What a client that comes back knows of its stream from one attempt to the next.</summary>
internal sealed class Reconnection(EventStreamClientOptions options)
{
    private TimeSpan _firstBackoff = options.FirstBackoff;
    private TimeSpan? _retryAfter;
    private Exception? _cause;
    private int _failures;

    public EventStreamClientOptions Options => options;

    /// <summary>The id of the last event that was read; empty if there was none.</summary>
    public string LastEventId { get; private set; } = string.Empty;

    /// <summary>Whether there is nothing to come back for.</summary>
    public bool IsOver { get; private set; }

    /// <summary>An event arrived: the server works, the backoff begins anew.</summary>
    public void OnEvent() => _failures = 0;

    /// <summary>The server said that there is nothing more.</summary>
    public void OnNoContent() => IsOver = true;

    /// <summary>The server asked to come later.</summary>
    public void OnRefused(TimeSpan? retryAfter, Exception cause)
    {
        _retryAfter = retryAfter;
        _cause = cause;
    }

    /// <summary>The connection broke, or could not be made.</summary>
    public void OnLost(Exception cause) => _cause = cause;

    /// <summary>A response ended or broke; notes what it said of coming back.</summary>
    public void OnClosed(string lastEventId, TimeSpan? reconnectionTime)
    {
        LastEventId = lastEventId;
        _firstBackoff = reconnectionTime ?? _firstBackoff;
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
                throw new HttpRequestException(
                    "The connection was lost before the stream named an id to resume from, and ResumeOnly forbids to begin it anew.", _cause);
            }
        }

        if (IsOver)
        {
            return;
        }

        TimeSpan wait = NextWait();
        Report(EventStreamConnection.Waiting, wait);
        _retryAfter = null;
        _cause = null;
        await Task.Delay(wait, options.TimeProvider, cancellationToken);
    }

    public void Report(EventStreamConnection connection, TimeSpan wait = default) =>
        options.OnStateChanged?.Invoke(new EventStreamClientState(connection, LastEventId, wait, _cause));

    /// <summary>Full jitter: anything from nothing to the backoff of this attempt, but no less than the server asked for.</summary>
    private TimeSpan NextWait()
    {
        double longest = Math.Min(
            options.MaxBackoff.TotalMilliseconds,
            _firstBackoff.TotalMilliseconds * Math.Pow(options.BackoffFactor, _failures++));
        TimeSpan wait = TimeSpan.FromMilliseconds(longest * options.Random.NextDouble());
        return _retryAfter is { } asked ? asked + wait : wait;
    }
}

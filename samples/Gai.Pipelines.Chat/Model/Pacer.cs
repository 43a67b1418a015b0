namespace Gai.Pipelines.Chat.Model;

/// <summary>Says when a token is due: by a schedule laid down at the start, so that late timers do not add up.</summary>
internal sealed class Pacer(TimeProvider time, double tokensPerSecond)
{
    private readonly long _start = time.GetTimestamp();
    private TimeSpan _paused;
    private long _tokens;

    /// <summary>Waits until the next token is due; the first one is due at once.</summary>
    public Task NextTokenAsync(CancellationToken cancellationToken)
    {
        if (tokensPerSecond == 0)
        {
            return Task.CompletedTask;
        }

        TimeSpan wait = _paused + TimeSpan.FromSeconds(_tokens++ / tokensPerSecond) - time.GetElapsedTime(_start);
        return wait > TimeSpan.Zero ? Task.Delay(wait, time, cancellationToken) : Task.CompletedTask;
    }

    /// <summary>Is silent for a while; what comes later comes later by that much.</summary>
    public Task PauseAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        _paused += pause;
        return Task.Delay(pause, time, cancellationToken);
    }
}

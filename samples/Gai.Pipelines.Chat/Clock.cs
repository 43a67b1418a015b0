namespace Gai.Pipelines.Chat;

/// <summary>One tick.</summary>
internal readonly record struct Tick(int N, DateTimeOffset At);

/// <summary>Ticks.</summary>
internal static class Clock
{
    /// <summary>Ticks so many times, at fixed points in time; without an interval as fast as the client reads.</summary>
    public static async IAsyncEnumerable<Tick> TicksAsync(
        int count, TimeSpan interval, TimeProvider time, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        DateTimeOffset start = time.GetUtcNow();
        for (int n = 1; n <= count; n++)
        {
            TimeSpan wait = start + (interval * (n - 1)) - time.GetUtcNow();
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait, time, cancellationToken);
            }

            yield return new Tick(n, time.GetUtcNow());
        }
    }
}

using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Gai.Pipelines.Hosting;

/// <summary>Lets the open streams end when the host begins to stop, while the server still answers.</summary>
internal sealed class DrainService(
    StreamRegistry streams,
    StreamLogs logs,
    IOptions<EventStreamOptions> options,
    IOptions<HostOptions> host,
    TimeProvider time,
    ILogger<DrainService> logger) : IHostedLifecycleService
{
    // What is left of the limit belongs to the farewells: a client that reads has its one within milliseconds.
    private const double ShareToFinish = 0.9;

    // A server that stops closes a connection when its last stream has ended. A client over HTTP/2 answers what it reads, with PING or WINDOW_UPDATE
    // (RFC 9113, 6.7 and 6.9): an answer that meets a closed socket is reset, and takes along all that the client has not read yet.
    private static readonly TimeSpan TimeToRead = TimeSpan.FromSeconds(1);

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        TimeSpan limit = options.Value.DrainTimeout;
        TimeSpan shutdown = host.Value.ShutdownTimeout;
        if (shutdown != Timeout.InfiniteTimeSpan && limit >= shutdown)
        {
            throw new OptionsValidationException(
                nameof(EventStreamOptions),
                typeof(EventStreamOptions),
                [$"DrainTimeout is {limit}, and the host stops waiting after {shutdown}. Set DrainTimeout below HostOptions.ShutdownTimeout, or raise that."]);
        }

        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        Task ended = streams.CloseAsync();
        int count = streams.Count;
        TimeSpan limit = options.Value.DrainTimeout;

        // Producers may finish as long as somebody can still read them: here until the last reader has gone, elsewhere until the limit.
        long begun = time.GetTimestamp();
        using var producing = new CancellationTokenSource();
        Task produced = logs.StopAsync(producing.Token);
        try
        {
            await EndStreamsAsync(ended, count, limit, cancellationToken);
            if (logs.IsShared && !produced.IsCompleted && limit - time.GetElapsedTime(begun) is var left && left > TimeSpan.Zero)
            {
                await EndsWithinAsync(produced, left, cancellationToken);
            }
        }
        finally
        {
            // Whatever the streams threw: without readers nobody else ends the producers.
            await producing.CancelAsync();
        }

        await produced.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (count > 0 && ended.IsCompleted && streams.HadMultiplexed && limit - time.GetElapsedTime(begun) is var rest && rest > TimeSpan.Zero)
        {
            await Task.Delay(rest < TimeToRead ? rest : TimeToRead, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task EndStreamsAsync(Task ended, int count, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (count == 0)
        {
            return;
        }

        Log.Draining(logger, count);
        TimeSpan toFinish = options.Value.DrainMode == DrainMode.Finish ? limit * ShareToFinish : TimeSpan.Zero;
        if (await EndsWithinAsync(ended, toFinish, cancellationToken))
        {
            return;
        }

        streams.EndAll();
        if (!await EndsWithinAsync(ended, limit - toFinish, cancellationToken))
        {
            Log.DrainTimedOut(logger, streams.AbortAll(), limit);
        }
    }

    private async Task<bool> EndsWithinAsync(Task ended, TimeSpan limit, CancellationToken cancellationToken)
    {
        await ended.WaitAsync(limit, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return ended.IsCompleted;
    }
}

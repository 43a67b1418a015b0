using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Gai.Pipelines.Hosting;

/// <summary>Ends the open streams when the host begins to stop, before the server waits for their requests.</summary>
internal sealed class DrainService(StreamRegistry streams, ILogger<DrainService> logger) : IHostedLifecycleService
{
    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        int count = streams.Drain();
        if (count > 0)
        {
            Log.Draining(logger, count);
        }

        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

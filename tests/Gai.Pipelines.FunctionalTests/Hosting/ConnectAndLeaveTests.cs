using System.Runtime.CompilerServices;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.FunctionalTests.Hosting;

public sealed class ConnectAndLeaveTests
{
    private int _started;
    private int _disposed;

    [Fact]
    public async Task ConnectAndLeave_10000Times_LeavesNothingBehind()
    {
        const int Clients = 10_000;
        await using TestServer server = await TestServer.StartAsync(app => app.MapGet(
            "/idle", () => TypedResults.Extensions.EventStream(IdleAsync())));

        // In three ways: by FIN, by a reset, and before the answer has come. Some then have no source at all.
        await Parallel.ForAsync(0, Clients, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (n, _) =>
        {
            using RawClient client = await RawClient.GetAsync(server.Http1Port, "/idle");
            if (n % 3 != 2)
            {
                await client.ReadThroughAsync("\n\n");
            }

            if (n % 3 != 0)
            {
                client.Reset();
            }
        }).WaitAsync(TimeSpan.FromMinutes(2));

        await server.IsIdleAsync();
        Assert.InRange(Volatile.Read(ref _started), Clients * 2 / 3, Clients);
        await Eventually.IsTrueAsync(() => Volatile.Read(ref _disposed) == _started, () => $"{_disposed} of {_started} sources are disposed of");
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    [Fact]
    public async Task ConnectAndLeave_1000TimesOverHttp2_LeavesNothingBehind()
    {
        await using TestServer server = await TestServer.StartAsync(app => app.MapGet(
            "/idle", () => TypedResults.Extensions.EventStream(IdleAsync())));

        await Parallel.ForAsync(0, 1000, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (_, _) =>
        {
            using OpenStream stream = await server.OpenAsync("/idle", version: "2");
            await stream.ReadEventAsync();
        });

        await server.IsIdleAsync();
        Assert.Equal(1000, _started);
        await Eventually.IsTrueAsync(() => Volatile.Read(ref _disposed) == _started, () => $"{_disposed} of {_started} sources are disposed of");
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    private async IAsyncEnumerable<Tick> IdleAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Interlocked.Increment(ref _started);
        try
        {
            yield return new Tick(1);
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }
        finally
        {
            Interlocked.Increment(ref _disposed);
        }
    }
}

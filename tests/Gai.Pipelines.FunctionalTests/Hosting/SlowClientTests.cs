using System.Collections.Concurrent;
using Gai.Pipelines.Hosting;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gai.Pipelines.FunctionalTests.Hosting;

/// <summary>Clients that do not read, and streams that get too old.</summary>
public sealed class SlowClientTests
{
    private readonly Watched _watched = new();
    private readonly ConcurrentQueue<StreamOutcome> _outcomes = new();

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Flood_ClientNeverReads_IsDisconnectedAndNothingIsLeft(string version)
    {
        await using TestServer server = await StartAsync(options => options.WriteTimeout = TimeSpan.FromSeconds(1));
        using RawClient client = version == "2"
            ? await RawClient.GetOverHttp2Async(server.Http2Port, "/flood")
            : await RawClient.GetAsync(server.Http1Port, "/flood", receiveBuffer: 4096);

        await _watched.Cancelled;
        await _watched.Disposed;

        await server.IsIdleAsync();
        await Eventually.IsTrueAsync(() => !_outcomes.IsEmpty, () => "OnClosed is not called");
        Assert.Equal(StreamOutcomeReason.TooSlow, Assert.Single(_outcomes).Reason);
        Assert.Equal((LogLevel.Information, "ClientTooSlow"), Assert.Single(server.Logs.Ours.Select(entry => (entry.Level, entry.Name))));
    }

    [Fact]
    public async Task Flood_ClientPausesForLessThanTheLimit_MissesNothing()
    {
        var time = new ManualTimeProvider();
        await using TestServer server = await StartAsync(options => options.WriteTimeout = TimeSpan.FromMinutes(1), time);
        using HttpClient client = server.NewClient("1.1", receiveBuffer: 4096);
        using OpenStream stream = await server.OpenAsync("/flood", "application/x-ndjson", client: client);
        int given = await Eventually.StandsStillAsync(() => _watched.Given);

        time.Advance(TimeSpan.FromSeconds(59));

        for (int n = 1; n <= given; n++)
        {
            Assert.Equal($"{{\"n\":{n}}}\n", await stream.ReadLineAsync());
        }
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task MaxAge_StreamThatIsOld_IsToldToComeBack(string version)
    {
        var time = new ManualTimeProvider();
        await using TestServer server = await StartAsync(options => options.MaxAge = TimeSpan.FromHours(1), time);
        using OpenStream stream = await server.OpenAsync("/chat", version: version);
        await stream.ReadEventAsync();

        // A tenth of the age is by chance.
        time.Advance(TimeSpan.FromMinutes(53));
        Assert.Equal(1, server.Streams.Count);
        time.Advance(TimeSpan.FromMinutes(7));

        string farewell = await stream.ReadRestAsync();
        Assert.Contains("\"code\":\"expired\",\"temporary\":true", farewell, StringComparison.Ordinal);
        Assert.DoesNotContain("id:", farewell, StringComparison.Ordinal);
        await server.IsIdleAsync();
        Assert.Equal(StreamOutcomeReason.Expired, Assert.Single(_outcomes).Reason);
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    [Fact]
    public async Task MaxAge_BeforeTheHead_Gets503()
    {
        var time = new ManualTimeProvider();
        await using TestServer server = await StartAsync(
            options =>
            {
                options.MaxAge = TimeSpan.FromHours(1);
                options.CommitWindow = Timeout.InfiniteTimeSpan;
            },
            time);
        Task<Answer> getting = server.GetAsync("/silent");
        await Eventually.IsTrueAsync(() => server.Scheduler.EntryCount == 1, () => "no stream begins");

        time.Advance(TimeSpan.FromHours(1));

        Answer answer = await getting;
        Assert.Equal((503, "expired"), (answer.Status, answer.Json.GetProperty("code").GetString()));
        Assert.Contains("Retry-After", answer.Headers.Keys, StringComparer.OrdinalIgnoreCase);
    }

    private Task<TestServer> StartAsync(Action<EventStreamOptions> options, TimeProvider? time = null) => TestServer.StartAsync(
        app =>
        {
            var noted = new EventStreamResultOptions { OnClosed = _outcomes.Enqueue };
            app.MapGet("/flood", () => TypedResults.Extensions.EventStream(_watched.ThenTicksForEver(), noted));
            app.MapGet("/chat", () => TypedResults.Extensions.EventStream(_watched.ThenSilence([StreamEvent.TextDelta("Hi")]), noted));
            app.MapGet("/silent", () => TypedResults.Extensions.EventStream(_watched.ThenSilence<Tick>([]), noted));
        },
        services => services.AddSingleton(time ?? TimeProvider.System),
        all =>
        {
            all.KeepAliveInterval = TimeSpan.Zero;
            options(all);
        });
}

using Gai.Pipelines.TestUtilities;
using static Gai.Pipelines.Tests.Client.ScriptedServer;

namespace Gai.Pipelines.Tests.Client;

/// <summary>When the client comes back. The clock stands still but for the waits that a test expects.</summary>
public sealed class BackoffTests
{
    [Fact]
    public async Task ReadAsync_ServerFailsAgainAndAgain_WaitsHalfASecondTimesOneAndAHalfUpToThirty()
    {
        using var run = new ClientRun(new ScriptedServer(Status(503)));

        double[] expected = [500, 750, 1125, 1687.5, 2531.25, 3796.875, 5695.3125, 8542.96875, 12814.453125, 19221.6796875, 28832.51953125, 30000, 30000];
        foreach (double wait in expected)
        {
            await run.PassAsync(wait);
        }
    }

    [Theory]
    [InlineData(0.25)]
    [InlineData(0.5)]
    public async Task ReadAsync_Jitter_IsFull(double jitter)
    {
        using var run = new ClientRun(new ScriptedServer(Status(503)), jitter);

        await run.PassAsync(500 * jitter);
        await run.PassAsync(750 * jitter);
        await run.PassAsync(1125 * jitter);
    }

    [Fact]
    public async Task ReadAsync_JitterOfZero_ConnectsAtOnce()
    {
        using var run = new ClientRun(new ScriptedServer(Status(503), Status(503), Status(204)), jitter: 0);

        await run.EndAsync();

        Assert.Equal([TimeSpan.Zero, TimeSpan.Zero], run.Waits);
    }

    [Fact]
    public async Task ReadAsync_EventArrives_BackoffBeginsAnew()
    {
        using var run = new ClientRun(new ScriptedServer(Status(500), Status(500), Stream("data: 1\n\n"), Status(500), Status(500), Status(204)));

        foreach (double wait in (double[])[500, 750, 500, 750, 1125])
        {
            await run.PassAsync(wait);
        }

        await run.EndAsync();
        Assert.Equal(["1"], run.Events);
    }

    [Fact]
    public async Task ReadAsync_StreamsWithoutEvents_BackoffGrows()
    {
        using var run = new ClientRun(new ScriptedServer(Stream(": nothing\n\n")));

        await run.PassAsync(500);
        await run.PassAsync(750);
    }

    [Theory]
    [InlineData("retry: 2000\n\n", "a block of its own, without data")]
    [InlineData("retry: 2000\ndata: 1\n\n", "an event")]
    [InlineData("data: 1\n\nretry: 2000\n", "an unfinished block")]
    public async Task ReadAsync_Retry_ReplacesTheFirstBackoff(string body, string where)
    {
        Assert.NotNull(where);
        using var run = new ClientRun(new ScriptedServer(Stream(body), Status(500), Status(500), Stream("data: 1\n\n"), Status(204)));

        foreach (double wait in (double[])[2000, 3000, 4500, 2000])
        {
            await run.PassAsync(wait);
        }

        await run.EndAsync();
    }

    [Fact]
    public async Task ReadAsync_RetryOfZero_WaitsForAServerThatFailsGrowAllTheSame()
    {
        using var run = new ClientRun(new ScriptedServer(Stream("retry: 0\ndata: 1\n\n"), Status(500), Status(500), Status(204)));

        await run.PassAsync(750);
        await run.PassAsync(1125);
        await run.EndAsync();

        Assert.Equal([TimeSpan.Zero, TimeSpan.FromMilliseconds(750), TimeSpan.FromMilliseconds(1125)], run.Waits);
    }

    [Fact]
    public async Task ReadAsync_RetryBeyondTheCap_IsNotCut()
    {
        using var run = new ClientRun(new ScriptedServer(Stream("retry: 60000\n\n"), Status(500), Status(204)));

        await run.PassAsync(60_000);
        await run.PassAsync(60_000);
        await run.EndAsync();
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task ReadAsync_RetryAfterInSeconds_IsWaitedForInFullAndOnce(int status)
    {
        using var run = new ClientRun(new ScriptedServer(Status(status, "120"), Status(status), Status(204)), jitter: 0.5);

        await run.PassAsync(120_250);
        await run.PassAsync(375);
        await run.EndAsync();
    }

    [Fact]
    public async Task ReadAsync_RetryAfterAndThenALostConnection_IsWaitedForOnce()
    {
        var reset = new HttpRequestException(HttpRequestError.ConnectionError, "reset");
        using var run = new ClientRun(new ScriptedServer(Status(503, "120"), Throws(reset), Status(204)), jitter: 0.5);

        await run.PassAsync(120_250);
        await run.PassAsync(375);
        await run.EndAsync();
    }

    [Fact]
    public async Task ReadAsync_FirstBackoffBeyondTheCap_IsCut()
    {
        using var run = new ClientRun(new ScriptedServer(Status(503)), options: options => options with { FirstBackoff = TimeSpan.FromMinutes(5) });

        await run.PassAsync(30_000);
        await run.PassAsync(30_000);
    }

    [Fact]
    public async Task ReadAsync_RetryAfterAsDate_IsWaitedForInFull()
    {
        var time = new ManualTimeProvider(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
        using var run = new ClientRun(new ScriptedServer(Status(503, "Sun, 01 Mar 2026 12:01:30 GMT"), Status(204)), time: time);

        await run.PassAsync(90_500);
        await run.EndAsync();
    }

    [Fact]
    public async Task ReadAsync_RetryAfterDateThatHasPassed_WaitsAsWithoutIt()
    {
        using var run = new ClientRun(new ScriptedServer(Status(503, "Sun, 01 Mar 2020 12:00:00 GMT"), Status(204)));

        await run.PassAsync(500);
        await run.EndAsync();
    }

    [Fact]
    public async Task ReadAsync_RetryAfterLongerThanAnyTimer_IsWaitedForInFull()
    {
        // 100 days, of which a timer takes 49.
        using var run = new ClientRun(new ScriptedServer(Status(503, "8640000"), Status(204)), jitter: 0);

        await run.Time.WaitForTimerAsync(TimeSpan.FromDays(49));
        run.Time.Advance(TimeSpan.FromDays(49));
        await run.Time.WaitForTimerAsync(TimeSpan.FromDays(49));
        run.Time.Advance(TimeSpan.FromDays(49));
        await run.Time.WaitForTimerAsync(TimeSpan.FromDays(2));
        Assert.Equal(1, run.Server.Requests);
        run.Time.Advance(TimeSpan.FromDays(2));
        await run.EndAsync();
    }

    [Fact]
    public async Task ReadAsync_TwoThousandFailures_WaitsAreStillNumbers()
    {
        using var run = new ClientRun(
            new ScriptedServer([.. Enumerable.Repeat(Status(503), 2000), Status(204)]),
            options: options => options with { FirstBackoff = TimeSpan.Zero });

        await run.EndAsync();

        Assert.Equal(2000, run.Waits.Count(wait => wait == TimeSpan.Zero));
    }

    [Fact]
    public void Options_OutOfRange_AreRefusedWithTheirName()
    {
        var negative = TimeSpan.FromMilliseconds(-2);
        Assert.Equal("FirstBackoff", Assert.Throws<ArgumentOutOfRangeException>(() => new EventStreamClientOptions { FirstBackoff = negative }).ParamName);
        Assert.Equal("MaxBackoff", Assert.Throws<ArgumentOutOfRangeException>(() => new EventStreamClientOptions { MaxBackoff = negative }).ParamName);
        Assert.Equal("BackoffFactor", Assert.Throws<ArgumentOutOfRangeException>(() => new EventStreamClientOptions { BackoffFactor = double.NaN }).ParamName);
        Assert.Equal("BackoffFactor", Assert.Throws<ArgumentOutOfRangeException>(() => new EventStreamClientOptions { BackoffFactor = 0.9 }).ParamName);
        Assert.Equal("ReadTimeout", Assert.Throws<ArgumentOutOfRangeException>(() => new EventStreamClientOptions { ReadTimeout = TimeSpan.Zero }).ParamName);
        Assert.Equal("ReadTimeout", Assert.Throws<ArgumentOutOfRangeException>(() => new EventStreamClientOptions { ReadTimeout = TimeSpan.FromDays(50) }).ParamName);
    }
}

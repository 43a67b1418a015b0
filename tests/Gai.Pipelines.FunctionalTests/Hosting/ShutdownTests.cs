using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using Gai.Pipelines.Hosting;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gai.Pipelines.FunctionalTests.Hosting;

/// <summary>The server stops while streams are open.</summary>
public sealed class ShutdownTests
{
    private readonly Watched _watched = new();
    private readonly TaskCompletionSource _mayFinish = new(TaskCreationOptions.RunContinuationsAsynchronously);

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Stop_OpenGaiStream_TellsTheClientAndDoesNotWaitForTheSource(string version)
    {
        await using TestServer server = await StartAsync();
        using OpenStream stream = await server.OpenAsync("/chat", version: version);
        await stream.ReadEventAsync();

        Task stopping = server.App.StopAsync();

        string rest = await stream.ReadRestAsync();
        Assert.Contains("\"code\":\"server_draining\"", rest, StringComparison.Ordinal);
        Assert.Contains("\"temporary\":true", rest, StringComparison.Ordinal);
        Assert.DoesNotContain("id:", rest, StringComparison.Ordinal);
        Assert.DoesNotContain("done", rest, StringComparison.Ordinal);
        await stopping.OrFail("the server stops");
        await _watched.Disposed;
        Assert.Equal(["Draining", "StreamEnded"], server.Logs.Ours.Select(entry => entry.Name).Order());
        Assert.DoesNotContain(server.Logs.WarningsAndErrors, entry => entry.Level >= LogLevel.Error);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Drain_OpenPlainStream_BreaksTheEnd(string version)
    {
        await using TestServer server = await StartAsync();
        using OpenStream stream = await server.OpenAsync("/ticks", version: version);
        await stream.ReadEventAsync();

        server.Drain();

        await stream.ReadBrokenRestAsync();
        await _watched.Disposed;
        await server.IsIdleAsync();
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    [Fact]
    public async Task Drain_DialectWithARecordThatSomeOverlook_RecordComesBeforeTheBrokenEnd()
    {
        // An abort instead of an exception would overtake the record in nearly all of these.
        const int Streams = 20;
        await using TestServer server = await StartAsync();
        OpenStream[] streams = await Task.WhenAll(Enumerable.Range(0, Streams).Select(_ => OpenStream.OpenAsync(
            server.Client("1.1"),
            new HttpRequestMessage(HttpMethod.Post, "/v1/completions") { Content = new StringContent("""{"model":"m","stream":true,"prompt":"Hi"}""") })));
        foreach (OpenStream stream in streams)
        {
            await stream.ReadEventAsync();
        }

        server.Drain();

        foreach (OpenStream stream in streams)
        {
            using (stream)
            {
                Assert.Contains("{\"error\":{", await stream.ReadBrokenRestAsync(), StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData("text/event-stream")]
    [InlineData("application/json")]
    public async Task Drain_NewStream_IsRefusedBeforeItsSourceStarts(string accept)
    {
        await using TestServer server = await StartAsync();
        server.Drain();

        Answer answer = await server.GetAsync("/ticks", accept);

        Assert.Equal((503, "application/problem+json"), (answer.Status, answer.ContentType));
        Assert.InRange(int.Parse(answer.Headers["Retry-After"], CultureInfo.InvariantCulture), 2, 5);
        Assert.Equal("server_draining", answer.Json.GetProperty("code").GetString());
        Assert.False(answer.Headers.ContainsKey("X-Accel-Buffering"));
        Assert.False(_watched.IsStarted);
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    [Theory]
    [InlineData("text/event-stream")]
    [InlineData("application/json")]
    public async Task Drain_StreamWhoseHeadIsNotSent_Gets503(string accept)
    {
        await using TestServer server = await StartAsync();
        Task<Answer> getting = server.GetAsync("/silent", accept);
        await Eventually.IsTrueAsync(() => _watched.IsStarted, () => "the source does not start");

        server.Drain();

        Assert.Equal(503, (await getting).Status);
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Stop_StreamThatFinishes_GetsItsEndMarkerWhileNewOnesAreRefused(string version)
    {
        await using TestServer server = await StartAsync(DrainMode.Finish);
        using OpenStream stream = await server.OpenAsync("/chat", version: version);
        await stream.ReadEventAsync();

        Task stopping = server.App.StopAsync();
        await Eventually.IsTrueAsync(() => server.Streams.IsDraining, () => "the server does not drain");
        Answer refused = await server.GetAsync("/chat");
        _mayFinish.SetResult();

        Assert.Equal(503, refused.Status);
        Assert.Equal("id: gai.done\nevent: done\ndata: {\"finished\":true}\n\n", await stream.ReadRestAsync());
        await stopping.OrFail("the server stops");
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Stop_StreamThatGoesOnTooLong_IsToldWhenToComeBack(string version)
    {
        var time = new ManualTimeProvider();
        await using TestServer server = await StartAsync(DrainMode.Finish, time);
        using OpenStream stream = await server.OpenAsync("/chat", version: version);
        await stream.ReadEventAsync();

        Task stopping = server.App.StopAsync();
        await time.WaitForTimerAsync(TimeSpan.FromSeconds(18));
        time.Advance(TimeSpan.FromSeconds(18));

        string farewell = await stream.ReadRestAsync();
        Match retry = Regex.Match(farewell, "^retry: ([0-9]+)$", RegexOptions.Multiline);
        Assert.InRange(int.Parse(retry.Groups[1].Value, CultureInfo.InvariantCulture), 1000, 5000);
        Assert.Contains("\"code\":\"server_draining\"", farewell, StringComparison.Ordinal);
        Assert.DoesNotContain("done", farewell, StringComparison.Ordinal);
        if (version == "2")
        {
            await time.PassTimerAsync(TimeSpan.FromSeconds(1));
        }

        await stopping.OrFail("the server stops");
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    [Theory]
    [InlineData("1.1", DrainMode.Finish)]
    [InlineData("1.1", DrainMode.EndAtOnce)]
    [InlineData("2", DrainMode.Finish)]
    [InlineData("2", DrainMode.EndAtOnce)]
    public async Task Stop_ClientThatDoesNotRead_IsBrokenOffAtTheLimit(string version, DrainMode mode)
    {
        var time = new ManualTimeProvider();
        await using TestServer server = await StartAsync(mode, time);
        using RawClient client = version == "2"
            ? await RawClient.GetOverHttp2Async(server.Http2Port, "/flood", receiveBuffer: 4096)
            : await RawClient.GetAsync(server.Http1Port, "/flood", receiveBuffer: 4096);
        await Eventually.StandsStillAsync(() => _watched.Given);

        Task stopping = server.App.StopAsync();
        if (mode == DrainMode.Finish)
        {
            await time.WaitForTimerAsync(TimeSpan.FromSeconds(18));
            time.Advance(TimeSpan.FromSeconds(18));
        }

        TimeSpan left = TimeSpan.FromSeconds(mode == DrainMode.Finish ? 2 : 20);
        await time.WaitForTimerAsync(left);
        Assert.False(stopping.IsCompleted);
        time.Advance(left);

        await stopping.OrFail("the server stops");
        await _watched.Disposed;
        Assert.Equal(["DrainTimedOut"], server.Logs.WarningsAndErrors.Select(entry => entry.Name));
    }

    private async IAsyncEnumerable<StreamEvent> UntilItMayFinishAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        yield return StreamEvent.TextDelta("Hi");
        await _mayFinish.Task.WaitAsync(cancellationToken);
    }

    private Task<TestServer> StartAsync(DrainMode mode, TimeProvider? time = null) => TestServer.StartAsync(
        app =>
        {
            app.MapGet("/chat", () => TypedResults.Extensions.EventStream(UntilItMayFinishAsync()));
            app.MapGet("/flood", () => TypedResults.Extensions.EventStream(_watched.ThenTicksForEver()));
        },
        services => services.AddSingleton(time ?? TimeProvider.System),
        options =>
        {
            options.DrainMode = mode;
            options.KeepAliveInterval = TimeSpan.Zero;
            options.WriteTimeout = Timeout.InfiniteTimeSpan;
        });

    private Task<TestServer> StartAsync() => TestServer.StartAsync(
        app =>
        {
            app.MapGet("/chat", () => TypedResults.Extensions.EventStream(_watched.ThenSilence([StreamEvent.TextDelta("Hi")])));
            app.MapOpenAICompletions("/v1/completions", (_, _) => _watched.ThenSilence([StreamEvent.TextDelta("Hi")]));
            app.MapGet("/ticks", () => TypedResults.Extensions.EventStream(_watched.ThenSilence<Tick>([new(1)])));
            app.MapGet("/silent", () => TypedResults.Extensions.EventStream(_watched.ThenSilence<Tick>([])));
        },
        options: options => options.CommitWindow = Timeout.InfiniteTimeSpan);
}

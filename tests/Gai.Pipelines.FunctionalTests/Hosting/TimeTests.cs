using System.Text;
using System.Threading.Channels;
using Gai.Pipelines.AI;
using Gai.Pipelines.Hosting;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.FunctionalTests.Hosting;

/// <summary>Keep-alives and the commit window, on a clock that only the test moves.</summary>
public sealed class TimeTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly Channel<Tick> _ticks = Channel.CreateUnbounded<Tick>();

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task KeepAlive_SilentStream_IsWrittenAgainAndAgain(string version)
    {
        await using TestServer server = await StartAsync();
        _ticks.Writer.TryWrite(new Tick(1));
        using OpenStream stream = await server.OpenAsync("/ticks", version: version);
        Assert.Equal("data: {\"n\":1}\n\n", await stream.ReadEventAsync());

        for (int i = 0; i < 3; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(17));
            Assert.Equal(": keep-alive\n\n", await stream.ReadEventAsync());
        }
    }

    [Fact]
    public async Task KeepAlive_EventsInBetween_AreSignsOfLifeEnough()
    {
        await using TestServer server = await StartAsync();
        _ticks.Writer.TryWrite(new Tick(0));
        using OpenStream stream = await server.OpenAsync("/ticks");
        await stream.ReadEventAsync();

        for (int n = 1; n < 5; n++)
        {
            _time.Advance(TimeSpan.FromSeconds(10));
            _ticks.Writer.TryWrite(new Tick(n));
            Assert.Equal($"data: {{\"n\":{n}}}\n\n", await stream.ReadEventAsync());
        }

        _time.Advance(TimeSpan.FromSeconds(17));
        Assert.Equal(": keep-alive\n\n", await stream.ReadEventAsync());
    }

    [Theory]
    [InlineData("/blank", "\n")]
    [InlineData("/typed", "{\"type\":\"keep_alive\"}\n")]
    public async Task KeepAlive_SilentRecords_GetWhatWasChosen(string path, string expected)
    {
        await using TestServer server = await StartAsync();
        using OpenStream stream = await server.OpenAsync(path, "application/x-ndjson");
        await StreamBeginsAsync(server);

        for (int i = 0; i < 3; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(17));
            Assert.Equal(expected, await stream.ReadLineAsync());
        }
    }

    [Theory]
    [InlineData("/off", "text/event-stream")]
    [InlineData("/ticks", "application/x-ndjson")]
    public async Task KeepAlive_TurnedOffOrNoFormForIt_WritesNothing(string path, string accept)
    {
        await using TestServer server = await StartAsync();
        _ticks.Writer.TryWrite(new Tick(1));
        using OpenStream stream = await server.OpenAsync(path, accept);
        await stream.ReadThroughAsync("{\"n\":1}");

        _time.Advance(TimeSpan.FromMinutes(10));
        _ticks.Writer.TryWrite(new Tick(2));
        _ticks.Writer.Complete();

        string rest = await stream.ReadRestAsync();
        Assert.Contains("{\"n\":2}", rest, StringComparison.Ordinal);
        Assert.DoesNotContain("keep-alive", rest, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task CommitWindow_NoEventInTime_HeadArrivesWithoutBody(string version)
    {
        await using TestServer server = await StartAsync();
        Task<OpenStream> opening = server.OpenAsync("/ticks", version: version);
        await StreamBeginsAsync(server);

        _time.Advance(TimeSpan.FromSeconds(0.8));
        Assert.False(opening.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(0.4));

        using OpenStream stream = await opening;
        Assert.Equal(200, (int)stream.Response.StatusCode);
        Task<string> reading = stream.ReadEventAsync();
        Assert.False(reading.IsCompleted);
        _ticks.Writer.TryWrite(new Tick(1));
        Assert.Equal("data: {\"n\":1}\n\n", await reading);
    }

    [Fact]
    public async Task CommitWindow_FirstEventInTime_BringsTheHead()
    {
        await using TestServer server = await StartAsync();
        Task<OpenStream> opening = server.OpenAsync("/ticks");
        await StreamBeginsAsync(server);

        _ticks.Writer.TryWrite(new Tick(1));

        using OpenStream stream = await opening;
        Assert.Equal("data: {\"n\":1}\n\n", await stream.ReadEventAsync());
    }

    [Fact]
    public async Task CommitWindow_FailureInside_GetsARealStatus()
    {
        await using TestServer server = await StartAsync();
        Task<OpenStream> opening = server.OpenAsync("/ticks");
        await StreamBeginsAsync(server);

        _time.Advance(TimeSpan.FromSeconds(0.8));
        _ticks.Writer.Complete(new StreamErrorException(new StreamError(StreamErrorCodes.Overloaded, "Too busy.")));

        using OpenStream stream = await opening;
        Assert.Equal(503, (int)stream.Response.StatusCode);
    }

    [Fact]
    public async Task CommitWindow_FailureAfterIt_IsTooLateForAStatus()
    {
        await using TestServer server = await StartAsync();
        Task<OpenStream> opening = server.OpenAsync("/ticks");
        await StreamBeginsAsync(server);

        _time.Advance(TimeSpan.FromSeconds(1.2));
        using OpenStream stream = await opening;
        _ticks.Writer.Complete(new StreamErrorException(new StreamError(StreamErrorCodes.Overloaded, "Too busy.")));

        Assert.Equal(200, (int)stream.Response.StatusCode);
        Assert.Equal(string.Empty, await stream.ReadBrokenRestAsync());
    }

    [Fact]
    public async Task CommitWindow_Infinite_WaitsForTheFirstEvent()
    {
        await using TestServer server = await StartAsync();
        Task<OpenStream> opening = server.OpenAsync("/patient");
        await StreamBeginsAsync(server);

        // Were the head sent by now, it would be too late for a status.
        _time.Advance(TimeSpan.FromMinutes(10));
        _ticks.Writer.Complete(new StreamErrorException(new StreamError(StreamErrorCodes.Overloaded, "Too busy.")));

        using OpenStream stream = await opening;
        Assert.Equal(503, (int)stream.Response.StatusCode);
    }

    [Fact]
    public async Task CommitWindow_Zero_SendsTheHeadAtOnceWithTheRetryHint()
    {
        await using TestServer server = await StartAsync();
        using OpenStream stream = await server.OpenAsync("/at-once");

        Assert.Equal("retry: 3000\n\n", await stream.ReadEventAsync());
    }

    [Theory]
    [InlineData("/v1", 5)]
    [InlineData("/group/v1", 0)]
    [InlineData("/group/own", 2)]
    public async Task CommitWindow_VendorsEndpoint_IsTheLastThatWasSet(string path, int seconds)
    {
        await using TestServer server = await StartAsync();
        Endpoint endpoint = server.App.Services.GetRequiredService<EndpointDataSource>().Endpoints
            .OfType<RouteEndpoint>().Single(candidate => candidate.RoutePattern.RawText == path);

        Assert.Equal(TimeSpan.FromSeconds(seconds), server.App.Services.GetRequiredService<EventStreamProfiles>().Of(endpoint).Pump.CommitWindow);
    }

    /// <summary>Vendors' clients try again on a real 503, and not on an error inside of a stream.</summary>
    [Fact]
    public async Task CommitWindow_VendorsEndpointFailsBehindThatOfOthers_GetsARealStatus()
    {
        var mayFail = new TaskCompletionSource();
        await using TestServer server = await TestServer.StartAsync(
            app => app.MapOpenAIChatCompletions("/v1", (HttpContext _, ChatCall _) => FailAsync()),
            services => services.AddSingleton<TimeProvider>(_time));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1")
        {
            Content = new StringContent("""{"model":"m","stream":true,"messages":[{"role":"user","content":"Hi"}]}""", Encoding.UTF8, "application/json"),
        };
        Task<Answer> answering = server.SendAsync(request);
        await StreamBeginsAsync(server);

        _time.Advance(TimeSpan.FromSeconds(4.8));
        mayFail.SetResult();

        Answer answer = await answering;
        Assert.Equal((503, "Too busy."), (answer.Status, answer.Json.GetProperty("error").GetProperty("message").GetString()));

        async IAsyncEnumerable<StreamEvent> FailAsync()
        {
            await mayFail.Task;
            yield return StreamEvent.Failure(new StreamError(StreamErrorCodes.Overloaded, "Too busy."));
        }
    }

    private static Task StreamBeginsAsync(TestServer server) =>
        Eventually.IsTrueAsync(() => server.Scheduler.EntryCount == 1, () => "no stream begins");

    private Task<TestServer> StartAsync() => TestServer.StartAsync(
        app =>
        {
            app.MapGet("/ticks", () => TypedResults.Extensions.EventStream(_ticks.Reader));
            app.MapGet("/off", () => TypedResults.Extensions.EventStream(_ticks.Reader))
                .WithEventStreamOptions(options => options.KeepAliveInterval = TimeSpan.Zero);
            app.MapGet("/blank", () => TypedResults.Extensions.EventStream(_ticks.Reader))
                .WithEventStreamOptions(options => (options.CommitWindow, options.NdjsonKeepAlive) = (TimeSpan.Zero, NdjsonKeepAlive.BlankLine));
            app.MapGet("/typed", () => TypedResults.Extensions.EventStream(Channel.CreateUnbounded<StreamEvent>().Reader))
                .WithEventStreamOptions(options => (options.CommitWindow, options.NdjsonKeepAlive) = (TimeSpan.Zero, NdjsonKeepAlive.Record));
            app.MapGet("/patient", () => TypedResults.Extensions.EventStream(_ticks.Reader))
                .WithEventStreamOptions(options => options.CommitWindow = Timeout.InfiniteTimeSpan);
            app.MapGet("/at-once", () => TypedResults.Extensions.EventStream(_ticks.Reader))
                .WithEventStreamOptions(options =>
                {
                    options.CommitWindow = TimeSpan.Zero;
                    options.RetryHint = TimeSpan.FromSeconds(3);
                });
            app.MapOpenAIChatCompletions("/v1", (HttpContext _, ChatCall _) => Sources.Texts("Hi"));
            IEndpointRouteBuilder group = app.MapGroup("/group").WithEventStreamOptions(options => options.CommitWindow = TimeSpan.Zero);
            group.MapOpenAIChatCompletions("/v1", (HttpContext _, ChatCall _) => Sources.Texts("Hi"));
            group.MapOpenAIChatCompletions("/own", (HttpContext _, ChatCall _) => Sources.Texts("Hi"))
                .WithEventStreamOptions(options => options.CommitWindow = TimeSpan.FromSeconds(2));
        },
        services => services.AddSingleton<TimeProvider>(_time));
}

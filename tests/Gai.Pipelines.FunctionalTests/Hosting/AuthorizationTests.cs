using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.FunctionalTests.Hosting;

/// <summary>Streams whose clients may no longer read, on a clock that only the test moves.</summary>
public sealed class AuthorizationTests
{
    private readonly ManualTimeProvider _time = new();
    private readonly Watched _watched = new();
    private bool _mayGoOn = true;

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Ticket_Expires_ClientIsToldAndTheSourceCancelled(string version)
    {
        await using TestServer server = await StartAsync();
        using OpenStream stream = await server.OpenAsync("/ticket", version: version);
        await stream.ReadEventAsync();

        _time.Advance(TimeSpan.FromSeconds(600.2));

        string farewell = await stream.ReadRestAsync();
        Assert.Contains("\"code\":\"unauthorized\",\"temporary\":false", farewell, StringComparison.Ordinal);
        Assert.DoesNotContain("done", farewell, StringComparison.Ordinal);
        await _watched.Cancelled;
        await server.IsIdleAsync();
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    [Fact]
    public async Task MayGoOn_SaysNoToABusyStream_EndsIt()
    {
        await using TestServer server = await StartAsync();
        using OpenStream stream = await server.OpenAsync("/busy");
        await stream.ReadEventAsync();
        Task<string> reading = stream.ReadBrokenRestAsync();

        _mayGoOn = false;
        _time.Advance(TimeSpan.FromSeconds(15.1));

        await reading;
        await _watched.Disposed;
        await server.IsIdleAsync();
        await Eventually.IsTrueAsync(() => server.Logs.Ours.Count > 0, () => "nothing is logged");
        LogEntry entry = Assert.Single(server.Logs.Ours);
        Assert.Equal("StreamEnded", entry.Name);
        Assert.Contains("Unauthorized", entry.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MayGoOn_SaysNoBeforeTheHead_Gets401()
    {
        await using TestServer server = await StartAsync();
        _mayGoOn = false;
        Task<Answer> getting = server.GetAsync("/silent");
        await Eventually.IsTrueAsync(() => server.Scheduler.EntryCount == 2, () => "no stream begins");

        _time.Advance(TimeSpan.FromSeconds(15.1));

        Answer answer = await getting;
        Assert.Equal((401, "unauthorized"), (answer.Status, answer.Json.GetProperty("code").GetString()));
    }

    [Fact]
    public async Task MayGoOn_ClientLeavesMeanwhile_IsNoFailure()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using TestServer server = await TestServer.StartAsync(
            app => app.MapGet("/", () => TypedResults.Extensions.EventStream(_watched.ThenSilence([StreamEvent.TextDelta("Hi")])))
                .WithEventStreamOptions(options => options.MayGoOn = async context =>
                {
                    asked.SetResult();
                    await Task.Delay(Timeout.Infinite, context.RequestAborted);
                    return true;
                }),
            services => services.AddSingleton<TimeProvider>(_time));
        using (OpenStream stream = await server.OpenAsync("/"))
        {
            await stream.ReadEventAsync();
            _time.Advance(TimeSpan.FromSeconds(15.1));
            await asked.Task.OrFail();
        }

        await _watched.Cancelled;
        await server.IsIdleAsync();
        await Eventually.IsTrueAsync(() => server.Logs.Ours.Count > 0, () => "nothing is logged");
        Assert.Equal("ClientGone", Assert.Single(server.Logs.Ours).Name);
    }

    [Fact]
    public async Task NothingConfigured_StreamIsOneEntryInTheScheduler()
    {
        await using TestServer server = await StartAsync();
        using OpenStream stream = await server.OpenAsync("/free");
        await stream.ReadEventAsync();

        Assert.Equal(1, server.Scheduler.EntryCount);
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(1, server.Streams.Count);
    }

    private Task<TestServer> StartAsync() => TestServer.StartAsync(
        app =>
        {
            app.MapGet("/ticket", (HttpContext context) =>
            {
                SignIn(context, _time.GetUtcNow().AddMinutes(10));
                return TypedResults.Extensions.EventStream(_watched.ThenSilence([StreamEvent.TextDelta("Hi")]));
            }).WithEventStreamOptions(options => (options.EndWhenTicketExpires, options.KeepAliveInterval) = (true, TimeSpan.Zero));
            app.MapGet("/free", (HttpContext context) =>
            {
                SignIn(context, _time.GetUtcNow().AddMinutes(10));
                return TypedResults.Extensions.EventStream(_watched.ThenSilence([StreamEvent.TextDelta("Hi")]));
            });
            app.MapGet("/busy", () => TypedResults.Extensions.EventStream(_watched.ThenTicksForEver()))
                .WithEventStreamOptions(options => options.MayGoOn = _ => new(_mayGoOn));
            app.MapGet("/silent", () => TypedResults.Extensions.EventStream(_watched.ThenSilence<Tick>([])))
                .WithEventStreamOptions(options =>
                {
                    options.MayGoOn = _ => new(_mayGoOn);
                    options.CommitWindow = Timeout.InfiniteTimeSpan;
                });
        },
        services => services.AddSingleton<TimeProvider>(_time));

    private static void SignIn(HttpContext context, DateTimeOffset expires) => context.Features.Set<IAuthenticateResultFeature>(new Ticket
    {
        AuthenticateResult = AuthenticateResult.Success(new AuthenticationTicket(context.User, new AuthenticationProperties { ExpiresUtc = expires }, "cookies")),
    });

    private sealed class Ticket : IAuthenticateResultFeature
    {
        public AuthenticateResult? AuthenticateResult { get; set; }
    }
}

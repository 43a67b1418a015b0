using System.Net;
using System.Text;
using Gai.Pipelines.AI;
using Gai.Pipelines.Hosting;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gai.Pipelines.FunctionalTests.Hosting;

/// <summary>The framework's request timeouts, which cancel the very token that tells of a client that leaves.</summary>
public sealed class RequestTimeoutTests
{
    private readonly Watched _watched = new();

    [Theory]
    [InlineData("1.1", "/idle", "text/event-stream")]
    [InlineData("2", "/idle", "text/event-stream")]
    [InlineData("1.1", "/idle", "application/x-ndjson")]
    [InlineData("2", "/idle", "application/x-ndjson")]
    [InlineData("1.1", "/gai", "text/event-stream")]
    [InlineData("1.1", "/handler", "text/event-stream")]
    public async Task Timeout_AfterTheHead_BreaksTheEnd(string version, string path, string accept)
    {
        await using TestServer server = await StartAsync(TimeSpan.FromSeconds(1));
        using OpenStream stream = await OpenAsync(server, path, accept, version);

        await stream.ReadBrokenRestAsync();

        await server.IsIdleAsync();
        Assert.Contains((LogLevel.Information, "RequestTimedOut"), server.Logs.Ours.Select(entry => (entry.Level, entry.Name)));
        Assert.DoesNotContain(server.Logs.WarningsAndErrors, entry => entry.Level >= LogLevel.Error);
    }

    [Theory]
    [InlineData("/silent", "text/event-stream")]
    [InlineData("/silent", "application/json")]
    [InlineData("/idle", "application/json")]
    [InlineData("/waiting", "text/event-stream")]
    [InlineData("/silent-handler", "text/event-stream")]
    public async Task Timeout_BeforeTheHead_IsAnsweredByTheFramework(string path, string accept)
    {
        await using TestServer server = await StartAsync(TimeSpan.FromMilliseconds(100));

        Answer answer = await server.GetAsync(path, accept);

        Assert.Equal((504, ""), (answer.Status, answer.Body));
        Assert.False(answer.Headers.ContainsKey("X-Accel-Buffering"));
        await server.IsIdleAsync();
        Assert.DoesNotContain(server.Logs.WarningsAndErrors, entry => !entry.Category.Contains("RequestTimeouts", StringComparison.Ordinal));
    }

    /// <summary>The timeout passes while the source blocks; then its first event is with the server, which would send it with any other answer.</summary>
    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Timeout_SourceBlocksBeforeItsFirstEvent_TheEventIsInNoOtherAnswer(string version)
    {
        await using TestServer server = await StartAsync(TimeSpan.FromMilliseconds(100));

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => server.GetAsync("/blocking", version: version));

        Assert.Contains(server.Logs.Ours, entry => entry.Name == "RequestTimedOut");
    }

    [Fact]
    public async Task Leave_HandlerWaits_IsLoggedOnce()
    {
        await using TestServer server = await StartAsync(TimeSpan.FromHours(1));
        using (OpenStream stream = await server.OpenAsync("/handler"))
        {
            await stream.ReadEventAsync();
        }

        await server.IsIdleAsync();

        // What handles the request may still be about to say something.
        await server.App.StopAsync().OrFail();
        Assert.Single(server.Logs.Ours, entry => entry.Name == "ClientGone");
    }

    [Fact]
    public async Task Timeout_VendorsDocument_IsAnsweredByTheFramework()
    {
        await using TestServer server = await StartAsync(TimeSpan.FromMilliseconds(100));
        const string Body = """{"model":"m","messages":[{"role":"user","content":"Hi"}],"stream":false}""";

        Answer answer = await server.SendAsync(new(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent(Body, Encoding.UTF8, "application/json") });

        Assert.Equal(504, answer.Status);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Leave_WithATimeoutThatHasNotPassed_IsNoTimeout(string version)
    {
        await using TestServer server = await StartAsync(TimeSpan.FromHours(1));
        using (OpenStream stream = await server.OpenAsync("/idle", version: version))
        {
            await stream.ReadEventAsync();
        }

        await _watched.Disposed;
        await server.IsIdleAsync();
        Assert.Equal("ClientGone", Assert.Single(server.Logs.Ours).Name);
        Assert.DoesNotContain(server.Logs.All, entry => entry.Name == "ApplicationAbortedConnection");
    }

    /// <summary>Opens a stream whose head is out: on a machine that is busy the time may be over before that, and then it is asked again.</summary>
    private static async Task<OpenStream> OpenAsync(TestServer server, string path, string accept, string version)
    {
        for (int attempt = 1; ; attempt++)
        {
            OpenStream stream;
            try
            {
                stream = await server.OpenAsync(path, accept, version);
            }
            catch (HttpRequestException) when (attempt < 10)
            {
                // The time was over between the head and the client's look at it.
                continue;
            }

            if (stream.Response.StatusCode == HttpStatusCode.OK)
            {
                return stream;
            }

            Assert.Equal(HttpStatusCode.GatewayTimeout, stream.Response.StatusCode);
            stream.Dispose();
        }
    }

    private Task<TestServer> StartAsync(TimeSpan timeout) => TestServer.StartAsync(
        app =>
        {
            app.UseRequestTimeouts();
            app.UseGaiPipelines();
            app.MapGet("/idle", () => TypedResults.Extensions.EventStream(_watched.ThenSilence<Tick>([new(1)])));
            app.MapGet("/gai", () => TypedResults.Extensions.EventStream(_watched.ThenSilence([StreamEvent.TextDelta("Hi")])));
            app.MapGet("/blocking", (HttpContext context) => TypedResults.Extensions.EventStream(BlockingTicks(context)));
            app.MapGet("/silent", () => TypedResults.Extensions.EventStream(_watched.ThenSilence<Tick>([])));
            app.MapGet("/waiting", async (CancellationToken cancellationToken) =>
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
                return TypedResults.Extensions.EventStream(Sources.Ticks(1, cancellationToken));
            });
            app.MapGet("/handler", context => WriteAsync(context, new Tick(1)));
            app.MapGet("/silent-handler", context => WriteAsync(context));
            app.MapOpenAIChatCompletions("/v1/chat/completions", (HttpContext _, ChatCall _) => _watched.ThenSilence<StreamEvent>([]));
        },
        services => services.AddRequestTimeouts(timeouts => timeouts.DefaultPolicy = new RequestTimeoutPolicy { Timeout = timeout }),
        options => (options.KeepAliveInterval, options.CommitWindow) = (TimeSpan.Zero, Timeout.InfiniteTimeSpan),
        Middleware.NotUsed);

    private static async IAsyncEnumerable<Tick> BlockingTicks(HttpContext context)
    {
        context.RequestAborted.WaitHandle.WaitOne();
        yield return new Tick(1);
        await Task.CompletedTask;
    }

    private static async Task WriteAsync(HttpContext context, params Tick[] ticks)
    {
        await using EventStream<Tick> stream = context.OpenEventStream<Tick>();
        foreach (Tick tick in ticks)
        {
            await stream.WriteAsync(tick);
        }

        await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
    }
}

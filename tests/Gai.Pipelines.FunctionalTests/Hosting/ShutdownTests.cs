using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gai.Pipelines.FunctionalTests.Hosting;

/// <summary>The server stops while streams are open.</summary>
public sealed class ShutdownTests
{
    private readonly Watched _watched = new();

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
        Assert.Equal(["Draining", "StreamDrained"], server.Logs.Ours.Select(entry => entry.Name).Order());
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

        server.Streams.Drain();

        await stream.ReadBrokenRestAsync();
        await _watched.Disposed;
        await server.IsIdleAsync();
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    [Theory]
    [InlineData("text/event-stream")]
    [InlineData("application/json")]
    public async Task Drain_NewStream_IsRefusedBeforeItsSourceStarts(string accept)
    {
        await using TestServer server = await StartAsync();
        server.Streams.Drain();

        Answer answer = await server.GetAsync("/ticks", accept);

        Assert.Equal((503, "application/problem+json", "1"), (answer.Status, answer.ContentType, answer.Headers["Retry-After"]));
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

        server.Streams.Drain();

        Assert.Equal(503, (await getting).Status);
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    private Task<TestServer> StartAsync() => TestServer.StartAsync(
        app =>
        {
            app.MapGet("/chat", () => TypedResults.Extensions.EventStream(_watched.ThenSilence([StreamEvent.TextDelta("Hi")])));
            app.MapGet("/ticks", () => TypedResults.Extensions.EventStream(_watched.ThenSilence<Tick>([new(1)])));
            app.MapGet("/silent", () => TypedResults.Extensions.EventStream(_watched.ThenSilence<Tick>([])));
        },
        options: options => options.CommitWindow = Timeout.InfiniteTimeSpan);
}

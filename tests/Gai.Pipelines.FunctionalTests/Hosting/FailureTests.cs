using System.Net;
using System.Text.Json;
using Gai.Pipelines.Hosting;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gai.Pipelines.FunctionalTests.Hosting;

/// <summary>Sources that fail, before and after the head of the response.</summary>
[System.Diagnostics.CodeAnalysis.SuppressMessage("Design", "CA1001", Justification = "The stream that reads the source closes it.")]
public sealed class FailureTests
{
    private const string Secret = "password=secret";

    [Theory]
    [InlineData("1.1", "/gai-before")]
    [InlineData("2", "/gai-before")]
    [InlineData("1.1", "/plain-before")]
    [InlineData("2", "/plain-before")]
    [InlineData("1.1", "/serializer-before")]
    [InlineData("1.1", "/mapped-throws")]
    [InlineData("1.1", "/handler-throws")]
    public async Task Fail_BeforeTheFirstEvent_GetsARealStatusAndIsLoggedOnce(string version, string path)
    {
        await using TestServer server = await StartAsync();

        Answer answer = await server.GetAsync(path, "text/event-stream", version);

        Assert.Equal((500, "application/problem+json"), (answer.Status, answer.ContentType));
        Assert.Equal("internal", answer.Json.GetProperty("code").GetString());
        Assert.Equal(500, answer.Json.GetProperty("status").GetInt32());
        Assert.DoesNotContain("secret", answer.Body, StringComparison.Ordinal);
        LogEntry entry = Assert.Single(server.Logs.WarningsAndErrors);
        Assert.Equal((LogLevel.Error, "StreamFailedEarly"), (entry.Level, entry.Name));
        Assert.Contains(Secret, entry.Exception!.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/gai-before")]
    [InlineData("/plain-before")]
    public async Task Fail_BeforeTheFirstEventOfADocument_GetsARealStatus(string path)
    {
        await using TestServer server = await StartAsync();

        Answer answer = await server.GetAsync(path, "application/json");

        Assert.Equal((500, "application/problem+json"), (answer.Status, answer.ContentType));
        Assert.Single(server.Logs.WarningsAndErrors);
    }

    [Fact]
    public async Task Fail_WithAnErrorForTheClient_GetsItsStatusCodeAndRetryTime()
    {
        await using TestServer server = await StartAsync();

        Answer answer = await server.GetAsync("/rate-limited");

        Assert.Equal((429, "2"), (answer.Status, answer.Headers["Retry-After"]));
        Assert.Equal(("rate_limited", "Slow down."), (answer.Json.GetProperty("code").GetString(), answer.Json.GetProperty("detail").GetString()));
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    [Theory]
    [InlineData("/gai-before")]
    [InlineData("/plain-before")]
    [InlineData("/mapped-throws")]
    public async Task Fail_WithAnExceptionThatTheApplicationKnows_GetsItsStatusAndRetryTime(string path)
    {
        await using TestServer server = await StartAsync(options => options.DescribeFailure = DescribeKnown);

        Answer answer = await server.GetAsync(path, "text/event-stream");

        Assert.Equal((429, "7"), (answer.Status, answer.Headers["Retry-After"]));
        Assert.Equal(("rate_limited", "Slow down."), (answer.Json.GetProperty("code").GetString(), answer.Json.GetProperty("detail").GetString()));
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    [Fact]
    public async Task Fail_AfterTheHeadWithAnExceptionThatTheApplicationKnows_IsToldInTheErrorRecord()
    {
        await using TestServer server = await StartAsync(options => options.DescribeFailure = DescribeKnown);

        Answer answer = await server.GetAsync("/gai-after", "text/event-stream");

        Assert.EndsWith(
            "event: gai.error\nretry: 7000\ndata: {\"error\":\"Slow down.\",\"code\":\"rate_limited\",\"temporary\":true,\"retry_after_ms\":7000}\n\n",
            answer.Body,
            StringComparison.Ordinal);
        Assert.DoesNotContain("secret", answer.Body, StringComparison.Ordinal);
        Assert.Equal(Secret, Assert.Single(server.Logs.WarningsAndErrors).Exception!.Message);
    }

    [Fact]
    public async Task Fail_DescriptionThrowsAfterTheHead_TellsNothingMore()
    {
        await using TestServer server = await StartAsync(options => options.DescribeFailure = static _ => throw new InvalidOperationException("also secret"));

        Answer answer = await server.GetAsync("/gai-after", "text/event-stream");

        Assert.Contains("\"code\":\"internal\"", answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fail_DescriptionThrowsBeforeTheHead_GetsAStatusAndTheFailureIsLogged()
    {
        await using TestServer server = await StartAsync(options => options.DescribeFailure = static _ => throw new InvalidOperationException("also secret"));

        Answer answer = await server.GetAsync("/gai-before", "text/event-stream");

        Assert.Equal((500, "internal"), (answer.Status, answer.Json.GetProperty("code").GetString()));
        LogEntry entry = Assert.Single(server.Logs.WarningsAndErrors);
        Assert.Equal("StreamFailedEarly", entry.Name);
        Assert.Contains(Secret, entry.Exception!.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Fail_GaiAfterTheHeadOverSse_EndsWithErrorRecordAndIsLoggedOnce(string version)
    {
        await using TestServer server = await StartAsync();

        Answer answer = await server.GetAsync("/gai-after", "text/event-stream", version);

        Assert.Equal(
            "event: text_delta\ndata: {\"text\":\"Hi\"}\n\n" +
            "id: gai.failed\nevent: gai.error\ndata: {\"error\":\"The stream failed on the server.\",\"code\":\"internal\",\"temporary\":false}\n\n",
            SortFields(answer.Body));
        Assert.Equal(200, answer.Status);
        LogEntry entry = Assert.Single(server.Logs.WarningsAndErrors);
        Assert.Equal((LogLevel.Error, "StreamFailed"), (entry.Level, entry.Name));
        Assert.Equal(Secret, entry.Exception!.Message);
    }

    [Theory]
    [InlineData("/gai-after", "application/x-ndjson", "{\"type\":\"error\"")]
    [InlineData("/v1-after", "application/x-ndjson", "\"type\":\"error\"")]
    [InlineData("/v1-after", "text/event-stream", "\"type\":\"error\"")]
    public async Task Fail_OtherDialectsAfterTheHead_EndWithErrorRecordAndNoEndMarker(string path, string accept, string error)
    {
        await using TestServer server = await StartAsync();

        Answer answer = await server.GetAsync(path, accept);

        string[] records = answer.Body.Split(accept == "text/event-stream" ? "\n\n" : "\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains("Hi", records[^2], StringComparison.Ordinal);
        Assert.Contains(error, records[^1], StringComparison.Ordinal);
        Assert.DoesNotContain("done", answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", answer.Body, StringComparison.Ordinal);
        Assert.Single(server.Logs.WarningsAndErrors);
    }

    [Theory]
    [InlineData("text/event-stream", "data: {\"n\":1}\n\ndata: {\"n\":2}\n\n")]
    [InlineData("application/x-ndjson", "{\"n\":1}\n{\"n\":2}\n")]
    public async Task Fail_PlainAfterTheHead_BreaksTheEndAfterAllEvents(string accept, string body)
    {
        await using TestServer server = await StartAsync();
        foreach (string version in (string[])["1.1", "2"])
        {
            // The client of HTTP/2 throws away what it has not read when the stream is reset.
            _mayFail = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using OpenStream stream = await server.OpenAsync("/gated", accept, version);
            Assert.Equal(body, await stream.ReadThroughAsync(body));
            _mayFail.SetResult();

            Assert.Equal(string.Empty, await stream.ReadBrokenRestAsync());
        }

        await server.IsIdleAsync();
        Assert.Equal(2, server.Logs.WarningsAndErrors.Count);
        Assert.All(server.Logs.WarningsAndErrors, entry => Assert.Equal((LogLevel.Error, Secret), (entry.Level, entry.Exception!.Message)));
    }

    [Fact]
    public async Task Fail_PlainAfterTheHeadOverHttp2_ResetsTheStreamAndNotTheConnection()
    {
        await using TestServer server = await StartAsync();
        using OpenStream other = await server.OpenAsync("/idle", version: "2");
        await other.ReadEventAsync();
        using OpenStream stream = await server.OpenAsync("/plain-after", version: "2");

        HttpProtocolException failure = await Assert.ThrowsAsync<HttpProtocolException>(async () =>
        {
            try
            {
                await stream.ReadRestAsync();
            }
            catch (HttpIOException outer) when (outer.InnerException is HttpProtocolException inner)
            {
                throw inner;
            }
        });

        const long InternalError = 2; // RFC 9113, 7
        Assert.Equal(InternalError, failure.ErrorCode);
        Assert.Equal(200, (await server.GetAsync("/gai", version: "2")).Status);
    }

    [Theory]
    [InlineData("/gai-before", "application/problem+json")]
    [InlineData("/gai-after", "text/event-stream")]
    public async Task Fail_ExceptionTextIncluded_TellsTheClient(string path, string contentType)
    {
        await using TestServer server = await StartAsync(options => options.IncludeExceptionText = true);

        Answer answer = await server.GetAsync(path);

        Assert.Equal(contentType, answer.ContentType);
        Assert.Contains($"InvalidOperationException: {Secret}", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fail_SerializerInMidStream_LeavesNoHalfFrame()
    {
        await using TestServer server = await StartAsync();
        using OpenStream stream = await server.OpenAsync("/serializer-after");

        Assert.Equal("data: {\"value\":1}\n\n", await stream.ReadBrokenRestAsync());
    }

    [Fact]
    public async Task Fail_FrameTooLarge_SaysSoAndNoMore()
    {
        await using TestServer server = await StartAsync(options => options.MaxFrameBytes = 1000);

        Answer answer = await server.GetAsync("/large", "application/x-ndjson");

        JsonElement error = JsonDocument.Parse(answer.Body.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]).RootElement;
        Assert.Equal("error", error.GetProperty("type").GetString());
        Assert.Contains("An event was larger than this server sends.", answer.Body, StringComparison.Ordinal);
        Assert.Single(server.Logs.WarningsAndErrors);
    }

    [Fact]
    public async Task Fail_InDisposal_IsAWarningAndTheStreamIsWhole()
    {
        await using TestServer server = await StartAsync();

        Answer answer = await server.GetAsync("/disposal");

        Assert.EndsWith("event: done\ndata: {\"finished\":true}\n\n", answer.Body, StringComparison.Ordinal);
        LogEntry entry = Assert.Single(server.Logs.WarningsAndErrors);
        Assert.Equal((LogLevel.Warning, "SourceDisposalFailed"), (entry.Level, entry.Name));
    }

    [Fact]
    public async Task Fail_InDisposalOfADocument_IsAWarningAndTheDocumentIsWhole()
    {
        await using TestServer server = await StartAsync();

        Answer answer = await server.GetAsync("/disposal", "application/json");

        Assert.Equal((200, "[{\"type\":\"done\",\"finished\":true}]"), (answer.Status, answer.Body));
        LogEntry entry = Assert.Single(server.Logs.WarningsAndErrors);
        Assert.Equal((LogLevel.Warning, "SourceDisposalFailed"), (entry.Level, entry.Name));
    }

    [Fact]
    public async Task Fail_InDisposalWhenTheClientHasLeft_IsAWarning()
    {
        await using TestServer server = await StartAsync();
        _source.Push(new Tick(1));
        using (OpenStream stream = await server.OpenAsync("/open"))
        {
            await stream.ReadEventAsync();
        }

        await server.IsIdleAsync();
        LogEntry entry = Assert.Single(server.Logs.WarningsAndErrors);
        Assert.Equal((LogLevel.Warning, "SourceDisposalFailed", Secret), (entry.Level, entry.Name, entry.Exception!.Message));
        Assert.Contains(server.Logs.Ours, other => other.Name == "ClientGone");
    }

    [Fact]
    public async Task Fail_InDisposalOfAStreamThatTheServerEnds_IsAWarning()
    {
        await using TestServer server = await StartAsync();
        _source.Push(new Tick(1));
        using OpenStream stream = await server.OpenAsync("/open");
        await stream.ReadEventAsync();

        server.Drain();

        await stream.ReadBrokenRestAsync();
        await server.IsIdleAsync();
        LogEntry entry = Assert.Single(server.Logs.WarningsAndErrors);
        Assert.Equal((LogLevel.Warning, "SourceDisposalFailed", Secret), (entry.Level, entry.Name, entry.Exception!.Message));
        Assert.Contains(server.Logs.Ours, other => other.Name == "StreamEnded");
    }

    [Fact]
    public async Task Fail_ErrorEventNameOfTheOriginal_IsUsed()
    {
        await using TestServer server = await StartAsync(options => options.ErrorEventName = "error");

        Assert.Contains("event: error\n", (await server.GetAsync("/gai-after")).Body, StringComparison.Ordinal);
    }

    private static StreamError? DescribeKnown(Exception failure) =>
        failure is InvalidOperationException ? new StreamError(StreamErrorCodes.RateLimited, "Slow down.", Temporary: true, TimeSpan.FromSeconds(7)) : null;

    private readonly ManualSequence<Tick> _source = new() { OnDispose = static () => throw new InvalidOperationException(Secret) };
    private TaskCompletionSource _mayFail = new();

    private async IAsyncEnumerable<Tick> GatedAsync(Exception failure)
    {
        yield return new Tick(1);
        yield return new Tick(2);
        await _mayFail.Task;
        throw failure;
    }

    /// <summary>The order of the fields of an event says nothing.</summary>
    private static string SortFields(string body) => string.Concat(
        body.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(item => string.Join('\n', item.Split('\n').OrderBy(line => line[..2] switch { "id" => 0, "ev" => 1, _ => 2 })) + "\n\n"));

    private Task<TestServer> StartAsync(Action<EventStreamOptions>? options = null) => TestServer.StartAsync(
        app =>
        {
            var failure = new InvalidOperationException(Secret);
            var limited = new StreamErrorException(new StreamError(StreamErrorCodes.RateLimited, "Slow down.", Temporary: true, TimeSpan.FromSeconds(2)));
            app.MapGet("/gai", () => TypedResults.Extensions.EventStream(Sources.Texts("Hi")));
            app.MapGet("/idle", () => TypedResults.Extensions.EventStream(new Watched().ThenSilence<Tick>([new(1)])));
            app.MapGet("/gai-before", () => TypedResults.Extensions.EventStream(Sources.TextsThen(failure)));
            app.MapGet("/gai-after", () => TypedResults.Extensions.EventStream(Sources.TextsThen(failure, "Hi")));
            app.MapGet("/v1-after", () => TypedResults.Extensions.EventStream(StreamSource.From(Sources.TextsThen(failure, "Hi")), Dialects.GaiEvents));
            app.MapGet("/plain-before", () => TypedResults.Extensions.EventStream(Sources.TicksThen(0, failure)));
            app.MapGet("/plain-after", () => TypedResults.Extensions.EventStream(Sources.TicksThen(2, failure)));
            app.MapGet("/gated", () => TypedResults.Extensions.EventStream(GatedAsync(failure)));
            app.MapGet("/rate-limited", () => TypedResults.Extensions.EventStream(Sources.TextsThen(limited)));
            app.MapGet("/serializer-before", () => TypedResults.Extensions.EventStream(Bombs(0)));
            app.MapGet("/serializer-after", () => TypedResults.Extensions.EventStream(Bombs(1)));
            app.MapGet("/large", () => TypedResults.Extensions.EventStream(Sources.Texts("Hi", new string('x', 2000))));
            app.MapGet("/disposal", () => TypedResults.Extensions.EventStream<StreamEvent>(new FailsInDisposal()));
            app.MapGet("/open", () => TypedResults.Extensions.EventStream(_source));
            app.MapEventStream("/mapped-throws", IAsyncEnumerable<Tick> (_) => throw failure);
            app.MapGet("/handler-throws", (string? q) => q is null ? throw failure : TypedResults.Extensions.EventStream(Sources.Ticks(1)));
        },
        options: options);

    private static async IAsyncEnumerable<Bomb> Bombs(int good)
    {
        for (int i = 1; i <= good; i++)
        {
            yield return new Bomb(i);
        }

        await Task.Yield();
        yield return new Bomb(-1);
    }

    private sealed class Bomb(int value)
    {
        public int Value => value > 0 ? value : throw new InvalidOperationException(Secret);
    }

    private sealed class FailsInDisposal : IAsyncEnumerable<StreamEvent>, IAsyncEnumerator<StreamEvent>
    {
        public StreamEvent Current => default;

        public IAsyncEnumerator<StreamEvent> GetAsyncEnumerator(CancellationToken cancellationToken = default) => this;

        public ValueTask<bool> MoveNextAsync() => new(false);

        public ValueTask DisposeAsync() => throw new InvalidOperationException(Secret);
    }
}

using System.IO.Pipelines;
using System.Net;
using System.Text;
using Gai.Pipelines.TestUtilities;
using static Gai.Pipelines.EventStreamConnection;
using static Gai.Pipelines.Tests.Client.ScriptedServer;

namespace Gai.Pipelines.Tests.Client;

/// <summary>What makes the client come back and what makes it stop, what it sends and what it says of itself.</summary>
public sealed class EventStreamClientTests
{
    [Fact]
    public async Task ReadAsync_NoContent_Ends()
    {
        using var run = new ClientRun(new ScriptedServer(Status(204)));

        await run.EndAsync();

        Assert.Equal(1, run.Server.Requests);
        Assert.Equal([Connecting, Closed], run.States.Select(state => state.Connection));
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(410)]
    [InlineData(301)]
    [InlineData(202)]
    public async Task ReadAsync_Refused_ThrowsWithTheStatusAndDoesNotComeBack(int status)
    {
        using var run = new ClientRun(new ScriptedServer(Status(status)));

        HttpRequestException failure = await Assert.ThrowsAsync<HttpRequestException>(run.EndAsync);

        Assert.Equal((HttpStatusCode)status, failure.StatusCode);
        Assert.Contains($"status {status}", failure.Message, StringComparison.Ordinal);
        Assert.Equal(1, run.Server.Requests);
        Assert.Equal((Closed, failure), (run.States[^1].Connection, run.States[^1].Cause));
    }

    [Theory]
    [InlineData(408)]
    [InlineData(425)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(504)]
    public async Task ReadAsync_RefusedForNow_ComesBack(int status)
    {
        using var run = new ClientRun(new ScriptedServer(Status(status), Stream("data: 1\n\n"), Status(204)), jitter: 0);

        await run.EndAsync();

        Assert.Equal(["1"], run.Events);
        Assert.Equal((HttpStatusCode)status, Assert.IsType<HttpRequestException>(run.States[1].Cause).StatusCode);
    }

    [Theory]
    [InlineData("application/json")]
    [InlineData("text/event-streams")]
    [InlineData("")]
    public async Task ReadAsync_NoEventStream_ThrowsAndDoesNotComeBack(string type)
    {
        using var run = new ClientRun(new ScriptedServer(Stream("data: 1\n\n", type)));

        HttpRequestException failure = await Assert.ThrowsAsync<HttpRequestException>(run.EndAsync);

        Assert.Contains("text/event-stream", failure.Message, StringComparison.Ordinal);
        Assert.Equal(1, run.Server.Requests);
    }

    [Theory]
    [InlineData("text/event-stream; charset=utf-8")]
    [InlineData("Text/Event-Stream")]
    [InlineData("text/event-stream;")]
    [InlineData("text/event-stream;charset=utf-8;")]
    public async Task ReadAsync_EventStreamWithOtherSpelling_IsRead(string type)
    {
        using var run = new ClientRun(new ScriptedServer(Stream("data: 1\n\n", type), Status(204)), jitter: 0);

        await run.EndAsync();

        Assert.Equal(["1"], run.Events);
    }

    /// <summary>A handler that looks at the status itself has refused as well.</summary>
    [Theory]
    [InlineData(HttpStatusCode.Unauthorized, 1)]
    [InlineData(HttpStatusCode.ServiceUnavailable, 2)]
    public async Task ReadAsync_HandlerThrowsOfAStatus_IsDecidedByTheStatus(HttpStatusCode status, int requests)
    {
        using var run = new ClientRun(new ScriptedServer(Throws(new HttpRequestException("no", inner: null, status)), Status(204)), jitter: 0);

        Exception? failure = await Record.ExceptionAsync(run.EndAsync);

        Assert.Equal(requests, run.Server.Requests);
        Assert.Equal(requests == 1 ? status : null, (failure as HttpRequestException)?.StatusCode);
    }

    [Fact]
    public async Task ReadAsync_CancelledWhileItWaits_SaysSoAtTheEnd()
    {
        using var run = new ClientRun(new ScriptedServer(Status(500)));
        await Deadline.UntilAsync(() => run.States.Count > 0 && run.States[^1].Connection == Waiting);

        await run.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(run.EndAsync);
        Assert.Equal(Closed, run.States[^1].Connection);
        Assert.IsType<OperationCanceledException>(run.States[^1].Cause, exactMatch: false);
    }

    [Fact]
    public async Task ReadAsync_ConnectionFails_ComesBack()
    {
        var reset = new HttpRequestException(HttpRequestError.ConnectionError, "reset");
        using var run = new ClientRun(new ScriptedServer(Throws(reset), Stream("data: 1\n\n"), Status(204)), jitter: 0);

        await run.EndAsync();

        Assert.Equal(["1"], run.Events);
        Assert.Same(reset, run.States[1].Cause);
    }

    [Fact]
    public async Task ReadAsync_TimeoutOfTheHttpClient_ComesBack()
    {
        var timeout = new TaskCanceledException("HttpClient.Timeout", new TimeoutException());
        using var run = new ClientRun(new ScriptedServer(Throws(timeout), Status(204)), jitter: 0);

        await run.EndAsync();

        Assert.Equal(2, run.Server.Requests);
    }

    [Fact]
    public async Task ReadAsync_ConnectionBreaks_ResumesFromTheLastIdAndSaysSo()
    {
        var broken = new IOException("reset");
        using var run = new ClientRun(new ScriptedServer(Broken("id: 7\ndata: a\n\nid: 8\n\nid: 9\ndata: never dispatched\n", broken), Stream("data: b\n\n"), Status(204)));

        await run.PassAsync(500);
        await run.PassAsync(500);
        await run.EndAsync();

        Assert.Equal(["a", "b"], run.Events);
        Assert.Equal([null, "8", "8"], run.Server.LastEventIds);
        EventStreamClientState waiting = new(Waiting, "8", TimeSpan.FromMilliseconds(500));
        Assert.Equal(
            [new(Connecting, ""), new(Open, ""), waiting with { Cause = broken }, new(Connecting, "8"), new(Open, "8"), waiting, new(Connecting, "8"), new(Closed, "8")],
            run.States);
    }

    [Fact]
    public async Task ReadAsync_IdIsReset_IsNotSentAnyMore()
    {
        using var run = new ClientRun(new ScriptedServer(Stream("id: 1\ndata: a\n\nid\ndata: b\n\n"), Status(204)), jitter: 0);

        await run.EndAsync();

        Assert.Equal([null, null], run.Server.LastEventIds);
    }

    [Fact]
    public async Task ReadAsync_ConnectionBreaksBehindTheEnd_IsClosedWithoutACause()
    {
        using var run = new ClientRun(new ScriptedServer(Broken("id: gai.done\ndata: a\n\n", new IOException("reset"))));

        await run.EndAsync();

        Assert.Equal(new EventStreamClientState(Closed, "gai.done"), run.States[^1]);
    }

    [Theory]
    [InlineData("gai.done")]
    [InlineData("gai.failed")]
    public async Task ReadAsync_TerminalId_EndsWithoutAnotherRequest(string id)
    {
        using var run = new ClientRun(new ScriptedServer(Stream($"data: a\n\nid: {id}\ndata: b\n\n")));

        await run.EndAsync();

        Assert.Equal(["a", "b"], run.Events);
        Assert.Equal(1, run.Server.Requests);
        Assert.Equal([Connecting, Open, Closed], run.States.Select(state => state.Connection));
    }

    [Fact]
    public async Task ReadAsync_ConnectionBreaksBehindTheTerminalId_EndsWithoutAnotherRequest()
    {
        using var run = new ClientRun(new ScriptedServer(Broken("id: gai.done\ndata: a\n\n", new IOException("reset"))));

        await run.EndAsync();

        Assert.Equal(1, run.Server.Requests);
    }

    [Fact]
    public async Task ReadAsync_ResumeOnlyAndNoId_ThrowsInsteadOfBeginningAnew()
    {
        using var run = new ClientRun(new ScriptedServer(Broken("data: a\n\n", new IOException("reset"))), options: options => options with { ResumeOnly = true });

        HttpRequestException failure = await Assert.ThrowsAsync<HttpRequestException>(run.EndAsync);

        Assert.Contains("ResumeOnly", failure.Message, StringComparison.Ordinal);
        Assert.Same(failure, run.States[^1].Cause);
        Assert.IsType<IOException>(failure.InnerException);
        Assert.Equal(["a"], run.Events);
        Assert.Equal(1, run.Server.Requests);
    }

    [Fact]
    public async Task ReadAsync_ResumeOnlyAndRefusedForNow_ThrowsWithTheStatus()
    {
        using var run = new ClientRun(new ScriptedServer(Status(503)), options: options => options with { ResumeOnly = true });

        HttpRequestException failure = await Assert.ThrowsAsync<HttpRequestException>(run.EndAsync);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, failure.StatusCode);
    }

    [Fact]
    public async Task ReadAsync_ResumeOnlyAndCleanEndWithoutId_Ends()
    {
        using var run = new ClientRun(new ScriptedServer(Stream("data: a\n\n")), options: options => options with { ResumeOnly = true });

        await run.EndAsync();

        Assert.Equal(1, run.Server.Requests);
    }

    [Fact]
    public async Task ReadAsync_ResumeOnlyAndAnId_ComesBack()
    {
        using var run = new ClientRun(
            new ScriptedServer(Stream("id: 1\ndata: a\n\n"), Status(503), Status(204)), jitter: 0, options: options => options with { ResumeOnly = true });

        await run.EndAsync();

        Assert.Equal([null, "1", "1"], run.Server.LastEventIds);
    }

    [Fact]
    public async Task ReadAsync_RequestWithAnIdOfItsOwn_ResumesFromIt()
    {
        using var run = new ClientRun(
            new ScriptedServer(Status(503), Stream("id: 6\ndata: a\n\n"), Status(204)),
            jitter: 0,
            options: options => options with { ResumeOnly = true },
            request: () => new HttpRequestMessage(HttpMethod.Post, "http://server/") { Headers = { { "Last-Event-ID", "5" } } });

        await run.EndAsync();

        Assert.Equal(["5", "5", "6"], run.Server.LastEventIds);
    }

    [Theory]
    [InlineData("id: 6\ndata: a\n\nid:\ndata: b\n\n")]
    [InlineData("id:\ndata: b\n\n")]
    public async Task ReadAsync_ServerTakesTheIdOfTheRequestBack_IsNotSentAgain(string stream)
    {
        using var run = new ClientRun(
            new ScriptedServer(Status(503), Stream(stream), Status(204)),
            jitter: 0,
            request: () => new HttpRequestMessage(HttpMethod.Get, "http://server/") { Headers = { { "Last-Event-ID", "5" } } });

        await run.EndAsync();

        Assert.Equal(["5", "5", null], run.Server.LastEventIds);
    }

    [Fact]
    public async Task ReadAsync_SilentConnection_IsTakenForDeadAfterTheReadTimeout()
    {
        var pipe = new Pipe();
        using var run = new ClientRun(new ScriptedServer(Live(pipe), Status(204)));

        await run.Time.WaitForTimerAsync(TimeSpan.FromSeconds(45));
        run.Time.Advance(TimeSpan.FromSeconds(45));
        await run.PassAsync(500);
        await run.EndAsync();

        Assert.IsType<TimeoutException>(run.States[2].Cause);
    }

    [Fact]
    public async Task ReadAsync_Comments_ResetTheReadTimeout()
    {
        var pipe = new Pipe();
        var comments = new List<string>();
        using var run = new ClientRun(
            new ScriptedServer(Live(pipe), Status(204)),
            options: options => options with { Reader = new SseReaderOptions { OnComment = text => comments.Add(Encoding.UTF8.GetString(text.Span)) } });

        for (int n = 1; n <= 5; n++)
        {
            await run.Time.WaitForTimerAsync(TimeSpan.FromSeconds(45));
            run.Time.Advance(TimeSpan.FromSeconds(44));
            await pipe.Writer.WriteAsync(Encoding.ASCII.GetBytes($": {n}\n\n"));
            await Deadline.UntilAsync(() => comments.Count == n && run.Time.ArmedTimers == 1);
        }

        Assert.Equal([Connecting, Open], run.States.Select(state => state.Connection));
        run.Time.Advance(TimeSpan.FromSeconds(45));
        await run.PassAsync(500);
        await run.EndAsync();
    }

    [Fact]
    public async Task ReadAsync_CallerIsSlow_DoesNotCountAsSilence()
    {
        using var http = new HttpClient(new ScriptedServer(Stream("data: 1\n\ndata: 2\n\n"), Status(204)));
        var time = new ManualTimeProvider();
        var client = new EventStreamClient(http, new EventStreamClientOptions { TimeProvider = time, Random = new FixedRandom(0) });
        int events = 0;

        await foreach (SseFrame _ in client.ReadAsync(new Uri("http://server/")))
        {
            time.Advance(TimeSpan.FromHours(1));
            events++;
        }

        Assert.Equal(2, events);
    }

    [Fact]
    public async Task ReadAsync_CancelledWhileWaiting_Throws()
    {
        using var run = new ClientRun(new ScriptedServer(Status(503)));
        await run.Time.WaitForTimerAsync(TimeSpan.FromMilliseconds(500));

        await run.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(run.EndAsync);
        Assert.Equal((0, Closed), (run.Time.ArmedTimers, run.States[^1].Connection));
    }

    [Fact]
    public async Task ReadAsync_CancelledWhileReading_ThrowsAndLeavesNoTimer()
    {
        using var run = new ClientRun(new ScriptedServer(Live(new Pipe())));
        await run.Time.WaitForTimerAsync(TimeSpan.FromSeconds(45));

        await run.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(run.EndAsync);
        Assert.Equal((1, 0, Closed), (run.Server.Requests, run.Time.ArmedTimers, run.States[^1].Connection));
    }

    [Fact]
    public async Task ReadAsync_ResumeOnlyCancelledWhileReading_ThrowsCancellationAndNotALoss()
    {
        using var run = new ClientRun(new ScriptedServer(Live(new Pipe())), options: options => options with { ResumeOnly = true });
        await run.Time.WaitForTimerAsync(TimeSpan.FromSeconds(45));

        await run.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(run.EndAsync);
    }

    [Fact]
    public async Task ReadAsync_RefusedForNow_DisposesOfTheResponse()
    {
        using var body = new MemoryStream();
        HttpResponseMessage refusal = new(HttpStatusCode.ServiceUnavailable) { Content = new StreamContent(body) };
        using var run = new ClientRun(new ScriptedServer(_ => refusal, Status(204)), jitter: 0);

        await run.EndAsync();

        Assert.False(body.CanRead);
    }

    [Fact]
    public async Task ReadAsync_ConnectionBreaksAsTheCallerCancels_ThrowsCancellation()
    {
        using var stop = new CancellationTokenSource();
        using var http = new HttpClient(new ScriptedServer(_ =>
        {
            stop.Cancel();
            throw new HttpRequestException("reset");
        }));
        IAsyncEnumerator<SseFrame> events = new EventStreamClient(http).ReadAsync(new Uri("http://server/"), stop.Token).GetAsyncEnumerator(CancellationToken.None);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await events.MoveNextAsync());
    }

    [Fact]
    public async Task ReadAsync_CallerLeaves_DisposesOfTheResponseAndSaysWhere()
    {
        var pipe = new Pipe();
        var states = new List<EventStreamClientState>();
        using var http = new HttpClient(new ScriptedServer(Live(pipe)));
        var client = new EventStreamClient(http, new EventStreamClientOptions { OnStateChanged = states.Add });
        await pipe.Writer.WriteAsync("id: 1\ndata: a\n\n"u8.ToArray());

        await foreach (SseFrame _ in client.ReadAsync(new Uri("http://server/")))
        {
            break;
        }

        Assert.Equal(new EventStreamClientState(Closed, "1"), states[^1]);
        Assert.True((await pipe.Writer.FlushAsync()).IsCompleted, "the body is closed");
    }

    [Fact]
    public async Task ReadAsync_LineOverTheLimit_ThrowsAndDoesNotComeBack()
    {
        using var run = new ClientRun(
            new ScriptedServer(Stream("data: 1\n\ndata: 0123456789\n\n")), options: options => options with { Reader = new SseReaderOptions { MaxLineBytes = 8 } });

        StreamReadException failure = await Assert.ThrowsAsync<StreamReadException>(run.EndAsync);

        Assert.Equal(1, run.Server.Requests);
        Assert.Equal((Closed, failure), (run.States[^1].Connection, run.States[^1].Cause));
    }

    [Fact]
    public async Task ReadAsync_RequestFactoryThrows_ThrowsThat()
    {
        var failure = new HttpRequestException("no token");
        using var run = new ClientRun(new ScriptedServer(Status(204)), request: () => throw failure);

        Assert.Same(failure, await Assert.ThrowsAsync<HttpRequestException>(run.EndAsync));
        Assert.Equal([Connecting, Closed], run.States.Select(state => state.Connection));
    }

    [Fact]
    public async Task ReadAsync_RequestFactoryGivesNull_SaysSo()
    {
        using var run = new ClientRun(new ScriptedServer(Status(204)), request: () => null!);

        Assert.Contains("factory", (await Assert.ThrowsAsync<InvalidOperationException>(run.EndAsync)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReadAsync_Request_AcceptsEventStreamsAndNothingStored()
    {
        string? sent = null;
        using var run = new ClientRun(new ScriptedServer(request =>
        {
            sent = $"{request.Headers.Accept}|{request.Headers.CacheControl}|{request.Method}|{request.Content?.ReadAsStringAsync().GetAwaiter().GetResult()}";
            return new HttpResponseMessage(HttpStatusCode.NoContent);
        }), request: () => new HttpRequestMessage(HttpMethod.Post, "http://server/") { Content = new StringContent("body") });

        await run.EndAsync();

        Assert.Equal("text/event-stream|no-store|POST|body", sent);
    }

    [Fact]
    public void ReadAsync_NoRequest_ThrowsAtOnce()
    {
        var client = new EventStreamClient(new HttpClient(new ScriptedServer(Status(204))));

        Assert.Throws<ArgumentNullException>(() => client.ReadAsync((Func<HttpRequestMessage>)null!));
        Assert.Throws<ArgumentNullException>(() => client.ReadAsync((Uri)null!));
    }
}

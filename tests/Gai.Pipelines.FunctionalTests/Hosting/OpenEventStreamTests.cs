using System.Threading.Channels;
using Gai.Pipelines.Hosting;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Gai.Pipelines.FunctionalTests.Hosting;

/// <summary>Handlers that write their events themselves.</summary>
public sealed class OpenEventStreamTests
{
    private const string GaiError = "\"code\":\"internal\"";

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Complete_AfterEvents_SendsThemAndTheEndMarker(string version)
    {
        await using TestServer server = await StartAsync(async context =>
        {
            await using EventStream<StreamEvent> stream = context.OpenEventStream<StreamEvent>();
            await stream.WriteAsync(StreamEvent.TextDelta("Hi"));
            await stream.CompleteAsync();
        });

        Answer answer = await server.GetAsync("/", version: version);

        Assert.Equal("event: text_delta\ndata: {\"text\":\"Hi\"}\n\nid: gai.done\nevent: done\ndata: {\"finished\":true}\n\n", answer.Body);
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    [Fact]
    public async Task Complete_WithoutEvents_SendsAnEmptyStream()
    {
        await using TestServer server = await StartAsync(async context =>
        {
            await using EventStream<Tick> stream = context.OpenEventStream<Tick>();
            await stream.CompleteAsync();
        });

        Answer answer = await server.GetAsync("/");

        Assert.Equal((200, "text/event-stream", ""), (answer.Status, answer.ContentType, answer.Body));
    }

    [Fact]
    public async Task Write_SeveralThreads_KeepsEachOnesOrder()
    {
        await using TestServer server = await StartAsync(async context =>
        {
            await using EventStream<Tick> stream = context.OpenEventStream<Tick>();
            await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(async () =>
            {
                for (int i = 0; i < 1000; i++)
                {
                    await stream.WriteAsync(new Tick((thread * 1000) + i));
                }
            })));
            await stream.CompleteAsync();
        });

        int[] numbers = [.. (await server.GetAsync("/", "application/json")).Json.EnumerateArray().Select(tick => tick.GetProperty("n").GetInt32())];

        Assert.Equal(4000, numbers.Length);
        Assert.All(numbers.GroupBy(n => n / 1000), thread => Assert.Equal(Enumerable.Range(thread.Key * 1000, 1000), thread));
    }

    [Fact]
    public async Task Complete_IsNotAwaited_DisposalWaits()
    {
        bool? isOver = null;
        await using TestServer server = await StartAsync(async context =>
        {
            EventStream<string> stream = context.OpenEventStream<string>();
            await stream.WriteAsync(new string('x', 900_000));
            Task completed = stream.CompleteAsync();
            await stream.DisposeAsync();
            isOver = completed.IsCompletedSuccessfully;
        });

        Answer answer = await server.GetAsync("/");

        Assert.True(isOver);
        Assert.Equal(900_000 + "data: \n\n".Length, answer.Body.Length);
    }

    /// <summary>Nobody looks at the task of CompleteAsync, or whoever does keeps it to himself: the client must not take what it has for the whole answer.</summary>
    [Theory]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task Complete_EventCannotBeWrittenAndNobodyIsTold_BreaksTheEnd(bool isCaught, bool hasMiddleware)
    {
        var read = new TaskCompletionSource();
        await using TestServer server = await StartAsync(
            async context =>
            {
                await using EventStream<Fragile> stream = context.OpenEventStream<Fragile>();
                await stream.WriteAsync(new Fragile(1));
                await read.Task;
                await stream.WriteAsync(new Fragile(-1));
                Task completed = stream.CompleteAsync();
                if (isCaught)
                {
                    await completed.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                }
            },
            hasMiddleware ? Middleware.Used : Middleware.NotUsed);
        using OpenStream stream = await server.OpenAsync("/", "application/x-ndjson");
        await stream.ReadLineAsync();
        read.SetResult();

        await stream.ReadBrokenRestAsync();
    }

    [Fact]
    public async Task Complete_OnlyEventCannotBeWrittenAndNobodyIsTold_IsAFailure()
    {
        await using TestServer server = await StartAsync(async context =>
        {
            EventStream<Fragile> stream = context.OpenEventStream<Fragile>();
            await stream.WriteAsync(new Fragile(-1));
            _ = stream.CompleteAsync();
        });

        Assert.Equal(500, (await server.GetAsync("/")).Status);
        Assert.Contains(server.Logs.Ours, entry => entry.Name == "StreamFailedEarly");
    }

    [Fact]
    public async Task Open_ResponseHasStarted_IsTheHandlersMistakeAndClosesTheSource()
    {
        Exception? failure = null;
        Channel<Tick> channel = Channel.CreateBounded<Tick>(1);
        StreamOutcome? outcome = null;
        await using TestServer server = await StartAsync(async context =>
        {
            await context.Response.WriteAsync("Hello");
            failure = await Record.ExceptionAsync(() =>
                TypedResults.Extensions.EventStream(channel, new EventStreamResultOptions { OnClosed = ended => outcome = ended }).ExecuteAsync(context));
        });

        Answer answer = await server.GetAsync("/");

        Assert.Equal("Hello", answer.Body);
        Assert.Contains("has been started", Assert.IsType<InvalidOperationException>(failure).Message, StringComparison.Ordinal);
        Assert.Equal((StreamOutcomeReason.SourceFailed, false), (outcome!.Value.Reason, outcome.Value.HeadSent));
        Assert.False(channel.Writer.TryWrite(new Tick(1)));
    }

    [Fact]
    public async Task Write_AfterComplete_IsTheHandlersMistake()
    {
        Exception? failure = null;
        await using TestServer server = await StartAsync(async context =>
        {
            await using EventStream<Tick> stream = context.OpenEventStream<Tick>();
            await stream.CompleteAsync();
            failure = await Record.ExceptionAsync(async () => await stream.WriteAsync(new Tick(1)));
        });

        await server.GetAsync("/");

        Assert.Contains("CompleteAsync", Assert.IsType<InvalidOperationException>(failure).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Abandon_BeforeTheHead_GetsStatus500AndIsLoggedOnce()
    {
        await using TestServer server = await StartAsync(async context =>
        {
            await using EventStream<Tick> stream = context.OpenEventStream<Tick>();
        });

        Answer answer = await server.GetAsync("/");

        Assert.Equal((500, "application/problem+json"), (answer.Status, answer.ContentType));
        Assert.Contains("CompleteAsync", Assert.Single(server.Logs.WarningsAndErrors).Exception!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Abandon_GaiAfterTheHead_EndsWithErrorRecordAndIsLoggedOnce()
    {
        await using TestServer server = await StartAsync(context => WriteOneAsync(context, StreamEvent.TextDelta("Hi")));
        using OpenStream stream = await OpenAsync(server);

        string rest = await stream.ReadRestAsync();

        Assert.Contains(GaiError, rest, StringComparison.Ordinal);
        Assert.DoesNotContain("done", rest, StringComparison.Ordinal);
        Assert.Equal((LogLevel.Warning, "StreamAbandoned"), Assert.Single(server.Logs.WarningsAndErrors.Select(entry => (entry.Level, entry.Name))));
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Abandon_PlainAfterTheHead_BreaksTheEndAndIsLoggedOnce(string version)
    {
        await using TestServer server = await StartAsync(context => WriteOneAsync(context, new Tick(1)));
        using OpenStream stream = await OpenAsync(server, version);

        Assert.Equal(string.Empty, await stream.ReadBrokenRestAsync());
        await Eventually.IsTrueAsync(() => server.Logs.WarningsAndErrors.Count > 0, () => "nothing is logged");
        Assert.Single(server.Logs.WarningsAndErrors);
    }

    [Fact]
    public async Task Throw_BeforeTheHead_GetsTheStatusOfTheException()
    {
        await using TestServer server = await StartAsync(async context =>
        {
            await using EventStream<Tick> stream = context.OpenEventStream<Tick>();
            throw new StreamErrorException(new StreamError(StreamErrorCodes.NotFound, "No such task."));
        });

        Answer answer = await server.GetAsync("/");

        Assert.Equal((404, "No such task."), (answer.Status, answer.Json.GetProperty("detail").GetString()));
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    [Fact]
    public async Task Throw_GaiAfterTheHead_EndsCleanlyWithErrorRecordAndIsLoggedOnce()
    {
        await using TestServer server = await StartAsync(context => WriteOneAsync(context, StreamEvent.TextDelta("Hi"), new InvalidOperationException("password=secret")));
        using OpenStream stream = await OpenAsync(server);

        string rest = await stream.ReadRestAsync();

        Assert.Contains(GaiError, rest, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", rest, StringComparison.Ordinal);
        LogEntry entry = Assert.Single(server.Logs.WarningsAndErrors);
        Assert.Equal((LogLevel.Error, "StreamFailed", "password=secret"), (entry.Level, entry.Name, entry.Exception!.Message));
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Throw_PlainAfterTheHead_BreaksTheEndAndIsLoggedOnce(string version)
    {
        await using TestServer server = await StartAsync(context => WriteOneAsync(context, new Tick(1), new InvalidOperationException("password=secret")));
        using OpenStream stream = await OpenAsync(server, version);

        await stream.ReadBrokenRestAsync();
        await Eventually.IsTrueAsync(() => server.Logs.WarningsAndErrors.Count > 0, () => "nothing is logged");
        Assert.Equal("password=secret", Assert.Single(server.Logs.WarningsAndErrors).Exception!.Message);
    }

    [Fact]
    public async Task Write_ClientAcceptsNothingOffered_Gets406WholeAndNothingIsLogged()
    {
        await using TestServer server = await StartAsync(WriteForEverAsync);

        Answer answer = await server.GetAsync("/", "image/png");

        Assert.Equal((406, 406), (answer.Status, answer.Json.GetProperty("status").GetInt32()));
        await server.IsIdleAsync();
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Write_ServerDrains_ClientIsToldAndTheHandlersWriteIsNoError(string version)
    {
        await using TestServer server = await StartAsync(WriteForEverAsync);
        using OpenStream stream = await OpenAsync(server, version);

        server.Drain();

        Assert.Contains("\"code\":\"server_draining\"", await stream.ReadRestAsync(), StringComparison.Ordinal);
        await server.IsIdleAsync();
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    [Fact]
    public async Task Write_EventThatCannotBeEncoded_IsToldAndLoggedOnce()
    {
        await using TestServer server = await StartAsync(async context =>
        {
            await using EventStream<StreamEvent> stream = context.OpenEventStream<StreamEvent>();
            await stream.WriteAsync(StreamEvent.TextDelta("Hi"));
            await stream.WriteAsync(StreamEvent.Raw("not JSON"));
            while (true)
            {
                await stream.WriteAsync(StreamEvent.TextDelta("more"));
            }
        });
        using OpenStream stream = await OpenAsync(server);

        Assert.Contains(GaiError, await stream.ReadRestAsync(), StringComparison.Ordinal);
        await server.IsIdleAsync();
        Assert.Equal((LogLevel.Error, "StreamFailed"), Assert.Single(server.Logs.WarningsAndErrors.Select(entry => (entry.Level, entry.Name))));
    }

    [Fact]
    public async Task Open_WithoutMiddleware_StreamsAsWell()
    {
        await using TestServer server = await StartAsync(
            async context =>
            {
                await using EventStream<Tick> stream = context.OpenEventStream<Tick>();
                await stream.WriteAsync(new Tick(1));
                await stream.CompleteAsync();
            },
            Middleware.NotUsed);

        Assert.Equal("data: {\"n\":1}\n\n", (await server.GetAsync("/")).Body);
    }

    [Fact]
    public async Task Abandon_WithoutMiddlewareBeforeTheHead_GetsStatus500()
    {
        await using TestServer server = await StartAsync(
            async context =>
            {
                await using EventStream<Tick> stream = context.OpenEventStream<Tick>();
            },
            Middleware.NotUsed);

        Assert.Equal(500, (await server.GetAsync("/")).Status);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Abandon_WithoutMiddlewareAfterTheHead_BreaksTheEnd(string version)
    {
        await using TestServer server = await StartAsync(context => WriteOneAsync(context, new Tick(1)), Middleware.NotUsed);
        using OpenStream stream = await OpenAsync(server, version);

        await stream.ReadBrokenRestAsync();
    }

    /// <summary>Its response belongs to the next request on the connection as soon as the handler is over.</summary>
    [Theory]
    [InlineData(false, true)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public async Task Open_LeftOpenByTheHandler_EndsWithIt(bool throws, bool usesMiddleware)
    {
        EventStream<StreamEvent>? left = null;
        await using TestServer server = await StartAsync(
            async context =>
            {
                left = context.OpenEventStream<StreamEvent>();
                await left.WriteAsync(StreamEvent.TextDelta("Hi"));
                if (throws)
                {
                    throw new InvalidOperationException("broken");
                }
            },
            usesMiddleware ? Middleware.Used : Middleware.NotUsed);

        if (usesMiddleware)
        {
            Assert.Contains(GaiError, (await server.GetAsync("/", "text/event-stream")).Body, StringComparison.Ordinal);
        }
        else
        {
            await Record.ExceptionAsync(() => server.GetAsync("/", "text/event-stream"));
        }

        await server.IsIdleAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left!.WriteAsync(StreamEvent.TextDelta("more")).AsTask());
    }

    [Fact]
    public async Task Open_WithoutServices_SaysWhatIsMissing()
    {
        var context = new DefaultHttpContext { RequestServices = new ServiceCollection().AddOptions().BuildServiceProvider() };

        InvalidOperationException failure = Assert.Throws<InvalidOperationException>(() => context.OpenEventStream<StreamEvent>());

        Assert.Contains("builder.Services.AddGaiPipelines()", failure.Message, StringComparison.Ordinal);
        await Task.CompletedTask;
    }

    // The handler goes on when the client has its first event: then the head is sent for certain.
    private readonly TaskCompletionSource _firstEventRead = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task WriteOneAsync<T>(HttpContext context, T item, Exception? failure = null)
    {
        await using EventStream<T> stream = context.OpenEventStream<T>();
        await stream.WriteAsync(item);
        await _firstEventRead.Task.OrFail();
        if (failure is not null)
        {
            throw failure;
        }
    }

    private static async Task WriteForEverAsync(HttpContext context)
    {
        await using EventStream<StreamEvent> stream = context.OpenEventStream<StreamEvent>();
        while (true)
        {
            await stream.WriteAsync(StreamEvent.TextDelta("more"));
            await Task.Yield();
        }
    }

    private async Task<OpenStream> OpenAsync(TestServer server, string version = "1.1")
    {
        OpenStream stream = await server.OpenAsync("/", version: version);
        await stream.ReadEventAsync();
        _firstEventRead.SetResult();
        return stream;
    }

    private static Task<TestServer> StartAsync(Func<HttpContext, Task> handler, Middleware middleware = Middleware.Used) =>
        TestServer.StartAsync(app => app.MapGet("/", new RequestDelegate(handler)), middleware: middleware);

    private sealed class Fragile(int value)
    {
        public int Value => value >= 0 ? value : throw new InvalidOperationException("It cannot be written.");
    }
}

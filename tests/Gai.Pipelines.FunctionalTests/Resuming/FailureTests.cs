using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gai.Pipelines.FunctionalTests.Resuming;

/// <summary>How a resumable stream fails: with a real status before its first event, with the dialect's error afterwards.</summary>
public sealed class FailureTests
{
    [Fact]
    public async Task Fail_BeforeTheFirstEvent_GetsARealStatusAndTheNextBeginsAnew()
    {
        int runs = 0;
        await using TestServer server = await ResumeServer.StartAsync(app => app
            .MapEventStream("/texts", _ => ++runs == 1 ? Sources.TextsThen(RateLimited()) : Sources.Texts("a"))
            .Resumable(resumable => resumable.Key = _ => "one"));

        Answer failed = await ResumeServer.GetAsync(server, "/texts");
        Answer again = await ResumeServer.GetAsync(server, "/texts");

        Assert.Equal((429, "rate_limited"), (failed.Status, failed.Json.GetProperty("code").GetString()));
        Assert.DoesNotContain("stream-id", failed.Headers.Keys);
        Assert.Equal((200, 2), (again.Status, runs));
    }

    [Fact]
    public async Task Fail_InsideTheCommitWindow_GetsARealStatus()
    {
        var source = new ManualSequence<StreamEvent>();
        await using TestServer server = await ResumeServer.StartAsync(
            app => app.MapEventStream("/texts", _ => source).Resumable(),
            options: options => options.CommitWindow = Timeout.InfiniteTimeSpan);
        Task<Answer> getting = ResumeServer.GetAsync(server, "/texts");
        await Eventually.IsTrueAsync(() => source.IsWaiting, () => "the source is not asked");

        source.Fail(RateLimited());

        Assert.Equal(429, (await getting).Status);
    }

    [Fact]
    public async Task CommitWindow_NoEventInTime_HeadComesWithAnIdToResumeFrom()
    {
        var source = new ManualSequence<StreamEvent>();
        await using TestServer server = await ResumeServer.StartAsync(
            app => app.MapEventStream("/texts", _ => source).Resumable(), options: options => options.CommitWindow = TimeSpan.Zero);

        using OpenStream stream = await ResumeServer.OpenAsync(server, "/texts");

        // Who is cut before the first event can come back all the same: an EventSource reads no headers.
        string id = ResumeServer.IdOf(await stream.ReadEventAsync());
        Assert.Equal(ResumeServer.StreamIdOf(stream), id[..LogId.TextLength]);
        source.Push(StreamEvent.TextDelta("a")).End();
        Answer resumed = await ResumeServer.GetAsync(server, "/texts", lastEventId: id);
        Assert.Contains("\"a\"", resumed.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fail_InMidStream_EveryReaderGetsTheErrorAndItIsLoggedOnce()
    {
        var source = new ManualSequence<StreamEvent>();
        await using TestServer server = await ResumeServer.StartAsync(app => app.MapEventStream("/texts", _ => source).Resumable());
        source.Push(StreamEvent.TextDelta("a"));
        using OpenStream first = await ResumeServer.OpenAsync(server, "/texts");
        string id = ResumeServer.IdOf(await ResumeServer.ReadDataAsync(first));
        using OpenStream second = await ResumeServer.OpenAsync(server, $"/texts?streamId={ResumeServer.StreamIdOf(first)}");
        await ResumeServer.ReadDataAsync(second);

        source.Fail(new InvalidOperationException("secret"));

        string[] ends = [await first.ReadRestAsync(), await second.ReadRestAsync(), (await ResumeServer.GetAsync(server, "/texts", lastEventId: id)).Body];
        Assert.All(ends, end => Assert.Contains("\"code\":\"internal\"", end, StringComparison.Ordinal));
        Assert.All(ends, end => Assert.DoesNotContain("secret", end, StringComparison.Ordinal));
        await Eventually.IsTrueAsync(() => server.Logs.WarningsAndErrors.Count > 0, () => "nothing is logged");
        LogEntry entry = Assert.Single(server.Logs.WarningsAndErrors);
        Assert.Equal(("ProducerFailed", "secret"), (entry.Name, entry.Exception!.Message));
    }

    [Fact]
    public async Task Fail_PlainInMidStream_EveryReadersEndIsBroken()
    {
        var source = new ManualSequence<Tick>();
        await using TestServer server = await ResumeServer.StartAsync(app => app.MapEventStream("/ticks", _ => source).Resumable());
        source.Push(new Tick(1));
        using OpenStream first = await ResumeServer.OpenAsync(server, "/ticks");
        string id = ResumeServer.IdOf(await ResumeServer.ReadDataAsync(first));

        source.Fail(new InvalidOperationException("secret"));

        await first.ReadBrokenRestAsync();
        Assert.Equal(500, (await ResumeServer.GetAsync(server, "/ticks", lastEventId: id)).Status);
    }

    [Fact]
    public async Task Fail_InDisposal_IsAWarningAndTheStreamIsWhole()
    {
        var source = new ManualSequence<Tick> { OnDispose = static () => throw new InvalidOperationException("secret") };
        await using TestServer server = await ResumeServer.StartAsync(app => app.MapEventStream("/ticks", _ => source).Resumable());
        source.Push(new Tick(1)).End();

        Answer answer = await ResumeServer.GetAsync(server, "/ticks");

        Assert.EndsWith("data: {\"n\":1}\n\n", answer.Body, StringComparison.Ordinal);
        await Eventually.IsTrueAsync(() => server.Logs.Ours.Any(entry => entry.Name is "ProducerEnded" or "ProducerFailed"), () => "the producer does not end");
        LogEntry one = Assert.Single(server.Logs.WarningsAndErrors);
        Assert.Equal((LogLevel.Warning, "SourceDisposalFailed", "secret"), (one.Level, one.Name, one.Exception!.Message));
    }

    [Fact]
    public async Task SlowReader_NeverReads_DelaysNeitherTheProducerNorOthers()
    {
        const int Count = 20_000;
        var ticks = new PacedTicks(Count, ahead: Count);
        await using TestServer server = await ResumeServer.StartAsync(app => app
            .MapEventStream("/ticks", _ => ticks.RunAsync()).Resumable(resumable =>
            {
                resumable.Key = _ => "one";
                resumable.Log = new LogOptions { MaxEvents = 100 };
            }));
        using RawClient slow = await RawClient.GetAsync(server.Http1Port, "/ticks", receiveBuffer: 1024);
        var fast = new CuttingClient(1, "/ticks", server.Http1Port);

        await fast.ReadAsync("sse", 0).OrFail("all that the fast one gets");
        Assert.Equal(Count, fast.Numbers[^1]);

        // What the slow one misses it is told exactly.
        var late = new CuttingClient(2, "/ticks", server.Http1Port);
        string end = await slow.ReadToEndAsync().OrFail("the slow one's rest");
        Assert.Equal("clean", end);
        late.TakeAll(slow.Body.Text);
        Assert.Equal(Count, late.Numbers.Count + late.Gaps.Sum());
        Assert.Equal(Count, late.Numbers[^1]);
    }

    private static StreamErrorException RateLimited() => new(new StreamError(StreamErrorCodes.RateLimited, "Slower, please.", Temporary: true));
}

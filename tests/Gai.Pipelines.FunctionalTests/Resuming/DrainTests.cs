using System.Diagnostics;
using Gai.Pipelines.Hosting;
using Gai.Pipelines.Internal;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;

namespace Gai.Pipelines.FunctionalTests.Resuming;

/// <summary>What becomes of resumable streams when their server stops; and how their activities hang together.</summary>
public sealed class DrainTests
{
    [Fact]
    public async Task Stop_SharedStore_ReaderIsSentAwayAndGoesOnAtTheOtherServerWhileTheProducerFinishes()
    {
        var source = new ManualSequence<StreamEvent>();
        ILogStore store = ResumeServer.NewSharedStore();
        await using TestServer one = await StartAsync(source, store, TimeSpan.FromSeconds(20));
        await using TestServer other = await StartAsync(source, store, TimeSpan.FromSeconds(1));
        source.Push(StreamEvent.TextDelta("a"));
        using OpenStream reader = await ResumeServer.OpenAsync(one, "/texts");
        string id = ResumeServer.IdOf(await ResumeServer.ReadDataAsync(reader));

        Task stopping = one.App.StopAsync();
        Assert.Contains("server_draining", await reader.ReadRestAsync(), StringComparison.Ordinal);
        Task<Answer> resumed = ResumeServer.GetAsync(other, "/texts", lastEventId: id);
        source.Push(StreamEvent.TextDelta("b")).End();

        Answer answer = await resumed;
        Assert.Contains("\"b\"", answer.Body, StringComparison.Ordinal);
        Assert.Contains("gai.done", answer.Body, StringComparison.Ordinal);
        await stopping.OrFail("the server stops");
    }

    [Fact]
    public async Task Stop_MemoryOnly_ProducersEndWithTheirReaders()
    {
        var source = new ManualSequence<StreamEvent>();
        await using TestServer server = await StartAsync(source, store: null, TimeSpan.FromSeconds(20));
        source.Push(StreamEvent.TextDelta("a"));
        using OpenStream reader = await ResumeServer.OpenAsync(server, "/texts");
        await ResumeServer.ReadDataAsync(reader);

        Task stopping = server.App.StopAsync();

        Assert.Contains("server_draining", await reader.ReadRestAsync(), StringComparison.Ordinal);
        await source.Disposed;
        await stopping.OrFail("the server stops");
    }

    [Fact]
    public async Task Stop_TimeIsUp_ReadersElsewhereAreToldThatTheProducerIsLost()
    {
        var source = new ManualSequence<StreamEvent>();
        ILogStore store = ResumeServer.NewSharedStore();
        await using TestServer one = await StartAsync(source, store, TimeSpan.FromMilliseconds(100));
        await using TestServer other = await StartAsync(source, store, TimeSpan.FromSeconds(1));
        source.Push(StreamEvent.TextDelta("a"));
        using OpenStream reader = await ResumeServer.OpenAsync(one, "/texts");
        string id = ResumeServer.IdOf(await ResumeServer.ReadDataAsync(reader));
        using OpenStream elsewhere = await ResumeServer.OpenAsync(other, $"/texts?streamId={ResumeServer.StreamIdOf(reader)}");
        Assert.Equal(id, ResumeServer.IdOf(await ResumeServer.ReadDataAsync(elsewhere)));

        await one.App.StopAsync().OrFail("the server stops");

        Assert.Contains("\"code\":\"producer_lost\"", await elsewhere.ReadRestAsync(), StringComparison.Ordinal);
        await source.Disposed;
    }

    [Fact]
    public async Task Activity_Resumed_IsLinkedToTheOneThatBegan()
    {
        var ended = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == StreamMetrics.MeterName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                lock (ended)
                {
                    ended.Add(activity);
                }
            },
        };
        ActivitySource.AddActivityListener(listener);
        const string Route = "/linked-texts";
        await using TestServer server = await ResumeServer.StartAsync(app => app.MapEventStream(Route, _ => Sources.Texts("a", "b")).Resumable());
        Answer whole = await ResumeServer.GetAsync(server, Route);

        await ResumeServer.GetAsync(server, Route, lastEventId: ResumeServer.IdOf(whole.Body.Split("\n\n").First(one => one.Contains("id: ", StringComparison.Ordinal))));

        await Eventually.IsTrueAsync(() => Ours().Length == 2, () => $"{Ours().Length} activities");
        Assert.Empty(Ours()[0].Links);
        Assert.Equal(Ours()[0].Context, Assert.Single(Ours()[1].Links).Context);

        Activity[] Ours()
        {
            lock (ended)
            {
                return [.. ended.Where(activity => (string?)activity.GetTagItem("http.route") == Route)];
            }
        }
    }

    private static Task<TestServer> StartAsync(ManualSequence<StreamEvent> source, ILogStore? store, TimeSpan limit) => ResumeServer.StartAsync(
        app => app.MapEventStream("/texts", _ => source).Resumable(resumable => resumable.Key = _ => "one"),
        options: all => all.DrainTimeout = limit,
        store: store);
}

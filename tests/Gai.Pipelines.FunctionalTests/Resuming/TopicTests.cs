using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Diagnostics.Metrics;
using System.Net.ServerSentEvents;
using System.Reflection;
using System.Text;
using Gai.Pipelines.Hosting;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Gai.Pipelines.FunctionalTests.Resuming;

/// <summary>Topics: published once, read by many.</summary>
public sealed class TopicTests
{
    [Fact]
    public async Task Publish_ManyReaders_EachGetsAllOfIt()
    {
        await using TestServer server = await StartAsync();
        OpenStream[] readers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ResumeServer.OpenAsync(server, "/ticks")));

        for (int n = 1; n <= 50; n++)
        {
            await TopicsOf(server).PublishAsync("ticks", new Tick(n));
        }

        foreach (OpenStream reader in readers)
        {
            for (int n = 1; n <= 50; n++)
            {
                Assert.Contains($"data: {{\"n\":{n}}}", await ResumeServer.ReadDataAsync(reader), StringComparison.Ordinal);
            }

            reader.Dispose();
        }
    }

    [Fact]
    public async Task Resume_LastEventId_GetsWhatWasMissed()
    {
        await using TestServer server = await StartAsync();
        string id;
        using (OpenStream reader = await ResumeServer.OpenAsync(server, "/ticks"))
        {
            await TopicsOf(server).PublishAsync("ticks", new Tick(1));
            id = ResumeServer.IdOf(await ResumeServer.ReadDataAsync(reader));
        }

        await TopicsOf(server).PublishAsync("ticks", new Tick(2));
        using OpenStream again = await ResumeServer.OpenAsync(server, "/ticks", lastEventId: id);
        Assert.Contains("{\"n\":2}", await ResumeServer.ReadDataAsync(again), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resume_EventsAreEvicted_IsToldExactly()
    {
        await using TestServer server = await StartAsync(options => options.Log = new LogOptions { MaxEvents = 3 });
        string id = await FallBehindAsync(server);

        using OpenStream again = await ResumeServer.OpenAsync(server, "/ticks", lastEventId: id);
        Assert.Contains("event: gap\ndata: {\"dropped\":7,", await ResumeServer.ReadDataAsync(again), StringComparison.Ordinal);
        Assert.Contains("{\"n\":9}", await ResumeServer.ReadDataAsync(again), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resume_EventsAreEvictedAndToBeRefused_Is412()
    {
        await using TestServer server = await StartAsync(static options => (options.Log, options.Missed) = (new LogOptions { MaxEvents = 3 }, MissedEvents.Refuse));
        string id = await FallBehindAsync(server);

        Answer answer = await ResumeServer.GetAsync(server, "/ticks", lastEventId: id);

        Assert.Equal(412, answer.Status);
        Assert.Contains("7 events behind this id can no longer be had", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resume_EventsAreEvictedAndAllToBeSent_BeginsWithTheOldest()
    {
        await using TestServer server = await StartAsync(static options => (options.Log, options.Missed) = (new LogOptions { MaxEvents = 3 }, MissedEvents.FromStart));
        string id = await FallBehindAsync(server);

        using OpenStream again = await ResumeServer.OpenAsync(server, "/ticks", lastEventId: id);
        Assert.Contains("event: gap\ndata: {\"dropped\":8,", await ResumeServer.ReadDataAsync(again), StringComparison.Ordinal);
        Assert.Contains("{\"n\":9}", await ResumeServer.ReadDataAsync(again), StringComparison.Ordinal);
        Assert.Contains("{\"n\":10}", await ResumeServer.ReadDataAsync(again), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resume_IdOfAnotherTopic_IsRefused()
    {
        await using TestServer server = await StartAsync();
        await TopicsOf(server).PublishAsync("other", new Tick(1));
        EventTopic<Tick> other = await TopicsOf(server).OpenAsync<Tick>("other");
        StreamLog log = (await other.OpenLogAsync(StreamFormat.ServerSentEvents))!;

        Answer answer = await ResumeServer.GetAsync(server, "/ticks", lastEventId: new LogPosition(log.Description.Id, 1).ToString());

        Assert.Equal(400, answer.Status);
    }

    [Fact]
    public async Task Get_AsRecords_GetsTheSameEvents()
    {
        await using TestServer server = await StartAsync(options =>
        {
            options.Formats = [StreamFormat.ServerSentEvents, StreamFormat.Ndjson];
            options.StartAt = TopicStartAt.First;
        });
        await TopicsOf(server).PublishAsync("ticks", new Tick(1));

        using OpenStream records = await ResumeServer.OpenAsync(server, "/ticks", accept: "application/x-ndjson");
        Assert.StartsWith("{\"n\":1,\"event_id\":\"", await records.ReadLineAsync(), StringComparison.Ordinal);
        using OpenStream events = await ResumeServer.OpenAsync(server, "/ticks", accept: "text/event-stream");
        Assert.Contains("data: {\"n\":1}", await ResumeServer.ReadDataAsync(events), StringComparison.Ordinal);
        Assert.Equal(406, (await ResumeServer.GetAsync(server, "/ticks", accept: "application/jsonl")).Status);
    }

    [Fact]
    public async Task Publish_AtAnotherServer_ReachesReadersHere()
    {
        ILogStore store = ResumeServer.NewSharedStore();
        await using TestServer one = await StartAsync(store: store);
        await using TestServer other = await StartAsync(store: store);
        using OpenStream reader = await ResumeServer.OpenAsync(one, "/ticks");

        await TopicsOf(other).PublishAsync("ticks", new Tick(1)).AsTask().OrFail("it is published");
        string id = ResumeServer.IdOf(await ResumeServer.ReadDataAsync(reader));
        await TopicsOf(one).PublishAsync("ticks", new Tick(2)).AsTask().OrFail("it is published");

        using OpenStream moved = await ResumeServer.OpenAsync(other, "/ticks", lastEventId: id);
        Assert.Contains("{\"n\":2}", await ResumeServer.ReadDataAsync(moved), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Complete_Topic_EndsItsReaders()
    {
        await using TestServer server = await StartAsync();
        using OpenStream reader = await ResumeServer.OpenAsync(server, "/ticks");
        EventTopic<Tick> topic = await TopicsOf(server).OpenAsync<Tick>("ticks");
        await topic.PublishAsync(new Tick(1));
        string id = ResumeServer.IdOf(await ResumeServer.ReadDataAsync(reader));

        await topic.CompleteAsync();

        Assert.Equal(string.Empty, await reader.ReadRestAsync());
        Assert.Equal(204, (await ResumeServer.GetAsync(server, "/ticks", lastEventId: id)).Status);
    }

    /// <summary>An <c>EventSource</c> that finds the end of an empty response comes back for ever.</summary>
    [Fact]
    public async Task Get_TopicHasEnded_IsToStayAway()
    {
        ILogStore store = ResumeServer.NewSharedStore();
        await using TestServer one = await StartAsync(store: store);
        await using TestServer other = await StartAsync(store: store);
        await TopicsOf(one).PublishAsync("ticks", new Tick(1)).AsTask().OrFail("it is published");
        await (await TopicsOf(one).OpenAsync<Tick>("ticks")).CompleteAsync().AsTask().OrFail("it is completed");

        Assert.Equal(204, (await ResumeServer.GetAsync(one, "/ticks")).Status);
        Assert.Equal(204, (await ResumeServer.GetAsync(other, "/ticks")).Status);
    }

    /// <summary>It was completed elsewhere, and nobody has asked for it here until its log was gone.</summary>
    [Fact]
    public async Task Get_TopicHasEndedAndExpiredUnread_ReadsAnother()
    {
        var time = new ManualTimeProvider();
        var store = new MemoryLogStore(time) { IsShared = true };
        await using TestServer one = await StartAsync(store: store);
        await using TestServer other = await StartAsync(store: store);
        await TopicsOf(one).PublishAsync("ticks", new Tick(1)).AsTask().OrFail("it is published");
        await (await TopicsOf(other).OpenAsync<Tick>("ticks")).CompleteAsync().AsTask().OrFail("it is completed");
        time.Advance(2 * LogOptions.Default.MaxAge);
        Assert.NotEqual(0, await store.DeleteExpiredAsync(100, CancellationToken.None));

        using OpenStream reader = await ResumeServer.OpenAsync(one, "/ticks");

        Assert.Equal(200, (int)reader.Response.StatusCode);
        await TopicsOf(one).PublishAsync("ticks", new Tick(2)).AsTask().OrFail("it is published");
        Assert.Contains("{\"n\":2}", await ResumeServer.ReadDataAsync(reader), StringComparison.Ordinal);
    }

    /// <summary>Nobody reads the copy of a topic while the store looks for the stream of a foreign id.</summary>
    [Fact]
    public async Task Resume_CopyIsGivenUpMeanwhile_FindsTheLogAgain()
    {
        var time = new ManualTimeProvider();
        var foreign = LogId.New();
        ILogStore store = SlowStore.Over(ResumeServer.NewSharedStore(), foreign, out SlowStore slow);
        await using TestServer server = await StartAsync(options => options.StartAt = TopicStartAt.First, store, time);
        await TopicsOf(server).PublishAsync("ticks", new Tick(1)).AsTask().OrFail("it is published");
        Task<OpenStream> opening = ResumeServer.OpenAsync(server, "/ticks", lastEventId: new LogPosition(foreign, 1).ToString());
        await slow.IsAsked.OrFail("the store is asked for the id");
        await Eventually.IsTrueAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(10));
                return ResumeServer.LogsOf(server).Count == 0;
            },
            () => "the copy is not given up");

        slow.Answer();

        using OpenStream reader = await opening;
        Assert.Equal(200, (int)reader.Response.StatusCode);
        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    [Theory]
    [InlineData("\u0007")]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("a\u2028b")]
    [InlineData("long")]
    public async Task Get_NameIsNone_SaysWhyAndKeepsNothing(string? name)
    {
        name = name == "long" ? new string('a', 300) : name;
        var cache = new NamesAsked();
        await using TestServer server = await ResumeServer.StartAsync(
            app => app.MapEventTopic<Tick>("/rooms", context => (string?)context.Request.Query["room"] ?? null!),
            services => services.AddSingleton<IOptionsMonitorCache<EventTopicOptions>>(cache));

        Answer answer = await ResumeServer.GetAsync(server, name is null ? "/rooms" : $"/rooms?room={Uri.EscapeDataString(name)}");

        Assert.Equal((400, "invalid_request"), (answer.Status, answer.Json.GetProperty("code").GetString()));
        Assert.NotEmpty(answer.Json.GetProperty("detail").GetString()!);
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await TopicsOf(server).PublishAsync(name!, new Tick(1)));
        Assert.Empty(server.Logs.WarningsAndErrors);
        Assert.Empty(cache.Names);
    }

    [Fact]
    public async Task Publish_ItemsWithNames_KeepThem()
    {
        await using TestServer server = await ResumeServer.StartAsync(
            app => app.MapEventTopic<SseItem<Tick>>("/items", "items"),
            services => services.Configure<EventTopicOptions>("items", options => options.UseDialect(Dialects.SseItems(TestJson.Default.Tick))),
            options: all => all.CommitWindow = TimeSpan.Zero);
        using OpenStream reader = await ResumeServer.OpenAsync(server, "/items");

        await TopicsOf(server).PublishAsync("items", new SseItem<Tick>(new Tick(1), "tick"));

        string one = await ResumeServer.ReadDataAsync(reader);
        Assert.Contains("event: tick\n", one, StringComparison.Ordinal);
        Assert.Contains("data: {\"n\":1}\n", one, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_DialectOfTheApplication_OpensAndEndsItsResponses()
    {
        var dialects = new DialectFactory<Tick>(static _ => new MineDialect(), StreamFormat.ServerSentEvents);
        await using TestServer server = await StartAsync(options => options.UseDialect(dialects));
        using OpenStream reader = await ResumeServer.OpenAsync(server, "/ticks");
        Assert.Equal(": mine\n\n", await reader.ReadEventAsync());
        await TopicsOf(server).PublishAsync("ticks", new Tick(1));
        Assert.Contains("data: 1\n", await ResumeServer.ReadDataAsync(reader), StringComparison.Ordinal);

        server.Drain();

        Assert.EndsWith("data: mine: server_draining\n\n", await reader.ReadRestAsync(), StringComparison.Ordinal);
    }

    /// <summary>As JSON they would lose their names without a word.</summary>
    [Fact]
    public async Task Publish_ItemsOfWhichNoDialectIsKnown_SaysHowToNameIt()
    {
        await using TestServer server = await StartAsync();

        InvalidOperationException failure = await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await TopicsOf(server).PublishAsync("items", new SseItem<Tick>(new Tick(1), "tick")));

        Assert.Contains("services.Configure<EventTopicOptions>(\"items\", o => o.UseDialect(Dialects.SseItems(AppJson.Default.Data)))", failure.Message, StringComparison.Ordinal);
    }

    /// <summary>What the log adds to the name counts as well: the longest name is taken, and one that is longer by one is told so.</summary>
    [Fact]
    public async Task Get_LongestName_IsATopic()
    {
        await using TestServer server = await ResumeServer.StartAsync(
            app =>
            {
                app.MapEventTopic<Tick>("/rooms/{room}", context => (string)context.Request.RouteValues["room"]!);
                Assert.Throws<ArgumentException>("topic", () => app.MapEventTopic<Tick>("/too-long", new string('a', 227)));
            },
            options: all => all.CommitWindow = TimeSpan.Zero);

        using OpenStream longest = await ResumeServer.OpenAsync(server, $"/rooms/{new string('a', 226)}");
        Answer longer = await ResumeServer.GetAsync(server, $"/rooms/{new string('a', 227)}");

        Assert.Equal((200, 400), ((int)longest.Response.StatusCode, longer.Status));
        Assert.Contains("at most 226 characters; this one has 227", longer.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Meter_Logs_AreTold()
    {
        await using TestServer server = await StartAsync(options => options.Log = new LogOptions { MaxEvents = 1 });
        var told = new Dictionary<string, long>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, all) =>
            {
                if (instrument.Name.StartsWith("gai.log.", StringComparison.Ordinal) && ReferenceEquals(instrument.Meter.Scope, server.App.Services.GetRequiredService<IMeterFactory>()))
                {
                    all.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => told[instrument.Name] = value);
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => told[instrument.Name] = value);
        listener.Start();
        using OpenStream reader = await ResumeServer.OpenAsync(server, "/ticks");
        string first = string.Empty;
        for (int n = 1; n <= 3; n++)
        {
            await TopicsOf(server).PublishAsync("ticks", new Tick(n));
            first = n == 1 ? ResumeServer.IdOf(await ResumeServer.ReadDataAsync(reader)) : first;
        }

        using OpenStream late = await ResumeServer.OpenAsync(server, "/ticks", lastEventId: first);
        await ResumeServer.ReadDataAsync(late);

        listener.RecordObservableInstruments();
        Assert.Equal(
            (1, 2, 3, 2, 0),
            (told["gai.log.active"], told["gai.log.cursors"], told["gai.log.frames"], told["gai.log.evicted"], told["gai.log.store_lag"]));
        Assert.InRange(told["gai.log.gaps"], 1, 2);
        Assert.InRange(told["gai.log.memory"], 1, 64 * 1024);
    }

    private static EventTopics TopicsOf(TestServer server) => server.App.Services.GetRequiredService<EventTopics>();

    /// <summary>Reads the first event, and leaves while ten more are published, of which three are kept.</summary>
    /// <returns>The id of the first.</returns>
    private static async Task<string> FallBehindAsync(TestServer server)
    {
        string id;
        using (OpenStream reader = await ResumeServer.OpenAsync(server, "/ticks"))
        {
            await TopicsOf(server).PublishAsync("ticks", new Tick(1));
            id = ResumeServer.IdOf(await ResumeServer.ReadDataAsync(reader));
        }

        for (int n = 2; n <= 11; n++)
        {
            await TopicsOf(server).PublishAsync("ticks", new Tick(n));
        }

        return id;
    }

    private static Task<TestServer> StartAsync(Action<EventTopicOptions>? options = null, ILogStore? store = null, TimeProvider? time = null) => ResumeServer.StartAsync(
        app => app.MapEventTopic<Tick>("/ticks", "ticks"),
        services => services.AddSingleton(time ?? TimeProvider.System).Configure("ticks", options ?? (_ => { })),
        options: all => all.CommitWindow = TimeSpan.Zero,
        store: store);

    private sealed class MineDialect : Dialect<Tick>
    {
        public override void WriteOpening(FrameWriter output) => output.Write(": mine\n\n"u8);

        public override void WriteEvent(FrameWriter output, in Tick item) => output.Write(Encoding.UTF8.GetBytes($"data: {item.N}\n\n"));

        public override void WriteError(FrameWriter output, in StreamError error) => output.Write(Encoding.UTF8.GetBytes($"data: mine: {error.Code}\n\n"));

        public override void WriteEnd(FrameWriter output) => output.Write("data: mine: end\n\n"u8);
    }

    /// <summary>Notes whose options are made, and kept.</summary>
    private sealed class NamesAsked : OptionsCache<EventTopicOptions>
    {
        public ConcurrentQueue<string?> Names { get; } = new();

        public override EventTopicOptions GetOrAdd(string? name, Func<EventTopicOptions> createOptions)
        {
            Names.Enqueue(name);
            return base.GetOrAdd(name, createOptions);
        }
    }
}

/// <summary>A store that looks for one id until a test lets it answer.</summary>
[SuppressMessage("Performance", "CA1852", Justification = "The proxy derives from it.")]
internal class SlowStore : DispatchProxy
{
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _mayAnswer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ILogStore _store = null!;
    private LogId _slow;

    public Task IsAsked => _asked.Task;

    public static ILogStore Over(ILogStore store, LogId slowId, out SlowStore slow)
    {
        ILogStore proxy = Create<ILogStore, SlowStore>();
        slow = (SlowStore)(object)proxy;
        (slow._store, slow._slow) = (store, slowId);
        return proxy;
    }

    public void Answer() => _mayAnswer.TrySetResult();

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        return targetMethod!.Name == nameof(ILogStore.FindAsync) && args![0] is LogId id && id == _slow
            ? new ValueTask<LogDescription?>(FindLaterAsync(id))
            : targetMethod.Invoke(_store, BindingFlags.DoNotWrapExceptions, binder: null, args, culture: null);
    }

    private async Task<LogDescription?> FindLaterAsync(LogId id)
    {
        _asked.TrySetResult();
        await _mayAnswer.Task;
        return await _store.FindAsync(id, CancellationToken.None);
    }
}

using System.Net.ServerSentEvents;
using System.Threading.Channels;
using Gai.Pipelines.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.FunctionalTests.Hosting;

/// <summary>All doors lead to one executor.</summary>
public sealed class DoorTests
{
    private const string Ticks = "data: {\"n\":1}\n\ndata: {\"n\":2}\n\n";

    private readonly List<StreamOutcome> _outcomes = [];

    [Theory]
    [InlineData("/enumerable", Ticks)]
    [InlineData("/reader", Ticks)]
    [InlineData("/channel", Ticks)]
    [InlineData("/producer", Ticks)]
    [InlineData("/source", Ticks)]
    [InlineData("/mapped", Ticks)]
    [InlineData("/enumerable-dialect", Ticks)]
    [InlineData("/mapped-items", "id: 7\nevent: tick\nretry: 3000\ndata: {\"n\":1}\n\ndata: {\"n\":2}\n\n")]
    [InlineData("/opened-items", "id: 7\nevent: tick\nretry: 3000\ndata: {\"n\":1}\n\ndata: {\"n\":2}\n\n")]
    [InlineData("/type-info", Ticks)]
    [InlineData("/named", "event: tick\ndata: {\"n\":1}\n\nevent: tick\ndata: {\"n\":2}\n\n")]
    [InlineData("/items", "id: 7\nevent: tick\nretry: 3000\ndata: {\"n\":1}\n\ndata: {\"n\":2}\n\n")]
    [InlineData("/item-reader", "id: 7\nevent: tick\nretry: 3000\ndata: {\"n\":1}\n\ndata: {\"n\":2}\n\n")]
    [InlineData("/item-channel", "id: 7\nevent: tick\nretry: 3000\ndata: {\"n\":1}\n\ndata: {\"n\":2}\n\n")]
    [InlineData("/strings", "data: a\ndata: b\n\ndata: \n\n")]
    [InlineData("/bytes", "data: a\ndata: b\n\n")]
    [InlineData("/ids", "id: 1\ndata: {\"n\":1}\n\nid: 2\ndata: {\"n\":2}\n\n")]
    [InlineData("/custom", "1 2 that is all")]
    [InlineData("/chat", "event: start\ndata: {\"started\":true,\"model\":\"m\",\"provider\":\"p\"}\n\nevent: text_delta\ndata: {\"text\":\"Hi\"}\n\nevent: finish\ndata: {\"usage\":null}\n\nid: gai.done\nevent: done\ndata: {\"finished\":true}\n\n")]
    public async Task Get_ThroughADoor_StreamsItsEvents(string path, string body)
    {
        await using TestServer server = await StartAsync();
        foreach (string version in (string[])["1.1", "2"])
        {
            Answer answer = await server.GetAsync(path, version: version);

            Assert.Equal((200, Canonical(body)), (answer.Status, Canonical(answer.Body)));
        }

        Assert.Empty(server.Logs.WarningsAndErrors);
    }

    [Theory]
    [InlineData("/strings", "\"a\\nb\"\n\"\"\n")]
    [InlineData("/bytes", "\"YQpi\"\n")]
    [InlineData("/items", "{\"n\":1}\n{\"n\":2}\n")]
    public async Task Get_AsNdjson_WritesTheDataAsRecords(string path, string body)
    {
        await using TestServer server = await StartAsync();

        Assert.Equal(body, (await server.GetAsync(path, "application/x-ndjson")).Body);
    }

    [Theory]
    [InlineData("application/x-ndjson")]
    [InlineData("text/event-stream")]
    public async Task Get_ChatInGaiEvents_HasSequenceAndIds(string accept)
    {
        await using TestServer server = await StartAsync();

        Answer answer = await server.GetAsync("/chat-v1", accept);

        Assert.Contains("\"schema\":\"gai.events.v1\"", answer.Body, StringComparison.Ordinal);
        Assert.Contains("\"request_id\":\"", answer.Body, StringComparison.Ordinal);
        Assert.Contains("\"type\":\"text.delta\"", answer.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/reader", 2)]
    [InlineData("/producer", 2)]
    public async Task OnClosed_StreamThatEndedWell_IsCalledOnceWithTheOutcome(string path, int events)
    {
        await using TestServer server = await StartAsync();

        Answer answer = await server.GetAsync(path);
        await server.IsIdleAsync();

        StreamOutcome outcome = Assert.Single(_outcomes);
        Assert.Equal((StreamOutcomeReason.Completed, events, answer.Body.Length, true), (outcome.Reason, outcome.Events, outcome.Bytes, outcome.HeadSent));
    }

    [Fact]
    public async Task Get_TypeInfoOfAnotherType_SaysWhatIsWrong()
    {
        await using TestServer server = await StartAsync();

        Assert.Equal(500, (await server.GetAsync("/wrong-type-info")).Status);
        Assert.Contains("Give a JsonTypeInfo<Tick>", Assert.Single(server.Logs.WarningsAndErrors).Exception!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_ItemsWhoseDataIsUnknown_SaysWhatToDo()
    {
        await using TestServer server = await StartAsync();

        Assert.Equal(500, (await server.GetAsync("/unknown-items")).Status);
        Assert.Contains("Dialects.SseItems", Assert.Single(server.Logs.WarningsAndErrors).Exception!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task OnClosed_Throws_ResponseStaysCompleteAndItIsLogged(string version)
    {
        await using TestServer server = await StartAsync();

        Assert.Equal(Ticks, (await server.GetAsync("/bad-closed", version: version)).Body);
        await server.IsIdleAsync();
        Assert.Equal("closed badly", Assert.Single(server.Logs.WarningsAndErrors).Exception!.Message);
    }

    [Fact]
    public async Task Get_DialectThatCannotBeMade_CompletesTheChannel()
    {
        await using TestServer server = await StartAsync();
        Channel<Tick> channel = _unmade;

        Answer answer = await server.GetAsync("/unmade");

        Assert.Equal((500, "application/problem+json"), (answer.Status, answer.ContentType));
        Assert.False(channel.Writer.TryWrite(new Tick(1)));
        Assert.Equal(StreamOutcomeReason.SourceFailed, Assert.Single(_outcomes).Reason);
    }

    private readonly Channel<Tick> _unmade = Channel.CreateUnbounded<Tick>();

    /// <summary>The order of the fields of an event says nothing.</summary>
    private static string Canonical(string body) =>
        string.Join("\n\n", body.Split("\n\n").Select(item => string.Join('\n', item.Split('\n').OrderBy(line => line.StartsWith("data", StringComparison.Ordinal) ? "z" : line, StringComparer.Ordinal))));

    private Task<TestServer> StartAsync()
    {
        var onClosed = new EventStreamResultOptions { OnClosed = _outcomes.Add };
        return TestServer.StartAsync(
            app =>
            {
                app.MapGet("/enumerable", () => TypedResults.Extensions.EventStream(Sources.Ticks(2)));
                app.MapGet("/reader", () => TypedResults.Extensions.EventStream(ChannelOf<Tick>(new(1), new(2)).Reader, onClosed));
                app.MapGet("/channel", () => TypedResults.Extensions.EventStream(ChannelOf<Tick>(new(1), new(2))));
                app.MapGet("/producer", () => TypedResults.Extensions.EventStream<Tick>(
                    async (writer, cancellationToken) =>
                    {
                        await writer.WriteAsync(new Tick(1), cancellationToken);
                        await writer.WriteAsync(new Tick(2), cancellationToken);
                    },
                    onClosed));
                app.MapGet("/source", () => TypedResults.Extensions.EventStream(StreamSource.From(Sources.Ticks(2)), Dialects.Plain(TestJson.Default.Tick)));
                app.MapEventStream("/mapped", context => Sources.Ticks(2, context.RequestAborted));
                app.MapGet("/enumerable-dialect", () => TypedResults.Extensions.EventStream(Sources.Ticks(2), Dialects.Plain(TestJson.Default.Tick)));
                app.MapEventStream("/mapped-items", _ => Items());
                app.MapGet("/opened-items", async (HttpContext context) =>
                {
                    await using EventStream<SseItem<Tick>> stream = context.OpenEventStream(Dialects.SseItems(TestJson.Default.Tick));
                    await foreach (SseItem<Tick> item in Items())
                    {
                        await stream.WriteAsync(item);
                    }

                    await stream.CompleteAsync();
                });
                app.MapGet("/unknown-items", () => TypedResults.Extensions.EventStream(Items(), "tick"));
                app.MapGet("/bad-closed", () => TypedResults.Extensions.EventStream(
                    Sources.Ticks(2), new EventStreamResultOptions { OnClosed = _ => throw new InvalidOperationException("closed badly") }));
                app.MapGet("/type-info", () => TypedResults.Extensions.EventStream(Sources.Ticks(2), new EventStreamResultOptions { JsonTypeInfo = TestJson.Default.Tick }));
                app.MapGet("/wrong-type-info", () => TypedResults.Extensions.EventStream(Sources.Ticks(2), new EventStreamResultOptions { JsonTypeInfo = TestJson.Default.Order }));
                app.MapGet("/named", () => TypedResults.Extensions.EventStream(Sources.Ticks(2), "tick"));
                app.MapGet("/items", () => TypedResults.Extensions.EventStream(Items()));
                app.MapGet("/item-reader", () => TypedResults.Extensions.EventStream(ItemChannel().Reader));
                app.MapGet("/item-channel", () => TypedResults.Extensions.EventStream(ItemChannel()));
                app.MapGet("/strings", () => TypedResults.Extensions.EventStream(Strings()));
                app.MapGet("/bytes", () => TypedResults.Extensions.EventStream(new[] { "a\nb"u8.ToArray() }.ToAsyncEnumerable()));
                app.MapGet("/ids", () => TypedResults.Extensions.EventStream(Sources.Ticks(2))).WithEventStreamOptions(options => options.EventIds = true);
                app.MapGet("/custom", () => TypedResults.Extensions.EventStream(
                    StreamSource.From(Sources.Ticks(2)), new DialectFactory<Tick>(_ => new Counting(), StreamFormat.Ndjson)));
                app.MapGet("/unmade", () => TypedResults.Extensions.EventStream(
                    StreamSource.From(_unmade), new DialectFactory<Tick>(_ => throw new InvalidOperationException("no dialect")), onClosed));
                app.MapGet("/chat", (IChatClient chat) => TypedResults.Extensions.ChatStream(chat, [new ChatMessage(ChatRole.User, "Hello")]));
                app.MapGet("/chat-v1", (IChatClient chat) => TypedResults.Extensions.ChatStream(chat, [new ChatMessage(ChatRole.User, "Hello")], Dialects.GaiEvents));
            },
            services => services.AddSingleton<IChatClient, Greeter>());
    }

    [Fact]
    public async Task Get_OptionsOfTheEndpointFail_LeavesNoSourceOpen()
    {
        bool fails = false;
        Channel<Tick> channel = Channel.CreateBounded<Tick>(1);
        await using TestServer server = await TestServer.StartAsync(app => app
            .MapGet("/ticks", () => TypedResults.Extensions.EventStream(channel))
            .WithEventStreamOptions(options => options.ChannelCapacity = fails ? 0 : 1));
        fails = true;

        Assert.Equal(500, (await server.GetAsync("/ticks")).Status);

        Assert.False(channel.Writer.TryWrite(new Tick(1)));
        Assert.Contains(server.Logs.WarningsAndErrors, entry => entry.Exception?.Message.Contains("/ticks: ChannelCapacity is 0.", StringComparison.Ordinal) == true);
    }

    private static async IAsyncEnumerable<SseItem<Tick>> Items()
    {
        yield return new SseItem<Tick>(new Tick(1), "tick") { EventId = "7", ReconnectionInterval = TimeSpan.FromSeconds(3) };
        await Task.Yield();
        yield return new SseItem<Tick>(new Tick(2));
    }

    private static async IAsyncEnumerable<string> Strings()
    {
        yield return "a\nb";
        await Task.Yield();
        yield return string.Empty;
    }

    private static Channel<SseItem<Tick>> ItemChannel() => ChannelOf(
        new SseItem<Tick>(new Tick(1), "tick") { EventId = "7", ReconnectionInterval = TimeSpan.FromSeconds(3) }, new SseItem<Tick>(new Tick(2)));

    private static Channel<T> ChannelOf<T>(params T[] items)
    {
        var channel = Channel.CreateUnbounded<T>();
        foreach (T item in items)
        {
            channel.Writer.TryWrite(item);
        }

        channel.Writer.Complete();
        return channel;
    }

    private sealed class Counting : Dialect<Tick>
    {
        public override void WriteEvent(FrameWriter output, in Tick item) => output.Write(System.Text.Encoding.ASCII.GetBytes($"{item.N} "));

        public override void WriteError(FrameWriter output, in StreamError error) => output.Write("that is not all"u8);

        public override void WriteEnd(FrameWriter output) => output.Write("that is all"u8);
    }

    private sealed class Greeter : IChatClient
    {
        public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
            IEnumerable<ChatMessage> messages,
            ChatOptions? options = null,
            [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken = default)
        {
            await Task.Yield();
            yield return new ChatResponseUpdate(ChatRole.Assistant, "Hi") { ModelId = "m" };
        }

        public Task<ChatResponse> GetResponseAsync(
            IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) => throw new NotSupportedException();

        public object? GetService(Type serviceType, object? serviceKey = null) => serviceType == typeof(ChatClientMetadata) ? new ChatClientMetadata("p") : null;

        public void Dispose()
        {
        }
    }
}

using System.Net.ServerSentEvents;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.FunctionalTests.Hosting;

/// <summary>Moving from <c>TypedResults.ServerSentEvents</c> changes no byte of the body for values and texts, and no item that a client reads.</summary>
/// <remarks>
/// What differs: a value that is null is <c>data: null</c> here and <c>data: </c> there; the fields of an <c>SseItem</c> come in
/// another order; a name <c>message</c> that was set by hand is left out, which to a client is the same.
/// </remarks>
public sealed class MigrationTests
{
    private static readonly string[] Texts = ["plain", "", "a\nb", "a\r\nb\rc", "\n", "ends\n", " leading space", ": colon", "čao 🙂 \u2028", "<html>&\"'", null!];

    [Theory]
    [InlineData("texts")]
    [InlineData("named-texts")]
    [InlineData("values")]
    [InlineData("named-values")]
    public async Task Get_SameEvents_GivesTheSameBytes(string path)
    {
        await using TestServer server = await StartAsync();
        foreach (string version in (string[])["1.1", "2"])
        {
            Answer theirs = await server.GetAsync($"/theirs/{path}", version: version);
            Answer ours = await server.GetAsync($"/ours/{path}", version: version);

            Assert.Equal((theirs.Status, theirs.ContentType), (ours.Status, ours.ContentType));
            Assert.Equal(theirs.Body, ours.Body);
            Assert.NotEmpty(ours.Body);
        }
    }

    [Theory]
    [InlineData("items", 5)]
    [InlineData("text-items", 3)]
    public async Task Get_SameItems_ClientReadsTheSame(string path, int count)
    {
        await using TestServer server = await StartAsync();

        SseItem<string>[] theirs = Parse(await server.GetAsync($"/theirs/{path}"));
        SseItem<string>[] ours = Parse(await server.GetAsync($"/ours/{path}"));

        Assert.Equal(count, ours.Length);
        Assert.Equal(theirs.Select(Describe), ours.Select(Describe));

        static SseItem<string>[] Parse(Answer answer) => [.. SseParser.Create(new MemoryStream(Encoding.UTF8.GetBytes(answer.Body))).Enumerate()];

        static (string, string, string?, TimeSpan?) Describe(SseItem<string> item) => (item.EventType, item.Data, item.EventId, item.ReconnectionInterval);
    }

    private static Task<TestServer> StartAsync() => TestServer.StartAsync(app =>
    {
        app.MapGet("/theirs/texts", () => TypedResults.ServerSentEvents(Texts.ToAsyncEnumerable()));
        app.MapGet("/ours/texts", () => TypedResults.Extensions.EventStream(Texts.ToAsyncEnumerable()));
        app.MapGet("/theirs/named-texts", () => TypedResults.ServerSentEvents(Texts.ToAsyncEnumerable(), "text"));
        app.MapGet("/ours/named-texts", () => TypedResults.Extensions.EventStream(Texts.ToAsyncEnumerable(), "text"));
        app.MapGet("/theirs/values", () => TypedResults.ServerSentEvents(Values()));
        app.MapGet("/ours/values", () => TypedResults.Extensions.EventStream(Values()));
        app.MapGet("/theirs/named-values", () => TypedResults.ServerSentEvents(Values(), "order"));
        app.MapGet("/ours/named-values", () => TypedResults.Extensions.EventStream(Values(), "order"));
        app.MapGet("/theirs/items", () => TypedResults.ServerSentEvents(Items()));
        app.MapGet("/ours/items", () => TypedResults.Extensions.EventStream(Items()));
        app.MapGet("/theirs/text-items", () => TypedResults.ServerSentEvents(TextItems()));
        app.MapGet("/ours/text-items", () => TypedResults.Extensions.EventStream(TextItems()));
    });

    private static IAsyncEnumerable<Order> Values() => new Order[] { new("čaj <&> \"'\u2028", 2), new("", -1) }.ToAsyncEnumerable();

    private static IAsyncEnumerable<SseItem<Order>> Items() => new SseItem<Order>[]
    {
        new(new Order("a", 1)),
        new(new Order("b", 2), "message"),
        new(new Order("c", 3), "order") { EventId = "7" },
        new(new Order("d", 4), "order") { EventId = "8", ReconnectionInterval = TimeSpan.FromMilliseconds(2500) },
        new(new Order("e", 5)) { EventId = "" },
    }.ToAsyncEnumerable();

    private static IAsyncEnumerable<SseItem<string>> TextItems() => new SseItem<string>[]
    {
        new("a\nb"),
        new("", "order") { EventId = "7" },
        new("c\r\n", "x") { ReconnectionInterval = TimeSpan.Zero },
    }.ToAsyncEnumerable();
}

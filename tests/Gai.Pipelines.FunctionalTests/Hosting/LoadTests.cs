using System.Globalization;
using System.Net.ServerSentEvents;
using System.Threading.Channels;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.FunctionalTests.Hosting;

/// <summary>Many clients, and slow ones.</summary>
public sealed class LoadTests
{
    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Get_200ClientsAtOnce_EachGetsItsOwnEventsInOrder(string version)
    {
        await using TestServer server = await TestServer.StartAsync(app => app.MapGet(
            "/ticks", (int from) => TypedResults.Extensions.EventStream(TicksFrom(from))));

        await Task.WhenAll(Enumerable.Range(0, 200).Select(async client =>
        {
            using OpenStream stream = await server.OpenAsync($"/ticks?from={client * 1000}", version: version);
            int expected = client * 1000;
            await foreach (SseItem<string> item in SseParser.Create(stream.Body).EnumerateAsync())
            {
                Assert.Equal($"{{\"n\":{expected++}}}", item.Data);
            }

            Assert.Equal((client * 1000) + 500, expected);
        })).OrFail("200 clients");

        await server.IsIdleAsync();
        Assert.Empty(server.Logs.WarningsAndErrors);

        static async IAsyncEnumerable<Tick> TicksFrom(int from)
        {
            for (int i = 0; i < 500; i++)
            {
                yield return new Tick(from + i);
                if (i % 10 == 0)
                {
                    await Task.Yield();
                }
            }
        }
    }

    [Fact]
    public async Task Get_SlowClient_ProducerWaitsAndNothingIsLost()
    {
        const int Events = 48 * 1024;
        const int EventBytes = 1024;
        string padding = new('x', EventBytes - 20);
        int written = 0;
        await using TestServer server = await TestServer.StartAsync(app => app.MapGet("/slow", () => TypedResults.Extensions.EventStream<string>(ProduceAsync)));
        using HttpClient client = server.NewClient("1.1", receiveBuffer: 4096);
        using OpenStream stream = await server.OpenAsync("/slow", client: client);

        // The client does not read: the producer must come to a stand, far from its end.
        int last = await Eventually.StandsStillAsync(() => Volatile.Read(ref written));
        Assert.InRange(last, 1, Events / 3);

        // Now it reads all there is.
        int expected = 0;
        await foreach (SseItem<string> item in SseParser.Create(stream.Body).EnumerateAsync())
        {
            Assert.Equal(expected++, int.Parse(item.Data.AsSpan(0, 8), CultureInfo.InvariantCulture));
        }

        Assert.Equal(Events, expected);
        Assert.Equal(Events, written);

        async Task ProduceAsync(ChannelWriter<string> writer, CancellationToken cancellationToken)
        {
            for (int i = 0; i < Events; i++)
            {
                await writer.WriteAsync(string.Create(CultureInfo.InvariantCulture, $"{i:D8}{padding}"), cancellationToken);
                Volatile.Write(ref written, i + 1);
            }
        }
    }
}

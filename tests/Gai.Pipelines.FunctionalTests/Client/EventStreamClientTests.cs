using System.Globalization;
using System.Net;
using System.Text;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Gai.Pipelines.FunctionalTests.Client;

/// <summary>A client that comes back, against a server on a real connection that is cut again and again.</summary>
public sealed class EventStreamClientTests
{
    [Theory]
    [InlineData("1.1", "GET")]
    [InlineData("2", "GET")]
    [InlineData("1.1", "POST")]
    [InlineData("2", "POST")]
    public async Task ReadAsync_ConnectionCutAtRandomPoints_GivesEveryEventOnceAndInOrder(string version, string method)
    {
        var endpoint = new NumberedEvents(count: 3_000, cuts: 60);
        await using TestServer server = await TestServer.StartAsync(app => app.MapMethods("/events", [method], endpoint.ServeAsync));
        using HttpClient http = server.NewClient(version);
        int waits = 0;
        var client = new EventStreamClient(http, new EventStreamClientOptions
        {
            FirstBackoff = TimeSpan.FromMilliseconds(1),
            MaxBackoff = TimeSpan.FromMilliseconds(5),
            OnStateChanged = state => waits += state.Connection == EventStreamConnection.Waiting ? 1 : 0,
        });

        var numbers = new List<int>();
        var reading = Task.Run(async () =>
        {
            await foreach (SseFrame frame in client.ReadAsync(() => Request(http, method)))
            {
                numbers.Add(int.Parse(frame.Data, CultureInfo.InvariantCulture));
                endpoint.Received = numbers[^1];
            }
        });
        await reading.OrFail($"{endpoint.Count} events, of which {numbers.Count} have come");

        Assert.Equal(Enumerable.Range(1, endpoint.Count), numbers);
        Assert.Equal(60, endpoint.CutsMade);
        Assert.True(endpoint.CutsInsideOfAnEvent > 10, $"only {endpoint.CutsInsideOfAnEvent} cuts were inside of an event");
        Assert.True(waits >= 60, $"it came back {waits} times");
        Assert.Equal(1, endpoint.NoContents);
        Assert.Equal(method == "POST" ? endpoint.Requests : 0, endpoint.BodiesSeen);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task ReadAsync_IdThatIsNotAscii_IsSentAsUtf8(string version)
    {
        const string Id = "Zürich-東京-🚀";
        string? sent = null;
        await using TestServer server = await TestServer.StartAsync(
            app => app.MapGet("/events", async context =>
            {
                if (context.Request.Headers["Last-Event-ID"] is { Count: > 0 } id)
                {
                    sent = id;
                    context.Response.StatusCode = 204;
                    return;
                }

                context.Response.ContentType = "text/event-stream";
                await context.Response.WriteAsync($"id: {Id}\nretry: 0\ndata: 1\n\n");
            }),
            kestrel: kestrel => kestrel.RequestHeaderEncodingSelector = _ => Encoding.UTF8);
        using HttpClient plain = server.NewClient(version);
        using var http = new HttpClient(new SocketsHttpHandler { RequestHeaderEncodingSelector = EventStreamClient.HeaderEncoding })
        {
            BaseAddress = plain.BaseAddress,
            DefaultRequestVersion = plain.DefaultRequestVersion,
            DefaultVersionPolicy = plain.DefaultVersionPolicy,
        };

        await ReadToEndAsync(new EventStreamClient(http)).OrFail();
        HttpRequestException refused = await Assert.ThrowsAsync<HttpRequestException>(() => ReadToEndAsync(new EventStreamClient(plain)).OrFail());

        Assert.Equal(Id, sent);
        Assert.Contains("EventStreamClient.HeaderEncoding", refused.Message, StringComparison.Ordinal);
    }

    private static async Task ReadToEndAsync(EventStreamClient client)
    {
        await foreach (SseFrame _ in client.ReadAsync(new Uri("/events", UriKind.Relative)))
        {
        }
    }

    private static HttpRequestMessage Request(HttpClient http, string method) => new(new HttpMethod(method), "/events")
    {
        Version = http.DefaultRequestVersion,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Content = method == "POST" ? new StringContent("the question") : null,
    };

    /// <summary>An endpoint as somebody writes it by hand: it numbers its events, resumes behind the last id, and says 204 when there is no more.</summary>
    private sealed class NumberedEvents(int count, int cuts)
    {
        private readonly Random _random = new(20_261_122);
        private volatile int _received;

        /// <summary>Sets what the client has seen. A reset throws away what is on its way: without that, most cuts would leave nothing of the response.</summary>
        public int Received
        {
            set => _received = value;
        }

        public int Count => count;

        public int Requests { get; private set; }

        public int CutsMade { get; private set; }

        public int CutsInsideOfAnEvent { get; private set; }

        public int NoContents { get; private set; }

        public int BodiesSeen { get; private set; }

        public async Task ServeAsync(HttpContext context)
        {
            Requests++;
            BodiesSeen += await new StreamReader(context.Request.Body).ReadToEndAsync(context.RequestAborted) == "the question" ? 1 : 0;
            int.TryParse(context.Request.Headers["Last-Event-ID"], CultureInfo.InvariantCulture, out int last);
            if (last == count)
            {
                NoContents++;
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                return;
            }

            context.Response.ContentType = "text/event-stream";
            int left = CutsMade < cuts ? _random.Next(1, 80) : int.MaxValue;
            for (int n = last + 1; n <= count; n++)
            {
                byte[] frame = Encoding.ASCII.GetBytes($"id: {n}\ndata: {n}\n\n");
                if (left-- == 0 || (n == count && CutsMade < cuts))
                {
                    await CutAsync(context, frame.AsMemory(0, _random.Next(0, frame.Length)), seen: n - 1 - _random.Next(0, 4));
                    return;
                }

                await context.Response.BodyWriter.WriteAsync(frame);
            }
        }

        private async Task CutAsync(HttpContext context, ReadOnlyMemory<byte> part, int seen)
        {
            CutsMade++;
            CutsInsideOfAnEvent += part.IsEmpty ? 0 : 1;
            await context.Response.BodyWriter.WriteAsync(part);
            await Eventually.IsTrueAsync(() => _received >= seen, () => $"the client has seen {_received} events of {seen}");

            // Not HttpContext.Abort, which over HTTP/2 ends only the stream: the connection is gone, as with a cable that is cut.
            context.Features.GetRequiredFeature<IConnectionLifetimeFeature>().Abort();
        }
    }
}

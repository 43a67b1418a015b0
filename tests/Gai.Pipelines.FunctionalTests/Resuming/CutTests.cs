using System.Text.Json;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.FunctionalTests.Resuming;

/// <summary>Ten thousand events to a client that is cut two hundred times.</summary>
public sealed class CutTests
{
    private const int Count = 10_000;
    private const int Cuts = 200;

    [Theory]
    [InlineData("sse", 1)]
    [InlineData("sse", 2)]
    [InlineData("ndjson", 3)]
    public async Task Get_CutAtRandom_EveryEventOnceAndInOrder(string format, int seed)
    {
        var ticks = new PacedTicks(Count);
        await using TestServer server = await ResumeServer.StartAsync(app => Map(app, ticks));
        var client = new CuttingClient(seed, "/ticks", server.Http1Port) { OnEvent = ticks.OnRead };

        await client.ReadAsync(format, Cuts).OrFail($"{Count} events");

        Assert.Equal(Enumerable.Range(1, Count), client.Numbers);
        Assert.True(client.Cuts >= Cuts, $"it was cut {client.Cuts} times only");
        Assert.Equal(0, client.Broken);
        Assert.Empty(client.Gaps);
        Assert.Equal(1, ticks.Runs);
    }

    [Theory]
    [InlineData("sse", 4)]
    [InlineData("ndjson", 5)]
    public async Task Get_CutAtRandomOverTwoServers_EveryEventOnceAndInOrder(string format, int seed)
    {
        var ticks = new PacedTicks(Count);
        ILogStore store = ResumeServer.NewSharedStore();
        await using TestServer one = await ResumeServer.StartAsync(app => Map(app, ticks), store: store);
        await using TestServer other = await ResumeServer.StartAsync(app => Map(app, ticks), store: store);
        var client = new CuttingClient(seed, "/ticks", one.Http1Port, other.Http1Port) { OnEvent = ticks.OnRead };

        await client.ReadAsync(format, Cuts).OrFail($"{Count} events");

        Assert.Equal(Enumerable.Range(1, Count), client.Numbers);
        Assert.True(client.Cuts >= Cuts, $"it was cut {client.Cuts} times only");
        Assert.Equal(0, client.Broken);
        Assert.Empty(client.Gaps);
        Assert.Equal(1, ticks.Runs);
    }

    [Theory]
    [InlineData("sse", 6)]
    [InlineData("ndjson", 7)]
    public async Task Get_CutAtRandomWhileEventsAreEvicted_EveryHoleIsAnnouncedExactly(string format, int seed)
    {
        var ticks = new PacedTicks(Count, ahead: 500);
        await using TestServer server = await ResumeServer.StartAsync(app => Map(app, ticks, new LogOptions { MaxEvents = 50 }));
        var client = new CuttingClient(seed, "/ticks", server.Http1Port) { OnEvent = ticks.OnRead };

        await client.ReadAsync(format, Cuts).OrFail($"{Count} events or gaps");

        Assert.NotEmpty(client.Gaps);
        long next = 1;
        foreach ((long number, long dropped) in client.Seen)
        {
            if (dropped == 0)
            {
                Assert.Equal(next, number);
            }

            next += dropped == 0 ? 1 : dropped;
        }

        Assert.Equal(Count + 1, next);
    }

    [Theory]
    [InlineData(8)]
    public async Task EventStreamClient_CutAtRandom_EveryEventOnceAndInOrder(int seed)
    {
        var ticks = new PacedTicks(Count);
        await using TestServer server = await ResumeServer.StartAsync(app => Map(app, ticks));
        using var cutting = new CuttingHandler(new Random(seed), Cuts);
        using var http = new HttpClient(cutting);
        var client = new EventStreamClient(http, new EventStreamClientOptions { FirstBackoff = TimeSpan.Zero, MaxBackoff = TimeSpan.FromMilliseconds(1) });
        var numbers = new List<int>();

        var reading = Task.Run(async () =>
        {
            await foreach (SseFrame frame in client.ReadAsync(new Uri($"http://127.0.0.1:{server.Http1Port}/ticks")))
            {
                numbers.Add(JsonDocument.Parse(frame.Data).RootElement.GetProperty("n").GetInt32());
                ticks.OnRead();
            }
        });
        await reading.OrFail($"{Count} events");

        Assert.Equal(Enumerable.Range(1, Count), numbers);
        Assert.Equal(Cuts, cutting.CutsMade);
        Assert.Equal(1, ticks.Runs);
    }

    private static void Map(WebApplication app, PacedTicks ticks, LogOptions? log = null) =>
        app.MapGet("/ticks", () => TypedResults.Extensions.EventStream(ticks.RunAsync())).Resumable(resumable =>
        {
            resumable.Key = _ => "the only one";
            resumable.Log = log ?? LogOptions.Default;
        });

    /// <summary>Breaks responses off after so many bytes.</summary>
    private sealed class CuttingHandler(Random random, int cuts) : DelegatingHandler(new SocketsHttpHandler())
    {
        public int CutsMade { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            HttpResponseMessage response = await base.SendAsync(request, cancellationToken);
            if (CutsMade < cuts && response.StatusCode == System.Net.HttpStatusCode.OK)
            {
                HttpContent whole = response.Content;
                response.Content = new StreamContent(new CutStream(await whole.ReadAsStreamAsync(cancellationToken), random.Next(1, 5_000), () => CutsMade++));
                response.Content.Headers.ContentType = whole.Headers.ContentType;
            }

            return response;
        }
    }

    private sealed class CutStream(Stream body, int left, Action onCut) : Stream
    {
        private int _left = left;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (_left == 0)
            {
                onCut();
                throw new IOException("The connection was cut.");
            }

            int count = await body.ReadAsync(buffer[..Math.Min(_left, buffer.Length)], cancellationToken);
            _left -= count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            body.Dispose();
            base.Dispose(disposing);
        }
    }
}

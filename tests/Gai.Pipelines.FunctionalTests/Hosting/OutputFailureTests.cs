using System.Threading.Channels;
using Gai.Pipelines.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gai.Pipelines.FunctionalTests.Hosting;

/// <summary>What a middleware has put in place of the response's body fails, while the client is there and reads.</summary>
public sealed class OutputFailureTests
{
    [Theory]
    [InlineData("1.1", "text/event-stream")]
    [InlineData("2", "text/event-stream")]
    [InlineData("1.1", "application/x-ndjson")]
    [InlineData("2", "application/x-ndjson")]
    public async Task Write_BodyOfAMiddlewareThrows_BreaksTheEndAndIsLogged(string version, string accept)
    {
        Channel<Tick> ticks = Channel.CreateUnbounded<Tick>();
        ticks.Writer.TryWrite(new Tick(1));
        await using TestServer server = await TestServer.StartAsync(app =>
        {
            app.Use(next => context =>
            {
                context.Response.Body = new FullAfterOne(context.Response.Body);
                return next(context);
            });
            app.MapGet("/ticks", () => TypedResults.Extensions.EventStream(ticks.Reader));
        });
        using OpenStream stream = await server.OpenAsync("/ticks", accept, version);

        // A broken connection overtakes what is on its way, be it the head.
        await stream.ReadThroughAsync("{\"n\":1}");
        ticks.Writer.TryWrite(new Tick(2));
        await stream.ReadBrokenRestAsync();

        await server.IsIdleAsync();
        Assert.Contains(server.Logs.Ours, entry => (entry.Level, entry.Name, entry.Exception?.Message) == (LogLevel.Error, "OutputFailed", FullAfterOne.Full));
    }

    /// <summary>Another answer would begin with the frame that the server has already, and the next one on the connection with what is left of it.</summary>
    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Write_CallbackOfTheHeadThrows_BreaksTheConnectionAndIsLogged(string version)
    {
        await using TestServer server = await TestServer.StartAsync(app =>
        {
            app.Use(next => context =>
            {
                context.Response.OnStarting(static () => throw new InvalidOperationException("broken"));
                return next(context);
            });
            app.MapGet("/ticks", () => TypedResults.Extensions.EventStream(OneByOneAsync()));
        });

        await Assert.ThrowsAsync<HttpRequestException>(() => server.GetAsync("/ticks", version: version));

        await server.IsIdleAsync();
        Assert.Contains(server.Logs.Ours, entry => (entry.Level, entry.Name, entry.Exception?.InnerException?.Message) == (LogLevel.Error, "OutputFailed", "broken"));
    }

    private static async IAsyncEnumerable<Tick> OneByOneAsync()
    {
        for (int i = 1; i <= 3; i++)
        {
            yield return new Tick(i);
            await Task.Yield();
        }
    }

    private sealed class FullAfterOne(Stream body) : Stream
    {
        public const string Full = "The quota is used up.";

        private int _writes;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Flush() => throw new NotSupportedException();

        public override Task FlushAsync(CancellationToken cancellationToken) => body.FlushAsync(cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            _writes++ == 0 ? body.WriteAsync(buffer, cancellationToken) : throw new IOException(Full);

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}

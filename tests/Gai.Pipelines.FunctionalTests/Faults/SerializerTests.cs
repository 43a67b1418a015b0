using System.Runtime.CompilerServices;
using System.Text;
using Gai.Pipelines.FaultHost;
using Gai.Pipelines.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gai.Pipelines.FunctionalTests.Faults;

/// <summary>A serializer, or a dialect of the application, that throws in the middle of a record.</summary>
/// <remarks>What holds: nothing of that frame reaches the wire, however large it had become; what was before it is whole; the end says that the stream failed; the source is cancelled and nothing is left.</remarks>
public sealed class SerializerTests
{
    private const int Good = 2;

    private readonly TaskCompletionSource _beforeIsRead = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // In one block of Kestrel, across blocks, and in scratch memory beyond what is flushed at once.
    [Theory]
    [InlineData("1.1", "/sse", 10)]
    [InlineData("1.1", "/sse", 5_000)]
    [InlineData("1.1", "/sse", 300_000)]
    [InlineData("1.1", "/ndjson", 10)]
    [InlineData("1.1", "/ndjson", 300_000)]
    [InlineData("2", "/sse", 10)]
    [InlineData("2", "/sse", 5_000)]
    [InlineData("2", "/sse", 300_000)]
    [InlineData("2", "/ndjson", 10)]
    [InlineData("2", "/ndjson", 300_000)]
    public async Task Throw_InMidRecord_NothingOfItsFrameReachesTheWire(string version, string path, int bytes)
    {
        await using FaultServer server = await StartAsync();
        server.Breaks = true;
        using RawClient client = await server.AskAsync(version, $"{path}?bytes={bytes}");
        string before = string.Concat(Enumerable.Range(1, Good).Select(n => FrameOf(n, bytes, path)));
        await client.ReadBodyAsync(before.Length);
        _beforeIsRead.SetResult();

        Assert.Equal(version == "2" ? "reset" : "broken", await client.ReadToEndAsync());

        Assert.Equal(before, client.Body.Text);
        await server.NothingIsLeftAsync(StreamOutcomeReason.SourceFailed);
        Assert.Equal(LogLevel.Error, Assert.Single(server.Server.Logs.WarningsAndErrors).Level);
        Assert.Equal(Good, server.Witness.LastOutcome.Events);
    }

    [Theory]
    [InlineData("1.1", "event", "a|!internal")]
    [InlineData("2", "event", "a|!internal")]
    [InlineData("1.1", "end", "a|b|!internal")]
    [InlineData("2", "end", "a|b|!internal")]
    [InlineData("1.1", "keep-alive", "a|!internal")]
    [InlineData("2", "keep-alive", "a|!internal")]
    [InlineData("1.1", "error", "a|")]
    [InlineData("2", "error", "a|")]
    public async Task Throw_InMidFrameOfADialect_NothingOfItReachesTheWire(string version, string where, string expected)
    {
        await using FaultServer server = await StartAsync();
        using RawClient client = await server.AskAsync(version, $"/dialect?where={where}");
        await client.ReadBodyAsync(2);
        if (where == "keep-alive")
        {
            server.Time.Advance(TimeSpan.FromSeconds(15));
        }
        else
        {
            _beforeIsRead.SetResult();
        }

        Assert.Equal("clean", await client.ReadToEndAsync());

        Assert.Equal(expected, client.Body.Text);
        await server.NothingIsLeftAsync(StreamOutcomeReason.SourceFailed);
    }

    private static string FrameOf(int number, int bytes, string path)
    {
        string json = $"{{\"n\":{number},\"padding\":\"{new string('x', bytes)}\",\"fuse\":{number}}}";
        return path == "/sse" ? $"data: {json}\n\n" : json + "\n";
    }

    private Task<FaultServer> StartAsync() => FaultServer.StartAsync(map: (app, witness) =>
    {
        foreach ((string path, StreamFormat format) in (ReadOnlySpan<(string, StreamFormat)>)[("/sse", StreamFormat.ServerSentEvents), ("/ndjson", StreamFormat.Ndjson)])
        {
            app.MapGet(path, (int bytes) => TypedResults.Extensions.EventStream(
                BombsAsync(bytes), new EventStreamResultOptions { Format = format, OnClosed = witness.Note }));
        }

        app.MapGet("/dialect", (string where) => TypedResults.Extensions.EventStream(
            StreamSource.From(LettersAsync(where)),
            new DialectFactory<string>(_ => new BreakingDialect(where), StreamFormat.ServerSentEvents),
            witness.Noted));
    });

    private async IAsyncEnumerable<Bomb> BombsAsync(int bytes)
    {
        string padding = new('x', bytes);
        for (int n = 1; n <= Good; n++)
        {
            yield return new Bomb(n, padding);
        }

        await _beforeIsRead.Task;
        yield return new Bomb(Good + 1, padding);
        yield return new Bomb(1, padding);
    }

    private async IAsyncEnumerable<string> LettersAsync(string where, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        yield return "a";
        await _beforeIsRead.Task.WaitAsync(cancellationToken);
        yield return where == "error" ? throw new InvalidOperationException() : "b";
    }

    private sealed record Bomb(int N, string Padding)
    {
        public int Fuse => N <= Good ? N : throw new InvalidOperationException("The fuse has burnt down.");
    }

    /// <summary>Throws after half of a frame.</summary>
    private sealed class BreakingDialect(string where) : Dialect<string>
    {
        public override void WriteEvent(FrameWriter output, in string item) => Write(output, item + "|", item == "b" ? "event" : "");

        public override void WriteKeepAlive(FrameWriter output) => Write(output, "~", "keep-alive");

        public override void WriteError(FrameWriter output, in StreamError error) => Write(output, "!" + error.Code, "error");

        public override void WriteEnd(FrameWriter output) => Write(output, ">", "end");

        private void Write(FrameWriter output, string frame, string what)
        {
            if (what == where)
            {
                output.Write("half of a frame"u8);
                output.Write(new byte[100_000]);
                throw new InvalidOperationException();
            }

            output.Write(Encoding.UTF8.GetBytes(frame));
        }
    }
}

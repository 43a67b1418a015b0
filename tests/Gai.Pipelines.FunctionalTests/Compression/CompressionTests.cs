using System.IO.Compression;
using System.Text;
using Gai.Pipelines.Hosting;
using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.ResponseCompression;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.FunctionalTests.Compression;

/// <summary>Compressed streams over real connections.</summary>
public sealed class CompressionTests
{
    [Theory]
    [InlineData("1.1", "gzip", "text/event-stream")]
    [InlineData("2", "gzip", "text/event-stream")]
    [InlineData("1.1", "br", "text/event-stream")]
    [InlineData("2", "br", "text/event-stream")]
    [InlineData("1.1", "gzip", "application/x-ndjson")]
    [InlineData("2", "br", "application/x-ndjson")]
    [InlineData("1.1", "br", "application/jsonl")]
    [InlineData("2", "gzip", "application/jsonl")]
    public async Task Stream_EachEvent_ArrivesBeforeTheNextIsSent(string version, string coding, string accept)
    {
        await using CompressionServer server = await CompressionServer.StartAsync(coding == "br" ? StreamCompression.Brotli : StreamCompression.Gzip);
        server.Ticks.Writer.TryWrite(new Tick(1));
        using OpenStream stream = await server.Server.OpenAsync("/ticks", accept, version, server.NewDecompressing(version));

        for (int n = 1; n <= 100; n++)
        {
            Assert.Equal(accept == "text/event-stream" ? $"data: {{\"n\":{n}}}\n\n" : $"{{\"n\":{n}}}\n", accept == "text/event-stream" ? await stream.ReadEventAsync() : await stream.ReadLineAsync());
            server.Ticks.Writer.TryWrite(new Tick(n + 1));
        }

        server.Ticks.Writer.Complete();
        await stream.ReadRestAsync();
        await server.Server.IsIdleAsync();
        Assert.Empty(server.Server.Logs.WarningsAndErrors);
    }

    [Theory]
    [InlineData("1.1", "gzip", "gzip")]
    [InlineData("2", "gzip", "gzip")]
    [InlineData("1.1", "br", "br")]
    [InlineData("2", "gzip, deflate, br, zstd", "gzip")]
    public async Task Head_CompressedStream_SaysHowAndVaries(string version, string acceptEncoding, string coding)
    {
        await using CompressionServer server = await CompressionServer.StartAsync();

        (Answer answer, byte[] body) = await server.GetRawAsync("/three", acceptEncoding, version: version);

        var expected = new SortedDictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            ["cache-control"] = "no-cache, no-store, no-transform",
            ["content-encoding"] = coding,
            ["content-type"] = "text/event-stream",
            ["vary"] = "Accept,Accept-Encoding",
            ["x-accel-buffering"] = "no",
        };
        if (version == "1.1")
        {
            expected["transfer-encoding"] = "chunked";
        }

        Assert.Equal(expected, answer.Headers);
        Assert.Equal("data: {\"n\":1}\n\ndata: {\"n\":2}\n\ndata: {\"n\":3}\n\n", Decompress(body, coding));
        Assert.Empty(server.Server.Logs.WarningsAndErrors);
    }

    [Theory]
    [InlineData("/three", "identity", "GET")]
    [InlineData("/three", "deflate", "GET")]
    [InlineData("/three", "gzip;q=0, br;q=0", "GET")]
    [InlineData("/three", "gzip", "HEAD")]
    [InlineData("/as-it-is", "gzip", "GET")]
    public async Task Head_StreamThatIsNotCompressed_NamesNoCoding(string path, string acceptEncoding, string method)
    {
        await using CompressionServer server = await CompressionServer.StartAsync();

        (Answer answer, _) = await server.GetRawAsync(path, acceptEncoding, method: method);

        Assert.Equal(method == "HEAD" ? "" : "data: {\"n\":1}\n\ndata: {\"n\":2}\n\ndata: {\"n\":3}\n\n", answer.Body);
        Assert.False(answer.Headers.ContainsKey("Content-Encoding"));
        Assert.Equal(path == "/as-it-is" ? "Accept" : "Accept,Accept-Encoding", answer.Headers["Vary"]);
    }

    [Theory]
    [InlineData("/three", "image/png", 406)]
    [InlineData("/fails", null, 500)]
    [InlineData("/three", "application/json", 200)]
    public async Task Answer_NoStream_IsNotCompressed(string path, string? accept, int status)
    {
        await using CompressionServer server = await CompressionServer.StartAsync();

        (Answer answer, _) = await server.GetRawAsync(path, "gzip, br", accept);

        Assert.Equal(status, answer.Status);
        Assert.False(answer.Headers.ContainsKey("Content-Encoding"));
        Assert.Equal(status == 200, answer.Json.ValueKind == System.Text.Json.JsonValueKind.Array);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task Stream_WithoutEvents_IsAWholeBodyOfNothing(string coding)
    {
        await using CompressionServer server = await CompressionServer.StartAsync();

        (_, byte[] body) = await server.GetRawAsync("/none", coding);

        Assert.NotEmpty(body);
        Assert.Equal("", Decompress(body, coding));
    }

    /// <summary>A browser's onopen, and proxies, wait for a head; it needs no events.</summary>
    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Head_NoEventYet_ArrivesWithTheWindow(string version)
    {
        await using CompressionServer server = await CompressionServer.StartAsync(options: all => all.CommitWindow = TimeSpan.Zero);

        using OpenStream stream = await server.Server.OpenAsync("/ticks", version: version, client: server.NewDecompressing(version));

        server.Ticks.Writer.TryWrite(new Tick(1));
        Assert.Equal("data: {\"n\":1}\n\n", await stream.ReadEventAsync());
    }

    [Fact]
    public async Task KeepAlive_SilentStream_ArrivesAtOnce()
    {
        var time = new ManualTimeProvider();
        await using CompressionServer server = await CompressionServer.StartAsync(services: all => all.AddSingleton<TimeProvider>(time));
        server.Ticks.Writer.TryWrite(new Tick(1));
        using OpenStream stream = await server.Server.OpenAsync("/ticks", client: server.NewDecompressing("1.1"));
        await stream.ReadEventAsync();

        for (int i = 0; i < 3; i++)
        {
            time.Advance(TimeSpan.FromSeconds(17));
            Assert.Equal(": keep-alive\n\n", await stream.ReadEventAsync());
        }
    }

    /// <summary>The framework's compression stands before ours, and may compress streams: it finds them compressed.</summary>
    [Theory]
    [InlineData("/ticks", "gzip", "gzip")]
    [InlineData("/ticks", "br", "br")]
    [InlineData("/other", "gzip", "gzip")]
    public async Task UseResponseCompression_StreamsAreCompressed_LeavesThemAlone(string path, string acceptEncoding, string coding)
    {
        await using CompressionServer server = await CompressionServer.StartAsync(
            services: all => all.AddResponseCompression(framework => framework.MimeTypes = [.. ResponseCompressionDefaults.MimeTypes, "text/event-stream"]),
            before: app => app.UseResponseCompression(),
            map: app => app.MapGet("/other", () => "no stream"));
        server.Ticks.Writer.TryWrite(new Tick(1));
        server.Ticks.Writer.Complete();

        (Answer answer, byte[] body) = await server.GetRawAsync(path, acceptEncoding);

        Assert.Equal((coding, path == "/other" ? "Accept-Encoding" : "Accept,Accept-Encoding"), (answer.Headers["Content-Encoding"], answer.Headers["Vary"]));
        Assert.Equal(path == "/other" ? "no stream" : "data: {\"n\":1}\n\n", Decompress(body, coding));
    }

    [Fact]
    public async Task UseResponseCompression_CompressedStream_ArrivesEventByEvent()
    {
        await using CompressionServer server = await CompressionServer.StartAsync(
            services: all => all.AddResponseCompression(framework => framework.MimeTypes = ["text/event-stream"]),
            before: app => app.UseResponseCompression());
        server.Ticks.Writer.TryWrite(new Tick(1));
        using OpenStream stream = await server.Server.OpenAsync("/ticks", client: server.NewDecompressing("1.1"));

        for (int n = 1; n < 20; n++)
        {
            Assert.Equal($"data: {{\"n\":{n}}}\n\n", await stream.ReadEventAsync());
            server.Ticks.Writer.TryWrite(new Tick(n + 1));
        }
    }

    internal static string Decompress(byte[] body, string coding)
    {
        var bytes = new MemoryStream(body);
        using Stream plain = coding == "br" ? new BrotliStream(bytes, CompressionMode.Decompress) : new GZipStream(bytes, CompressionMode.Decompress);
        using var text = new StreamReader(plain, Encoding.UTF8);
        return text.ReadToEnd();
    }
}

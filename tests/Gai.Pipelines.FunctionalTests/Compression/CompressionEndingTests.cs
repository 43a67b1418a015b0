using System.Diagnostics.Metrics;
using System.Net;
using Gai.Pipelines.Hosting;
using Gai.Pipelines.TestUtilities;
using Microsoft.Extensions.DependencyInjection;

namespace Gai.Pipelines.FunctionalTests.Compression;

/// <summary>How compressed streams end, and how many there may be.</summary>
public sealed class CompressionEndingTests
{
    [Theory]
    [InlineData("1.1", "gzip")]
    [InlineData("2", "br")]
    public async Task Leave_WhileStreaming_CancelsTheSourceAndLeavesNothing(string version, string coding)
    {
        await using CompressionServer server = await CompressionServer.StartAsync(options: all => all.MaxCompressedStreams = 1);
        using Measurements measured = Listen(server);
        using (OpenStream stream = await server.Server.OpenAsync("/idle", version: version, client: server.NewDecompressing(version, MethodOf(coding))))
        {
            await stream.ReadEventAsync();
            measured.Observe();
        }

        await server.Watched.Cancelled;
        await server.Watched.Disposed;
        await server.Server.IsIdleAsync();
        await Eventually.IsTrueAsync(
            () =>
            {
                measured.Observe();
                return measured.Of("gai.stream.compressed")[^1] == 0;
            },
            () => "the place is not free");
        Assert.Equal(1, measured.Of("gai.stream.compressed")[0]);
        Assert.Equal(StreamOutcomeReason.ClientGone, Assert.Single(server.Outcomes).Reason);
        Assert.Empty(server.Server.Logs.WarningsAndErrors);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task Leave_InTheMiddleOfTheConnection_CancelsTheSource(string coding)
    {
        await using CompressionServer server = await CompressionServer.StartAsync();
        RawClient client = await RawClient.GetAsync(server.Server.Http1Port, "/idle", $"Accept-Encoding: {coding}\r\n");
        await client.ReadThroughAsync($"Content-Encoding: {coding}");

        client.Reset();

        await server.Watched.Disposed;
        await server.Server.IsIdleAsync();
        Assert.Empty(server.Server.Logs.WarningsAndErrors);
    }

    /// <summary>A stream that breaks has no end: neither that of HTTP nor that of the compressed data.</summary>
    [Theory]
    [InlineData("1.1", "gzip")]
    [InlineData("2", "gzip")]
    [InlineData("1.1", "br")]
    [InlineData("2", "br")]
    public async Task Fail_PlainAfterTheHead_BreaksTheEndAfterAllEvents(string version, string coding)
    {
        await using CompressionServer server = await CompressionServer.StartAsync();
        server.Ticks.Writer.TryWrite(new Tick(1));
        using OpenStream stream = await server.Server.OpenAsync("/ticks", version: version, client: server.NewDecompressing(version, MethodOf(coding)));
        Assert.Equal("data: {\"n\":1}\n\n", await stream.ReadEventAsync());

        server.Ticks.Writer.Complete(new InvalidOperationException("broken"));

        Assert.Equal("", await stream.ReadBrokenRestAsync());
    }

    [Theory]
    [InlineData("1.1", "gzip")]
    [InlineData("2", "br")]
    public async Task Fail_GaiAfterTheHead_EndsWithErrorRecordAndWholeData(string version, string coding)
    {
        await using CompressionServer server = await CompressionServer.StartAsync();

        (_, byte[] body) = await server.GetRawAsync("/chat-fails", coding, version: version);

        string text = CompressionTests.Decompress(body, coding);
        Assert.Contains("data: {\"text\":\" you\"}\n\n", text, StringComparison.Ordinal);
        Assert.Contains("event: gai.error\n", text, StringComparison.Ordinal);
        Assert.EndsWith("\n\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.1", "gzip")]
    [InlineData("2", "br")]
    public async Task Drain_OpenStream_GetsItsFarewell(string version, string coding)
    {
        await using CompressionServer server = await CompressionServer.StartAsync();
        using OpenStream stream = await server.Server.OpenAsync("/chat", version: version, client: server.NewDecompressing(version, MethodOf(coding)));
        await stream.ReadEventAsync();

        server.Server.Drain();

        Assert.Contains("\"code\":\"server_draining\"", await stream.ReadRestAsync(), StringComparison.Ordinal);
        await server.Server.IsIdleAsync();
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task Flood_ClientNeverReads_IsDisconnectedAndNothingIsLeft(string version)
    {
        await using CompressionServer server = await CompressionServer.StartAsync(options: all => all.WriteTimeout = TimeSpan.FromSeconds(1));
        using HttpClient client = server.Server.NewClient(version, receiveBuffer: 4096);
        client.DefaultRequestHeaders.Add("Accept-Encoding", "gzip");
        using OpenStream stream = await server.Server.OpenAsync("/flood", version: version, client: client);
        Assert.Equal("gzip", stream.Response.Content.Headers.ContentEncoding.Single());

        await server.Watched.Disposed;

        await server.Server.IsIdleAsync();
        await Eventually.IsTrueAsync(() => !server.Outcomes.IsEmpty, () => "OnClosed is not called");
        Assert.Equal(StreamOutcomeReason.TooSlow, Assert.Single(server.Outcomes).Reason);
    }

    [Fact]
    public async Task Open_OneMoreThanTheCap_IsSentAsItIsUntilAPlaceIsFree()
    {
        await using CompressionServer server = await CompressionServer.StartAsync(options: all => all.MaxCompressedStreams = 1);
        OpenStream first = await OpenAsync(server);
        using (OpenStream second = await OpenAsync(server))
        {
            Assert.Equal(["gzip"], first.Response.Content.Headers.ContentEncoding);
            Assert.Empty(second.Response.Content.Headers.ContentEncoding);
            Assert.Equal("data: {\"n\":1}\n\n", await second.ReadEventAsync());
        }

        first.Dispose();
        await server.Server.IsIdleAsync();
        await Eventually.IsTrueAsync(() => server.Outcomes.Count == 2, () => "the streams do not end");
        (Answer answer, _) = await server.GetRawAsync("/three", "gzip");
        Assert.Equal("gzip", answer.Headers["Content-Encoding"]);
    }

    [Fact]
    public async Task Open_ServerIsStopping_IsNeitherCompressedNorKeepsAPlace()
    {
        await using CompressionServer server = await CompressionServer.StartAsync();
        using Measurements measured = Listen(server);
        server.Server.Drain();

        (Answer answer, _) = await server.GetRawAsync("/three", "gzip");
        measured.Observe();

        Assert.Equal((503, "server_draining"), (answer.Status, answer.Json.GetProperty("code").GetString()));
        Assert.False(answer.Headers.ContainsKey("Content-Encoding"));
        Assert.Equal([0], measured.Of("gai.stream.compressed"));
    }

    [Fact]
    public async Task Stream_Compressed_BytesAreThoseOfItsFrames()
    {
        await using CompressionServer server = await CompressionServer.StartAsync();

        (_, byte[] body) = await server.GetRawAsync("/three", "gzip");

        await Eventually.IsTrueAsync(() => !server.Outcomes.IsEmpty, () => "OnClosed is not called");
        Assert.Equal(CompressionTests.Decompress(body, "gzip").Length, Assert.Single(server.Outcomes).Bytes);
    }

    private static async Task<OpenStream> OpenAsync(CompressionServer server)
    {
        using HttpRequestMessage request = TestServer.Get("/idle");
        request.Headers.Add("Accept-Encoding", "gzip");
        return await OpenStream.OpenAsync(server.Server.Client("1.1"), request);
    }

    private static DecompressionMethods MethodOf(string coding) => coding == "br" ? DecompressionMethods.Brotli : DecompressionMethods.GZip;

    private static Measurements Listen(CompressionServer server) => new(server.Server.App.Services.GetRequiredService<IMeterFactory>());
}

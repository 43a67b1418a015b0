using System.Net;
using Gai.Pipelines.Hosting;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.FunctionalTests.Proxies;

/// <summary>Streams through real proxies: what docs/operations.md says of each stands here.</summary>
public sealed class ProxyTests
{
    /// <summary>Gets all proxies.</summary>
    public static TheoryData<ProxyKind> All => [.. Enum.GetValues<ProxyKind>()];

    [Theory]
    [MemberData(nameof(All))]
    public async Task Stream_EachEvent_ArrivesBeforeTheNextIsSent(ProxyKind kind)
    {
        foreach (string accept in (string[])["text/event-stream", "application/x-ndjson"])
        {
            await using ProxyScene scene = await ProxyScene.StartAsync(kind, StreamCompression.None);
            scene.Ticks.TryWrite(new Tick(1));
            using OpenStream stream = await scene.OpenAsync("/ticks", accept);

            for (int n = 1; n <= 50; n++)
            {
                Assert.Equal($"{{\"n\":{n}}}\n", (await stream.ReadLineAsync()).Replace("data: ", "", StringComparison.Ordinal));
                if (accept == "text/event-stream")
                {
                    Assert.Equal("\n", await stream.ReadLineAsync());
                }

                scene.Ticks.TryWrite(new Tick(n + 1));
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Stream_Compressed_EachEventArrivesBeforeTheNextIsSent(ProxyKind kind)
    {
        foreach (StreamCompression compression in (StreamCompression[])[StreamCompression.Gzip, StreamCompression.Brotli])
        {
            await using ProxyScene scene = await ProxyScene.StartAsync(kind, compression);
            scene.Ticks.TryWrite(new Tick(1));
            using OpenStream stream = await scene.OpenAsync("/ticks");

            for (int n = 1; n <= 50; n++)
            {
                Assert.Equal($"data: {{\"n\":{n}}}\n\n", await stream.ReadEventAsync());
                scene.Ticks.TryWrite(new Tick(n + 1));
            }

            scene.Ticks.Complete();
            Assert.Contains("51", await stream.ReadRestAsync(), StringComparison.Ordinal);
            Assert.Equal(compression == StreamCompression.Brotli ? "br" : "gzip", Assert.Single(scene.SentCodings));
        }
    }

    /// <summary>nginx compresses whatever <c>no-transform</c> says, flush by flush; HAProxy does not. So the tests above say something of both.</summary>
    [Theory]
    [InlineData(ProxyKind.NginxGzip, StreamCompression.None, "gzip")]
    [InlineData(ProxyKind.NginxGzip, StreamCompression.Gzip, "gzip")]
    [InlineData(ProxyKind.HAProxyCompression, StreamCompression.None, "")]
    [InlineData(ProxyKind.HAProxyCompression, StreamCompression.Gzip, "gzip")]
    public async Task Head_ProxyCompresses_NamesOneCoding(ProxyKind kind, StreamCompression compression, string coding)
    {
        await using ProxyScene scene = await ProxyScene.StartAsync(kind, compression);
        using var client = new HttpClient { BaseAddress = scene.Address };
        client.DefaultRequestHeaders.Add("Accept-Encoding", "gzip");

        using OpenStream stream = await OpenStream.OpenAsync(client, TestServer.Get("/done"));

        Assert.Equal(coding, string.Join(',', stream.Response.Content.Headers.ContentEncoding));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Head_NoEventYet_ArrivesWithTheWindow(ProxyKind kind)
    {
        await using ProxyScene scene = await ProxyScene.StartAsync(kind, options: all =>
        {
            all.CommitWindow = TimeSpan.Zero;

            // YARP sends the head with the first bytes of the body.
            all.OpeningPaddingBytes = kind is ProxyKind.Yarp or ProxyKind.YarpHttp2 ? 16 : 0;
        });

        using OpenStream stream = await scene.OpenAsync("/ticks");

        scene.Ticks.TryWrite(new Tick(1));
        Assert.EndsWith("data: {\"n\":1}\n\n", await stream.ReadThroughAsync("{\"n\":1}\n\n"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task End_StreamThatEndsWell_ArrivesWithItsMarker(ProxyKind kind)
    {
        await using ProxyScene scene = await ProxyScene.StartAsync(kind);
        using OpenStream stream = await scene.OpenAsync("/done");

        Assert.EndsWith("id: gai.done\nevent: done\ndata: {\"finished\":true}\n\n", await stream.ReadRestAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Fail_BeforeTheHead_KeepsStatusAndRetryTime(ProxyKind kind)
    {
        await using ProxyScene scene = await ProxyScene.StartAsync(kind);
        using OpenStream stream = await scene.OpenAsync("/limited");

        Assert.Equal(HttpStatusCode.TooManyRequests, stream.Response.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(7), stream.Response.Headers.RetryAfter?.Delta);
        Assert.Equal("application/problem+json", stream.Response.Content.Headers.ContentType?.ToString());
        Assert.Contains("\"code\":\"rate_limited\"", await stream.ReadRestAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Fail_AfterTheHead_ErrorRecordArrives(ProxyKind kind)
    {
        await using ProxyScene scene = await ProxyScene.StartAsync(kind);
        using OpenStream stream = await scene.OpenAsync("/chat-fails");

        string text = await stream.ReadRestAsync();

        Assert.Contains("data: {\"text\":\"Hi\"}", text, StringComparison.Ordinal);
        Assert.Contains("\"code\":\"internal\"", text, StringComparison.Ordinal);
    }

    /// <summary>A plain stream has no record for a failure: what says it is that HTTP's own end is missing, also behind a proxy.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public async Task Fail_PlainAfterTheHead_BreaksTheEnd(ProxyKind kind)
    {
        await using ProxyScene scene = await ProxyScene.StartAsync(kind);
        scene.Ticks.TryWrite(new Tick(1));
        using OpenStream stream = await scene.OpenAsync("/ticks");
        await stream.ReadEventAsync();

        scene.Ticks.Complete(new InvalidOperationException("broken"));

        if (kind == ProxyKind.Nginx)
        {
            // HTTP/1.0 has no other end than that of the connection: nginx must be told to speak HTTP/1.1.
            Assert.Equal("", await stream.ReadRestAsync());
        }
        else
        {
            await stream.ReadBrokenRestAsync();
        }
    }
}

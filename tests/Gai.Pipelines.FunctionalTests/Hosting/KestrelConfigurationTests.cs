using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Gai.Pipelines.FunctionalTests;

/// <summary>What <c>ConfigureKestrelForStreams</c> sets. That it notices half-open connections stands in <c>HalfOpenTests</c>.</summary>
public sealed class KestrelConfigurationTests
{
    [Fact]
    public async Task Open_MoreThan100StreamsOnOneConnection_AllAreAnswered()
    {
        const int Streams = 150;
        await using TestServer server = await TestServer.StartAsync(
            app => app.MapGet("/idle", (CancellationToken leaves) => TypedResults.Extensions.EventStream(IdleAsync(leaves))),
            web: web => web.ConfigureKestrelForStreams());
        using var handler = new SocketsHttpHandler { EnableMultipleHttp2Connections = false };
        using var client = new HttpClient(handler) { BaseAddress = new Uri($"http://127.0.0.1:{server.Http2Port}") };

        HttpResponseMessage[] answers = await Task.WhenAll(Enumerable.Range(0, Streams).Select(_ =>
        {
            var request = new HttpRequestMessage(HttpMethod.Get, "/idle") { Version = new Version(2, 0), VersionPolicy = HttpVersionPolicy.RequestVersionExact };
            return client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead).OrFail("a stream is answered");
        }));

        Assert.All(answers, answer => Assert.True(answer.IsSuccessStatusCode));
        Assert.Equal(Streams, server.Streams.Count);
    }

    [Fact]
    public async Task Configure_GivenTime_PingsWithinIt()
    {
        await using TestServer server = await TestServer.StartAsync(static _ => { }, web: web => web.ConfigureKestrelForStreams(TimeSpan.FromMinutes(1)));

        Http2Limits limits = server.App.Services.GetRequiredService<IOptions<KestrelServerOptions>>().Value.Limits.Http2;

        Assert.Equal((TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(30), 1_000), (limits.KeepAlivePingDelay, limits.KeepAlivePingTimeout, limits.MaxStreamsPerConnection));
    }

    [Theory]
    [InlineData(null, 4096)]
    [InlineData(100, 4096)]
    [InlineData(10_000, 10_000)]
    public async Task Configure_Backlog_IsRaisedAndNeverLowered(int? own, int expected)
    {
        await using TestServer server = await TestServer.StartAsync(static _ => { }, web: web =>
        {
            web.ConfigureKestrelForStreams();
            web.UseSockets(sockets => sockets.Backlog = own ?? sockets.Backlog);
        });

        Assert.Equal(expected, server.App.Services.GetRequiredService<IOptions<SocketTransportOptions>>().Value.Backlog);
    }

    [Theory]
    [InlineData(1.9)]
    [InlineData(3601)]
    public void Configure_TimeOutOfRange_SaysTheRange(double seconds)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());

        var wrong = Assert.Throws<ArgumentOutOfRangeException>(() => builder.WebHost.ConfigureKestrelForStreams(TimeSpan.FromSeconds(seconds)));

        Assert.StartsWith("A connection is given up after 2 s to 1 h.", wrong.Message, StringComparison.Ordinal);
    }

    private static async IAsyncEnumerable<string> IdleAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken leaves)
    {
        yield return "first";
        await Task.Delay(Timeout.Infinite, leaves);
    }
}

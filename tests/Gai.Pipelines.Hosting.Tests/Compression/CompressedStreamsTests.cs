using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.Hosting.Tests.Compression;

public sealed class CompressedStreamsTests : IDisposable
{
    private const StreamCompression Both = StreamCompression.Gzip | StreamCompression.Brotli;

    private readonly CompressionBench _bench = new("gzip");

    public void Dispose()
    {
        _bench.Compressed.Dispose();
        _bench.Dispose();
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public void Begin_ClientAcceptsACoding_SaysSoInTheHead(string coding)
    {
        HttpContext context = ContextOf(coding);

        using CompressedBody? body = _bench.NewStreams().Begin(context, _bench.Profile(Both));

        Assert.NotNull(body);
        Assert.Equal((coding, "Accept-Encoding"), (context.Response.Headers.ContentEncoding.ToString(), context.Response.Headers.Vary.ToString()));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("identity")]
    [InlineData("deflate")]
    public void Begin_ClientAcceptsNoCoding_VariesAllTheSame(string? acceptEncoding)
    {
        HttpContext context = ContextOf(acceptEncoding);

        Assert.Null(_bench.NewStreams().Begin(context, _bench.Profile(Both)));
        Assert.Equal(("", "Accept-Encoding"), (context.Response.Headers.ContentEncoding.ToString(), context.Response.Headers.Vary.ToString()));
    }

    [Fact]
    public void Begin_VariesAlready_IsOneMore()
    {
        HttpContext context = ContextOf("gzip");
        context.Response.Headers.Vary = "Accept";

        using CompressedBody? body = _bench.NewStreams().Begin(context, _bench.Profile(Both));

        Assert.Equal("Accept,Accept-Encoding", context.Response.Headers.Vary.ToString());
    }

    [Fact]
    public void Begin_NotTurnedOn_LeavesTheHeadAlone()
    {
        HttpContext context = ContextOf("gzip");

        Assert.Null(_bench.NewStreams().Begin(context, _bench.Profile(StreamCompression.None)));
        Assert.Empty(context.Response.Headers);
    }

    [Fact]
    public void Begin_ApplicationHasItsOwnCoding_LeavesTheHeadAlone()
    {
        HttpContext context = ContextOf("gzip");
        context.Response.Headers.ContentEncoding = "zstd";

        Assert.Null(_bench.NewStreams().Begin(context, _bench.Profile(Both)));
        Assert.Equal("zstd", context.Response.Headers.ContentEncoding);
        Assert.Single(context.Response.Headers);
    }

    [Fact]
    public void Begin_OneMoreThanTheLimit_IsSentAsItIsUntilAPlaceIsFree()
    {
        CompressedStreams streams = _bench.NewStreams(most: 2);
        using CompressedBody? first = streams.Begin(ContextOf("gzip"), _bench.Profile(Both));
        CompressedBody? second = streams.Begin(ContextOf("br"), _bench.Profile(Both));
        HttpContext third = ContextOf("gzip");

        Assert.Null(streams.Begin(third, _bench.Profile(Both)));
        Assert.Null(streams.Begin(ContextOf("gzip"), _bench.Profile(Both)));
        Assert.Equal(("", "Accept-Encoding"), (third.Response.Headers.ContentEncoding.ToString(), third.Response.Headers.Vary.ToString()));
        second!.Dispose();
        using CompressedBody? fourth = streams.Begin(ContextOf("gzip"), _bench.Profile(Both));
        Assert.NotNull(fourth);
        Assert.Null(streams.Begin(ContextOf("gzip"), _bench.Profile(Both)));
    }

    private static DefaultHttpContext ContextOf(string? acceptEncoding)
    {
        var context = new DefaultHttpContext();
        if (acceptEncoding is not null)
        {
            context.Request.Headers.AcceptEncoding = acceptEncoding;
        }

        return context;
    }
}

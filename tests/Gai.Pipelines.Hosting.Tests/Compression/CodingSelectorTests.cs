using Microsoft.Extensions.Primitives;

namespace Gai.Pipelines.Hosting.Tests.Compression;

/// <summary>RFC 9110, 12.5.3 and 12.4.2.</summary>
public sealed class CodingSelectorTests
{
    private const StreamCompression None = StreamCompression.None;
    private const StreamCompression Gzip = StreamCompression.Gzip;
    private const StreamCompression Brotli = StreamCompression.Brotli;
    private const StreamCompression Both = Gzip | Brotli;

    [Theory]
    // Each by its name, in any case; what a browser, curl and .NET send
    [InlineData("gzip", Gzip)]
    [InlineData("GZip", Gzip)]
    [InlineData("x-gzip", Gzip)]
    [InlineData("br", Brotli)]
    [InlineData("BR", Brotli)]
    [InlineData("gzip, deflate, br, zstd", Gzip)]
    [InlineData("br, gzip", Gzip)]
    [InlineData("deflate, gzip", Gzip)]
    [InlineData("deflate, br;q=0.1", Brotli)]
    // None of ours
    [InlineData("", None)]
    [InlineData(" ", None)]
    [InlineData("identity", None)]
    [InlineData("deflate, zstd, compress", None)]
    [InlineData("gzipped, brotli", None)]
    // The client's preference beats the server's
    [InlineData("gzip;q=0.5, br", Brotli)]
    [InlineData("gzip;q=0.5, br;q=0.501", Brotli)]
    [InlineData("br;q=0.5, gzip;q=0.6", Gzip)]
    [InlineData("br ; q=0.9 , gzip ; q=0.1", Brotli)]
    [InlineData("gzip;Q=0.1, br", Brotli)]
    // identity is a coding like others where it is listed
    [InlineData("identity, gzip;q=0.5", None)]
    [InlineData("identity;q=0.5, gzip", Gzip)]
    [InlineData("identity, gzip", Gzip)]
    [InlineData("identity;q=0.5, gzip;q=0.4, br;q=0.6", Brotli)]
    // * stands for those that are not listed
    [InlineData("*", Gzip)]
    [InlineData("*, gzip;q=0.5", Brotli)]
    [InlineData("gzip;q=0, *", Brotli)]
    [InlineData("br;q=0.3, *;q=0.2", Brotli)]
    [InlineData("identity;q=0.1, *", Gzip)]
    [InlineData("*;q=0.5, identity", None)]
    // q=0 forbids
    [InlineData("gzip;q=0", None)]
    [InlineData("gzip;q=0.000, br", Brotli)]
    [InlineData("gzip;q=0, br;q=0", None)]
    [InlineData("*;q=0", None)]
    [InlineData("br;q=0.1, *;q=0", Brotli)]
    // Nothing is acceptable, and something must be sent: 12.4.1
    [InlineData("identity;q=0", None)]
    [InlineData("identity;q=0, deflate", None)]
    [InlineData("identity;q=0, gzip;q=0.001", Gzip)]
    // What cannot be read says nothing
    [InlineData("gzip;q=2", None)]
    [InlineData("gzip;q=high", None)]
    [InlineData("\"gzip\"", None)]
    [InlineData(";q=1", None)]
    public void Select_BothAreOffered_ClientDecides(string acceptEncoding, StreamCompression expected) =>
        Assert.Equal(expected, CodingSelector.Select(acceptEncoding, Both));

    [Theory]
    [InlineData("gzip, br", Gzip, Gzip)]
    [InlineData("gzip, br", Brotli, Brotli)]
    [InlineData("gzip", Brotli, None)]
    [InlineData("br, gzip;q=0.1", Gzip, Gzip)]
    [InlineData("*", Brotli, Brotli)]
    [InlineData("gzip, br", None, None)]
    public void Select_OneIsOffered_IsThatOrNone(string acceptEncoding, StreamCompression offered, StreamCompression expected) =>
        Assert.Equal(expected, CodingSelector.Select(acceptEncoding, offered));

    [Fact]
    public void Select_NoHeader_IsNone() => Assert.Equal(None, CodingSelector.Select(StringValues.Empty, Both));

    [Fact]
    public void Select_SeveralHeaders_AreOneList() => Assert.Equal(Brotli, CodingSelector.Select(new StringValues(["gzip;q=0.5", "br"]), Both));
}

using System.Text;
using Gai.Pipelines.LoadTests.Client;

namespace Gai.Pipelines.LoadTests.Tests.Client;

public sealed class Http2FrameReaderTests
{
    private static readonly byte[] Frames =
    [
        .. Http2Frames.Frame(Http2Frames.Kind.Settings, 0, 0, [0, 3, 0, 0, 0, 100]),
        .. Http2Frames.Frame(Http2Frames.Kind.Headers, Http2Frames.EndHeaders, 1, [0x88]),
        .. Http2Frames.Frame(Http2Frames.Kind.Data, 0, 1, "hello "u8),
        .. Http2Frames.Frame(Http2Frames.Kind.Data, 0, 3, default),
        .. Http2Frames.Frame(Http2Frames.Kind.Data, Http2Frames.EndStream, 1, "world"u8),
    ];

    private static readonly string[] Expected = ["Settings 0: 000300000064", "Headers 1: 88", "Data 1:", "Data 3:", "Data 1:"];

    [Fact]
    public void Take_SplitAnywhere_FindsEveryFrame()
    {
        for (int split = 0; split <= Frames.Length; split++)
        {
            var sink = new RecordingSink();
            var reader = new Http2FrameReader(sink);
            Feed(reader, Frames.AsSpan(0, split));
            Feed(reader, Frames.AsSpan(split));
            Assert.Equal(Expected, sink.Frames);
            Assert.Equal("hello world", sink.Data.ToString());
        }
    }

    [Theory]
    [InlineData("88", true)]
    [InlineData("2088", true)]
    [InlineData("3FE11F88", true)]
    [InlineData("8D", false)]
    [InlineData("", false)]
    [InlineData("3F", false)]
    public void IsOk_BlockOfHeaders_BeginsWithStatus200(string block, bool isOk) => Assert.Equal(isOk, Http2Frames.IsOk(Convert.FromHexString(block)));

    private static void Feed(Http2FrameReader reader, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[reader.Take(bytes, 0)..];
        }
    }

    private sealed class RecordingSink : IHttp2FrameSink
    {
        public List<string> Frames { get; } = [];

        public StringBuilder Data { get; } = new();

        public void OnData(int stream, ReadOnlySpan<byte> payload, long now) => Data.Append(Encoding.ASCII.GetString(payload));

        public void OnFrame(Http2Frame frame, ReadOnlySpan<byte> payload, long now) =>
            Frames.Add($"{frame.Kind} {frame.Stream}: {Convert.ToHexString(payload)}".TrimEnd());
    }
}

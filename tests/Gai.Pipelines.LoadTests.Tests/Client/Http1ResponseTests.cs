using System.Text;
using Gai.Pipelines.LoadTests.Client;

namespace Gai.Pipelines.LoadTests.Tests.Client;

public sealed class Http1ResponseTests
{
    private const string Head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";

    public static TheoryData<string, string> Responses { get; } = new()
    {
        { Head + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1A\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n", "helloabcdefghijklmnopqrstuvwxyz" },
        { Head + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", string.Empty },
        { Head + "Content-Length: 5\r\n\r\nhello", "hello" },
        { Head + "Content-Length: 0\r\n\r\n", string.Empty },
    };

    [Theory]
    [MemberData(nameof(Responses))]
    public void Feed_SplitAnywhere_HandsOnTheBody(string response, string body)
    {
        byte[] bytes = Encoding.ASCII.GetBytes(response);
        for (int split = 0; split <= bytes.Length; split++)
        {
            var sink = new RecordingSink();
            var reader = new Http1Response(sink);
            reader.Feed(bytes.AsSpan(0, split), 7);
            bool isOver = reader.Feed(bytes.AsSpan(split), 7) || split == bytes.Length;
            Assert.True(isOver);
            Assert.Equal((body, 1, 1, null), (sink.Body, sink.Heads, sink.Ends, sink.Failure));
        }
    }

    [Theory]
    [MemberData(nameof(Responses))]
    public void Feed_ByteByByte_HandsOnTheBody(string response, string body)
    {
        var sink = new RecordingSink();
        var reader = new Http1Response(sink);
        foreach (byte part in Encoding.ASCII.GetBytes(response))
        {
            reader.Feed([part], 7);
        }

        Assert.Equal((body, 1, 1, null), (sink.Body, sink.Heads, sink.Ends, sink.Failure));
    }

    [Fact]
    public void OnClosed_BodyWithoutLength_IsItsEnd()
    {
        var sink = new RecordingSink();
        var reader = new Http1Response(sink);
        reader.Feed(Encoding.ASCII.GetBytes(Head + "\r\nhello"), 7);
        reader.OnClosed(isBroken: false);
        Assert.Equal(("hello", 1, null), (sink.Body, sink.Ends, sink.Failure));
    }

    [Theory]
    [InlineData(Head)]
    [InlineData(Head + "Transfer-Encoding: chunked\r\n\r\n")]
    [InlineData(Head + "Transfer-Encoding: chunked\r\n\r\n5\r\nhel")]
    [InlineData(Head + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")]
    [InlineData(Head + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n")]
    [InlineData(Head + "Content-Length: 5\r\n\r\nhell")]
    public void OnClosed_BeforeTheEnd_IsAFailure(string response)
    {
        var sink = new RecordingSink();
        var reader = new Http1Response(sink);
        reader.Feed(Encoding.ASCII.GetBytes(response), 7);
        reader.OnClosed(isBroken: false);
        Assert.Equal(0, sink.Ends);
        Assert.NotNull(sink.Failure);
    }

    [Theory]
    [InlineData("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n")]
    [InlineData(Head + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n")]
    [InlineData(Head + "Transfer-Encoding: chunked\r\n\r\n\r\n")]
    public void Feed_WrongResponse_IsAFailure(string response)
    {
        var sink = new RecordingSink();
        Assert.True(new Http1Response(sink).Feed(Encoding.ASCII.GetBytes(response), 7));
        Assert.Equal(0, sink.Ends);
        Assert.NotNull(sink.Failure);
    }

    private sealed class RecordingSink : IResponseSink
    {
        private readonly StringBuilder _body = new();

        public string Body => _body.ToString();

        public int Heads { get; private set; }

        public int Ends { get; private set; }

        public string? Failure { get; private set; }

        public void OnFirstByte(long now) => Assert.Equal(7, now);

        public void OnHead() => Heads++;

        public void OnBody(ReadOnlySpan<byte> payload, long now) => _body.Append(Encoding.ASCII.GetString(payload));

        public void OnEnd() => Ends++;

        public void OnFailure(string problem) => Failure = problem;
    }
}

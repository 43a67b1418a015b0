using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Gai.Pipelines.FunctionalTests;

/// <summary>Takes the body of a response out of the bytes of its connection: the chunks of HTTP/1.1 or the DATA frames of one stream of HTTP/2.</summary>
internal sealed class WireBody
{
    private const int FrameHead = 9; // RFC 9113, 4.1

    private readonly string _version;
    private readonly int _stream;
    private readonly List<byte> _unread;
    private readonly List<byte> _bytes = [];
    private bool _headIsRead;
    private int _chunkLeft;

    public WireBody(string version)
        : this(version, stream: 1, [])
    {
    }

    private WireBody(string version, int stream, List<byte> unread)
    {
        _version = version;
        _stream = stream;
        _unread = unread;
    }

    public int Stream => _stream;

    /// <summary>The head of the response, over HTTP/1.1 and when it is whole.</summary>
    public string Head { get; private set; } = string.Empty;

    public int Length => _bytes.Count;

    public byte[] Bytes => [.. _bytes];

    public string Text => Encoding.UTF8.GetString(Bytes);

    /// <summary>The bytes of all DATA frames, also of those of other streams: the window of the connection is to be given for them, too.</summary>
    public int Data { get; private set; }

    /// <summary>How the response has ended, if it has: "clean" as HTTP prescribes, "reset" by HTTP/2.</summary>
    public string? End { get; private set; }

    /// <summary>The body of another stream of the same connection.</summary>
    public WireBody Of(int stream) => new(_version, stream, _unread);

    public void Append(ReadOnlySpan<byte> wire)
    {
        foreach (byte one in wire)
        {
            _unread.Add(one);
        }

        while (End is null && (_version == "2" ? TakeFrame() : _headIsRead ? TakeChunk() : TakeHead()))
        {
        }
    }

    private bool TakeHead()
    {
        if (LineEnd("\r\n\r\n"u8) is not { } end)
        {
            return false;
        }

        Head = Take(end);
        Assert.StartsWith("HTTP/1.1 200", Head, StringComparison.Ordinal);
        Assert.Contains("Transfer-Encoding: chunked", Head, StringComparison.Ordinal);
        return _headIsRead = true;
    }

    private bool TakeChunk()
    {
        if (_chunkLeft == 0)
        {
            // The line end of the chunk before it, if there was one, and the length of this one.
            int from = _bytes.Count > 0 ? 2 : 0;
            if (_unread.Count <= from || LineEnd("\r\n"u8, from) is not { } end)
            {
                return false;
            }

            _chunkLeft = int.Parse(Take(end).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            End = _chunkLeft == 0 ? "clean" : null;
            return _chunkLeft > 0;
        }

        int count = Math.Min(_chunkLeft, _unread.Count);
        _bytes.AddRange(_unread[..count]);
        _unread.RemoveRange(0, count);
        _chunkLeft -= count;
        return _chunkLeft == 0;
    }

    /// <summary>Takes a frame of HTTP/2, when it is whole.</summary>
    private bool TakeFrame()
    {
        const byte DataFrame = 0;
        const byte ResetStream = 3;
        const byte EndStream = 1;
        if (_unread.Count < FrameHead)
        {
            return false;
        }

        byte[] head = [.. _unread[..FrameHead]];
        int length = (head[0] << 16) | (head[1] << 8) | head[2];
        if (_unread.Count < FrameHead + length)
        {
            return false;
        }

        bool isOurs = BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)) == _stream;
        Data += head[3] == DataFrame ? length : 0;
        if (isOurs && head[3] == DataFrame)
        {
            _bytes.AddRange(_unread[FrameHead..(FrameHead + length)]);
            End = (head[4] & EndStream) != 0 ? "clean" : null;
        }
        else if (isOurs && head[3] == ResetStream)
        {
            End = "reset";
        }

        _unread.RemoveRange(0, FrameHead + length);
        return true;
    }

    private int? LineEnd(ReadOnlySpan<byte> end, int from = 0)
    {
        int at = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_unread)[from..].IndexOf(end);
        return at < 0 ? null : from + at + end.Length;
    }

    private string Take(int count)
    {
        string text = Encoding.ASCII.GetString([.. _unread[..count]]);
        _unread.RemoveRange(0, count);
        return text;
    }
}

using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Text;

namespace Gai.Pipelines.Benchmarks.Kestrel;

/// <summary>HTTP/2 with prior knowledge, and with windows so large that they hold nothing back.</summary>
internal sealed class Http2Client : MemoryClient
{
    private const int HeaderBytes = 9;
    private const int LargestWindow = int.MaxValue;
    private const int DefaultWindow = 65_535;

    private int _stream = -1;

    public Http2Client(IDuplexPipe connection)
        : base(connection)
    {
        Output.Write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8);
        Span<byte> window = stackalloc byte[6];
        BinaryPrimitives.WriteUInt16BigEndian(window, 4); // SETTINGS_INITIAL_WINDOW_SIZE
        BinaryPrimitives.WriteInt32BigEndian(window[2..], LargestWindow);
        WriteFrame(FrameType.Settings, Flags.None, stream: 0, window);
        WriteWindowUpdate(LargestWindow - DefaultWindow);
    }

    private enum FrameType : byte
    {
        Data = 0,
        Headers = 1,
        ResetStream = 3,
        Settings = 4,
        Ping = 6,
        GoAway = 7,
        WindowUpdate = 8,
    }

    [Flags]
    private enum Flags : byte
    {
        None = 0,
        EndStreamOrAck = 1,
        EndHeaders = 4,
    }

    protected override void WriteRequest(string path)
    {
        // RFC 7541, appendix A: 2 is ":method: GET", 6 is ":scheme: http"; 4 and 1 are the names :path and :authority.
        byte[] head = [0x82, 0x86, 0x04, (byte)path.Length, .. Encoding.ASCII.GetBytes(path), 0x01, 9, .. "localhost"u8];
        _stream += 2;
        WriteFrame(FrameType.Headers, Flags.EndHeaders | Flags.EndStreamOrAck, _stream, head);
    }

    protected override bool TryReadPiece(ref ReadOnlySequence<byte> unread, out ReadOnlySequence<byte> piece, out bool hasEnded)
    {
        piece = default;
        hasEnded = false;
        if (unread.Length < HeaderBytes)
        {
            return false;
        }

        Span<byte> header = stackalloc byte[HeaderBytes];
        unread.Slice(0, HeaderBytes).CopyTo(header);
        int length = (header[0] << 16) | (header[1] << 8) | header[2];
        if (unread.Length < HeaderBytes + length)
        {
            return false;
        }

        ReadOnlySequence<byte> payload = unread.Slice(HeaderBytes, length);
        unread = unread.Slice(payload.End);
        var (type, flags) = ((FrameType)header[3], (Flags)header[4]);
        switch (type)
        {
            case FrameType.Data:
                piece = payload;
                hasEnded = flags.HasFlag(Flags.EndStreamOrAck);
                break;
            case FrameType.Headers:
                hasEnded = flags.HasFlag(Flags.EndStreamOrAck);
                break;
            case FrameType.Settings or FrameType.Ping when !flags.HasFlag(Flags.EndStreamOrAck):
                WriteFrame(type, Flags.EndStreamOrAck, stream: 0, type == FrameType.Ping ? payload.ToArray() : []);
                break;
            case FrameType.ResetStream or FrameType.GoAway:
                throw new InvalidOperationException($"The server sent {type}: {Convert.ToHexString(payload.ToArray())}");
        }

        return true;
    }

    // What a stream has used of its own window goes with the stream; that of the connection has to be given back.
    protected override void OnEnd(long bodyBytes)
    {
        if (bodyBytes > 0)
        {
            WriteWindowUpdate((int)bodyBytes);
        }
    }

    private void WriteWindowUpdate(int bytes)
    {
        Span<byte> increment = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(increment, bytes);
        WriteFrame(FrameType.WindowUpdate, Flags.None, stream: 0, increment);
    }

    private void WriteFrame(FrameType type, Flags flags, int stream, ReadOnlySpan<byte> payload)
    {
        Span<byte> header = Output.GetSpan(HeaderBytes);
        header[0] = (byte)(payload.Length >> 16);
        header[1] = (byte)(payload.Length >> 8);
        header[2] = (byte)payload.Length;
        header[3] = (byte)type;
        header[4] = (byte)flags;
        BinaryPrimitives.WriteInt32BigEndian(header[5..], stream);
        Output.Advance(HeaderBytes);
        Output.Write(payload);
    }
}

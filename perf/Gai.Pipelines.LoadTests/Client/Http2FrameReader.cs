using System.Buffers.Binary;

namespace Gai.Pipelines.LoadTests.Client;

/// <summary>Who hears what frames there are.</summary>
internal interface IHttp2FrameSink
{
    /// <summary>A part of the payload of a data frame has come.</summary>
    void OnData(int stream, ReadOnlySpan<byte> payload, long now);

    /// <summary>A frame is whole. Its payload is empty if it is a data frame.</summary>
    void OnFrame(Http2Frame frame, ReadOnlySpan<byte> payload, long now);
}

/// <summary>What stands before the payload of a frame.</summary>
internal readonly record struct Http2Frame(Http2Frames.Kind Kind, byte Flags, int Stream)
{
    /// <summary>Tells whether a flag is set.</summary>
    public bool Has(byte flag) => (Flags & flag) != 0;
}

/// <summary>Cuts what comes into frames. Data is handed on as it comes; other payloads are kept until they are whole.</summary>
internal sealed class Http2FrameReader(IHttp2FrameSink sink)
{
    private readonly byte[] _header = new byte[Http2Frames.HeaderBytes];
    private int _headerBytes;
    private byte[] _payload = [];
    private int _payloadBytes;
    private Http2Frame _frame;
    private int _left;

    /// <summary>Reads a part of what has come.</summary>
    /// <returns>How many bytes it has taken.</returns>
    public int Take(ReadOnlySpan<byte> bytes, long now) => _headerBytes < Http2Frames.HeaderBytes ? TakeHeader(bytes, now) : TakePayload(bytes, now);

    private int TakeHeader(ReadOnlySpan<byte> bytes, long now)
    {
        int taken = Math.Min(bytes.Length, Http2Frames.HeaderBytes - _headerBytes);
        bytes[..taken].CopyTo(_header.AsSpan(_headerBytes));
        _headerBytes += taken;
        if (_headerBytes == Http2Frames.HeaderBytes)
        {
            uint first = BinaryPrimitives.ReadUInt32BigEndian(_header);
            _left = (int)(first >> 8);
            _frame = new Http2Frame((Http2Frames.Kind)(first & 0xFF), _header[4], BinaryPrimitives.ReadInt32BigEndian(_header.AsSpan(5)) & int.MaxValue);
            _payloadBytes = 0;
            EndIfWhole(now);
        }

        return taken;
    }

    private int TakePayload(ReadOnlySpan<byte> bytes, long now)
    {
        int taken = Math.Min(bytes.Length, _left);
        _left -= taken;
        if (_frame.Kind == Http2Frames.Kind.Data)
        {
            sink.OnData(_frame.Stream, bytes[..taken], now);
        }
        else
        {
            Keep(bytes[..taken]);
        }

        EndIfWhole(now);
        return taken;
    }

    private void EndIfWhole(long now)
    {
        if (_left == 0)
        {
            _headerBytes = 0;
            sink.OnFrame(_frame, _payload.AsSpan(0, _payloadBytes), now);
        }
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (_payloadBytes + bytes.Length > _payload.Length)
        {
            Array.Resize(ref _payload, Math.Max(256, (_payloadBytes + bytes.Length) * 2));
        }

        bytes.CopyTo(_payload.AsSpan(_payloadBytes));
        _payloadBytes += bytes.Length;
    }
}

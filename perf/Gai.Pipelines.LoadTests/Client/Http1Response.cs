using System.Text;

namespace Gai.Pipelines.LoadTests.Client;

/// <summary>Reads a response of HTTP/1.1: head, then chunks or a body of a known length or one that ends with the connection.</summary>
internal sealed class Http1Response(IResponseSink sink)
{
    private const int MaxHeadBytes = 8192;

    private byte[] _line = new byte[512];
    private int _lineBytes;
    private State _state;
    private long _left;

    private enum State
    {
        Head,
        ChunkSize,
        ChunkData,
        ChunkEnd,
        LastChunkEnd,
        KnownLength,
        UntilClosed,
        Over,
    }

    /// <summary>Reads what has come.</summary>
    /// <returns>Whether the response is over, well or not.</returns>
    public bool Feed(ReadOnlySpan<byte> bytes, long now)
    {
        while (!bytes.IsEmpty && _state != State.Over)
        {
            bytes = bytes[Step(bytes, now)..];
        }

        return _state == State.Over;
    }

    /// <summary>The connection is over.</summary>
    public void OnClosed(bool isBroken)
    {
        if (_state == State.Over)
        {
            return;
        }

        if (_state == State.UntilClosed && !isBroken)
        {
            End();
            return;
        }

        Fail(isBroken ? "The connection broke." : "The server closed the connection before the response had ended.");
    }

    private int Step(ReadOnlySpan<byte> bytes, long now)
    {
        switch (_state)
        {
            case State.Head:
                sink.OnFirstByte(now);
                return TakeHead(bytes);
            case State.ChunkSize:
                return TakeChunkSize(bytes);
            case State.ChunkData:
                return TakeData(bytes, now, State.ChunkEnd);
            case State.KnownLength:
                return TakeKnownLength(bytes, now);
            case State.UntilClosed:
                sink.OnBody(bytes, now);
                return bytes.Length;
            default:
                // The line break behind a chunk; behind the last one it ends the response.
                _left -= 1;
                if (_left == 0)
                {
                    if (_state == State.LastChunkEnd)
                    {
                        End();
                    }
                    else
                    {
                        _state = State.ChunkSize;
                    }
                }

                return 1;
        }
    }

    private int TakeHead(ReadOnlySpan<byte> bytes)
    {
        int before = _lineBytes;
        Keep(bytes);
        int end = _line.AsSpan(0, _lineBytes).IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            if (_lineBytes > MaxHeadBytes)
            {
                Fail("The head of the response is too long.");
            }

            return bytes.Length;
        }

        string head = Encoding.ASCII.GetString(_line, 0, end);
        _lineBytes = 0;
        if (!head.StartsWith("HTTP/1.1 200", StringComparison.Ordinal))
        {
            Fail($"The server answered: {head.Split('\r')[0]}");
            return bytes.Length;
        }

        sink.OnHead();
        _state = BodyOf(head);
        if (_state == State.Over)
        {
            sink.OnEnd();
        }

        return end + 4 - before;
    }

    private State BodyOf(string head)
    {
        if (head.Contains("\r\nTransfer-Encoding: chunked", StringComparison.OrdinalIgnoreCase))
        {
            return State.ChunkSize;
        }

        const string Length = "\r\nContent-Length: ";
        int at = head.IndexOf(Length, StringComparison.OrdinalIgnoreCase);
        if (at < 0)
        {
            return State.UntilClosed;
        }

        string value = head[(at + Length.Length)..].Split('\r')[0];
        _left = long.Parse(value, System.Globalization.CultureInfo.InvariantCulture);
        return _left == 0 ? State.Over : State.KnownLength;
    }

    private int TakeChunkSize(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf((byte)'\n');
        if (end < 0)
        {
            Keep(bytes);
            return bytes.Length;
        }

        ReadOnlySpan<byte> line = bytes[..end];
        if (_lineBytes > 0)
        {
            Keep(line);
            line = _line.AsSpan(0, _lineBytes);
            _lineBytes = 0;
        }

        if (!TryParseSize(line.TrimEnd((byte)'\r'), out _left))
        {
            Fail($"'{Encoding.ASCII.GetString(line)}' is no size of a chunk.");
            return end + 1;
        }

        _state = _left == 0 ? State.LastChunkEnd : State.ChunkData;
        _left = _left == 0 ? 2 : _left;
        return end + 1;
    }

    private int TakeData(ReadOnlySpan<byte> bytes, long now, State next)
    {
        int length = (int)Math.Min(_left, bytes.Length);
        sink.OnBody(bytes[..length], now);
        _left -= length;
        if (_left == 0)
        {
            _left = 2;
            _state = next;
        }

        return length;
    }

    private int TakeKnownLength(ReadOnlySpan<byte> bytes, long now)
    {
        int length = TakeData(bytes, now, State.Over);
        if (_state == State.Over)
        {
            sink.OnEnd();
        }

        return length;
    }

    private static bool TryParseSize(ReadOnlySpan<byte> digits, out long size)
    {
        size = 0;
        foreach (byte digit in digits)
        {
            int value = digit switch
            {
                >= (byte)'0' and <= (byte)'9' => digit - '0',
                >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10,
                >= (byte)'A' and <= (byte)'F' => digit - 'A' + 10,
                _ => -1,
            };
            if (value < 0 || size > int.MaxValue)
            {
                return false;
            }

            size = (size << 4) + value;
        }

        return digits.Length > 0;
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (_lineBytes + bytes.Length > _line.Length)
        {
            Array.Resize(ref _line, (_lineBytes + bytes.Length) * 2);
        }

        bytes.CopyTo(_line.AsSpan(_lineBytes));
        _lineBytes += bytes.Length;
    }

    private void End()
    {
        _state = State.Over;
        sink.OnEnd();
    }

    private void Fail(string problem)
    {
        _state = State.Over;
        sink.OnFailure(problem);
    }
}

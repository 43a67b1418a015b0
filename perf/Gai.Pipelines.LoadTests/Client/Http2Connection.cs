using System.Buffers.Binary;
using Gai.Pipelines.LoadTests.Measuring;

namespace Gai.Pipelines.LoadTests.Client;

/// <summary>A connection over HTTP/2 without TLS, by prior knowledge: as many streams as the server allows.</summary>
internal sealed class Http2Connection(ClientThread thread) : Connection(thread), ITimed
{
    private const int ReadsPerSecond = 8;
    private const int RoomGivenAt = 1 << 30;

    private readonly Dictionary<int, Http2Stream> _streams = [];
    private readonly byte[] _header = new byte[Http2Frames.HeaderBytes];
    private int _headerBytes;
    private byte[] _control = [];
    private int _controlBytes;
    private Frame _frame;
    private int _left;
    private int _nextId = 1;
    private int _maxStreams = 100;
    private long _received;
    private int _readRate;
    private bool _isGoingAway;

    /// <summary>Whether one more stream can be opened.</summary>
    public bool HasRoom => IsOpen && !_isGoingAway && _streams.Count < _maxStreams;

    /// <summary>How many bytes the server takes on the whole connection.</summary>
    public long SendWindow { get; set; } = Http2Frames.InitialWindow;

    /// <summary>How many bytes it takes on a new stream.</summary>
    public int InitialSendWindow { get; private set; } = Http2Frames.InitialWindow;

    protected override int ReadBytes => _readRate == 0 ? int.MaxValue : Math.Max(1, _readRate / ReadsPerSecond);

    /// <param name="isAlone">Whether the connection is for one slow reader.</param>
    public void Start(bool isAlone)
    {
        Send(Http2Frames.Preface());
        Connect(receiveBufferBytes: isAlone ? 4096 : 0);
    }

    public void Open(ClientStream stream)
    {
        int id = _nextId;
        _nextId += 2;
        _readRate = stream.Request.ReadRate;
        Send(Http2Frames.Request(id, Thread.Server.ToString(), stream.Request, WireFormat.Ndjson.MediaType));
        var opened = new Http2Stream(this, id, stream);
        _streams.Add(id, opened);
        if (stream.Request.Upload is { } upload)
        {
            opened.StartUpload(new UploadSchedule(upload, Thread, opened));
        }
    }

    public override void Leave()
    {
        Close();
        foreach (Http2Stream stream in _streams.Values)
        {
            stream.Client.OnLeave();
        }
    }

    public void OnTime()
    {
        IsReading = true;
        UpdateInterest();
    }

    /// <summary>Sends a part of a request body, which the windows have room for.</summary>
    public void SendData(int stream, ReadOnlySpan<byte> payload, byte flags)
    {
        Span<byte> frame = stackalloc byte[Http2Frames.HeaderBytes + payload.Length];
        Http2Frames.WriteHeader(frame, payload.Length, Http2Frames.Kind.Data, flags, stream);
        payload.CopyTo(frame[Http2Frames.HeaderBytes..]);
        SendWindow -= payload.Length;
        Send(frame);
    }

    protected override void OnBytes(ReadOnlySpan<byte> bytes, long now)
    {
        while (!bytes.IsEmpty && IsOpen)
        {
            bytes = bytes[(_headerBytes < Http2Frames.HeaderBytes ? TakeHeader(bytes, now) : TakePayload(bytes, now))..];
        }

        if (_readRate > 0)
        {
            IsReading = false;
            Thread.Schedule(this, now + (1_000_000 / ReadsPerSecond));
        }
    }

    protected override void OnClosed(bool isBroken) => Fail(isBroken ? "The connection broke." : "The server closed the connection.");

    protected override void OnSent()
    {
        foreach (Http2Stream stream in _streams.Values.ToArray())
        {
            stream.OnRoom();
        }
    }

    private int TakeHeader(ReadOnlySpan<byte> bytes, long now)
    {
        int taken = Math.Min(bytes.Length, Http2Frames.HeaderBytes - _headerBytes);
        bytes[..taken].CopyTo(_header.AsSpan(_headerBytes));
        _headerBytes += taken;
        if (_headerBytes == Http2Frames.HeaderBytes)
        {
            uint first = BinaryPrimitives.ReadUInt32BigEndian(_header);
            _left = (int)(first >> 8);
            _frame = new Frame((Http2Frames.Kind)(first & 0xFF), _header[4], BinaryPrimitives.ReadInt32BigEndian(_header.AsSpan(5)) & int.MaxValue);
            _controlBytes = 0;
            if (_left == 0)
            {
                EndFrame(now);
            }
        }

        return taken;
    }

    private int TakePayload(ReadOnlySpan<byte> bytes, long now)
    {
        int taken = Math.Min(bytes.Length, _left);
        _left -= taken;
        if (_frame.Kind == Http2Frames.Kind.Data)
        {
            _received += taken;
            if (_streams.TryGetValue(_frame.Stream, out Http2Stream? stream))
            {
                stream.OnData(bytes[..taken], now);
            }
        }
        else
        {
            Keep(bytes[..taken]);
        }

        if (_left == 0)
        {
            EndFrame(now);
        }

        return taken;
    }

    private void EndFrame(long now)
    {
        _headerBytes = 0;
        ReadOnlySpan<byte> payload = _control.AsSpan(0, _controlBytes);
        switch (_frame.Kind)
        {
            case Http2Frames.Kind.Data:
                GiveRoom();
                break;
            case Http2Frames.Kind.Headers:
                OnHeaders(payload, now);
                break;
            case Http2Frames.Kind.Settings when (_frame.Flags & Http2Frames.Ack) == 0:
                TakeSettings(payload);
                Send(Http2Frames.Frame(Http2Frames.Kind.Settings, Http2Frames.Ack, 0, default));
                break;
            case Http2Frames.Kind.Ping when (_frame.Flags & Http2Frames.Ack) == 0:
                Send(Http2Frames.Frame(Http2Frames.Kind.Ping, Http2Frames.Ack, 0, payload));
                break;
            case Http2Frames.Kind.WindowUpdate:
                TakeWindow(BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue);
                break;
            case Http2Frames.Kind.Reset:
                Remove(_frame.Stream)?.OnFailure($"The server reset the stream with the error {BinaryPrimitives.ReadInt32BigEndian(payload)}.");
                break;
            case Http2Frames.Kind.GoAway:
                _isGoingAway = true;
                int error = BinaryPrimitives.ReadInt32BigEndian(payload[4..]);
                if (error != 0)
                {
                    Close();
                    Fail($"The server ended the connection with the error {error}.");
                }

                return;
            case Http2Frames.Kind.Continuation:
                Close();
                Fail("The server sent headers in several frames, which this client cannot read.");
                return;
        }

        if ((_frame.Flags & Http2Frames.EndStream) != 0 && _frame.Kind is Http2Frames.Kind.Data or Http2Frames.Kind.Headers)
        {
            Remove(_frame.Stream)?.OnEnd();
        }
    }

    private void OnHeaders(ReadOnlySpan<byte> block, long now)
    {
        if (!_streams.TryGetValue(_frame.Stream, out Http2Stream? stream) || stream.HasHead)
        {
            return; // trailers
        }

        stream.HasHead = true;
        stream.Client.OnFirstByte(now);
        if ((_frame.Flags & (Http2Frames.Padded | Http2Frames.Priority)) == 0 && Http2Frames.IsOk(block))
        {
            stream.Client.OnHead();
        }
        else
        {
            Remove(_frame.Stream)?.OnFailure($"The server did not answer with the status 200 but with the header block {Convert.ToHexString(block[..Math.Min(8, block.Length)])}.");
        }
    }

    private void TakeSettings(ReadOnlySpan<byte> payload)
    {
        for (; payload.Length >= 6; payload = payload[6..])
        {
            int value = BinaryPrimitives.ReadInt32BigEndian(payload[2..]);
            switch (BinaryPrimitives.ReadUInt16BigEndian(payload))
            {
                case 3: // SETTINGS_MAX_CONCURRENT_STREAMS
                    _maxStreams = value;
                    break;
                case 4: // SETTINGS_INITIAL_WINDOW_SIZE counts for open streams too
                    foreach (Http2Stream stream in _streams.Values)
                    {
                        stream.SendWindow += value - InitialSendWindow;
                    }

                    InitialSendWindow = value;
                    break;
            }
        }

        OnSent();
    }

    private void TakeWindow(int bytes)
    {
        if (_frame.Stream == 0)
        {
            SendWindow += bytes;
            OnSent();
        }
        else if (_streams.TryGetValue(_frame.Stream, out Http2Stream? stream))
        {
            stream.SendWindow += bytes;
            stream.OnRoom();
        }
    }

    private void GiveRoom()
    {
        if (_received >= RoomGivenAt)
        {
            Send(Http2Frames.WindowUpdate(0, (int)_received));
            _received = 0;
        }

        if (_streams.TryGetValue(_frame.Stream, out Http2Stream? stream) && stream.Received >= RoomGivenAt)
        {
            Send(Http2Frames.WindowUpdate(_frame.Stream, (int)stream.Received));
            stream.Received = 0;
        }
    }

    private ClientStream? Remove(int id) => _streams.Remove(id, out Http2Stream? stream) ? stream.Client : null;

    private void Fail(string problem)
    {
        foreach (Http2Stream stream in _streams.Values)
        {
            stream.Client.OnFailure(problem);
        }

        _streams.Clear();
        Thread.Forget(this);
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        if (_controlBytes + bytes.Length > _control.Length)
        {
            Array.Resize(ref _control, Math.Max(256, (_controlBytes + bytes.Length) * 2));
        }

        bytes.CopyTo(_control.AsSpan(_controlBytes));
        _controlBytes += bytes.Length;
    }

    private readonly record struct Frame(Http2Frames.Kind Kind, byte Flags, int Stream);
}

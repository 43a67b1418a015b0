using System.Buffers.Binary;
using Gai.Pipelines.LoadTests.Measuring;

namespace Gai.Pipelines.LoadTests.Client;

/// <summary>A connection over HTTP/2 without TLS, by prior knowledge: as many streams as the server allows.</summary>
internal sealed class Http2Connection : Connection, IHttp2FrameSink, ITimed
{
    private const int ReadsPerSecond = 8;
    private const int RoomGivenAt = 1 << 30;

    private readonly Dictionary<int, Http2Stream> _streams = [];
    private readonly Http2FrameReader _frames;
    private int _nextId = 1;
    private int _maxStreams = 100;
    private long _received;
    private int _readRate;
    private bool _isGoingAway;

    public Http2Connection(ClientThread thread) : base(thread) => _frames = new Http2FrameReader(this);

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

    public void OnData(int stream, ReadOnlySpan<byte> payload, long now)
    {
        _received += payload.Length;
        if (_streams.TryGetValue(stream, out Http2Stream? found))
        {
            found.OnData(payload, now);
        }
    }

    public void OnFrame(Http2Frame frame, ReadOnlySpan<byte> payload, long now)
    {
        switch (frame.Kind)
        {
            case Http2Frames.Kind.Data:
                GiveRoom(frame.Stream);
                break;
            case Http2Frames.Kind.Headers:
                OnHeaders(frame, payload, now);
                break;
            case Http2Frames.Kind.Settings when !frame.Has(Http2Frames.Ack):
                TakeSettings(payload);
                Send(Http2Frames.Frame(Http2Frames.Kind.Settings, Http2Frames.Ack, 0, default));
                break;
            case Http2Frames.Kind.Ping when !frame.Has(Http2Frames.Ack):
                Send(Http2Frames.Frame(Http2Frames.Kind.Ping, Http2Frames.Ack, 0, payload));
                break;
            case Http2Frames.Kind.WindowUpdate:
                TakeWindow(frame.Stream, BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue);
                break;
            case Http2Frames.Kind.Reset:
                Remove(frame.Stream)?.OnFailure($"The server reset the stream with the error {BinaryPrimitives.ReadInt32BigEndian(payload)}.");
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

        if (frame.Has(Http2Frames.EndStream) && frame.Kind is Http2Frames.Kind.Data or Http2Frames.Kind.Headers)
        {
            Remove(frame.Stream)?.OnEnd();
        }
    }

    protected override void OnBytes(ReadOnlySpan<byte> bytes, long now)
    {
        while (!bytes.IsEmpty && IsOpen)
        {
            bytes = bytes[_frames.Take(bytes, now)..];
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

    private void OnHeaders(Http2Frame frame, ReadOnlySpan<byte> block, long now)
    {
        if (!_streams.TryGetValue(frame.Stream, out Http2Stream? stream) || stream.HasHead)
        {
            return; // trailers
        }

        stream.HasHead = true;
        stream.Client.OnFirstByte(now);
        if (!frame.Has(Http2Frames.Padded | Http2Frames.Priority) && Http2Frames.IsOk(block))
        {
            stream.Client.OnHead();
        }
        else
        {
            Remove(frame.Stream)?.OnFailure($"The server did not answer with the status 200 but with the header block {Convert.ToHexString(block[..Math.Min(8, block.Length)])}.");
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

    private void TakeWindow(int id, int bytes)
    {
        if (id == 0)
        {
            SendWindow += bytes;
            OnSent();
        }
        else if (_streams.TryGetValue(id, out Http2Stream? stream))
        {
            stream.SendWindow += bytes;
            stream.OnRoom();
        }
    }

    private void GiveRoom(int id)
    {
        if (_received >= RoomGivenAt)
        {
            Send(Http2Frames.WindowUpdate(0, (int)_received));
            _received = 0;
        }

        if (_streams.TryGetValue(id, out Http2Stream? stream) && stream.Received >= RoomGivenAt)
        {
            Send(Http2Frames.WindowUpdate(id, (int)stream.Received));
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
}

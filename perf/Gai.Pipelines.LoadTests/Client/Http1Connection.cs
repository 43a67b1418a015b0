using System.Globalization;
using System.Text;
using Gai.Pipelines.LoadTests.Measuring;

namespace Gai.Pipelines.LoadTests.Client;

/// <summary>A connection over HTTP/1.1, which carries one stream.</summary>
internal sealed class Http1Connection : Connection, IUploadTarget, ITimed
{
    private const int ReadsPerSecond = 8;

    private readonly ClientStream _stream;
    private readonly Http1Response _response;
    private readonly UploadSchedule? _upload;

    public Http1Connection(ClientThread thread, ClientStream stream) : base(thread)
    {
        _stream = stream;
        _response = new Http1Response(stream);
        StreamRequest request = stream.Request;
        string method = request.Upload is null
            ? $"GET {request.Path} HTTP/1.1\r\n"
            : $"POST {request.Path} HTTP/1.1\r\nContent-Type: {WireFormat.Ndjson.MediaType}\r\nTransfer-Encoding: chunked\r\n";
        Send(Encoding.ASCII.GetBytes($"{method}Host: {thread.Server}\r\nAccept: {request.Format.MediaType}\r\n\r\n"));
        _upload = request.Upload is { } upload ? new UploadSchedule(upload, thread, this) : null;
    }

    protected override int ReadBytes => _stream.Request.ReadRate == 0 ? int.MaxValue : Math.Max(1, _stream.Request.ReadRate / ReadsPerSecond);

    public void Start()
    {
        // A slow reader whose system reads ahead for it is not slow.
        Connect(receiveBufferBytes: _stream.Request.ReadRate == 0 ? 0 : 4096);
        _upload?.Start();
    }

    public override void Leave()
    {
        Close();
        _stream.OnLeave();
    }

    public void SendRecord(ReadOnlySpan<byte> record)
    {
        Span<byte> chunk = stackalloc byte[record.Length + 16];
        record.Length.TryFormat(chunk, out int written, "x", CultureInfo.InvariantCulture);
        "\r\n"u8.CopyTo(chunk[written..]);
        record.CopyTo(chunk[(written + 2)..]);
        "\r\n"u8.CopyTo(chunk[(written + 2 + record.Length)..]);
        Send(chunk[..(written + 4 + record.Length)]);
    }

    public void EndRecords() => Send("0\r\n\r\n"u8);

    /// <summary>A slow reader reads again.</summary>
    public void OnTime()
    {
        IsReading = true;
        UpdateInterest();
    }

    protected override void OnBytes(ReadOnlySpan<byte> bytes, long now)
    {
        if (_response.Feed(bytes, now))
        {
            Close();
            Thread.Forget(this);
        }
        else if (_stream.Request.ReadRate > 0)
        {
            IsReading = false;
            Thread.Schedule(this, now + (1_000_000 / ReadsPerSecond));
        }
    }

    protected override void OnClosed(bool isBroken)
    {
        _response.OnClosed(isBroken);
        Thread.Forget(this);
    }

    protected override void OnSent() => _upload?.OnRoom();
}

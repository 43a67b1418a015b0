namespace Gai.Pipelines.LoadTests.Client;

/// <summary>A stream on a connection over HTTP/2.</summary>
internal sealed class Http2Stream(Http2Connection connection, int id, ClientStream client) : IUploadTarget
{
    private readonly Queue<byte[]> _held = new();
    private UploadSchedule? _upload;
    private int _heldBytes;
    private bool _hasEnded;

    public ClientStream Client => client;

    public bool HasHead { get; set; }

    /// <summary>How many bytes have come since the server was last given room.</summary>
    public long Received { get; set; }

    /// <summary>How many bytes the server takes.</summary>
    public long SendWindow { get; set; } = connection.InitialSendWindow;

    public int PendingBytes => connection.PendingBytes + _heldBytes;

    public void OnData(ReadOnlySpan<byte> payload, long now)
    {
        Received += payload.Length;
        client.OnBody(payload, now);
    }

    public void StartUpload(UploadSchedule upload)
    {
        _upload = upload;
        upload.Start();
    }

    public void SendRecord(ReadOnlySpan<byte> record)
    {
        if (_held.Count > 0 || !HasRoom(record.Length))
        {
            _held.Enqueue(record.ToArray());
            _heldBytes += record.Length;
            return;
        }

        SendNow(record);
    }

    public void EndRecords()
    {
        _hasEnded = true;
        if (_held.Count == 0)
        {
            connection.SendData(id, default, Http2Frames.EndStream);
        }
    }

    /// <summary>The server takes more.</summary>
    public void OnRoom()
    {
        if (_upload is null)
        {
            return;
        }

        bool hadSome = _held.Count > 0;
        while (_held.TryPeek(out byte[]? record) && HasRoom(record.Length))
        {
            SendNow(record);
            _held.Dequeue();
            _heldBytes -= record.Length;
        }

        if (_held.Count > 0)
        {
            return;
        }

        if (_hasEnded && hadSome)
        {
            connection.SendData(id, default, Http2Frames.EndStream);
        }
        else if (!_hasEnded)
        {
            _upload.OnRoom();
        }
    }

    private bool HasRoom(int bytes) => SendWindow >= bytes && connection.SendWindow >= bytes;

    private void SendNow(ReadOnlySpan<byte> record)
    {
        SendWindow -= record.Length;
        connection.SendData(id, record, flags: 0);
    }
}

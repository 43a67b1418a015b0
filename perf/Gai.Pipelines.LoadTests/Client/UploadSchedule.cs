using Gai.Pipelines.LoadTests.Measuring;

namespace Gai.Pipelines.LoadTests.Client;

/// <summary>Where the records of a request go.</summary>
internal interface IUploadTarget
{
    /// <summary>How many bytes wait to be sent.</summary>
    int PendingBytes { get; }

    /// <summary>Sends a record.</summary>
    void SendRecord(ReadOnlySpan<byte> record);

    /// <summary>Ends the request.</summary>
    void EndRecords();
}

/// <summary>Sends records by a schedule that does not wait for answers; each says when it was due.</summary>
internal sealed class UploadSchedule(Upload upload, ClientThread thread, IUploadTarget target) : ITimed
{
    private const int MostPendingBytes = 64 * 1024;

    private readonly byte[] _record = WireFormat.Ndjson.Frame(Letters.Of(0, 0));
    private long _start;
    private long _next;
    private bool _hasEnded;

    public void Start()
    {
        _start = Clock.Now;
        SendDue();
    }

    public void OnTime() => SendDue();

    /// <summary>What was held back for want of room can go.</summary>
    public void OnRoom()
    {
        if (upload.Interval == 0)
        {
            SendDue();
        }
    }

    private void SendDue()
    {
        long now = Clock.Now;
        while (_next < upload.Records && IsDue(now))
        {
            long due = upload.Interval == 0 ? now : _start + (_next * upload.Interval);
            Letters.Write(_record.AsSpan(WireFormat.Ndjson.Prefix.Length, Letters.Length), due, _next);
            _next++;
            target.SendRecord(_record);
        }

        if (_next == upload.Records && !_hasEnded)
        {
            _hasEnded = true;
            target.EndRecords();
        }
        else if (_next < upload.Records && upload.Interval > 0)
        {
            thread.Schedule(this, _start + (_next * upload.Interval));
        }
    }

    private bool IsDue(long now) => upload.Interval == 0 ? target.PendingBytes < MostPendingBytes : _start + (_next * upload.Interval) <= now;
}

using Gai.Pipelines.LoadTests.Measuring;

namespace Gai.Pipelines.LoadTests.Client;

/// <summary>Reads the frames of one stream and looks at every byte: whether events come once each and in order, and how late.</summary>
/// <remarks>
/// All events have the same length, so that the common one is compared and not searched: a few nanoseconds. What else a server says
/// (comments, an end marker) takes the long way, which finds where a frame ends.
/// </remarks>
internal sealed class FrameChecker(WireFormat format, Expectation expected, Histogram latency)
{
    private const int MaxFrameBytes = 4096;
    private const int IdLineBytes = 4 + LogPosition.TextLength + 1;

    private byte[]? _carry;
    private byte[]? _lastId;
    private int _carried;
    private long _next;

    /// <summary>How many events have come.</summary>
    public long Events { get; private set; }

    /// <summary>How many are missing.</summary>
    public long Gaps { get; private set; }

    /// <summary>How many came again, or too late.</summary>
    public long Duplicates { get; private set; }

    /// <summary>How many frames were comments or blank lines.</summary>
    public long KeepAlives { get; private set; }

    /// <summary>What was wrong first.</summary>
    public string? Problem { get; private set; }

    /// <summary>Whether the stream stands between two frames.</summary>
    public bool IsAtBoundary => _carried == 0;

    /// <summary>Reads what has come.</summary>
    /// <param name="payload">The bytes.</param>
    /// <param name="now">When they came, in microseconds.</param>
    public void Feed(ReadOnlySpan<byte> payload, long now)
    {
        if (_carried > 0)
        {
            payload = CompleteCarry(payload, now);
        }

        while (!payload.IsEmpty)
        {
            int length = Take(payload, now);
            if (length == 0)
            {
                Carry(payload);
                return;
            }

            payload = payload[length..];
        }
    }

    /// <summary>Takes one frame.</summary>
    /// <returns>Its length; zero if it is not whole.</returns>
    private int Take(ReadOnlySpan<byte> bytes, long now)
    {
        // The id of an event in a log, where there is one, has a fixed width.
        int id = bytes.Length > IdLineBytes && bytes.StartsWith("id: "u8) ? IdLineBytes : 0;
        ReadOnlySpan<byte> frame = bytes[id..];
        if (frame.Length >= format.FrameBytes
            && frame.StartsWith(format.Prefix)
            && frame[(format.Prefix.Length + Letters.Length)..].StartsWith(format.Suffix))
        {
            OnEvent(frame.Slice(format.Prefix.Length, Letters.Length), now);
            if (id > 0)
            {
                CheckId(bytes.Slice(4, LogPosition.TextLength));
            }

            return id + format.FrameBytes;
        }

        int end = bytes.IndexOf(format.End);
        if (end < 0)
        {
            return 0;
        }

        OnOther(bytes[..end]);
        return end + format.End.Length;
    }

    private void OnEvent(ReadOnlySpan<byte> text, long now)
    {
        Events++;
        long number = Letters.Number(text);
        if (number != (_next & expected.NumberMask))
        {
            OnWrongNumber(number);
            return;
        }

        long due = Letters.Due(text);
        if (due != 0 && _next >= expected.MeasureFrom)
        {
            latency.Record(Letters.Since(due, now));
        }

        _next++;
    }

    /// <summary>A client that resumes names the last id that it has seen: the next one is greater, as text.</summary>
    private void CheckId(ReadOnlySpan<byte> id)
    {
        _lastId ??= new byte[LogPosition.TextLength];
        if (id.SequenceCompareTo(_lastId) <= 0)
        {
            Problem ??= "An id is not greater than the one before it.";
        }

        id.CopyTo(_lastId);
    }

    private void OnWrongNumber(long number)
    {
        long ahead = number - (_next & expected.NumberMask);
        if (ahead > 0)
        {
            Gaps += ahead;
            _next += ahead + 1;
        }
        else
        {
            Duplicates++;
        }
    }

    private void OnOther(ReadOnlySpan<byte> frame)
    {
        bool isOpening = frame.Length == IdLineBytes - 1 && frame.StartsWith("id: "u8);
        bool isEndMarker = frame.IndexOf("event: done"u8) >= 0 || frame.StartsWith("{\"type\":\"done\""u8);
        if (frame.IsEmpty || frame[0] == (byte)':')
        {
            KeepAlives++;
        }
        else if (!isOpening && !isEndMarker)
        {
            Problem ??= $"The server sent what nobody asked for: {System.Text.Encoding.UTF8.GetString(frame[..Math.Min(frame.Length, 200)])}";
        }
    }

    /// <summary>Completes the frame that the last bytes began.</summary>
    /// <returns>What is left.</returns>
    private ReadOnlySpan<byte> CompleteCarry(ReadOnlySpan<byte> payload, long now)
    {
        while (!payload.IsEmpty)
        {
            int before = _carried;
            int added = Math.Min(payload.Length, format.FrameBytes);
            Carry(payload[..added]);
            int length = Take(_carry.AsSpan(0, _carried), now);
            if (length > 0)
            {
                _carried = 0;
                return payload[(length - before)..];
            }

            payload = payload[added..];
        }

        return payload;
    }

    private void Carry(ReadOnlySpan<byte> bytes)
    {
        _carry ??= new byte[MaxFrameBytes];
        if (_carried + bytes.Length > MaxFrameBytes)
        {
            Problem ??= $"A frame is longer than {MaxFrameBytes} bytes.";
            _carried = 0;
            return;
        }

        bytes.CopyTo(_carry.AsSpan(_carried));
        _carried += bytes.Length;
    }
}

/// <summary>What a stream should bring.</summary>
/// <param name="Events">How many events; <see langword="null"/> if the server does not end it.</param>
/// <param name="NumberMask">Which bits of an event's number are in it: those of a ring repeat.</param>
/// <param name="MeasureFrom">The first event whose latency counts.</param>
/// <param name="GapsAllowed">Whether the source may have left events out, as for a reader that is too slow.</param>
internal sealed record Expectation(long? Events, long NumberMask = long.MaxValue, long MeasureFrom = 0, bool GapsAllowed = false);

using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using System.Text.Unicode;

namespace Gai.Pipelines.Internal;

/// <summary>Cuts a stream into the lines of NDJSON that are not blank.</summary>
internal sealed class RecordScanner(PipeReader reader, PipeOwner owner, int maxRecordBytes)
{
    private const byte Lf = (byte)'\n';
    private const byte Cr = (byte)'\r';

    private readonly SegmentReader _input = new(reader, owner);
    private CarryBuffer _carry;
    private LineState _line;
    private bool _hasPendingCr;
    private int _bomBytes;
    private long _lineOffset;
    private bool _isAscii;

    /// <summary>What is known of the line that is being read.</summary>
    private enum LineState
    {
        /// <summary>The stream has just begun: there may be a byte order mark.</summary>
        AtStart,

        /// <summary>It may become a record.</summary>
        Open,

        /// <summary>It was too long: the rest of it is passed over.</summary>
        Skipped,

        /// <summary>It has been delivered, or was too long and its end has been seen: the next call begins a new one.</summary>
        Delivered,
    }

    /// <summary>The current record without its line end, valid until the next call.</summary>
    public ReadOnlyMemory<byte> Record { get; private set; }

    /// <summary>Whether the current record is UTF-8.</summary>
    public bool IsUtf8 { get; private set; }

    /// <summary>The number of the current record, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>Where the current record begins in the stream.</summary>
    public long Offset { get; private set; }

    /// <summary>How much of the stream has been looked through.</summary>
    public long Position => _input.Offset;

    private static ReadOnlySpan<byte> Bom => [0xEF, 0xBB, 0xBF];

    /// <summary>Finds the next record in what has been read already.</summary>
    /// <exception cref="StreamReadException">It is longer than the limit. The next call goes on behind it.</exception>
    public bool TryNext()
    {
        if (_line == LineState.Delivered)
        {
            BeginLine();
        }

        do
        {
            if (_line == LineState.AtStart)
            {
                SkipBom();
            }

            ReadOnlySpan<byte> segment = _input.Segment.Span;
            int start = _input.Taken;
            if (start == 0)
            {
                // Most segments are: then none of their records need be checked by itself.
                _isAscii = Ascii.IsValid(segment);
            }

            while (start < segment.Length)
            {
                int length = segment[start..].IndexOf(Lf);
                if (length < 0)
                {
                    _input.TakeTo(segment.Length);
                    Carry(segment[start..], ifTooLong: LineState.Skipped);
                    break;
                }

                _input.TakeTo(start + length + 1);
                if (TryEndLine(segment.Slice(start, length), start))
                {
                    return true;
                }

                start += length + 1;
            }
        }
        while (_input.TryNextSegment());

        return false;
    }

    /// <summary>Gives back what has been looked through and reads more.</summary>
    /// <returns><see langword="false"/> at the end of the stream.</returns>
    public ValueTask<bool> ReadAsync(CancellationToken cancellationToken) => _input.ReadAsync(cancellationToken);

    /// <summary>Takes a last line without a line end as a record.</summary>
    public bool TryTakeLast()
    {
        if (_line == LineState.AtStart)
        {
            // A stream of one or two bytes that look like the beginning of a byte order mark.
            EndBom();
        }

        return _line == LineState.Open && TryDeliver(_carry.Span, _carry.Written, isAscii: false);
    }

    public void Release()
    {
        _input.Release();
        _carry.Release();
    }

    private static bool IsBlank(ReadOnlySpan<byte> line) =>
        line.IsEmpty || (line[0] <= ' ' && !line.ContainsAnyExcept((byte)' ', (byte)'\t', Cr));

    private void BeginLine()
    {
        _carry.Clear();
        _hasPendingCr = false;
        _lineOffset = _input.Offset;
        _line = LineState.Open;
    }

    private void SkipBom()
    {
        while (_bomBytes < Bom.Length && !_input.Rest.IsEmpty)
        {
            if (_input.Rest.Span[0] != Bom[_bomBytes])
            {
                EndBom();
                return;
            }

            _bomBytes++;
            _input.Take(1);
        }

        if (_bomBytes == Bom.Length)
        {
            BeginLine();
        }
    }

    /// <summary>What looked like a byte order mark was none: it belongs to the first line.</summary>
    private void EndBom()
    {
        _line = LineState.Open;
        _carry.Append(Bom[.._bomBytes]);
    }

    /// <summary>Ends a line at its LF, whose last part is given, and where that begins in the segment.</summary>
    private bool TryEndLine(ReadOnlySpan<byte> part, int start)
    {
        bool isDelivered;
        if (_line == LineState.Skipped)
        {
            isDelivered = false;
        }
        else if (_carry.Length > 0 || _hasPendingCr)
        {
            Carry(part, ifTooLong: LineState.Delivered);
            isDelivered = TryDeliver(_carry.Span, _carry.Written, isAscii: false);
        }
        else
        {
            ReadOnlySpan<byte> line = part.Length > 0 && part[^1] == Cr ? part[..^1] : part;
            isDelivered = TryDeliver(line, _input.Segment.Slice(start, line.Length), _isAscii);
        }

        if (!isDelivered)
        {
            BeginLine();
        }

        return isDelivered;
    }

    private bool TryDeliver(ReadOnlySpan<byte> line, ReadOnlyMemory<byte> memory, bool isAscii)
    {
        if (line.Length > maxRecordBytes)
        {
            // It was found whole in one segment, with its end: there is nothing to pass over.
            _line = LineState.Delivered;
            throw TooLarge();
        }

        if (IsBlank(line))
        {
            return false;
        }

        Number++;
        Offset = _lineOffset;
        Record = memory;
        IsUtf8 = isAscii || Utf8.IsValid(line);
        _line = LineState.Delivered;
        return true;
    }

    /// <summary>Keeps a part of a line. A CR at its end may belong to the line end, so it waits.</summary>
    private void Carry(ReadOnlySpan<byte> part, LineState ifTooLong)
    {
        if (_line == LineState.Skipped || part.IsEmpty)
        {
            return;
        }

        int pendingCr = _hasPendingCr ? 1 : 0;
        bool endsWithCr = part[^1] == Cr;
        ReadOnlySpan<byte> body = endsWithCr ? part[..^1] : part;
        if ((long)_carry.Length + pendingCr + body.Length > maxRecordBytes)
        {
            _line = ifTooLong;
            _carry.Clear();
            _hasPendingCr = false;
            throw TooLarge();
        }

        if (_hasPendingCr)
        {
            _carry.Append(Cr);
        }

        _carry.Append(body);
        _hasPendingCr = endsWithCr;
    }

    private StreamReadException TooLarge()
    {
        Number++;
        Offset = _lineOffset;
        return new StreamReadException(
            StreamReadError.TooLarge,
            Number,
            Offset,
            string.Create(
                CultureInfo.InvariantCulture,
                $"record {Number:N0} (byte {Offset:N0}): it has more than {maxRecordBytes:N0} bytes. Send smaller records or raise MaxRecordBytes."));
    }
}

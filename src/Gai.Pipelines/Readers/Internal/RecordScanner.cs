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
    private int _recordStart;
    private int _recordLength;
    private bool _isRecordCarried;

    /// <summary>What is known of the line that is being read.</summary>
    private enum LineState
    {
        /// <summary>The stream has just begun: there may be a byte order mark.</summary>
        AtStart,

        /// <summary>It may become a record, and lies in the current segment so far.</summary>
        Open,

        /// <summary>It may become a record, and has begun in an earlier segment.</summary>
        Carried,

        /// <summary>It was too long: the rest of it is passed over.</summary>
        Skipped,

        /// <summary>It has been delivered, or was too long and its end has been seen: the next call begins a new one.</summary>
        Delivered,
    }

    /// <summary>The current record without its line end, valid until the next call.</summary>
    public ReadOnlyMemory<byte> Record => _isRecordCarried ? _carry.Written : _input.Segment.Slice(_recordStart, _recordLength);

    /// <summary>The same, for those who need no memory of it.</summary>
    public ReadOnlySpan<byte> RecordSpan => _isRecordCarried ? _carry.Span : _input.Segment.Span.Slice(_recordStart, _recordLength);

    /// <summary>Whether the current record is UTF-8.</summary>
    public bool IsUtf8 { get; private set; }

    /// <summary>The number of the current record, from 1.</summary>
    public long Number { get; private set; }

    /// <summary>Where the current record begins in the stream, or the line that is being read.</summary>
    public long Offset { get; private set; }

    /// <summary>Whether the current segment is known to be ASCII.</summary>
    public bool IsAscii { get; private set; }

    /// <summary>What lies behind the current record in its segment; empty while there is none.</summary>
    public ReadOnlySpan<byte> RestBehindRecord => _line == LineState.Delivered ? _input.Rest.Span : [];

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

            if (_input.Taken == 0 && !_input.Segment.IsEmpty)
            {
                // Most segments are: then none of their records need be checked by itself. One that begins with a mark is not.
                IsAscii = Ascii.IsValid(_input.Segment.Span);
            }

            ReadOnlySpan<byte> rest = _input.Segment.Span[_input.Taken..];
            int length;
            while ((length = rest.IndexOf(Lf)) >= 0)
            {
                int start = _input.Taken;
                _input.Take(length + 1);
                if (_line == LineState.Open ? TryDeliverWhole(rest[..length], start) : TryDeliverCarried(rest[..length]))
                {
                    return true;
                }

                BeginLine();
                rest = rest[(length + 1)..];
            }

            _input.Take(rest.Length);
            Carry(rest, ifTooLong: LineState.Skipped);
        }
        while (_input.TryNextSegment());

        return false;
    }

    /// <summary>Passes over the next line, which is a record that somebody else has found.</summary>
    public void Pass(int length)
    {
        Number++;
        Offset = _input.Offset;
        _input.Take(length);
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

        return TryDeliverCarried([]);
    }

    public void Release()
    {
        _input.Release();
        _carry.Release();
    }

    public static bool IsBlank(ReadOnlySpan<byte> line) =>
        line.IsEmpty || (line[0] <= ' ' && !line.ContainsAnyExcept((byte)' ', (byte)'\t', Cr));

    private void BeginLine()
    {
        _carry.Clear();
        _hasPendingCr = false;
        Offset = _input.Offset;
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
        _line = _bomBytes > 0 ? LineState.Carried : LineState.Open;
        _carry.Append(Bom[.._bomBytes]);
    }

    /// <summary>Ends a line that lies in the current segment as a whole.</summary>
    private bool TryDeliverWhole(ReadOnlySpan<byte> line, int start)
    {
        if (!line.IsEmpty && line[^1] == Cr)
        {
            line = line[..^1];
        }

        _recordStart = start;
        _recordLength = line.Length;
        _isRecordCarried = false;
        return TryDeliver(line, IsAscii);
    }

    /// <summary>Ends a line that has begun in an earlier segment, or was too long.</summary>
    private bool TryDeliverCarried(ReadOnlySpan<byte> part)
    {
        if (_line != LineState.Carried)
        {
            return false;
        }

        Carry(part, ifTooLong: LineState.Delivered);
        _isRecordCarried = true;
        return TryDeliver(_carry.Span, isAscii: false);
    }

    private bool TryDeliver(ReadOnlySpan<byte> line, bool isAscii)
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
        _line = LineState.Carried;
    }

    private StreamReadException TooLarge()
    {
        Number++;
        return new StreamReadException(
            StreamReadError.TooLarge,
            Number,
            Offset,
            string.Create(
                CultureInfo.InvariantCulture,
                $"record {Number:N0} (byte {Offset:N0}): it has more than {maxRecordBytes:N0} bytes. Send smaller records or raise MaxRecordBytes."));
    }
}

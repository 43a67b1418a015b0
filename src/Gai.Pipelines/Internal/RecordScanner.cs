using System.Globalization;
using System.IO.Pipelines;

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

            while (!_input.Rest.IsEmpty)
            {
                ReadOnlyMemory<byte> rest = _input.Rest;
                int end = rest.Span.IndexOf(Lf);
                if (end < 0)
                {
                    _input.Take(rest.Length);
                    Carry(rest.Span, ifTooLong: LineState.Skipped);
                }
                else
                {
                    _input.Take(end + 1);
                    if (TryEndLine(rest[..end]))
                    {
                        return true;
                    }
                }
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

        return _line == LineState.Open && TryDeliver(_carry.Written);
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

    /// <summary>Ends a line, whose last part is given, at its LF.</summary>
    private bool TryEndLine(ReadOnlyMemory<byte> part)
    {
        if (_line == LineState.Skipped)
        {
            BeginLine();
            return false;
        }

        ReadOnlyMemory<byte> line = part;
        if (_carry.Length > 0 || _hasPendingCr)
        {
            Carry(part.Span, ifTooLong: LineState.Delivered);
            line = _carry.Written;
        }
        else if (line.Length > 0 && line.Span[^1] == Cr)
        {
            line = line[..^1];
        }

        if (_line == LineState.Open && TryDeliver(line))
        {
            return true;
        }

        BeginLine();
        return false;
    }

    private bool TryDeliver(ReadOnlyMemory<byte> line)
    {
        if (line.Length > maxRecordBytes)
        {
            // It was found whole in one segment, with its end: there is nothing to pass over.
            _line = LineState.Delivered;
            throw TooLarge();
        }

        if (IsBlank(line.Span))
        {
            return false;
        }

        Number++;
        Offset = _lineOffset;
        Record = line;
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

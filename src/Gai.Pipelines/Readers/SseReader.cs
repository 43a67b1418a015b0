using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>Reads Server-Sent Events as browsers do (WHATWG HTML 9.2.5 and 9.2.6), with exact limits.</summary>
/// <remarks>
/// CR, LF and CRLF end a line, one byte order mark at the start is skipped, an unfinished event at the end of the stream
/// is dropped. An event that is read as bytes allocates nothing. An instance reads one stream, on one thread at a time.
/// </remarks>
public sealed class SseReader
{
    private const byte Lf = (byte)'\n';
    private const byte Cr = (byte)'\r';

    private readonly SegmentReader _input;
    private readonly SseReaderOptions _options;
    private readonly SseBlock _block = new();
    private CarryBuffer _line;
    private int _bomBytes;
    private bool _skipLf;
    private bool _hasEvent;

    /// <summary>Prepares the reading.</summary>
    /// <param name="reader">The pipe. It stays the caller's and is not completed; what was not read is left in it.</param>
    /// <param name="options">The options; <see langword="null"/> for the defaults.</param>
    public SseReader(PipeReader reader, SseReaderOptions? options = null)
        : this(reader, PipeOwner.Caller, options)
    {
    }

    /// <summary>Prepares to go on with a stream that a lost connection has interrupted.</summary>
    internal SseReader(PipeReader reader, SseReaderOptions options, string lastEventId)
        : this(reader, options) => _block.SetLastEventId(lastEventId);

    /// <summary>Prepares the reading.</summary>
    /// <param name="stream">The stream. It stays the caller's; more than was delivered may have been read from it.</param>
    /// <param name="options">The options; <see langword="null"/> for the defaults.</param>
    public SseReader(Stream stream, SseReaderOptions? options = null)
        : this(SegmentReader.PipeOf(stream), PipeOwner.Reader, options)
    {
    }

    internal SseReader(PipeReader reader, PipeOwner owner, SseReaderOptions? options)
    {
        ArgumentNullException.ThrowIfNull(reader);
        _input = new SegmentReader(reader, owner);
        _options = options ?? SseReaderOptions.Default;
    }

    /// <summary>Gets the last id that the stream has named, also in blocks without data: what <c>Last-Event-ID</c> says when connecting again.</summary>
    public string LastEventId => Encoding.UTF8.GetString(_block.LastEventId.Span);

    /// <summary>Gets the reconnection time that the stream has named last, also in blocks without data.</summary>
    /// <value><see langword="null"/> if it has named none.</value>
    public TimeSpan? ReconnectionTime => _block.ReconnectionTime;

    /// <summary>Where the current event begins in the stream; at its end, where the next one would.</summary>
    internal long EventOffset => _block.Offset;

    private static ReadOnlySpan<byte> Bom => [0xEF, 0xBB, 0xBF];

    /// <summary>Reads the events to the end of the stream.</summary>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>
    /// The events, to be enumerated once. The bytes of each are valid until the next is asked for or the enumeration is left. If they are left behind one of them, another call goes on with the next, as long as the pipe is
    /// the caller's.
    /// </returns>
    /// <exception cref="StreamReadException">A line or an event is larger than the limit.</exception>
    /// <exception cref="InvalidOperationException">An earlier enumeration has left the stream inside of an event, or the reader has a stream and not a pipe.</exception>
    public IAsyncEnumerable<SseFrame> ReadAsync(CancellationToken cancellationToken = default) => new Enumeration(this, cancellationToken);

    /// <summary>Reads lines of what is there already, up to the blank line of an event that has data.</summary>
    private bool TryReadEvent()
    {
        if (_hasEvent)
        {
            _hasEvent = false;
            _block.Begin(_input.Offset);
        }

        do
        {
            if (_bomBytes < Bom.Length)
            {
                SkipBom();
            }

            if (_skipLf)
            {
                SkipLf();
            }

            ReadOnlySpan<byte> segment = _input.Segment.Span;
            int start = _input.Taken;
            while (start < segment.Length)
            {
                int length = segment[start] == Lf ? 0 : segment[start..].IndexOfAny(Cr, Lf);
                if (length < 0)
                {
                    _input.TakeTo(segment.Length);
                    CarryLine(segment[start..]);
                    break;
                }

                int next = Behind(segment, start + length);
                _input.TakeTo(next);
                if (EndLine(segment.Slice(start, length), start))
                {
                    return true;
                }

                start = next;
            }
        }
        while (_input.TryNextSegment());

        return false;
    }

    /// <summary>Finds the beginning of the next line. The LF of a CRLF may be in the next segment.</summary>
    private int Behind(ReadOnlySpan<byte> span, int lineEnd)
    {
        int next = lineEnd + 1;
        if (span[lineEnd] == Lf)
        {
            return next;
        }

        if (next == span.Length)
        {
            _skipLf = true;
            return next;
        }

        return span[next] == Lf ? next + 1 : next;
    }

    private void SkipLf()
    {
        if (_input.Rest.IsEmpty)
        {
            return;
        }

        _skipLf = false;
        if (_input.Rest.Span[0] == Lf)
        {
            bool isBeforeBlock = _block.Offset == _input.Offset;
            _input.Take(1);
            if (isBeforeBlock)
            {
                _block.Begin(_input.Offset);
            }
        }
    }

    /// <summary>Ends a line, whose last part is given, and where that begins in the segment.</summary>
    /// <returns>Whether it ended an event.</returns>
    private bool EndLine(ReadOnlySpan<byte> part, int start)
    {
        if (_line.Length == 0)
        {
            if (part.IsEmpty)
            {
                return EndBlock();
            }

            CheckLine(part.Length);
            AddLine(part, _input.Segment.Slice(start, part.Length), LineMemory.Input);
            return false;
        }

        CarryLine(part);
        AddLine(_line.Span, _line.Written, LineMemory.Transient);
        _line.Clear();
        return false;
    }

    private bool EndBlock()
    {
        _hasEvent = _block.TryDispatch();
        if (!_hasEvent)
        {
            _block.Begin(_input.Offset);
        }

        return _hasEvent;
    }

    private void AddLine(ReadOnlySpan<byte> line, ReadOnlyMemory<byte> memory, LineMemory kind)
    {
        if (line[0] == (byte)':')
        {
            _options.OnComment?.Invoke(memory[1..]);
            return;
        }

        if (_block.Lines == _options.MaxEventLines)
        {
            throw Error(StreamReadError.TooManyLines, $"it has more than {_options.MaxEventLines:N0} lines. End events with a blank line, or raise MaxEventLines.");
        }

        if (_block.Bytes + line.Length > _options.MaxEventBytes)
        {
            throw Error(StreamReadError.TooLarge, $"it has more than {_options.MaxEventBytes:N0} bytes. End events with a blank line, or raise MaxEventBytes.");
        }

        _block.Add(line, memory, kind);
    }

    private void CarryLine(ReadOnlySpan<byte> part)
    {
        CheckLine((long)_line.Length + part.Length);
        _line.Append(part);
    }

    private void CheckLine(long length)
    {
        if (length > _options.MaxLineBytes)
        {
            throw Error(StreamReadError.TooLarge, $"a line of it has more than {_options.MaxLineBytes:N0} bytes. Send shorter lines or raise MaxLineBytes.");
        }
    }

    private void SkipBom()
    {
        while (_bomBytes < Bom.Length && !_input.Rest.IsEmpty)
        {
            if (_input.Rest.Span[0] != Bom[_bomBytes])
            {
                // What looked like a byte order mark was none: it belongs to the first line.
                _line.Append(Bom[.._bomBytes]);
                _bomBytes = Bom.Length;
                return;
            }

            _bomBytes++;
            _input.Take(1);
        }

        if (_bomBytes == Bom.Length)
        {
            _block.Begin(_input.Offset);
        }
    }

    private StreamReadException Error(StreamReadError error, FormattableString message)
    {
        _input.Cut();
        return new StreamReadException(
            error,
            _block.Number,
            _block.Offset,
            string.Create(CultureInfo.InvariantCulture, $"event {_block.Number:N0} (byte {_block.Offset:N0}): {FormattableString.Invariant(message)}"));
    }

    private void Release()
    {
        bool isInsideEvent = _line.Length > 0 || (_block.Lines > 0 && !_hasEvent);
        if (isInsideEvent)
        {
            _input.Cut();
        }

        _input.Release();
        _line.Release();
        _block.Release();
    }

    private sealed class Enumeration(SseReader reader, CancellationToken cancellationToken) : BufferedEnumeration<SseFrame>(cancellationToken)
    {
        public override SseFrame Current => reader._block.ToFrame();

        protected override bool TryMoveNext() => reader.TryReadEvent();

        protected override ValueTask<bool> ReadMoreAsync(CancellationToken cancellationToken)
        {
            reader._block.Preserve();
            return reader._input.ReadAsync(cancellationToken);
        }

        protected override void Release() => reader.Release();
    }
}

using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Gai.Pipelines.Internal;

/// <summary>Says who completes a pipe.</summary>
internal enum PipeOwner
{
    /// <summary>It is the caller's, who goes on with what has not been taken.</summary>
    Caller,

    /// <summary>It was made for the reader and ends with it.</summary>
    Reader,
}

/// <summary>Walks through the segments of a <see cref="PipeReader"/>, each byte once, and knows how far it is in the stream.</summary>
/// <remarks>
/// A segment is consumed when the next one is asked for, so what was read from it stays valid until then. Whatever must
/// live longer is copied; the pipe is never made to hold what was looked at already, so input in tiny pieces costs no
/// second look.
/// </remarks>
internal sealed class SegmentReader(PipeReader reader, PipeOwner owner)
{
    // As the framework reads JSON from streams: at each seam a line is copied.
    private const int StreamBufferSize = 16 * 1024;

    private ReadOnlySequence<byte> _buffer;
    private SequencePosition _current;
    private SequencePosition _next;
    private ReadOnlyMemory<byte> _segment;
    private long _segmentOffset;
    private bool _hasBuffer;
    private bool _isCompleted;
    private bool _isCut;

    /// <summary>What has not been taken of the current segment.</summary>
    public ReadOnlyMemory<byte> Rest => _segment[Taken..];

    /// <summary>How much of the current segment has been taken.</summary>
    public int Taken { get; private set; }

    /// <summary>Where in the stream the next byte is.</summary>
    public long Offset => _segmentOffset + Taken;

    /// <summary>The current segment, with what has been taken of it.</summary>
    public ReadOnlyMemory<byte> Segment => _segment;

    public void Take(int count) => Taken += count;

    public void TakeTo(int index) => Taken = index;

    /// <summary>Makes a pipe that leaves the stream open.</summary>
    public static PipeReader PipeOf(Stream stream) => PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: StreamBufferSize, leaveOpen: true));

    /// <summary>Goes on to the next segment that has been read already.</summary>
    public bool TryNextSegment()
    {
        while (_hasBuffer)
        {
            SequencePosition position = _next;
            if (!_buffer.TryGet(ref _next, out ReadOnlyMemory<byte> segment))
            {
                break;
            }

            if (!segment.IsEmpty)
            {
                Enter(segment);
                _current = position;
                return true;
            }
        }

        return false;
    }

    /// <summary>Gives back what has been read and reads more.</summary>
    /// <returns><see langword="false"/> at the end of the stream.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_hasBuffer)
            {
                Enter(default);
                _hasBuffer = false;
                reader.AdvanceTo(_buffer.End);
            }

            if (_isCompleted)
            {
                return false;
            }

            if (_isCut)
            {
                throw new InvalidOperationException(
                    "The stream cannot be read on: an earlier enumeration left it before its end, and what that had read is gone. Read it in one enumeration, or give a PipeReader and leave it between two events.");
            }

            ReadResult result = await reader.ReadAsync(cancellationToken);
            _buffer = result.Buffer;
            _current = _next = _buffer.Start;
            _hasBuffer = true;
            _isCompleted = result.IsCompleted;
            if (result.IsCanceled)
            {
                throw new OperationCanceledException("The reading was cancelled by PipeReader.CancelPendingRead.");
            }

            if (TryNextSegment())
            {
                return true;
            }
        }
    }

    /// <summary>Says that a part of what has been taken will never be given: nobody can go on behind it.</summary>
    public void Cut() => _isCut = true;

    /// <summary>Ends the reading. What has not been taken stays in a pipe of the caller's, and can be read from there.</summary>
    public void Release()
    {
        if (_hasBuffer)
        {
            _hasBuffer = false;
            _isCompleted = false;
            reader.AdvanceTo(_buffer.GetPosition(Taken, _current));
        }

        _segmentOffset += Taken;
        _segment = default;
        Taken = 0;
        if (owner == PipeOwner.Reader)
        {
            _isCut = true;
            reader.Complete();
        }
    }

    private void Enter(ReadOnlyMemory<byte> segment)
    {
        _segmentOffset += _segment.Length;
        _segment = segment;
        Taken = 0;
    }
}

using System.Buffers;
using System.IO.Pipelines;

namespace Gai.Pipelines.Internal;

/// <summary>Walks through the segments of a <see cref="PipeReader"/>, each byte once, and knows how far it is in the stream.</summary>
/// <remarks>
/// A segment is consumed when the next one is asked for, so what was read from it stays valid until then. Whatever must
/// live longer is copied; the pipe is never made to hold what was looked at already, so input in tiny pieces costs no
/// second look.
/// </remarks>
internal sealed class SegmentReader(PipeReader reader)
{
    private ReadOnlySequence<byte> _buffer;
    private SequencePosition _next;
    private ReadOnlyMemory<byte> _segment;
    private long _segmentOffset;
    private bool _hasBuffer;
    private bool _isCompleted;

    /// <summary>What has not been taken of the current segment.</summary>
    public ReadOnlyMemory<byte> Rest => _segment[Taken..];

    /// <summary>How much of the current segment has been taken.</summary>
    public int Taken { get; private set; }

    public ReadOnlyMemory<byte> Segment => _segment;

    /// <summary>Where in the stream the next byte is.</summary>
    public long Offset => _segmentOffset + Taken;

    public void Take(int count) => Taken += count;

    /// <summary>Goes on to the next segment that has been read already.</summary>
    public bool TryNextSegment()
    {
        while (_hasBuffer && _buffer.TryGet(ref _next, out ReadOnlyMemory<byte> segment))
        {
            if (!segment.IsEmpty)
            {
                _segmentOffset += _segment.Length;
                _segment = segment;
                Taken = 0;
                return true;
            }
        }

        return false;
    }

    /// <summary>Gives back what has been read and reads more.</summary>
    /// <returns><see langword="false"/> at the end of the stream.</returns>
    public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Release();
            if (_isCompleted)
            {
                return false;
            }

            ReadResult result = await reader.ReadAsync(cancellationToken);
            _buffer = result.Buffer;
            _next = _buffer.Start;
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

    /// <summary>Gives back what has been read.</summary>
    public void Release()
    {
        if (_hasBuffer)
        {
            _segmentOffset += _segment.Length;
            _segment = default;
            Taken = 0;
            _hasBuffer = false;
            reader.AdvanceTo(_buffer.End);
        }
    }
}

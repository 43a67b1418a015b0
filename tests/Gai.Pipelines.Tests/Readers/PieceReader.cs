using System.Buffers;
using System.IO.Pipelines;

namespace Gai.Pipelines.Tests.Readers;

/// <summary>A pipe whose reads bring exactly the pieces that a test wants, each of one or more segments.</summary>
/// <remarks>
/// What is given back is overwritten, so that a slice that outlives its buffer is noticed; <see cref="BytesOffered"/> counts
/// what readers were given to look at, again if they did not take it the first time.
/// </remarks>
internal sealed class PieceReader : PipeReader
{
    private const byte Rubbish = (byte)'#';

    private readonly Queue<byte[][]> _reads;
    private readonly List<Memory<byte>> _rest = [];
    private ReadOnlySequence<byte> _buffer;
    private bool _isRead;
    private bool _hasUnexamined;
    private bool _isCancelled;

    public PieceReader(IEnumerable<byte[][]> reads) => _reads = new Queue<byte[][]>(reads);

    /// <summary>How many bytes the buffers of all reads had together.</summary>
    public long BytesOffered { get; private set; }

    /// <summary>Whether the reader has completed the pipe.</summary>
    public bool IsCompleted { get; private set; }

    /// <summary>Gives a reader of some bytes, whole or in pieces of some sizes, the last of which goes on.</summary>
    public static PieceReader Of(byte[] bytes, params int[] sizes) => new(Cut(bytes, sizes).Select(piece => (byte[][])[piece]));

    /// <summary>Gives a reader whose only read has a segment for each byte, and empty ones.</summary>
    public static PieceReader OfByteSegments(byte[] bytes) => new([[[], .. bytes.SelectMany(unit => (byte[][])[[unit], []])]]);

    /// <summary>Gives readers of the same bytes: whole, in pieces of some sizes, and cut at each place, between reads and between segments.</summary>
    public static IEnumerable<(string Layout, PieceReader Reader)> Layouts(byte[] bytes, int[]? sizes = null)
    {
        yield return ("whole", Of(bytes));
        yield return ("a segment for each byte", OfByteSegments(bytes));
        foreach (int size in (int[])[1, 2, 3, 7])
        {
            yield return ($"pieces of {size}", Of(bytes, size));
        }

        if (sizes is not null)
        {
            yield return ("the source's pieces", Of(bytes, sizes));
        }

        // Long inputs are cut at some hundred places: at each of them would be quadratic.
        int step = 1 + (bytes.Length / 400);
        for (int at = 1; at < bytes.Length; at += step)
        {
            yield return ($"two reads, cut at {at}", new PieceReader([[bytes[..at]], [bytes[at..]]]));
            yield return ($"two segments, cut at {at}", new PieceReader([[bytes[..at], bytes[at..]]]));
        }
    }

    public override bool TryRead(out ReadResult result)
    {
        Assert.False(_isRead, "The pipe is read again before AdvanceTo.");
        Assert.False(IsCompleted, "The pipe is read after it was completed.");
        if (!_hasUnexamined && _reads.TryDequeue(out byte[][]? segments))
        {
            _rest.AddRange(segments.Select(segment => segment.ToArray().AsMemory()));
        }

        _buffer = Join(_rest);
        BytesOffered += _buffer.Length;
        _isRead = true;
        result = new ReadResult(_buffer, _isCancelled, isCompleted: _reads.Count == 0);
        _isCancelled = false;
        return true;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        TryRead(out ReadResult result);
        return new ValueTask<ReadResult>(result);
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        Assert.True(_isRead, "AdvanceTo is called before a read.");
        long taken = _buffer.Slice(0, consumed).Length;
        _hasUnexamined = _buffer.Slice(0, examined).Length < _buffer.Length;
        _isRead = false;
        while (_rest.Count > 0 && taken >= _rest[0].Length)
        {
            taken -= _rest[0].Length;
            _rest[0].Span.Fill(Rubbish);
            _rest.RemoveAt(0);
        }

        if (taken > 0)
        {
            _rest[0].Span[..(int)taken].Fill(Rubbish);
            _rest[0] = _rest[0][(int)taken..];
        }
    }

    public override void CancelPendingRead() => _isCancelled = true;

    public override void Complete(Exception? exception = null) => IsCompleted = true;

    /// <summary>Reads what a reader has left in the pipe.</summary>
    public byte[] ReadRest()
    {
        var rest = new List<byte>();
        while (true)
        {
            TryRead(out ReadResult result);
            rest.AddRange(result.Buffer.ToArray());
            AdvanceTo(result.Buffer.End);
            if (result.IsCompleted)
            {
                return [.. rest];
            }
        }
    }

    private static IEnumerable<byte[]> Cut(byte[] bytes, int[] sizes)
    {
        int at = 0;
        for (int i = 0; at < bytes.Length; i++)
        {
            int size = sizes.Length == 0 ? bytes.Length : sizes[Math.Min(i, sizes.Length - 1)];
            int end = Math.Min(bytes.Length, at + size);
            yield return bytes[at..end];
            at = end;
        }
    }

    private static ReadOnlySequence<byte> Join(List<Memory<byte>> parts)
    {
        if (parts.Count == 0)
        {
            return ReadOnlySequence<byte>.Empty;
        }

        var first = new Segment(parts[0], 0);
        Segment last = first;
        foreach (Memory<byte> part in parts.Skip(1))
        {
            last = last.Append(part);
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(ReadOnlyMemory<byte> memory, long index)
        {
            Memory = memory;
            RunningIndex = index;
        }

        public Segment Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Segment(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}

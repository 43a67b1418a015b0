using System.Buffers;
using System.IO.Pipelines;

namespace Gai.Pipelines.Tests.Readers;

/// <summary>An attacker's pipe: gives the same bytes again and again, in reads of one size, up to some length, and allocates nothing.</summary>
internal sealed class FillPipeReader(byte[] pattern, int readSize, long length) : PipeReader
{
    private readonly byte[] _block = Repeat(pattern, readSize);
    private ReadOnlySequence<byte> _buffer;

    /// <summary>How many bytes were given. A reader that does not take all of them at once gets them again: quadratic work shows here.</summary>
    public long BytesOffered { get; private set; }

    /// <summary>How many bytes were taken.</summary>
    public long BytesTaken { get; private set; }

    public override bool TryRead(out ReadResult result)
    {
        int phase = (int)(BytesTaken % pattern.Length);
        int count = (int)Math.Min(readSize, length - BytesTaken);
        _buffer = new ReadOnlySequence<byte>(_block, phase, count);
        BytesOffered += count;
        result = new ReadResult(_buffer, isCanceled: false, isCompleted: BytesTaken + count == length);
        return true;
    }

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        TryRead(out ReadResult result);
        return new ValueTask<ReadResult>(result);
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => BytesTaken += _buffer.Slice(0, consumed).Length;

    public override void CancelPendingRead()
    {
    }

    public override void Complete(Exception? exception = null)
    {
    }

    private static byte[] Repeat(byte[] pattern, int readSize)
    {
        byte[] block = new byte[readSize + pattern.Length];
        for (int i = 0; i < block.Length; i++)
        {
            block[i] = pattern[i % pattern.Length];
        }

        return block;
    }
}

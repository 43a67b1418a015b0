using System.Buffers;
using System.IO.Pipelines;

namespace Gai.Pipelines.Benchmarks.Readers;

/// <summary>An attacker's pipe: the same bytes again and again, in reads of one size, without an end.</summary>
internal sealed class EndlessPipeReader(byte[] pattern, int readSize) : PipeReader
{
    private readonly byte[] _block = Repeat(pattern, readSize);
    private ReadOnlySequence<byte> _buffer;

    /// <summary>How many bytes were taken.</summary>
    public long BytesTaken { get; private set; }

    public override bool TryRead(out ReadResult result)
    {
        _buffer = new ReadOnlySequence<byte>(_block, (int)(BytesTaken % pattern.Length), _block.Length - pattern.Length);
        result = new ReadResult(_buffer, isCanceled: false, isCompleted: false);
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

using System.Buffers;

namespace Gai.Pipelines.Benchmarks.Readers;

/// <summary>Lays bytes out as Kestrel does, in blocks of 4 KiB.</summary>
internal static class Blocks
{
    private const int BlockSize = 4096;

    public static ReadOnlySequence<byte> Of(byte[] bytes)
    {
        var first = new Block(bytes.AsMemory(0, Math.Min(BlockSize, bytes.Length)), 0);
        Block last = first;
        for (int at = BlockSize; at < bytes.Length; at += BlockSize)
        {
            last = last.Append(bytes.AsSpan(at, Math.Min(BlockSize, bytes.Length - at)).ToArray());
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Block : ReadOnlySequenceSegment<byte>
    {
        public Block(ReadOnlyMemory<byte> memory, long index)
        {
            Memory = memory;
            RunningIndex = index;
        }

        public Block Append(ReadOnlyMemory<byte> memory)
        {
            var next = new Block(memory, RunningIndex + Memory.Length);
            Next = next;
            return next;
        }
    }
}

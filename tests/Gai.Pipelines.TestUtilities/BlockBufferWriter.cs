using System.Buffers;

namespace Gai.Pipelines.TestUtilities;

/// <summary>What the blocks of a <see cref="BlockBufferWriter"/> are made of.</summary>
public enum BlockMemory
{
    /// <summary>The middle of an array, so that a wrong offset is noticed.</summary>
    Array,

    /// <summary>Memory behind a <see cref="MemoryManager{T}"/> that gives no array away, as native memory does not.</summary>
    Opaque,
}

/// <summary>
/// Gives out blocks of exactly the size that was asked for at construction (or of what a caller needs, if that is more),
/// fills them with rubbish first, and keeps only what was advanced over.
/// </summary>
public sealed class BlockBufferWriter(int blockSize, BlockMemory memory = BlockMemory.Array) : IBufferWriter<byte>
{
    private const byte Rubbish = 0xA5;

    private readonly List<byte> _written = [];
    private Memory<byte> _block;

    /// <summary>How often <see cref="Advance"/> was called.</summary>
    public int Advances { get; private set; }

    /// <summary>The largest block that was asked for.</summary>
    public int LargestRequest { get; private set; }

    /// <summary>All bytes that were advanced over.</summary>
    public byte[] ToArray() => [.. _written];

    /// <inheritdoc/>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _block.Length);
        _written.AddRange(_block.Span[..count]);
        _block = _block[count..];
        Advances++;
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        LargestRequest = Math.Max(LargestRequest, sizeHint);
        if (_block.Length < Math.Max(sizeHint, 1))
        {
            int size = Math.Max(blockSize, sizeHint);
            _block = memory == BlockMemory.Array ? new byte[size + 16].AsMemory(7, size) : new OpaqueBlock(size).Memory;
            _block.Span.Fill(Rubbish);
        }

        return _block;
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    private sealed class OpaqueBlock(int length) : MemoryManager<byte>
    {
        private readonly byte[] _bytes = new byte[length];

        public override Span<byte> GetSpan() => _bytes;

        public override MemoryHandle Pin(int elementIndex = 0) => throw new NotSupportedException();

        public override void Unpin() => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
        }
    }
}

/// <summary>Gives the same block again and again: an output that allocates nothing itself.</summary>
public sealed class RecyclingBufferWriter(int blockSize = 4096) : IBufferWriter<byte>
{
    private readonly byte[] _block = new byte[blockSize];
    private byte[] _large = [];
    private int _used;

    /// <summary>How many bytes were advanced over.</summary>
    public long Written { get; private set; }

    /// <inheritdoc/>
    public void Advance(int count)
    {
        Written += count;
        _used += count;
    }

    /// <inheritdoc/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        int needed = Math.Max(sizeHint, 1);
        if (needed > _block.Length)
        {
            _large = _large.Length >= needed ? _large : new byte[needed];
            return _large;
        }

        if (_block.Length - _used < needed)
        {
            _used = 0;
        }

        return _block.AsMemory(_used);
    }

    /// <inheritdoc/>
    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
}

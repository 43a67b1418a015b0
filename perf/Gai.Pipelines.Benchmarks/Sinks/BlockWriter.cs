using System.Buffers;
using System.Runtime.CompilerServices;

namespace Gai.Pipelines.Benchmarks.Sinks;

/// <summary>An output that forgets: one block of Kestrel's size, handed out again when it is full.</summary>
/// <remarks>What was written is kept only for verification, a block at a time, so that measuring pays nothing for it.</remarks>
internal sealed class BlockWriter : IBufferWriter<byte>
{
    private const int BlockBytes = 4096;

    private byte[] _block = GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true);
    private int _used;
    private MemoryStream? _capture;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_block.Length - _used < Math.Max(sizeHint, 1))
        {
            Turn(sizeHint);
        }

        return _block.AsMemory(_used);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        if (_block.Length - _used < Math.Max(sizeHint, 1))
        {
            Turn(sizeHint);
        }

        return _block.AsSpan(_used);
    }

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(_block.Length - _used), nameof(count));
        _used += count;
    }

    /// <summary>Gives what an action writes.</summary>
    public byte[] Capture(Action write)
    {
        _used = 0;
        _capture = new MemoryStream();
        write();
        Turn(0);
        byte[] written = _capture.ToArray();
        _capture = null;
        return written;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Turn(int sizeHint)
    {
        _capture?.Write(_block, 0, _used);
        _used = 0;
        if (sizeHint > _block.Length)
        {
            _block = new byte[sizeHint];
        }
    }
}

using System.Buffers;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Gai.Pipelines;

/// <summary>Builds frames in the memory of another buffer writer, and lets it have them only when they are whole.</summary>
/// <remarks>
/// <para>
/// A frame is built here until <see cref="Commit"/> says that it is whole; <see cref="Discard"/> forgets an unfinished one, and
/// nothing of it is ever seen. Where a whole frame is depends on its size. Many share one block of the output, which is handed over
/// when it is left, or by <see cref="Publish"/>: its <c>Advance</c> is called once a block. A frame that outgrows its block is built in
/// pooled scratch, up to <see cref="MaxFrameBytes"/>, and is with the output as soon as it is whole. So after <see cref="Commit"/>
/// nothing can be withdrawn, and only after <see cref="Publish"/> is everything with the output.
/// </para>
/// <para>Not thread-safe. Between <see cref="GetSpan"/> and <see cref="Publish"/> nobody else may use the output.</para>
/// </remarks>
public sealed class FrameWriter : IBufferWriter<byte>
{
    /// <summary>The default of <see cref="MaxFrameBytes"/>: 16 MiB.</summary>
    public const int DefaultMaxFrameBytes = 16 * 1024 * 1024;

    /// <summary>For frames that are known to be small enough.</summary>
    internal const int NoLimit = int.MaxValue / 4;

    // Kestrel's blocks have 4,096 bytes, and HTTP/1.1 keeps some of them for the chunk's length. What asks for more than
    // this goes through scratch, so that the output is never made to find an unpooled block.
    private const int LargestBlockRequest = 2048;

    // Utf8JsonWriter asks for three bytes a UTF-16 unit, and for 4,096 at least, before it knows how many it needs.
    private const int WorstCasePerByte = 3;
    private const int SmallestRefusal = 4096;

    private readonly IBufferWriter<byte> _output;

    private byte[] _buffer = [];
    private int _blockStart;
    private int _frameStart;
    private int _position;
    private int _end;
    private bool _inScratch;

    /// <summary>Builds frames in the memory of an output.</summary>
    /// <param name="output">The output, such as the <c>BodyWriter</c> of a response. It stays the caller's, who flushes it after <see cref="Publish"/>.</param>
    /// <param name="maxFrameBytes">The most bytes that one frame may have, at least 256.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="maxFrameBytes"/> is below 256.</exception>
    public FrameWriter(IBufferWriter<byte> output, int maxFrameBytes = DefaultMaxFrameBytes)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxFrameBytes, 256);
        _output = output;
        MaxFrameBytes = maxFrameBytes;
    }

    /// <summary>Gets the most bytes that one frame may have.</summary>
    public int MaxFrameBytes { get; }

    /// <summary>Gets the bytes of all committed frames since the writer was made.</summary>
    public long CommittedBytes { get; private set; }

    /// <summary>Gets the bytes of the frame that is being built.</summary>
    /// <remarks>Valid until the next call of any other member.</remarks>
    public Span<byte> Frame => _buffer.AsSpan(_frameStart, _position - _frameStart);

    /// <summary>Gets room for the next bytes of the frame.</summary>
    /// <param name="sizeHint">How many are needed at least; 0 means any number but none.</param>
    /// <returns>At least that much memory, valid until the next call of any other member.</returns>
    /// <exception cref="FrameTooLargeException">
    /// The frame has more than <see cref="MaxFrameBytes"/> already, or more than three times as many (and 4,096) are asked for:
    /// a writer that asks for its worst case may do so, a frame that fits never needs more.
    /// </exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        if (_end - _position < Math.Max(sizeHint, 1))
        {
            MakeRoom(sizeHint);
        }

        Debug.Assert(_position <= _end && _end <= _buffer.Length);
        return MemoryMarshal.CreateSpan(
            ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(_buffer), (nint)(uint)_position),
            _end - _position);
    }

    /// <inheritdoc cref="GetSpan"/>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_end - _position < Math.Max(sizeHint, 1))
        {
            MakeRoom(sizeHint);
        }

        return _buffer.AsMemory(_position, _end - _position);
    }

    /// <summary>Adds to the frame what was written into the memory that <see cref="GetSpan"/> gave.</summary>
    /// <param name="count">How many bytes.</param>
    /// <exception cref="ArgumentOutOfRangeException">There was not that much memory.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Advance(int count)
    {
        if ((uint)count > (uint)(_end - _position))
        {
            ThrowAdvancedTooFar(count);
        }

        _position += count;
    }

    /// <summary>Adds bytes to the frame.</summary>
    /// <param name="bytes">The bytes.</param>
    /// <exception cref="FrameTooLargeException">The frame would have more than <see cref="MaxFrameBytes"/>.</exception>
    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.IsEmpty)
        {
            bytes.CopyTo(GetSpan(bytes.Length));
            _position += bytes.Length;
        }
    }

    /// <summary>Ends the frame: it is whole and will be sent.</summary>
    /// <exception cref="FrameTooLargeException">The frame has more than <see cref="MaxFrameBytes"/>; it is discarded.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Commit()
    {
        int length = _position - _frameStart;
        if (_inScratch || length > MaxFrameBytes)
        {
            CommitSlow(length);
            return;
        }

        CommittedBytes += length;
        _frameStart = _position;
    }

    /// <summary>Forgets the frame that is being built. Nothing of it is ever sent.</summary>
    public void Discard()
    {
        if (_inScratch)
        {
            DropScratch();
        }

        _position = _frameStart;
    }

    /// <summary>Whether the frame that is being built has outgrown its block, and so comes to the output apart from those before it.</summary>
    internal bool IsInScratch => _inScratch;

    /// <summary>Whether the output has got anything: it will send that, whatever comes of the rest.</summary>
    internal bool HasHandedOver => CommittedBytes > _frameStart - _blockStart;

    /// <summary>Takes back the end of the frame that is being built, all but its first bytes.</summary>
    internal void Rewind(int length)
    {
        Debug.Assert(length <= _position - _frameStart);
        _position = _frameStart + length;
    }

    /// <summary>Hands all committed frames to the output; call it before the output is flushed.</summary>
    /// <exception cref="InvalidOperationException">A frame is being built.</exception>
    public void Publish()
    {
        if (_position != _frameStart || _inScratch)
        {
            throw new InvalidOperationException("A frame is being built; commit or discard it before publishing.");
        }

        ReleaseBlock();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void MakeRoom(int sizeHint)
    {
        int needed = Math.Max(sizeHint, 1);
        int built = _position - _frameStart;
        if (built == 0 && !_inScratch && needed <= LargestBlockRequest)
        {
            ReleaseBlock();
            if (MemoryMarshal.TryGetArray(_output.GetMemory(needed), out ArraySegment<byte> block))
            {
                _buffer = block.Array!;
                _blockStart = _frameStart = _position = block.Offset;
                _end = block.Offset + block.Count;
                return;
            }
        }

        GrowScratch(built, needed);
    }

    private void GrowScratch(int built, int needed)
    {
        // A writer asks for its worst case, so the frame is judged by what was really written, and the request by whether
        // the worst case of a frame that fits can be so large.
        long mostNeeded = Math.Min((WorstCasePerByte * (long)MaxFrameBytes) + SmallestRefusal, Array.MaxLength - built);
        if (built > MaxFrameBytes || needed > mostNeeded)
        {
            throw new FrameTooLargeException(MaxFrameBytes);
        }

        byte[] scratch = ArrayPool<byte>.Shared.Rent(Math.Max(built + needed, (int)Math.Min(2L * built, MaxFrameBytes)));
        _buffer.AsSpan(_frameStart, built).CopyTo(scratch);
        if (_inScratch)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }
        else
        {
            ReleaseBlock();
            _inScratch = true;
        }

        _buffer = scratch;
        _frameStart = 0;
        _position = built;
        _end = scratch.Length;
    }

    private void ReleaseBlock()
    {
        int committed = _frameStart - _blockStart;
        if (committed > 0)
        {
            _output.Advance(committed);
        }

        _buffer = [];
        _blockStart = _frameStart = _position = _end = 0;
    }

    private void DropScratch()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
        _inScratch = false;
        _blockStart = _frameStart = _position = _end = 0;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void CommitSlow(int length)
    {
        if (length > MaxFrameBytes)
        {
            Discard();
            throw new FrameTooLargeException(MaxFrameBytes);
        }

        _output.Write(Frame);
        CommittedBytes += length;
        DropScratch();
    }

    [DoesNotReturn]
    private void ThrowAdvancedTooFar(int count) =>
        throw new ArgumentOutOfRangeException(
            nameof(count),
            count,
            $"Advance takes at most the memory that was given: {_end - _position} bytes.");
}

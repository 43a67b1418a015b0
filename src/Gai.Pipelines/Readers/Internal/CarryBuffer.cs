using System.Buffers;

namespace Gai.Pipelines.Internal;

/// <summary>Holds the bytes that a reader needs beyond the input's own segment. It grows by doubling, from the array pool.</summary>
internal struct CarryBuffer
{
    private byte[]? _buffer;

    public int Length { get; private set; }

    public readonly int Capacity => _buffer?.Length ?? 0;

    public readonly ReadOnlyMemory<byte> Written => _buffer.AsMemory(0, Length);

    public readonly ReadOnlySpan<byte> Span => _buffer.AsSpan(0, Length);

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        if (_buffer is null || _buffer.Length - Length < bytes.Length)
        {
            Grow(bytes.Length);
        }

        bytes.CopyTo(_buffer.AsSpan(Length));
        Length += bytes.Length;
    }

    public void Append(byte value) => Append([value]);

    /// <summary>Forgets the bytes but keeps the memory.</summary>
    public void Clear() => Length = 0;

    /// <summary>Gives the memory back.</summary>
    public void Release()
    {
        if (_buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = null;
            Length = 0;
        }
    }

    private void Grow(int more)
    {
        long doubled = Math.Min(Array.MaxLength, 2L * Length);
        byte[] larger = ArrayPool<byte>.Shared.Rent(checked((int)Math.Max(256, Math.Max((long)Length + more, doubled))));
        Span.CopyTo(larger);
        if (_buffer is not null)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
        }

        _buffer = larger;
    }
}

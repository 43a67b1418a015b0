using System.Buffers;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>Holds frames that follow each other, on their way to a store or from it.</summary>
/// <remarks>
/// Belongs to whoever made it, who gives its memory back with <see cref="Dispose"/>; a store that gets one uses it until the task that it has
/// returned is done, and no longer. Not thread-safe. Filled and cleared again and again, it allocates nothing.
/// </remarks>
public sealed class LogBatch : IDisposable
{
    /// <summary>How many bytes whoever encodes or copies for a stream again and again keeps for that.</summary>
    internal const int MostKept = 64 * 1024;

    private CarryBuffer _bytes;
    private int[] _ends = [];

    /// <summary>Gets the number of the first frame.</summary>
    /// <value>0 if the frames have no numbers yet, because a store is to give them.</value>
    public long FirstSequence { get; private set; }

    /// <summary>Gets the number of the last frame.</summary>
    /// <value>One less than <see cref="FirstSequence"/> if there are none.</value>
    public long LastSequence => FirstSequence + Count - 1;

    /// <summary>Gets how many frames there are.</summary>
    public int Count { get; private set; }

    /// <summary>Gets the bytes of all frames, one after the other. Valid until the next change.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes.Written;

    /// <summary>Gets where each frame ends in <see cref="Bytes"/>: the first at <c>Ends[0]</c>, the last at the length of all. Valid until the next change.</summary>
    public ReadOnlyMemory<int> Ends => _ends.AsMemory(0, Count);

    /// <summary>Gets the bytes of a frame. Valid until the next change.</summary>
    /// <param name="index">Which one, from 0.</param>
    public ReadOnlySpan<byte> this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)index, (uint)Count, nameof(index));
            int start = index == 0 ? 0 : _ends[index - 1];
            return _bytes.Span[start.._ends[index]];
        }
    }

    /// <summary>Forgets all frames; keeps the memory.</summary>
    /// <param name="firstSequence">The number that the next frame gets, or 0 if a store is to give it.</param>
    public void Clear(long firstSequence = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstSequence);
        FirstSequence = firstSequence;
        Count = 0;
        _bytes.Clear();
    }

    /// <summary>Adds a frame. Its bytes are copied.</summary>
    /// <param name="frame">The bytes, at least one.</param>
    public void Add(ReadOnlySpan<byte> frame)
    {
        ArgumentOutOfRangeException.ThrowIfZero(frame.Length, nameof(frame));
        _bytes.Append(frame);
        MakeRoom(1);
        _ends[Count++] = _bytes.Length;
    }

    /// <summary>Adds frames that lie one after the other. Their bytes are copied.</summary>
    /// <param name="bytes">The bytes of all of them.</param>
    /// <param name="ends">Where each ends in <paramref name="bytes"/>, ascending, the last at their length.</param>
    /// <exception cref="ArgumentException">The ends are not ascending, or do not end with the bytes.</exception>
    public void Add(ReadOnlySpan<byte> bytes, ReadOnlySpan<int> ends)
    {
        int last = 0;
        foreach (int end in ends)
        {
            last = end > last ? end : throw new ArgumentException($"Ends must ascend; {end} follows {last}. Give the end of each frame in the bytes.", nameof(ends));
        }

        if (last != bytes.Length)
        {
            throw new ArgumentException($"The last frame ends at {last}, but there are {bytes.Length} bytes. Give whole frames and all of their ends.", nameof(ends));
        }

        int start = _bytes.Length;
        _bytes.Append(bytes);
        MakeRoom(ends.Length);
        foreach (int end in ends)
        {
            _ends[Count++] = start + end;
        }
    }

    /// <summary>Gives the memory back where it is more than most batches need: whoever keeps a batch for a stream must not keep what its largest frame took.</summary>
    internal void Trim()
    {
        if (_bytes.Capacity > MostKept)
        {
            Dispose();
        }
    }

    /// <summary>Gives the memory back. The batch can be used again.</summary>
    public void Dispose()
    {
        Clear();
        _bytes.Release();
        if (_ends.Length > 0)
        {
            ArrayPool<int>.Shared.Return(_ends);
            _ends = [];
        }
    }

    private void MakeRoom(int more)
    {
        if (_ends.Length - Count >= more)
        {
            return;
        }

        int[] larger = ArrayPool<int>.Shared.Rent(Math.Max(Count + more, Math.Max(16, 2 * Count)));
        _ends.AsSpan(0, Count).CopyTo(larger);
        if (_ends.Length > 0)
        {
            ArrayPool<int>.Shared.Return(_ends);
        }

        _ends = larger;
    }
}

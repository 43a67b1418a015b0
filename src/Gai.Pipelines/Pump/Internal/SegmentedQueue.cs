using System.Diagnostics.CodeAnalysis;

namespace Gai.Pipelines.Internal;

/// <summary>A queue that takes little more memory than what is in it: one in a single array doubles when it is full, and is then half empty.</summary>
internal sealed class SegmentedQueue<T>
{
    private const int SegmentLength = 32;

    private Segment? _first;
    private Segment? _last;
    private Segment? _spare;
    private int _head;
    private int _tail;

    public void Enqueue(T item)
    {
        if (_last is null || _tail == SegmentLength)
        {
            Append();
        }

        _last.Items[_tail++] = item;
    }

    public bool TryDequeue([MaybeNullWhen(false)] out T item)
    {
        if (_first is null || (_first == _last && _head == _tail))
        {
            item = default;
            return false;
        }

        item = _first.Items[_head];
        _first.Items[_head++] = default!;
        if (_head == SegmentLength)
        {
            RemoveFirst();
        }

        return true;
    }

    [MemberNotNull(nameof(_last))]
    private void Append()
    {
        Segment segment = _spare ?? new Segment();
        _spare = null;
        _tail = 0;
        if (_last is null)
        {
            _first = segment;
            _head = 0;
        }
        else
        {
            _last.Next = segment;
        }

        _last = segment;
    }

    /// <summary>Takes out a segment that is empty; one is kept, so that a queue of steady length allocates nothing.</summary>
    private void RemoveFirst()
    {
        Segment empty = _first!;
        _first = empty.Next;
        _last = _first is null ? null : _last;
        _head = 0;
        empty.Next = null;
        _spare = empty;
    }

    private sealed class Segment
    {
        public readonly T[] Items = new T[SegmentLength];

        public Segment? Next { get; set; }
    }
}

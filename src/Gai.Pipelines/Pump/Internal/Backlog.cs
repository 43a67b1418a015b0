using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Gai.Pipelines.Internal;

/// <summary>The events that wait while a client does not read, within a budget. Made when a client first keeps a stream waiting.</summary>
/// <remarks>Only the pump uses it. An event that waits owns its bytes: a source may use the memory again before it is encoded.</remarks>
internal sealed class Backlog<T>(SlowClientPolicy policy, long budgetBytes, int maxFrameBytes)
{
    // Escaping makes up to six bytes of one. Readers bear larger frames than this, but what is in one comes all at once.
    private readonly long _largestMerged = Math.Min(64 * 1024, maxFrameBytes / 8);

    private readonly SegmentedQueue<(T Item, long Size)> _waiting = new();
    private readonly IBacklogItems<T> _items = BacklogItems.For<T>();
    private T? _newest;
    private bool _hasNewest;
    private long _newestSize;
    private long _toldDropped;

    public bool IsEmpty => !_hasNewest;

    /// <summary>The estimated bytes of all events that wait.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether there is no room for another event, and none is made.</summary>
    public bool IsFull => policy != SlowClientPolicy.DropOldest && Held >= budgetBytes;

    // Where deltas are joined, the newest lies in a buffer that grows ahead of it.
    private long Held => Bytes + Math.Max(0, _items.BufferBytes - _newestSize);

    /// <summary>How many events were added since the stream began.</summary>
    public long Added { get; private set; }

    /// <summary>How many of them were dropped.</summary>
    public long Dropped { get; private set; }

    /// <summary>How many events were joined to the one before them, since the stream began.</summary>
    public long Merged { get; private set; }

    public void Add(in T item)
    {
        Added++;
        long size = _items.JoinedSizeOf(item);
        if (policy == SlowClientPolicy.MergeDeltas && _hasNewest && _newestSize + size <= _largestMerged && _items.TryMerge(ref _newest!, item))
        {
            Merged++;
            _newestSize += size;
        }
        else
        {
            if (_hasNewest)
            {
                _waiting.Enqueue((_items.Seal(_newest!), _newestSize));
            }

            size = Unsafe.SizeOf<(T, long)>() + _items.SizeOf(item);
            _newest = _items.Own(item);
            _newestSize = size;
            _hasNewest = true;
        }

        Bytes += size;
        while (policy == SlowClientPolicy.DropOldest && Bytes > budgetBytes && _waiting.TryDequeue(out (T Item, long Size) oldest))
        {
            Bytes -= oldest.Size;
            Dropped++;
        }
    }

    /// <summary>Gives how many events were dropped since this was last asked.</summary>
    public long TakeGap()
    {
        long gap = Dropped - _toldDropped;
        _toldDropped = Dropped;
        return gap;
    }

    public bool TryTake([MaybeNullWhen(false)] out T item)
    {
        if (_waiting.TryDequeue(out (T Item, long Size) oldest))
        {
            item = oldest.Item;
            Bytes -= oldest.Size;
            return true;
        }

        if (_hasNewest)
        {
            item = _items.Seal(_newest!);
            _newest = default;
            _hasNewest = false;
            Bytes = 0;
            return true;
        }

        item = default;
        return false;
    }
}

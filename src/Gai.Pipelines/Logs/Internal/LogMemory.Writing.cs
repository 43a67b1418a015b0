using System.Diagnostics;

namespace Gai.Pipelines.Internal;

internal sealed partial class LogMemory
{
    private const int SmallestBlock = 512;

    // Frames that are whole but whose bytes the frame writer still holds: where each ends in the bytes of the log.
    private long[] _noted = new long[8];
    private int _notedCount;

    // The writer's own: the ring may be evicted from, by others, while he writes.
    private LogSegment? _tail;
    private long _written;
    private long _assigned;
    private int _reserved;

    /// <summary>Gives room for the next bytes. Only for the writer.</summary>
    public Memory<byte> GetMemory(int sizeHint)
    {
        int needed = Math.Max(Math.Max(sizeHint, _reserved), SmallestBlock);
        LogSegment? tail = _tail;
        if (tail is null || tail.Capacity - tail.Written < needed)
        {
            tail = NextSegment(needed);
        }

        return tail.Memory.AsMemory(tail.Written, tail.Capacity - tail.Written);
    }

    /// <summary>Takes bytes that were written into that room: whole frames.</summary>
    public void Advance(int count)
    {
        LogSegment tail = _tail!;
        tail.Written += count;
        _written += count;
        _reserved = 0;
        int whole = 0;
        while (whole < _notedCount && _noted[whole] <= _written)
        {
            tail.AddFrame((int)(_noted[whole++] - tail.Offset));
        }

        _assigned += whole;
        _notedCount -= whole;
        if (_notedCount > 0)
        {
            Array.Copy(_noted, whole, _noted, 0, _notedCount);
        }

        Debug.Assert(tail.Written <= tail.Capacity);
    }

    /// <summary>Notes where a frame ends that is whole.</summary>
    /// <param name="end">In the bytes of all frames since the log began.</param>
    /// <param name="apartBytes">How many bytes come at once and must not be cut, if they come apart from others, as what is too large for a block does.</param>
    public void Note(long end, int apartBytes = 0)
    {
        if (_notedCount == _noted.Length)
        {
            Array.Resize(ref _noted, 2 * _notedCount);
        }

        _noted[_notedCount++] = end;
        _reserved = Math.Max(_reserved, apartBytes);
    }

    /// <summary>Adds a frame as it is. Only for the writer, in place of the three calls above.</summary>
    public void Append(ReadOnlySpan<byte> frame)
    {
        frame.CopyTo(GetMemory(frame.Length).Span);
        Note(_written + frame.Length);
        Advance(frame.Length);
    }

    /// <summary>Lets cursors see what is written, and wakes those that wait.</summary>
    /// <param name="end">How the log has ended, if it has.</param>
    /// <param name="endIsInFrames">Whether the last frame tells so.</param>
    public void Publish(LogEnd? end = null, bool endIsInFrames = false)
    {
        bool becomesReady;
        lock (_lock)
        {
            if (_end is not null)
            {
                return;
            }

            int now = Now;
            if (_assigned > _last)
            {
                PublishFrames(now);
            }

            _end = end;
            EndIsInFrames = endIsInFrames;
            Volatile.Write(ref _hasEnded, end is not null);
            EvictToBounds(now);
            becomesReady = ReleaseWaiting();
        }

        if (becomesReady)
        {
            BecomeReady();
        }
        else
        {
            _scheduler.Ready?.HelpIfHeldUp();
        }

        Published?.Invoke();
    }

    /// <summary>Goes on with a later frame, since those before it can no longer be had. Only for the writer of a copy.</summary>
    public void SkipTo(long sequence)
    {
        lock (_lock)
        {
            while (_count > 0)
            {
                DropHead();
            }

            _tail = null;
            _bytes = 0;
            _publishedOffset = _written;
            _first = sequence;
            _assigned = sequence - 1;
            Volatile.Write(ref _last, sequence - 1);
        }
    }

    private void PublishFrames(int now)
    {
        int index = _count - 1;
        while (At(index).First > _last + 1)
        {
            index--;
        }

        for (; index < _count; index++)
        {
            LogSegment segment = At(index);
            int from = (int)Math.Max(0, _last + 1 - segment.First);
            segment.Times.AsSpan(from, segment.Count - from).Fill(now);
        }

        LogSegment last = _tail!.Count > 0 ? _tail : At(_count - 2);
        long offset = last.Offset + last.StartOf(last.Count);
        _bytes += offset - _publishedOffset;
        _publishedOffset = offset;
        _budget.Counts.OnPublished(_assigned - _last);
        Volatile.Write(ref _last, _assigned);
    }

    private LogSegment NextSegment(int needed)
    {
        int capacity = Math.Max(needed, _count == 0 && _written == 0 ? LogSegment.SmallBytes : LogSegment.Bytes);
        LogSegment segment = LogSegment.Rent(capacity, _assigned + 1, _written);
        lock (_lock)
        {
            if (_count > 0 && At(_count - 1) is { Written: 0 } unused)
            {
                // Too small for its first frame.
                _count--;
                _segments[(_head + _count) % _segments.Length] = null;
                _budget.Free(unused.Capacity);
                unused.Return();
            }

            AddTail(segment);
            _tail = segment;
        }

        _budget.Take(segment.Capacity);
        return segment;
    }
}

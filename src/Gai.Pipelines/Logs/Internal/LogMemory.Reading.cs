namespace Gai.Pipelines.Internal;

/// <summary>What a cursor finds when it looks for frames.</summary>
internal enum LogFind
{
    /// <summary>There are some, and their segment stays until the cursor looks again.</summary>
    Frames,

    /// <summary>They are no longer in memory.</summary>
    Evicted,

    /// <summary>There are none yet. The cursor is woken when there are.</summary>
    Nothing,

    /// <summary>There will be no more.</summary>
    End,
}

internal sealed partial class LogMemory : IThreadPoolWorkItem
{
    // All cursors, and those among them that wait, the longest first.
    private LogCursor? _firstReader;
    private LogCursor? _firstWaiting;
    private LogCursor? _lastWaiting;
    private int _readers;
    private long _readAt;

    // Whoever waits gets a number. A flush releases all numbers that there are; it touches no cursor.
    private long _lastTicket;
    private long _releasedTicket;
    private bool _isReady; // whether the ready queue has it, for those that are released

    private bool HasReleased => _firstWaiting is { } first && first.Ticket <= _releasedTicket;

    public int Readers => Volatile.Read(ref _readers);

    /// <summary>When a cursor last looked for frames, by the scheduler's clock.</summary>
    public long ReadAt => Volatile.Read(ref _readAt);

    public void AddReader(LogCursor cursor)
    {
        lock (_lock)
        {
            cursor.NextReader = _firstReader;
            if (_firstReader is not null)
            {
                _firstReader.PreviousReader = cursor;
            }

            _firstReader = cursor;
            _readers++;
            _readAt = _scheduler.CoarseMilliseconds;
        }
    }

    /// <summary>Takes a cursor out. If it waited, nobody wakes it any more.</summary>
    public void RemoveReader(LogCursor cursor)
    {
        lock (_lock)
        {
            if (cursor.PreviousReader is null)
            {
                _firstReader = cursor.NextReader;
            }
            else
            {
                cursor.PreviousReader.NextReader = cursor.NextReader;
            }

            if (cursor.NextReader is not null)
            {
                cursor.NextReader.PreviousReader = cursor.PreviousReader;
            }

            cursor.PreviousReader = cursor.NextReader = null;
            _readers--;
            _readAt = _scheduler.CoarseMilliseconds;
            Unpin(cursor);
            if (cursor.Ticket != 0)
            {
                Unlink(cursor);
            }

            ReleaseIfUnread();
        }
    }

    /// <summary>The lowest number that any cursor still has to read; <see langword="null"/> without cursors.</summary>
    public long? LowestUnread()
    {
        lock (_lock)
        {
            long? lowest = null;
            for (LogCursor? cursor = _firstReader; cursor is not null; cursor = cursor.NextReader)
            {
                lowest = Math.Min(lowest ?? long.MaxValue, cursor.Next);
            }

            return lowest;
        }
    }

    /// <summary>Looks for the next frames of a cursor.</summary>
    public LogFind Look(LogCursor cursor)
    {
        lock (_lock)
        {
            Unpin(cursor);
            _readAt = _scheduler.CoarseMilliseconds;
            if (cursor.Next <= _last)
            {
                if (cursor.Next < _first)
                {
                    return LogFind.Evicted;
                }

                LogSegment segment = Find(cursor.Next);
                segment.Pins++;
                cursor.Segment = segment;
                cursor.UpTo = Math.Min(_last, segment.Last);
                return LogFind.Frames;
            }

            if (_end is not null)
            {
                return LogFind.End;
            }

            Link(cursor);
            return LogFind.Nothing;
        }
    }

    /// <summary>Lets the segment go that a cursor copies from.</summary>
    public void LetGo(LogCursor cursor)
    {
        if (cursor.Segment is not null)
        {
            lock (_lock)
            {
                Unpin(cursor);
            }
        }
    }

    /// <summary>Copies frames for whoever keeps them elsewhere.</summary>
    /// <param name="first">The number of the first one.</param>
    /// <param name="maxBytes">About how many bytes; one frame at least.</param>
    /// <param name="into">Gets them; none if the first is no longer in memory, or not yet.</param>
    /// <returns>Whether the first is not lost.</returns>
    public bool TryCopy(long first, int maxBytes, LogBatch into)
    {
        into.Clear(first);
        lock (_lock)
        {
            if (first < _first)
            {
                return false;
            }

            while (into.LastSequence < _last && into.Bytes.Length < maxBytes)
            {
                LogSegment segment = Find(into.LastSequence + 1);
                int index = (int)(into.LastSequence + 1 - segment.First);
                into.Add(segment.Memory.AsSpan(segment.StartOf(index), segment.LengthOf(index)));
            }

            return true;
        }
    }

    /// <summary>Wakes the first cursor that is released. The ready queue calls it, once for each of them, so that others have their turns between.</summary>
    void IThreadPoolWorkItem.Execute()
    {
        LogCursor cursor;
        bool isReady;
        lock (_lock)
        {
            if (!HasReleased)
            {
                _isReady = false;
                return;
            }

            cursor = _firstWaiting!;
            Unlink(cursor);
            isReady = _isReady = HasReleased;
        }

        if (isReady)
        {
            BecomeReady();
        }

        // Its pump runs right here: one that hangs holds up nobody but this thread.
        cursor.EndWait();
    }

    /// <summary>Releases all cursors that wait. They are woken neither under the lock nor by the writer, who waits for nobody.</summary>
    /// <returns>Whether the ready queue is to be told.</returns>
    private bool ReleaseWaiting()
    {
        _releasedTicket = _lastTicket;
        bool becomesReady = !_isReady && HasReleased;
        _isReady |= becomesReady;
        return becomesReady;
    }

    private void BecomeReady()
    {
        if (_scheduler.Ready is { } queue)
        {
            queue.Enqueue(this);
        }
        else
        {
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        }
    }

    private void Link(LogCursor cursor)
    {
        cursor.PrepareToWait();
        cursor.Ticket = ++_lastTicket;
        cursor.PreviousWaiting = _lastWaiting;
        if (_lastWaiting is null)
        {
            _firstWaiting = cursor;
        }
        else
        {
            _lastWaiting.NextWaiting = cursor;
        }

        _lastWaiting = cursor;
    }

    private void Unlink(LogCursor cursor)
    {
        if (cursor.PreviousWaiting is null)
        {
            _firstWaiting = cursor.NextWaiting;
        }
        else
        {
            cursor.PreviousWaiting.NextWaiting = cursor.NextWaiting;
        }

        if (cursor.NextWaiting is null)
        {
            _lastWaiting = cursor.PreviousWaiting;
        }
        else
        {
            cursor.NextWaiting.PreviousWaiting = cursor.PreviousWaiting;
        }

        cursor.PreviousWaiting = cursor.NextWaiting = null;
        cursor.Ticket = 0;
    }

    private static void Unpin(LogCursor cursor)
    {
        if (cursor.Segment is { } segment)
        {
            cursor.Segment = null;
            segment.Pins--;
            ReturnIfUnused(segment);
        }
    }
}

namespace Gai.Pipelines.Internal;

/// <summary>One log of a <see cref="MemoryLogStore"/>, under its lock.</summary>
internal sealed class StoredLog(LogDescription description, long token)
{
    private static readonly TimeSpan RememberPublications = TimeSpan.FromMinutes(5);

    private readonly List<(byte[] Frame, TimeSpan At)> _frames = [];
    private readonly Dictionary<Guid, long> _publications = [];
    private readonly Queue<(Guid Publication, TimeSpan At)> _remembered = new();
    private long _first = 1;
    private TimeSpan _endedAt;

    public LogDescription Description { get; } = description;

    /// <summary>The token of the owner; 0 for a topic.</summary>
    public long Token { get; } = token;

    public LogEnd? End { get; private set; }

    public TimeSpan LeaseUntil { get; set; }

    public bool IsCancelRequested { get; set; }

    public TimeSpan? ReadAt { get; set; }

    public int FrameCount => _frames.Count;

    public long Last => _first + _frames.Count - 1;

    /// <summary>Whether it has ended and there is nothing to read again: it no longer holds its key.</summary>
    public bool IsVoid => End is { Outcome: not LogOutcome.Completed } && Last == 0;

    public bool HasLostOwner(TimeSpan now) => Token != 0 && End is null && now > LeaseUntil;

    public bool HasExpired(TimeSpan now)
    {
        TimeSpan? over = End is not null ? _endedAt : Token != 0 ? LeaseUntil : null;
        return now - over > Description.KeepFor;
    }

    public void Append(LogBatch batch, TimeSpan now)
    {
        if (batch.FirstSequence > Last + 1)
        {
            throw new ArgumentException($"The log has frames up to {Last}, and the batch begins with {batch.FirstSequence}; what is between them is missing.", nameof(batch));
        }

        for (long sequence = Last + 1; sequence <= batch.LastSequence; sequence++)
        {
            _frames.Add((batch[(int)(sequence - batch.FirstSequence)].ToArray(), now));
        }
    }

    /// <summary>Finds the number of what was published with a name.</summary>
    public long? NumberOf(Guid publication) => _publications.TryGetValue(publication, out long first) ? first : null;

    public long Publish(Guid publication, LogBatch batch, TimeSpan now)
    {
        while (_remembered.TryPeek(out (Guid Publication, TimeSpan At) oldest) && now - oldest.At > RememberPublications)
        {
            _publications.Remove(_remembered.Dequeue().Publication);
        }

        if (!_publications.TryGetValue(publication, out long first))
        {
            first = Last + 1;
            _publications.Add(publication, first);
            _remembered.Enqueue((publication, now));
            Add(batch, now);
        }

        return first;
    }

    public void Add(LogBatch batch, TimeSpan now)
    {
        for (int i = 0; i < batch.Count; i++)
        {
            _frames.Add((batch[i].ToArray(), now));
        }
    }

    public void Finish(LogEnd end, TimeSpan now)
    {
        End = end;
        _endedAt = now;
    }

    public LogState Read(long first, int maxBytes, LogBatch into)
    {
        long next = Math.Max(first, _first);
        if (next <= Last)
        {
            into.Clear(next);
        }

        for (; next <= Last; next++)
        {
            byte[] frame = _frames[(int)(next - _first)].Frame;
            if (into.Count > 0 && into.Bytes.Length + frame.Length > maxBytes)
            {
                break;
            }

            into.Add(frame);
        }

        return new LogState(_first, Last, End);
    }

    public int DropOlderThan(TimeSpan time)
    {
        int count = _frames.FindIndex(frame => frame.At >= time);
        count = count < 0 ? _frames.Count : count;
        _frames.RemoveRange(0, count);
        _first += count;
        return count;
    }
}

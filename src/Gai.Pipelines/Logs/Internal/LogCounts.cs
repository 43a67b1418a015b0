namespace Gai.Pipelines.Internal;

/// <summary>What all logs of a process have done so far. Counted once a flush, an eviction or a gap, never an event.</summary>
internal sealed class LogCounts
{
    private long _frames;
    private long _evicted;
    private long _gaps;

    /// <summary>Frames that were published.</summary>
    public long Frames => Volatile.Read(ref _frames);

    /// <summary>Frames that were evicted from memory.</summary>
    public long Evicted => Volatile.Read(ref _evicted);

    /// <summary>Gaps that readers were told of.</summary>
    public long Gaps => Volatile.Read(ref _gaps);

    public void OnPublished(long frames) => Interlocked.Add(ref _frames, frames);

    public void OnEvicted(long frames) => Interlocked.Add(ref _evicted, frames);

    public void OnGap() => Interlocked.Increment(ref _gaps);
}

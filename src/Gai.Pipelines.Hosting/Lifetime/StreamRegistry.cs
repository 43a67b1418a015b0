using Gai.Pipelines.Internal;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.Hosting;

/// <summary>Knows the open streams of the server.</summary>
internal sealed class StreamRegistry
{
    private readonly Lock _lock = new();
    private Entry? _first;
    private int _count;
    private TaskCompletionSource? _emptied;

    public int Count => Volatile.Read(ref _count);

    public bool IsDraining => Volatile.Read(ref _emptied) is not null;

    /// <summary>Gets whether there ever was a multiplexed stream.</summary>
    public bool HadMultiplexed { get; private set; }

    /// <summary>Adds a stream, unless the server shuts down. <see cref="Remove"/> takes it out again.</summary>
    public bool TryAdd(Entry entry)
    {
        lock (_lock)
        {
            if (_emptied is not null)
            {
                return false;
            }

            entry.Next = _first;
            if (_first is not null)
            {
                _first.Previous = entry;
            }

            _first = entry;
            _count++;
            HadMultiplexed = HadMultiplexed || entry.IsMultiplexed;
            return true;
        }
    }

    public void Remove(Entry entry)
    {
        lock (_lock)
        {
            if (entry.Previous is null)
            {
                _first = entry.Next;
            }
            else
            {
                entry.Previous.Next = entry.Next;
            }

            if (entry.Next is not null)
            {
                entry.Next.Previous = entry.Previous;
            }

            _count--;
            CompleteIfEmpty();
        }
    }

    /// <summary>Lets no new streams begin.</summary>
    /// <returns>A task that is done when all open ones have ended.</returns>
    public Task CloseAsync()
    {
        lock (_lock)
        {
            if (_emptied is null)
            {
                _emptied = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                CompleteIfEmpty();
            }

            return _emptied.Task;
        }
    }

    /// <summary>Ends all streams, each with a time of its own to come back, so that their clients do not come back together.</summary>
    /// <returns>How many there were.</returns>
    public int EndAll()
    {
        List<Entry> open = Open();
        foreach (Entry entry in open)
        {
            entry.Stream.End(StreamOutcomeReason.Drained, StreamError.ServerDraining with { RetryAfter = Retry.Jittered() });
        }

        return open.Count;
    }

    /// <summary>Breaks the connections of all streams: those whose clients do not read, and would be waited for.</summary>
    /// <returns>How many there were.</returns>
    public int AbortAll()
    {
        List<Entry> open = Open();
        foreach (Entry entry in open)
        {
            try
            {
                entry.Context.Abort();
            }
            catch (Exception)
            {
                // Its request has just ended by itself, and the server has taken the context back.
            }
        }

        return open.Count;
    }

    private List<Entry> Open()
    {
        var open = new List<Entry>();
        lock (_lock)
        {
            for (Entry? entry = _first; entry is not null; entry = entry.Next)
            {
                open.Add(entry);
            }
        }

        return open;
    }

    private void CompleteIfEmpty()
    {
        if (_count == 0)
        {
            _emptied?.TrySetResult();
        }
    }

    /// <summary>One open stream. The entry is its own list node.</summary>
    internal abstract class Entry
    {
        public Entry? Previous { get; set; }

        public Entry? Next { get; set; }

        public abstract IOpenStream Stream { get; }

        public abstract HttpContext Context { get; }

        /// <summary>Whether it may be one of many on its connection, whose end is not the connection's. Only while its request is there.</summary>
        public bool IsMultiplexed => HttpProtocol.IsHttp2(Context.Request.Protocol) || HttpProtocol.IsHttp3(Context.Request.Protocol);
    }
}

namespace Gai.Pipelines.Hosting;

/// <summary>Knows the open streams of the server.</summary>
internal sealed class StreamRegistry
{
    private readonly Lock _lock = new();
    private Entry? _first;
    private int _count;
    private bool _isDraining;

    public int Count => Volatile.Read(ref _count);

    /// <summary>Adds a stream, unless the server shuts down.</summary>
    /// <returns>What takes it out again, or <see langword="null"/>.</returns>
    public Entry? TryAdd(Action drain)
    {
        lock (_lock)
        {
            if (_isDraining)
            {
                return null;
            }

            var entry = new Entry(this, drain) { Next = _first };
            if (_first is not null)
            {
                _first.Previous = entry;
            }

            _first = entry;
            _count++;
            return entry;
        }
    }

    /// <summary>Ends all streams and lets no new ones begin.</summary>
    /// <returns>How many there were.</returns>
    public int Drain()
    {
        var open = new List<Entry>();
        lock (_lock)
        {
            _isDraining = true;
            for (Entry? entry = _first; entry is not null; entry = entry.Next)
            {
                open.Add(entry);
            }
        }

        foreach (Entry entry in open)
        {
            entry.Drain();
        }

        return open.Count;
    }

    private void Remove(Entry entry)
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
        }
    }

    /// <summary>One open stream.</summary>
    internal sealed class Entry(StreamRegistry registry, Action drain) : IDisposable
    {
        public Entry? Previous { get; set; }

        public Entry? Next { get; set; }

        public void Drain() => drain();

        public void Dispose() => registry.Remove(this);
    }
}

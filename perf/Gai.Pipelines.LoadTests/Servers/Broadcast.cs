using System.Threading.Channels;

namespace Gai.Pipelines.LoadTests.Servers;

/// <summary>Gathers readers until all are there, and then lets one producer begin.</summary>
internal sealed class Broadcast<T>
{
    private readonly Lock _lock = new();
    private List<ChannelWriter<T>> _gathered = [];

    /// <summary>Adds a reader.</summary>
    /// <param name="writer">Its channel.</param>
    /// <param name="readers">How many there shall be.</param>
    /// <param name="produce">What runs when all are there.</param>
    public IDisposable Join(ChannelWriter<T> writer, int readers, Func<IReadOnlyList<ChannelWriter<T>>, Task> produce)
    {
        lock (_lock)
        {
            _gathered.Add(writer);
            if (_gathered.Count == readers)
            {
                List<ChannelWriter<T>> all = _gathered;
                _gathered = [];
                _ = Task.Run(() => produce(all));
            }
        }

        return new Place(this, writer);
    }

    private sealed class Place(Broadcast<T> broadcast, ChannelWriter<T> writer) : IDisposable
    {
        public void Dispose()
        {
            // A producer that waits for a reader that has left would wait for ever.
            writer.TryComplete();
            lock (broadcast._lock)
            {
                broadcast._gathered.Remove(writer);
            }
        }
    }
}

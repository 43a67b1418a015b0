using Gai.Pipelines.LoadTests.Measuring;

namespace Gai.Pipelines.LoadTests.Client;

/// <summary>The client of a run: opens streams, reads and checks them, and measures.</summary>
/// <remarks>Thread-safe. It knows nothing of what the server is.</remarks>
internal sealed class LoadClient : IDisposable
{
    private readonly ClientThread[] _threads;
    private int _next = -1;

    public LoadClient(ClientSettings settings) =>
        _threads = [.. Enumerable.Range(1, settings.Threads).Select(number => new ClientThread(settings, number))];

    /// <summary>How many threads read.</summary>
    public int Threads => _threads.Length;

    /// <summary>Events so far.</summary>
    public long Events => _threads.Sum(static thread => thread.Events);

    /// <summary>How many responses have begun.</summary>
    public long Heads => _threads.Sum(static thread => thread.Heads);

    /// <summary>How many streams are over.</summary>
    public long Ended => _threads.Sum(static thread => thread.Ended);

    /// <summary>Opens a stream when it is due, and reads it to its end.</summary>
    public Task<StreamResult> OpenAsync(StreamRequest request) =>
        _threads[(uint)Interlocked.Increment(ref _next) % (uint)_threads.Length].OpenAsync(request);

    /// <summary>How late events came, in microseconds. Only when no stream is open.</summary>
    public Histogram Latency() => Sum(static thread => thread.Latency);

    /// <summary>How long first bytes took, in microseconds. Only when no stream is open.</summary>
    public Histogram FirstByte() => Sum(static thread => thread.FirstByte);

    /// <summary>Leaves all streams.</summary>
    public void Dispose()
    {
        foreach (ClientThread thread in _threads)
        {
            thread.Dispose();
        }
    }

    private Histogram Sum(Func<ClientThread, Histogram> figure)
    {
        var sum = new Histogram();
        foreach (ClientThread thread in _threads)
        {
            sum.Add(figure(thread));
        }

        return sum;
    }
}

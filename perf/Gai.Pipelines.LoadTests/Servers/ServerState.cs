namespace Gai.Pipelines.LoadTests.Servers;

/// <summary>What a server knows of itself. Thread-safe.</summary>
internal sealed class ServerState
{
    private long _opened;
    private long _closed;

    /// <summary>How many handlers run.</summary>
    public long OpenStreams => Volatile.Read(ref _opened) - Volatile.Read(ref _closed);

    public void OnOpen() => Interlocked.Increment(ref _opened);

    public void OnClose() => Interlocked.Increment(ref _closed);
}

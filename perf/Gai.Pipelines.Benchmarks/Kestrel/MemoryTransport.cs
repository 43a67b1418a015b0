using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Gai.Pipelines.Benchmarks.Kestrel;

/// <summary>A transport of Kestrel without sockets: a connection is two pipes with the thresholds and schedulers of the real one.</summary>
internal sealed class MemoryTransport(IMemoryPoolFactory<byte> pools) : IConnectionListenerFactory
{
    // Kestrel's defaults: KestrelServerLimits.MaxRequestBufferSize and MaxResponseBufferSize.
    private const long RequestBytes = 1024 * 1024;
    private const long ResponseBytes = 64 * 1024;

    private readonly Dictionary<EndPoint, Listener> _listeners = [];
    private readonly MemoryPool<byte> _pool = pools.Create();

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default)
    {
        var listener = new Listener(endpoint);
        _listeners.Add(endpoint, listener);
        return new ValueTask<IConnectionListener>(listener);
    }

    /// <summary>Gives the client's end of a new connection.</summary>
    public IDuplexPipe Connect(EndPoint endpoint)
    {
        var request = new Pipe(new PipeOptions(_pool, PipeScheduler.ThreadPool, PipeScheduler.ThreadPool, RequestBytes, RequestBytes / 2, useSynchronizationContext: false));
        var response = new Pipe(new PipeOptions(_pool, PipeScheduler.ThreadPool, PipeScheduler.ThreadPool, ResponseBytes, ResponseBytes / 2, useSynchronizationContext: false));
        var client = new Ends(response.Reader, request.Writer);
        var connection = new DefaultConnectionContext(Guid.NewGuid().ToString(), new Ends(request.Reader, response.Writer), client) { LocalEndPoint = endpoint };
        connection.Features.Set<IMemoryPoolFeature>(new PoolFeature(_pool));
        return _listeners[endpoint].Offer(connection) ? client : throw new InvalidOperationException($"Nobody listens at {endpoint} any more.");
    }

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed record PoolFeature(MemoryPool<byte> MemoryPool) : IMemoryPoolFeature;

    private sealed class Listener(EndPoint endpoint) : IConnectionListener
    {
        private readonly Channel<ConnectionContext> _offered = Channel.CreateUnbounded<ConnectionContext>();

        public EndPoint EndPoint => endpoint;

        public bool Offer(ConnectionContext connection) => _offered.Writer.TryWrite(connection);

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default) =>
            await _offered.Reader.WaitToReadAsync(cancellationToken) && _offered.Reader.TryRead(out ConnectionContext? connection) ? connection : null;

        public ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            _offered.Writer.TryComplete();
            return default;
        }

        public ValueTask DisposeAsync() => UnbindAsync();
    }
}

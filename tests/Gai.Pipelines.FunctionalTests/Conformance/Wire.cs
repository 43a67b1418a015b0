using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.FunctionalTests.Conformance;

/// <summary>What the server has written to a connection, whatever the client makes of it.</summary>
internal sealed class Wire
{
    private static readonly object Key = new();

    private readonly Lock _lock = new();
    private readonly StringBuilder _written = new();
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Length
    {
        get
        {
            lock (_lock)
            {
                return _written.Length;
            }
        }
    }

    /// <summary>Watches a connection of Kestrel.</summary>
    public static ConnectionDelegate Watch(ConnectionDelegate next) => async connection =>
    {
        var wire = new Wire();
        IDuplexPipe transport = connection.Transport;
        connection.Items[Key] = wire;
        connection.Transport = new Duplex(transport.Input, new Writer(transport.Output, wire));
        try
        {
            await next(connection);
        }
        finally
        {
            connection.Transport = transport;
        }
    };

    public static Wire Of(HttpContext context) => (Wire)context.Features.Get<IConnectionItemsFeature>()!.Items[Key]!;

    public string From(int start)
    {
        lock (_lock)
        {
            return _written.ToString(start, _written.Length - start);
        }
    }

    /// <summary>Waits until a text has been written, and gives the place behind it.</summary>
    public async Task<int> WaitForAsync(string text, int start, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task more;
            lock (_lock)
            {
                int at = _written.ToString().IndexOf(text, start, StringComparison.Ordinal);
                if (at >= 0)
                {
                    return at + text.Length;
                }

                more = _more.Task;
            }

            await more.WaitAsync(cancellationToken);
        }
    }

    private void Add(ReadOnlySpan<byte> bytes)
    {
        TaskCompletionSource waited;
        lock (_lock)
        {
            // A code point that two writes share becomes two of U+FFFD here; nobody looks for those.
            _written.Append(Encoding.UTF8.GetString(bytes));
            waited = _more;
            _more = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        waited.SetResult();
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class Writer(PipeWriter inner, Wire wire) : PipeWriter
    {
        private Memory<byte> _memory;

        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override void Advance(int bytes)
        {
            wire.Add(_memory.Span[..bytes]);
            _memory = _memory[bytes..];
            inner.Advance(bytes);
        }

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

        public override Memory<byte> GetMemory(int sizeHint = 0) => _memory = inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;
    }
}

using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.Hosting;

/// <summary>Collects the records of a stream and makes one JSON document of them, within a limit.</summary>
/// <remarks>
/// Each record is one line and has no line break inside, so the line ends are exactly the places of the commas.
/// </remarks>
internal sealed class DocumentWriter : PipeWriter, IDisposable
{
    private const int PieceBytes = 64 * 1024;

    private readonly int _limit;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(4096);
    private int _length = 1; // room for the opening bracket

    public DocumentWriter(int limit) => _limit = limit;

    /// <summary>Sends the document to its client, which may take each piece of it as slowly as it may take a flush. In place of <see cref="ToDocument"/>.</summary>
    /// <returns>Whether the client has taken it. If not, its connection is broken.</returns>
    public async Task<bool> SendAsync(HttpContext context, DocumentShape shape, PumpSettings settings)
    {
        HttpResponse response = context.Response;
        ReadOnlyMemory<byte> rest = ToDocument(shape);
        response.ContentType = "application/json; charset=utf-8";
        response.Headers.CacheControl = "no-cache, no-store";
        response.ContentLength = rest.Length;
        while (!rest.IsEmpty)
        {
            int length = Math.Min(rest.Length, PieceBytes);

            // Without a token: if the client has left, nobody is there to be told by an exception.
            Task sending = response.Body.WriteAsync(rest[..length], CancellationToken.None).AsTask();
            await sending.WaitAsync(settings.WriteTimeout, settings.Scheduler.TimeProvider).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!sending.IsCompleted)
            {
                context.Abort();

                // The document's memory goes back to its pool.
                await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                return false;
            }

            await sending;
            rest = rest[length..];
        }

        return true;
    }

    /// <summary>Makes the document. Called once, after the last record.</summary>
    /// <returns>The document, valid until the writer is disposed of.</returns>
    public ReadOnlyMemory<byte> ToDocument(DocumentShape shape)
    {
        if (shape == DocumentShape.OneValue)
        {
            return _buffer.AsMemory(1, _length - 1);
        }

        _buffer[0] = (byte)'[';
        if (_length == 1)
        {
            GetSpan(1)[0] = (byte)']';
            _length++;
        }
        else
        {
            _buffer.AsSpan(1, _length - 2).Replace((byte)'\n', (byte)',');
            _buffer[_length - 1] = (byte)']';
        }

        return _buffer.AsMemory(0, _length);
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        int needed = _length + Math.Max(sizeHint, 256);
        if (needed > _buffer.Length)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(needed, 2 * _buffer.Length));
            _buffer.AsSpan(0, _length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = larger;
        }

        return _buffer.AsMemory(_length);
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        _length += bytes;
        if (_length > _limit)
        {
            throw new DocumentTooLargeException(_limit);
        }
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => default;

    public override void CancelPendingFlush()
    {
    }

    public override void Complete(Exception? exception = null)
    {
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }
}

/// <summary>Tells that a stream is too long to be sent as one document.</summary>
internal sealed class DocumentTooLargeException(int limit) : Exception(string.Create(
    System.Globalization.CultureInfo.InvariantCulture,
    $"As one JSON document the stream would have more than {limit:N0} bytes. Ask for a stream instead: accept text/event-stream or application/x-ndjson, or use what the API has for it."));

using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Gai.Pipelines.Internal;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.Hosting;

/// <summary>A stream that a handler writes to, event by event. Made by <c>HttpContext.OpenEventStream</c>.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>
/// <see cref="WriteAsync"/> may be called by several threads at once. Events are encoded and flushed meanwhile, by the pump.
/// End the stream with <see cref="CompleteAsync"/>; one that is disposed of without it has failed, and its client is told so.
/// </remarks>
[SuppressMessage("Naming", "CA1711", Justification = "In this library a stream is one response, not a System.IO.Stream.")]
public sealed class EventStream<T> : IAsyncDisposable
{
    private readonly HttpContext _context;
    private readonly ProducerWriter<T> _writer;
    private readonly Task _running;
    private bool _isCompleted;
    private bool _isDisposed;

    internal EventStream(
        HttpContext context,
        EventStreamExecutor executor,
        DialectFactory<T> dialects,
        EventStreamResultOptions? options)
    {
        if (context.Features.Get<ResumableRequest>() is not null)
        {
            throw new InvalidOperationException("A handler that writes its stream itself ends with its request, so its stream cannot be resumed. Return TypedResults.Extensions.EventStream(...) instead.");
        }

        _context = context;
        int capacity = executor.ProfileOf(context).ChannelCapacity;
        Channel<T> channel = Channel.CreateBounded<T>(new BoundedChannelOptions(capacity) { SingleReader = true });
        var source = new ChannelSource<T>(channel.Reader, channel.Writer);
        _writer = new ProducerWriter<T>(channel.Writer, source);
        _running = executor.ExecuteAsync(context, source, dialects, options);

        // The response goes back to the server with the handler, and its memory to other responses: a stream that is left open must not go on.
        EventStreamFeature feature = EventStreamFeature.Of(context);
        feature.Handled = this;
        if (feature.Middleware is null)
        {
            context.Response.RegisterForDisposeAsync(this);
        }
    }

    /// <summary>Writes an event. Waits while the client is slow and the channel full.</summary>
    /// <param name="item">The event. Bytes in it must stay unchanged until they are encoded, which may be after this call.</param>
    /// <param name="cancellationToken">Cancels the waiting, at a deadline of the caller's for example.</param>
    /// <returns>A task that ends when the event is accepted.</returns>
    /// <exception cref="SlowClientException">The token was cancelled while the client took nothing; for how long it tells. The event was not accepted, and the stream goes on.</exception>
    /// <exception cref="OperationCanceledException">The stream is over, because its client has left for example, or the token was cancelled.</exception>
    /// <exception cref="InvalidOperationException">The stream was completed.</exception>
    public ValueTask WriteAsync(T item, CancellationToken cancellationToken = default) =>
        _writer.TryWrite(item) ? ValueTask.CompletedTask : WriteSlowAsync(item, cancellationToken);

    /// <summary>Ends the stream well: what was written is sent, then the dialect's end marker.</summary>
    /// <returns>A task that ends when all of it is handed to the transport, or the client has left.</returns>
    public Task CompleteAsync()
    {
        _isCompleted = true;
        _writer.TryComplete();
        return _running;
    }

    /// <summary>Ends the stream. Without <see cref="CompleteAsync"/> before, it has failed.</summary>
    /// <returns>A task that ends with the stream.</returns>
    /// <exception cref="Exception">Why an event could not be written, or whatever else has ended the stream, if the client could not be told by a record. The first call throws it, whether <see cref="CompleteAsync"/> has told it or not.</exception>
    public async ValueTask DisposeAsync()
    {
        if (_isDisposed)
        {
            // How it ended whoever disposed of it first is told. The response is not the handler's again before that.
            await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }

        _isDisposed = true;
        if (!_isCompleted)
        {
            _writer.TryComplete(new StreamAbandonedException());
        }

        // Also if CompleteAsync was called: whether somebody has looked at its task nobody knows, and what is thrown breaks the end of the response.
        try
        {
            await _running;
        }
        catch (StreamAbandonedException)
        {
            // To throw from here would hide the exception that may be on its way through the handler.
            EventStreamFeature.Of(_context).Abandon(_context);
        }
    }

    private async ValueTask WriteSlowAsync(T item, CancellationToken cancellationToken)
    {
        try
        {
            await _writer.WriteAsync(item, cancellationToken);
        }
        catch (SlowClientException slow) when (_context.RequestAborted.IsCancellationRequested)
        {
            // The client has left: that it was slow before explains nothing.
            ExceptionDispatchInfo.Throw(slow.InnerException!);
        }
        catch (ChannelClosedException closed)
        {
            throw _isCompleted
                ? new InvalidOperationException("The stream was completed before this event. Write all events before CompleteAsync.")
                : new StreamOverException(closed);
        }
    }
}

/// <summary>Tells that a handler left its stream without completing it.</summary>
internal sealed class StreamAbandonedException() : Exception(
    "The handler disposed of its event stream without completing it. Call CompleteAsync at the end of a stream that went well.");

/// <summary>Tells a handler that its stream has ended without it.</summary>
internal sealed class StreamOverException(Exception inner) : OperationCanceledException(
    "The stream is over: its client has left, an event could not be written, or the server shuts down.", inner);

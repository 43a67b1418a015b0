using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Gai.Pipelines.Internal;

/// <summary>The output of one stream: has everything encoded, a whole frame at a time, and hands it to the transport.</summary>
/// <remarks>Only the pump calls it, but for <see cref="CancelFlush"/>.</remarks>
internal sealed class StreamOutput<T>(Dialect<T> dialect, PipeWriter transport, int maxFrameBytes)
{
    private readonly FrameWriter _frames = new(transport, maxFrameBytes);
    private long _flushedBytes;
    private volatile bool _isFlushing;

    /// <summary>Whether the head of the response has been sent, and the opening of the dialect with it.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Whether a flush is under way, or has thrown.</summary>
    public bool IsFlushing => _isFlushing;

    public long Events { get; private set; }

    public long Bytes => _frames.CommittedBytes;

    public long Flushes { get; private set; }

    public long UnflushedBytes => _frames.CommittedBytes - _flushedBytes;

    public void WriteOpening()
    {
        dialect.WriteOpening(_frames);
        _frames.Commit();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void WriteEvent(in T item)
    {
        // One frame with the opening: if the first event cannot be encoded, nothing has been written.
        if (!IsOpen)
        {
            dialect.WriteOpening(_frames);
        }

        dialect.WriteEvent(_frames, item);
        _frames.Commit();
        Events++;
    }

    public void WriteKeepAlive()
    {
        dialect.WriteKeepAlive(_frames);
        _frames.Commit();
    }

    public void WriteError(in StreamError error)
    {
        dialect.WriteError(_frames, error);
        _frames.Commit();
    }

    public void WriteEnd()
    {
        if (!IsOpen)
        {
            dialect.WriteOpening(_frames);
        }

        dialect.WriteEnd(_frames);
        _frames.Commit();
    }

    /// <summary>Forgets a frame that could not be finished.</summary>
    public void Discard() => _frames.Discard();

    /// <summary>Hands what is encoded to the transport. <see cref="EndFlush"/> must be told the result.</summary>
    /// <remarks>Not async, and awaited where it is called: the only state machine that waits is the loop's, which exists once a stream.</remarks>
    public ValueTask<FlushResult> FlushAsync(CancellationToken clientGone)
    {
        _isFlushing = true;

        // A client that leaves either finds a flush to cancel, or is found here.
        Interlocked.MemoryBarrier();
        if (clientGone.IsCancellationRequested)
        {
            return new ValueTask<FlushResult>(new FlushResult(isCanceled: true, isCompleted: false));
        }

        _frames.Publish();
        IsOpen = true;
        _flushedBytes = _frames.CommittedBytes;
        Flushes++;
        return transport.FlushAsync(CancellationToken.None);
    }

    /// <summary>Ends a flush that has not thrown.</summary>
    /// <returns><see langword="false"/> if nobody reads any more.</returns>
    public bool EndFlush(FlushResult result)
    {
        _isFlushing = false;
        return !result.IsCompleted && !result.IsCanceled;
    }

    /// <summary>Ends a flush that waits for a client. On any thread.</summary>
    public void CancelFlush()
    {
        if (_isFlushing)
        {
            transport.CancelPendingFlush();
        }
    }
}

#pragma warning disable VSTHRD002 // Results are read here only of awaiters that have completed.
#pragma warning disable CA2012 // A pending flush is kept until it has ended, and then read once.
using System.IO.Pipelines;
using System.Runtime.CompilerServices;

namespace Gai.Pipelines.Internal;

/// <summary>The output of one stream: has everything encoded, a whole frame at a time, and hands it to the transport.</summary>
/// <remarks>A part of the pump and no object of its own, since thousands of streams are idle. Only the pump calls it, but for <see cref="CancelFlush"/>.</remarks>
internal struct StreamOutput<T>(Dialect<T> dialect, PipeWriter transport, int maxFrameBytes, int unflushedLimit)
{
    private readonly FrameWriter _frames = new(transport, maxFrameBytes);
    private ValueTask<FlushResult> _flush;
    private long _flushedBytes;
    private long _flushAt; // The first frame is never held: it brings the head of the response with it.
    private volatile bool _hasUnreadFlush;

    /// <summary>Whether the head of the response has been sent, and the opening of the dialect with it.</summary>
    public bool IsOpen { get; private set; }

    public Dialect<T> Dialect => dialect;

    /// <summary>Whether the transport has got anything, which it will send before any other answer.</summary>
    public bool HasHandedOver => _frames.HasHandedOver;

    /// <summary>Whether a flush was begun and how it ended has not been read; it stays so if reading it throws.</summary>
    public bool HasUnreadFlush => _hasUnreadFlush;

    public long Events { get; private set; }

    public long Bytes => _frames.CommittedBytes;

    public long Flushes { get; private set; }

    public long UnflushedBytes => _frames.CommittedBytes - _flushedBytes;

    /// <summary>Whether what is encoded has to be flushed although more events may be ready.</summary>
    public bool MustFlush => _frames.CommittedBytes >= _flushAt;

    /// <summary>Has what is encoded flushed after this event, whatever its size.</summary>
    public void FlushNext() => _flushAt = 0;

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

    public void WriteGap(long dropped)
    {
        dialect.WriteGap(_frames, dropped);
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

    /// <summary>Hands what is encoded to the transport. Until <see cref="ReadFlushResult"/> nothing else may be written.</summary>
    /// <returns>Whether the transport took it at once.</returns>
    /// <remarks>Not async: the only state machine that waits is the loop's, which exists once a stream.</remarks>
    public bool BeginFlush(CancellationToken clientGone)
    {
        // An output that refuses a frame is not a client that has left.
        _frames.Publish();
        _hasUnreadFlush = true;
        _flush = StartFlushAsync(clientGone);
        return _flush.IsCompleted;
    }

    /// <summary>Whether the flush that was begun has an end.</summary>
    public bool FlushHasEnded => _flush.IsCompleted;

    /// <summary>Has a callback called when a flush that waits for the client ends.</summary>
    public void WhenFlushed(Action callback) => _flush.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(callback);

    private ValueTask<FlushResult> StartFlushAsync(CancellationToken clientGone)
    {
        // A client that leaves either finds a flush to cancel, or is found here.
        Interlocked.MemoryBarrier();
        if (clientGone.IsCancellationRequested)
        {
            return new ValueTask<FlushResult>(new FlushResult(isCanceled: true, isCompleted: false));
        }

        IsOpen = true;
        _flushedBytes = _frames.CommittedBytes;
        _flushAt = _flushedBytes + unflushedLimit;
        Flushes++;
        return transport.FlushAsync(CancellationToken.None);
    }

    /// <summary>Reads how a flush has ended.</summary>
    /// <returns><see langword="false"/> if nobody reads any more.</returns>
    /// <exception cref="Exception">The flush has failed: it is still under way to all others.</exception>
    public bool ReadFlushResult()
    {
        FlushResult result = _flush.GetAwaiter().GetResult();
        _hasUnreadFlush = false;
        return !result.IsCompleted && !result.IsCanceled;
    }

    /// <summary>Ends a flush that waits for a client. On any thread.</summary>
    public void CancelFlush()
    {
        if (_hasUnreadFlush)
        {
            transport.CancelPendingFlush();
        }
    }
}

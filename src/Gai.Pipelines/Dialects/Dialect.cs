namespace Gai.Pipelines;

/// <summary>Leads the conversation around the frames of one stream: what opens it, keeps it alive, reports an error and ends it.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>
/// <para>
/// An instance serves one stream and may count and remember. Only the pump calls it, one call at a time. Each method
/// writes zero or more whole frames and commits none: the pump commits after a call that returns and discards all of it
/// after one that throws, so an exception leaves nothing on the wire.
/// </para>
/// <para>To add a dialect, derive from this class, or from <see cref="StreamEventDialect"/> for AI streams.</para>
/// </remarks>
public abstract class Dialect<T>
{
    /// <summary>Gets how a response ends whose stream has failed after its head was sent.</summary>
    /// <value>The default is <see cref="FailureClose.Clean"/>, right for a dialect whose every client notices an error frame or a missing end marker.</value>
    public virtual FailureClose FailureClose => FailureClose.Clean;

    /// <summary>Gets what the dialect's JSON document looks like.</summary>
    /// <value>The default is <see cref="DocumentShape.ArrayOfRecords"/>.</value>
    public virtual DocumentShape DocumentShape => DocumentShape.ArrayOfRecords;

    /// <summary>Writes what comes before the first event; called once, when the head of the response is sent.</summary>
    /// <param name="output">The frame.</param>
    public virtual void WriteOpening(FrameWriter output)
    {
    }

    /// <summary>Writes an event. The hot path: it must not allocate.</summary>
    /// <param name="output">The frame.</param>
    /// <param name="item">The event. Its bytes need not stay valid after the call.</param>
    /// <exception cref="StreamErrorException">The event says that the stream has failed.</exception>
    public abstract void WriteEvent(FrameWriter output, in T item);

    /// <summary>Writes something that clients ignore, after a time of silence. Nothing by default.</summary>
    /// <param name="output">The frame.</param>
    public virtual void WriteKeepAlive(FrameWriter output)
    {
    }

    /// <summary>Tells that events were left out because the client was slow. Nothing by default.</summary>
    /// <param name="output">The frame.</param>
    /// <param name="dropped">How many.</param>
    public virtual void WriteGap(FrameWriter output, long dropped)
    {
    }

    /// <summary>Tells that events of a log can no longer be had. By default as if they had been left out because the client was slow.</summary>
    /// <param name="output">The frame.</param>
    /// <param name="dropped">How many; 0 if nobody knows, because what the client has read before is of another log.</param>
    /// <param name="firstId">The id of the first event that can be had, which follows.</param>
    public virtual void WriteGap(FrameWriter output, long dropped, EventId firstId) => WriteGap(output, dropped);

    /// <summary>Writes an error, the last frame of a stream that has failed.</summary>
    /// <param name="output">The frame.</param>
    /// <param name="error">The error.</param>
    public abstract void WriteError(FrameWriter output, in StreamError error);

    /// <summary>Writes the end marker, the last frame of a stream that has ended well.</summary>
    /// <param name="output">The frame.</param>
    public abstract void WriteEnd(FrameWriter output);

    /// <summary>Refuses an event that cannot be part of a log, because it brings an id of its own.</summary>
    internal virtual void CheckLoggable(in T item)
    {
    }
}

namespace Gai.Pipelines.Internal;

/// <summary>The dialect of a response that reads a log: events are there already; what belongs to the response alone is another dialect's.</summary>
internal sealed class CursorDialect<T>(LogCursor cursor, Dialect<T> inner, StreamFormat format) : Dialect<LogFrames>
{
    public override FailureClose FailureClose => inner.FailureClose;

    public override void WriteOpening(FrameWriter output) => inner.WriteOpening(output);

    public override void WriteEvent(FrameWriter output, in LogFrames item)
    {
        if (cursor.TakeGap() is { } gap)
        {
            WriteGap(output, gap);
        }
        else
        {
            cursor.CopyTo(output);
        }
    }

    public override void WriteKeepAlive(FrameWriter output) => inner.WriteKeepAlive(output);

    public override void WriteError(FrameWriter output, in StreamError error)
    {
        if (!cursor.HasToldEnd)
        {
            inner.WriteError(output, error);
        }
    }

    /// <summary>Writes nothing: the end marker is the log's last frame.</summary>
    public override void WriteEnd(FrameWriter output)
    {
    }

    private void WriteGap(FrameWriter output, LogGap gap)
    {
        int start = output.Frame.Length;
        LogId log = cursor.Log.Description.Id;
        EventId first = new LogPosition(log, gap.FirstSequence).ToEventId();
        inner.WriteGap(output, gap.Dropped, first);
        if (output.Frame.Length == start)
        {
            // A dialect that has no word for it: a gap is never silent all the same.
            if (format == StreamFormat.ServerSentEvents)
            {
                SseOpening.WriteGap(output, gap.Dropped, first.ToString());
            }
            else
            {
                GapRecord.Write(output, gap.Dropped, first);
                output.Write("\n"u8);
            }
        }

        FrameIds.StampGap(output, start, format, new LogPosition(log, gap.FirstSequence - 1));
    }
}

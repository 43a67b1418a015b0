namespace Gai.Pipelines.Internal;

/// <summary>The dialect of a response that reads a log: events are there already; what belongs to the response alone is another dialect's.</summary>
internal sealed class CursorDialect<T>(LogCursor cursor, Dialect<T> inner, StreamFormat format) : Dialect<LogFrames>
{
    public override FailureClose FailureClose => inner.FailureClose;

    /// <summary>Opens the response; over Server-Sent Events with the id to resume from, if the first event is still to come: an <c>EventSource</c> that is cut before it must not begin another stream.</summary>
    public override void WriteOpening(FrameWriter output)
    {
        inner.WriteOpening(output);
        if (format == StreamFormat.ServerSentEvents && !cursor.HasGap && cursor.Next > cursor.Log.LastSequence && !cursor.Log.Memory.HasEnded)
        {
            // Spec 9.2.6: a block without data sets the last event id, and no event is dispatched.
            SseEncoder.WriteFields(output, new SseFields(default, cursor.Position.ToEventId()));
            output.Write("\n"u8);
        }
    }

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
                SseOpening.WriteGapEvent(output, gap.Dropped, first);
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

using System.Runtime.CompilerServices;

namespace Gai.Pipelines.Internal;

/// <summary>The dialect of a producer whose frames go into a log: another dialect, whose frames get ids.</summary>
/// <remarks>What opens a response and keeps it alive is each reader's own; see <see cref="CursorDialect{T}"/>.</remarks>
internal sealed class LoggedDialect<T>(Dialect<T> inner, FrameIds ids, LogWriter log) : Dialect<T>
{
    public override void WriteOpening(FrameWriter output)
    {
        int start = output.Frame.Length;
        inner.WriteOpening(output);
        output.Rewind(start);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public override void WriteEvent(FrameWriter output, in T item)
    {
        inner.CheckLoggable(item);
        int start = ids.Begin(output);
        inner.WriteEvent(output, item);
        ids.End(output, start, log.Memory);
    }

    public override void WriteGap(FrameWriter output, long dropped)
    {
        int start = ids.Begin(output);
        inner.WriteGap(output, dropped);
        ids.End(output, start, log.Memory);
    }

    public override void WriteError(FrameWriter output, in StreamError error)
    {
        if (log.IsLost)
        {
            // Readers elsewhere come back to a log that goes no further: what tells them is not part of it.
            log.End(LogEnd.Lost, isInFrames: false);
            return;
        }

        int start = ids.Begin(output);
        inner.WriteError(output, error);
        ids.End(output, start, log.Memory);

        // Some dialects have no word for it: what tells their clients is how the response ends.
        bool isTold = output.Frame.Length > start;
        log.End(new LogEnd(log.IsCancelled ? LogOutcome.Cancelled : LogOutcome.Failed, error), isTold);
    }

    public override void WriteEnd(FrameWriter output)
    {
        int start = ids.Begin(output);
        inner.WriteEnd(output);
        ids.End(output, start, log.Memory);
        log.End(LogEnd.Completed, isInFrames: true);
    }
}

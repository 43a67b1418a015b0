namespace Gai.Pipelines;

/// <summary>The base of the dialects for AI streams: it keeps code points whole and turns error events into failures.</summary>
/// <remarks>
/// Models give text in pieces that may end inside a surrogate pair or inside a UTF-8 sequence. The cut code point waits
/// here for the next piece of the same kind; if something else comes, it is written as U+FFFD.
/// </remarks>
public abstract class StreamEventDialect : Dialect<StreamEvent>
{
    private Box? _held;

    /// <inheritdoc/>
    public sealed override void WriteEvent(FrameWriter output, in StreamEvent item)
    {
        if (_held is null && !(item.IsTextual && item.EndsInsideCodePoint) && item.Type is not (StreamEventType.Error or StreamEventType.Gap))
        {
            WriteFrame(output, item);
        }
        else
        {
            WriteSlow(output, item);
        }
    }

    /// <inheritdoc/>
    public sealed override void WriteGap(FrameWriter output, long dropped) => WriteEvent(output, StreamEvent.Gap(dropped));

    /// <inheritdoc/>
    public sealed override void WriteGap(FrameWriter output, long dropped, EventId firstId) =>
        WriteEvent(output, StreamEvent.Gap(dropped, firstId.ToString()));

    /// <inheritdoc/>
    public sealed override void WriteError(FrameWriter output, in StreamError error)
    {
        WriteHeld(output);
        WriteErrorFrame(output, error);
    }

    /// <inheritdoc/>
    public sealed override void WriteEnd(FrameWriter output)
    {
        WriteHeld(output);
        WriteEndFrame(output);
    }

    /// <summary>Writes an event that is no error and no gap, and whose text does not end inside a code point.</summary>
    /// <param name="output">The frame.</param>
    /// <param name="item">The event.</param>
    protected abstract void WriteFrame(FrameWriter output, in StreamEvent item);

    /// <summary>Tells that events are missing here. Nothing by default.</summary>
    /// <param name="output">The frame.</param>
    /// <param name="gap">The event, of type <see cref="StreamEventType.Gap"/>.</param>
    protected virtual void WriteGapFrame(FrameWriter output, in StreamEvent gap)
    {
    }

    /// <summary>Writes the error with which the stream ends.</summary>
    /// <param name="output">The frame.</param>
    /// <param name="error">The error.</param>
    protected abstract void WriteErrorFrame(FrameWriter output, in StreamError error);

    /// <summary>Writes the end marker.</summary>
    /// <param name="output">The frame.</param>
    protected abstract void WriteEndFrame(FrameWriter output);

    private void WriteSlow(FrameWriter output, in StreamEvent item)
    {
        if (item.Type == StreamEventType.Error)
        {
            throw new StreamErrorException(item.Error);
        }

        if (item.Type == StreamEventType.Gap)
        {
            // The other half of a cut code point is among what is missing.
            WriteHeld(output);
            WriteGapFrame(output, item);
            return;
        }

        StreamEvent joined = item;
        if (_held is { } held)
        {
            _held = null;
            if (CanJoin(held.Piece, item))
            {
                joined = item.WithText(Join(held.Piece.Text, item.Text));
            }
            else
            {
                WriteFrame(output, held.Piece);
            }
        }

        if (joined.IsTextual && joined.EndsInsideCodePoint)
        {
            joined = Hold(joined);
            if (joined.Text.IsEmpty && joined.Name is null && joined.Signature is null)
            {
                return;
            }
        }

        WriteFrame(output, joined);
    }

    private void WriteHeld(FrameWriter output)
    {
        if (_held is { } held)
        {
            _held = null;
            WriteFrame(output, held.Piece);
        }
    }

    private static bool CanJoin(in StreamEvent held, in StreamEvent next) =>
        held.Type == next.Type &&
        (held.Text.IsString == next.Text.IsString || next.Text.IsEmpty) &&
        (held.Type != StreamEventType.ToolCallDelta || held.Id == next.Id);

    private static EventText Join(in EventText held, in EventText next) =>
        held.IsString ? string.Concat(held.String, next.String) : (byte[])[.. held.Utf8.Span, .. next.Utf8.Span];

    /// <summary>Keeps the cut code point back and gives the event without it.</summary>
    private StreamEvent Hold(in StreamEvent item)
    {
        EventText text = item.Text;
        int cut = text.IsString ? 1 : Internal.Utf8Tail.IncompleteLength(text.Utf8.Span);
        EventText whole = text.IsString ? text.String[..^cut] : text.Utf8[..^cut];
        EventText rest = text.IsString ? text.String[^cut..] : (byte[])[.. text.Utf8.Span[^cut..]];

        // A name or a signature goes out now, were it with an empty text: the piece that completes this one brings its own.
        _held = new Box(Bare(item, rest));
        return item.WithText(whole);
    }

    private static StreamEvent Bare(in StreamEvent item, in EventText text) => item.Type switch
    {
        StreamEventType.TextDelta => StreamEvent.TextDelta(text),
        StreamEventType.ReasoningDelta => StreamEvent.ReasoningDelta(text),
        _ => StreamEvent.ToolCallDelta(item.Id!, null, text),
    };

    /// <summary>Almost no stream ever holds anything: 8 bytes here instead of an event.</summary>
    private sealed record Box(StreamEvent Piece);
}

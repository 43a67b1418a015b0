using System.Text.Unicode;

namespace Gai.Pipelines.Fuzz;

/// <summary>What a dialect for AI streams does with text that ends inside a code point: it holds the piece back until the next of its kind comes.</summary>
internal sealed class CutText
{
    private StreamEvent? _held;

    /// <summary>Gives the events of which frames must be made, for one event that goes in.</summary>
    public IEnumerable<StreamEvent> Next(StreamEvent item)
    {
        StreamEvent next = item;
        if (_held is { } held)
        {
            _held = null;
            if (held.Type == item.Type && (held.Type != StreamEventType.ToolCallDelta || held.Id == item.Id) && (item.Text.IsEmpty || held.Text.IsString == item.Text.IsString))
            {
                next = With(item, held.Text.IsString ? held.Text.String + item.Text.String : (byte[])[.. held.Text.Utf8.Span, .. item.Text.Utf8.Span]);
            }
            else
            {
                yield return held;
            }
        }

        if (!IsDelta(next.Type) || !IsCut(next.Text, out EventText whole, out EventText rest))
        {
            yield return next;
            yield break;
        }

        _held = With(Bare(next), rest);
        if (!whole.IsEmpty || next.Name is not null || next.Signature is not null)
        {
            yield return With(next, whole);
        }
    }

    /// <summary>Gives what is held back when the stream ends.</summary>
    public IEnumerable<StreamEvent> Last()
    {
        if (_held is { } held)
        {
            _held = null;
            yield return held;
        }
    }

    private static bool IsDelta(StreamEventType type) =>
        type is StreamEventType.TextDelta or StreamEventType.ReasoningDelta or StreamEventType.ToolCallDelta;

    private static bool IsCut(EventText text, out EventText whole, out EventText rest)
    {
        if (text.IsString)
        {
            int end = text.String.Length > 0 && char.IsHighSurrogate(text.String[^1]) ? text.String.Length - 1 : text.String.Length;
            whole = text.String[..end];
            rest = text.String[end..];
        }
        else
        {
            ReadOnlySpan<byte> tail = text.Utf8.Span[Math.Max(0, text.Utf8.Length - 4)..];
            Span<char> characters = stackalloc char[4];
            Utf8.ToUtf16(tail, characters, out int end, out _, replaceInvalidSequences: true, isFinalBlock: false);
            end += text.Utf8.Length - tail.Length;
            whole = text.Utf8[..end];
            rest = text.Utf8[end..];
        }

        return !rest.IsEmpty;
    }

    private static StreamEvent With(StreamEvent item, EventText text)
    {
        StreamEvent made = item.Type switch
        {
            StreamEventType.TextDelta => StreamEvent.TextDelta(text),
            StreamEventType.ReasoningDelta => StreamEvent.ReasoningDelta(text, item.Signature),
            _ => StreamEvent.ToolCallDelta(item.Id!, item.Name, text),
        };
        return item.Timestamp is { } time ? made.At(time) : made;
    }

    private static StreamEvent Bare(StreamEvent item) => item.Type switch
    {
        StreamEventType.TextDelta => StreamEvent.TextDelta(default),
        StreamEventType.ReasoningDelta => StreamEvent.ReasoningDelta(default),
        _ => StreamEvent.ToolCallDelta(item.Id!, null, default),
    };
}

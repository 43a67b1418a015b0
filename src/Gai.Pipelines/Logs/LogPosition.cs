using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>Says how far somebody has read a log: the id of an event, which a client sends back as <c>Last-Event-ID</c>.</summary>
/// <remarks>
/// As text it has a fixed width and grows with the sequence: of two ids of one log the ordinally greater is the later event. It begins with
/// the log's <see cref="LogId"/>, so that the id alone finds its log and nobody makes one of another log. Clients treat it as opaque.
/// It cannot hold a bad value: what does not have exactly this form is refused by <see cref="TryParse"/>.
/// </remarks>
public readonly record struct LogPosition
{
    /// <summary>How many characters an id has: 36.</summary>
    public const int TextLength = LogId.TextLength + SequenceLength;

    /// <summary>The greatest sequence number: 2^50 - 1.</summary>
    public const long MaxSequence = (1L << (5 * SequenceLength)) - 1;

    internal const int SequenceLength = 10;

    /// <summary>Says how far somebody has read.</summary>
    /// <param name="log">The log.</param>
    /// <param name="sequence">The number of the last event that was read, 0 to <see cref="MaxSequence"/>; events count from 1, and 0 means none.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is out of its range.</exception>
    public LogPosition(LogId log, long sequence)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sequence);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(sequence, MaxSequence);
        Log = log;
        Sequence = sequence;
    }

    /// <summary>Gets the log.</summary>
    public LogId Log { get; }

    /// <summary>Gets the number of the last event that was read.</summary>
    /// <value>0 for none.</value>
    public long Sequence { get; }

    /// <summary>Reads the id of an event.</summary>
    /// <param name="text">The id. Only what <see cref="ToString"/> writes is one.</param>
    /// <param name="position">The position behind that event.</param>
    /// <returns>Whether it is one. Whether there is such a log, and such an event, is another question.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out LogPosition position)
    {
        if (text.Length == TextLength &&
            LogId.TryParse(text[..LogId.TextLength], out LogId log) &&
            OrderedText.TryRead(text[LogId.TextLength..], SequenceLength, out UInt128 sequence))
        {
            position = new LogPosition(log, (long)sequence);
            return true;
        }

        position = default;
        return false;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(TextLength, this, static (text, position) =>
    {
        OrderedText.Write(text[..LogId.TextLength], position.Log.Bits);
        OrderedText.Write(text[LogId.TextLength..], (UInt128)position.Sequence);
    });

    /// <summary>Gives the id to write into a frame.</summary>
    /// <returns>The id.</returns>
    public EventId ToEventId() => new(ToString());
}

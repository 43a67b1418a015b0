using System.Text;

namespace Gai.Pipelines;

/// <summary>Holds one Server-Sent Event as it was read.</summary>
/// <remarks>Its bytes belong to the reader and are valid until the next event is asked for or the enumeration is left: copy what must live longer. The strings are new.</remarks>
public readonly struct SseFrame
{
    internal SseFrame(ReadOnlyMemory<byte> name, ReadOnlyMemory<byte> data, ReadOnlyMemory<byte> lastEventId, bool hasId, TimeSpan? retry)
    {
        NameUtf8 = name;
        DataUtf8 = data;
        LastEventIdUtf8 = lastEventId;
        HasId = hasId;
        Retry = retry;
    }

    /// <summary>Gets the bytes of the field <c>event</c>.</summary>
    /// <value>Empty if there was none, which means <c>message</c>.</value>
    public ReadOnlyMemory<byte> NameUtf8 { get; }

    /// <summary>Gets the bytes of the data, its lines joined with LF.</summary>
    public ReadOnlyMemory<byte> DataUtf8 { get; }

    /// <summary>Gets the bytes of the last id that the stream has named, by this event or by one before it.</summary>
    public ReadOnlyMemory<byte> LastEventIdUtf8 { get; }

    /// <summary>Tells whether this event has named its id itself.</summary>
    public bool HasId { get; }

    /// <summary>Gets the reconnection time that this event has named.</summary>
    /// <value><see langword="null"/> if it has named none.</value>
    public TimeSpan? Retry { get; }

    /// <summary>Gets the name of the event, <c>message</c> if it has none. Allocates.</summary>
    public string Name => NameUtf8.IsEmpty ? "message" : Encoding.UTF8.GetString(NameUtf8.Span);

    /// <summary>Gets the data as a string. Allocates.</summary>
    public string Data => Encoding.UTF8.GetString(DataUtf8.Span);

    /// <summary>Gets the last id as a string. Allocates.</summary>
    public string LastEventId => Encoding.UTF8.GetString(LastEventIdUtf8.Span);
}

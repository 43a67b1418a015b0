using System.Buffers;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text;

namespace Gai.Pipelines.Internal;

/// <summary>What a backlog has to know of the type of its events.</summary>
internal interface IBacklogItems<T>
{
    /// <summary>Estimates the bytes of the objects that an event keeps alive while it waits.</summary>
    long SizeOf(in T item);

    /// <summary>The bytes that an event adds to the one that it is joined to.</summary>
    long JoinedSizeOf(in T item);

    /// <summary>The bytes of the buffers in which events are joined.</summary>
    long BufferBytes { get; }

    /// <summary>Gives the event with bytes of its own.</summary>
    T Own(in T item);

    /// <summary>Joins an event to the newest one, which is owned and not sealed.</summary>
    bool TryMerge(ref T newest, in T item);

    /// <summary>Gives the event as it is to be encoded.</summary>
    T Seal(in T item);
}

/// <summary>Finds what a backlog has to know.</summary>
internal static class BacklogItems
{
    // An array or a string begins with its header, its type and its length, and ends on a multiple of 8.
    private const int ArrayBytes = 28;

    public static IBacklogItems<T> For<T>() =>
        typeof(T) == typeof(StreamEvent) ? (IBacklogItems<T>)(object)new StreamEventItems() : new AnyItems<T>();

    /// <summary>Events of any type: of what they point to nothing is known, but of texts and bytes.</summary>
    private sealed class AnyItems<T> : IBacklogItems<T>
    {
        // An object with a few fields. Who needs the budget to be exact streams texts, bytes or StreamEvents.
        private const int AssumedObjectBytes = 128;

        private static readonly int AnyBytes = RuntimeHelpers.IsReferenceOrContainsReferences<T>() ? AssumedObjectBytes : 0;

        public long BufferBytes => 0;

        public long SizeOf(in T item) => item switch
        {
            string text => ArrayBytes + (2L * text.Length),
            byte[] bytes => ArrayBytes + bytes.Length,
            ReadOnlyMemory<byte> bytes => ArrayBytes + bytes.Length,
            SseItem<string> text => AssumedObjectBytes + (2L * (text.Data?.Length ?? 0)),
            SseItem<byte[]> bytes => AssumedObjectBytes + (bytes.Data?.Length ?? 0),
            _ => AnyBytes,
        };

        public long JoinedSizeOf(in T item) => 0;

        public T Own(in T item) => item switch
        {
            byte[] bytes => (T)bytes.Clone(),
            ReadOnlyMemory<byte> bytes => (T)(object)new ReadOnlyMemory<byte>(bytes.ToArray()),
            SseItem<byte[]> { Data: { } bytes } one => (T)(object)new SseItem<byte[]>((byte[])bytes.Clone(), one.EventType) { EventId = one.EventId, ReconnectionInterval = one.ReconnectionInterval },
            _ => item,
        };

        public bool TryMerge(ref T newest, in T item) => false;

        public T Seal(in T item) => item;
    }

    /// <summary>AI events: deltas of the same kind are joined in a buffer that grows, so that many of them take linear time.</summary>
    private sealed class StreamEventItems : IBacklogItems<StreamEvent>
    {
        // Its place in an array, and what comes before the letters of its two strings.
        private const int CitationBytes = 72;

        private readonly StringBuilder _characters = new();
        private readonly ArrayBufferWriter<byte> _utf8 = new();

        public long BufferBytes => (2L * _characters.Capacity) + _utf8.Capacity;

        public long SizeOf(in StreamEvent item)
        {
            long size = ArrayBytes + JoinedSizeOf(item) + (2L * (item.Signature?.Length ?? 0));
            foreach (Citation citation in item.Citations)
            {
                size += CitationBytes + (2L * (citation.Uri.Length + (citation.Title?.Length ?? 0)));
            }

            return size;
        }

        public long JoinedSizeOf(in StreamEvent item) => item.Payload.String is { } characters ? 2L * characters.Length : item.Payload.Utf8.Length;

        public StreamEvent Own(in StreamEvent item)
        {
            EventText text = item.Payload;
            return text.IsString || text.IsEmpty ? item : item.WithText(text.Utf8.ToArray());
        }

        public bool TryMerge(ref StreamEvent newest, in StreamEvent item)
        {
            if (!CanMerge(newest, item))
            {
                return false;
            }

            if (item.Text.IsString)
            {
                if (_characters.Length == 0)
                {
                    _characters.Append(newest.Text.String);
                }

                _characters.Append(item.Text.String);
            }
            else
            {
                if (_utf8.WrittenCount == 0)
                {
                    _utf8.Write(newest.Text.Utf8.Span);
                }

                _utf8.Write(item.Text.Utf8.Span);
            }

            return true;
        }

        public StreamEvent Seal(in StreamEvent item)
        {
            if (_characters.Length > 0)
            {
                string text = _characters.ToString();
                _characters.Clear();
                return item.WithText(text);
            }

            if (_utf8.WrittenCount > 0)
            {
                byte[] text = _utf8.WrittenSpan.ToArray();
                _utf8.ResetWrittenCount();
                return item.WithText(text);
            }

            return item;
        }

        /// <summary>A delta that brings a name or a signature begins something, and times are not thrown away.</summary>
        private static bool CanMerge(in StreamEvent newest, in StreamEvent next) =>
            next.IsTextual &&
            newest.Type == next.Type &&
            newest.Text.IsString == next.Text.IsString &&
            newest.Signature is null && next.Signature is null && next.Name is null && newest.Id == next.Id &&
            next.Timestamp is null;
    }
}

using System.Buffers.Text;
using System.Text;

namespace Gai.Pipelines.Internal;

/// <summary>Says whose memory a line is in.</summary>
internal enum LineMemory
{
    /// <summary>The input's own, which lasts until more is read.</summary>
    Input,

    /// <summary>A buffer that is about to be used for the next line.</summary>
    Transient,
}

/// <summary>Interprets the lines of a block (WHATWG HTML 9.2.6) and keeps what outlives it: the last id and the reconnection time.</summary>
internal sealed class SseBlock
{
    private const byte Colon = (byte)':';
    private const byte Space = (byte)' ';
    private const byte Nul = 0;

    private BlockValue _name;
    private BlockValue _data;
    private BlockValue _id;
    private CarryBuffer _lastEventId;
    private TimeSpan? _retry;

    /// <summary>The lines that have been added.</summary>
    public int Lines { get; private set; }

    /// <summary>The bytes of the lines that have been added.</summary>
    public long Bytes { get; private set; }

    /// <summary>The number of the event that the block may become, from 1.</summary>
    public long Number { get; private set; } = 1;

    /// <summary>Where in the stream the block begins.</summary>
    public long Offset { get; private set; }

    public ReadOnlyMemory<byte> LastEventId => _lastEventId.Written;

    public TimeSpan? ReconnectionTime { get; private set; }

    public void SetLastEventId(string lastEventId)
    {
        Span<byte> utf8 = new byte[Encoding.UTF8.GetMaxByteCount(lastEventId.Length)];
        _lastEventId.Append(utf8[..Encoding.UTF8.GetBytes(lastEventId, utf8)]);
    }

    /// <summary>Begins a block.</summary>
    public void Begin(long offset)
    {
        Offset = offset;
        Lines = 0;
        Bytes = 0;
        _name.Clear();
        _data.Clear();
        _id.Clear();
        _retry = null;
    }

    /// <summary>Adds a line that is neither empty nor a comment.</summary>
    /// <param name="line">The line.</param>
    /// <param name="memory">The same.</param>
    /// <param name="kind">Whose memory it is.</param>
    public void Add(ReadOnlySpan<byte> line, ReadOnlyMemory<byte> memory, LineMemory kind)
    {
        Lines++;
        Bytes += line.Length;
        if (line.StartsWith("data:"u8))
        {
            _data.AddLine(memory[ValueStart(line, "data".Length)..], kind);
        }
        else
        {
            AddOther(line, memory, kind);
        }
    }

    private void AddOther(ReadOnlySpan<byte> line, ReadOnlyMemory<byte> memory, LineMemory kind)
    {
        int colon = line.IndexOf(Colon);
        ReadOnlySpan<byte> field = colon < 0 ? line : line[..colon];
        ReadOnlyMemory<byte> value = colon < 0 ? default : memory[ValueStart(line, colon)..];
        if (field.SequenceEqual("event"u8))
        {
            _name.Set(value, kind);
        }
        else if (field.SequenceEqual("id"u8))
        {
            if (!value.Span.Contains(Nul))
            {
                _id.Set(value, kind);
            }
        }
        else if (field.SequenceEqual("data"u8))
        {
            _data.AddLine(value, kind);
        }
        else if (field.SequenceEqual("retry"u8))
        {
            SetRetry(value.Span);
        }
    }

    /// <summary>Gives the index behind the colon and the one space that may follow it.</summary>
    private static int ValueStart(ReadOnlySpan<byte> line, int colon) =>
        colon + 1 < line.Length && line[colon + 1] == Space ? colon + 2 : colon + 1;

    /// <summary>Ends the block. The id and the reconnection time count even if there is no event.</summary>
    /// <returns>Whether it is an event, that is, has data.</returns>
    public bool TryDispatch()
    {
        if (_id.HasValue)
        {
            _lastEventId.Clear();
            _lastEventId.Append(_id.Value.Span);
        }

        if (!_data.HasValue)
        {
            return false;
        }

        Number++;
        return true;
    }

    public SseFrame ToFrame() => new(_name.Value, _data.Value, LastEventId, _id.HasValue, _retry);

    /// <summary>Copies what is still a slice of the input, which is about to go.</summary>
    public void Preserve()
    {
        _name.Preserve();
        _data.Preserve();
        _id.Preserve();
    }

    public void Release()
    {
        _name.Release();
        _data.Release();
        _id.Release();

        // The last id is asked for after the end of the stream: it leaves the pool for good.
        byte[] lastEventId = _lastEventId.Span.ToArray();
        _lastEventId.Release();
        _lastEventId.Append(lastEventId);
    }

    /// <summary>Takes a reconnection time if it is made of ASCII digits alone. A time that nobody can wait for is cut to the longest.</summary>
    private void SetRetry(ReadOnlySpan<byte> digits)
    {
        if (digits.IsEmpty || digits.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            return;
        }

        long milliseconds = Utf8Parser.TryParse(digits, out long parsed, out _) ? parsed : long.MaxValue;
        _retry = Limit.Milliseconds(milliseconds);
        ReconnectionTime = _retry;
    }

    /// <summary>The value of a field: a slice of the input as long as that lasts, then a copy.</summary>
    private struct BlockValue
    {
        private ReadOnlyMemory<byte> _slice;
        private CarryBuffer _copy;
        private bool _isCopy;

        public bool HasValue { get; private set; }

        public readonly ReadOnlyMemory<byte> Value => !HasValue ? default : _isCopy ? _copy.Written : _slice;

        public void Set(ReadOnlyMemory<byte> value, LineMemory kind)
        {
            HasValue = true;
            _isCopy = false;
            _slice = value;
            if (kind == LineMemory.Transient)
            {
                Preserve();
            }
        }

        public void AddLine(ReadOnlyMemory<byte> line, LineMemory kind)
        {
            if (!HasValue)
            {
                Set(line, kind);
                return;
            }

            Preserve();
            _copy.Append((byte)'\n');
            _copy.Append(line.Span);
        }

        public void Preserve()
        {
            if (HasValue && !_isCopy)
            {
                _copy.Clear();
                _copy.Append(_slice.Span);
                _isCopy = true;
                _slice = default;
            }
        }

        /// <summary>Forgets the value; the slice of it, which nobody sees any more, is not worth the time.</summary>
        public void Clear()
        {
            HasValue = false;
            _isCopy = false;
        }

        public void Release()
        {
            Clear();
            _slice = default;
            _copy.Release();
        }
    }
}

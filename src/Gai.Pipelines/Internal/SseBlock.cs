using System.Buffers.Text;
using System.Text;

namespace Gai.Pipelines.Internal;

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
    /// <param name="isTransient">Whether its memory is about to be used for something else.</param>
    public void Add(ReadOnlyMemory<byte> line, bool isTransient)
    {
        Lines++;
        Bytes += line.Length;
        ReadOnlySpan<byte> span = line.Span;
        int colon = span.IndexOf(Colon);
        ReadOnlySpan<byte> field = colon < 0 ? span : span[..colon];
        int valueStart = colon < 0 ? span.Length : colon + 1;
        if (valueStart < span.Length && span[valueStart] == Space)
        {
            valueStart++;
        }

        ReadOnlyMemory<byte> value = line[valueStart..];
        if (field.SequenceEqual("data"u8))
        {
            _data.AddLine(value, isTransient);
        }
        else if (field.SequenceEqual("event"u8))
        {
            _name.Set(value, isTransient);
        }
        else if (field.SequenceEqual("id"u8))
        {
            if (!value.Span.Contains(Nul))
            {
                _id.Set(value, isTransient);
            }
        }
        else if (field.SequenceEqual("retry"u8))
        {
            SetRetry(value.Span);
        }
    }

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

        public readonly ReadOnlyMemory<byte> Value => _isCopy ? _copy.Written : _slice;

        public void Set(ReadOnlyMemory<byte> value, bool isTransient)
        {
            HasValue = true;
            _isCopy = false;
            _slice = value;
            if (isTransient)
            {
                Preserve();
            }
        }

        public void AddLine(ReadOnlyMemory<byte> line, bool isTransient)
        {
            if (!HasValue)
            {
                Set(line, isTransient);
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

        public void Clear()
        {
            HasValue = false;
            _isCopy = false;
            _slice = default;
        }

        public void Release()
        {
            Clear();
            _copy.Release();
        }
    }
}

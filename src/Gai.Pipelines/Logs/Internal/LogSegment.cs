using System.Buffers;

namespace Gai.Pipelines.Internal;

/// <summary>A piece of a log's memory: whole frames, one after the other. Pooled together with the numbers that say where they end.</summary>
/// <remarks>The writer fills it behind what is published; everything else happens under the log's lock.</remarks>
internal sealed class LogSegment
{
    /// <summary>The first segment of a log: most logs are short, and many of them are kept.</summary>
    public const int SmallBytes = 4 * 1024;

    public const int Bytes = 16 * 1024;

    // A frame with an id has 50 bytes or so.
    private const int BytesPerFrame = 32;

    private LogSegment(byte[] memory, int capacity)
    {
        Memory = memory;
        Capacity = capacity;
        Ends = new int[Math.Min(capacity, Bytes) / BytesPerFrame];
        Times = new int[Ends.Length];
    }

    public byte[] Memory { get; }

    public int Capacity { get; }

    /// <summary>Where each frame ends.</summary>
    public int[] Ends { get; private set; }

    /// <summary>When each frame was published, in the log's ticks.</summary>
    public int[] Times { get; private set; }

    /// <summary>The number of its first frame.</summary>
    public long First { get; private set; }

    /// <summary>Where it begins in the bytes of the whole log.</summary>
    public long Offset { get; private set; }

    /// <summary>How many bytes are written.</summary>
    public int Written { get; set; }

    /// <summary>How many frames are noted, published or not.</summary>
    public int Count { get; private set; }

    /// <summary>How many cursors copy from it just now.</summary>
    public int Pins { get; set; }

    /// <summary>Whether the log has given it up; it goes back to the pool when no cursor copies from it.</summary>
    public bool IsEvicted { get; set; }

    public long Last => First + Count - 1;

    public int StartOf(int index) => index == 0 ? 0 : Ends[index - 1];

    public int LengthOf(int index) => Ends[index] - StartOf(index);

    public void AddFrame(int end)
    {
        if (Count == Ends.Length)
        {
            // A cursor may still look at the old arrays: what it looks for is in them.
            int[] ends = new int[2 * Count];
            int[] times = new int[2 * Count];
            Ends.CopyTo(ends, 0);
            Times.CopyTo(times, 0);
            Ends = ends;
            Times = times;
        }

        Ends[Count++] = end;
    }

    public static LogSegment Rent(int capacity, long first, long offset)
    {
        LogSegment segment = capacity switch
        {
            <= SmallBytes => Pool.Small.TryTake() ?? New(SmallBytes),
            <= Bytes => Pool.Regular.TryTake() ?? New(Bytes),
            _ => Large(capacity),
        };
        segment.First = first;
        segment.Offset = offset;
        return segment;
    }

    public void Return()
    {
        Written = Count = Pins = 0;
        IsEvicted = false;
        switch (Capacity)
        {
            case SmallBytes:
                Pool.Small.Add(this);
                break;
            case Bytes:
                Pool.Regular.Add(this);
                break;
            default:
                ArrayPool<byte>.Shared.Return(Memory);
                break;
        }
    }

    private static LogSegment New(int bytes) => new(GC.AllocateUninitializedArray<byte>(bytes), bytes);

    private static LogSegment Large(int capacity)
    {
        byte[] memory = ArrayPool<byte>.Shared.Rent(capacity);
        return new LogSegment(memory, memory.Length);
    }

    /// <summary>Segments of one size that nobody uses, up to 8 MiB of them: what logs of one server give back and take again.</summary>
    private sealed class Pool(int bytes)
    {
        private readonly Lock _lock = new();
        private readonly LogSegment?[] _free = new LogSegment?[(8 * 1024 * 1024) / bytes];
        private int _count;

        public static Pool Small { get; } = new(SmallBytes);

        public static Pool Regular { get; } = new(Bytes);

        public LogSegment? TryTake()
        {
            lock (_lock)
            {
                if (_count == 0)
                {
                    return null;
                }

                LogSegment? segment = _free[--_count];
                _free[_count] = null;
                return segment;
            }
        }

        public void Add(LogSegment segment)
        {
            lock (_lock)
            {
                if (_count < _free.Length)
                {
                    _free[_count++] = segment;
                }
            }
        }
    }
}

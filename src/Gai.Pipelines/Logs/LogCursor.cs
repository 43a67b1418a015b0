using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>Reads a log from a position on, for one response: first what is there, then what comes, without a seam, to the log's end.</summary>
/// <remarks>
/// It is the source of an <see cref="EventPump{T}"/>, with a dialect that <see cref="DialectsOver{T}"/> makes; the pump closes it. One that gets no
/// pump must be disposed of, since a log counts its readers. Let <see cref="PumpSettings.SlowClientPolicy"/> be
/// <see cref="SlowClientPolicy.Wait"/>: the log itself is what waits for a slow client. Frames are copied from the log's memory into the
/// response's; nothing is encoded, and nothing is allocated. Its properties may be read on any thread.
/// </remarks>
public sealed partial class LogCursor : StreamSource<LogFrames>, IDisposable
{
    // The id of another log: how much is missing nobody knows, but the client is told.
    private const long Foreign = -1;

    private readonly LogGap _openingGap;
    private LogCatchUp? _catchUp;
    private State _state;
    private volatile bool _hasAnswer;
    private long _next;
    private long _gap;
    private long _events;
    private long _dropped;

    /// <summary>Opens a cursor.</summary>
    /// <param name="log">The log.</param>
    /// <param name="next">The number of the first event that is wanted.</param>
    /// <param name="openingGap">What is known to be missing before it; <c>default</c> for nothing.</param>
    internal LogCursor(StreamLog log, long next, LogGap openingGap)
    {
        Log = log;
        _next = next;
        _openingGap = openingGap;
        GoesOn = next > 1 && openingGap.FirstSequence == 0;
        if (openingGap is { Dropped: 0, FirstSequence: > 0 })
        {
            _gap = Foreign;
        }

        Memory.AddReader(this);
    }

    private enum State
    {
        /// <summary>It looks for frames when the pump asks.</summary>
        Reading,

        /// <summary>It waits, for the log or for its store.</summary>
        Waiting,

        /// <summary>All frames of an ended log are handed over.</summary>
        Ended,

        /// <summary>It has left the log.</summary>
        Closed,
    }

    /// <summary>Gets the log.</summary>
    public StreamLog Log { get; }

    /// <summary>Gets what was known to be missing when the cursor was opened; its client will be told exactly.</summary>
    /// <value><see langword="null"/> for nothing.</value>
    public LogGap? Gap => _openingGap.FirstSequence == 0 ? null : _openingGap;

    /// <summary>Gets how far the cursor has read: the id of the last event that it has handed over or had to leave out.</summary>
    public LogPosition Position => new(Log.Description.Id, Next - 1);

    /// <summary>Gets how many events the cursor has handed over.</summary>
    public long Events => Volatile.Read(ref _events);

    /// <summary>Gets how many events the cursor had to leave out, since nobody has them any more.</summary>
    public long Dropped => Volatile.Read(ref _dropped);

    /// <summary>The number of the next frame.</summary>
    internal long Next => Volatile.Read(ref _next);

    internal override bool GoesOn { get; }

    internal override long Lost => Dropped;

    /// <summary>Whether there is a gap that its client has not been told of.</summary>
    internal bool HasGap => _gap != 0;

    /// <summary>Whether what it has read last is not in memory.</summary>
    internal bool ReadsStore => _catchUp is not null;

    /// <summary>Whether the log's own last frame has told the client why the log has not completed.</summary>
    internal bool HasToldEnd => _state == State.Ended && Memory.EndIsInFrames;

    // These belong to the log and are used under its lock.
    internal LogCursor? PreviousReader { get; set; }

    internal LogCursor? NextReader { get; set; }

    internal LogCursor? PreviousWaiting { get; set; }

    internal LogCursor? NextWaiting { get; set; }

    internal long Ticket { get; set; }

    /// <summary>Where the frames are that may be copied now, and the number of the last of them.</summary>
    internal LogSegment? Segment { get; set; }

    internal long UpTo { get; set; }

    private LogMemory Memory => Log.Memory;

    private bool HasFrames => Segment is not null ? _next <= UpTo : _catchUp is { } before && before.Has(_next);

    /// <summary>Makes the dialects of responses that read this log, from those that its events are written with.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="dialects">The dialects of the endpoint. Opening, keep-alive, gap and errors of the response are theirs; all else is in the log.</param>
    /// <returns>Dialects in the format of the log, and no other.</returns>
    public DialectFactory<LogFrames> DialectsOver<T>(DialectFactory<T> dialects)
    {
        ArgumentNullException.ThrowIfNull(dialects);
        return new DialectFactory<LogFrames>(context => new CursorDialect<T>(this, dialects.Create(context), context.Format), Log.Description.Format);
    }

    /// <summary>Leaves the log. A pump does so by itself at its end.</summary>
    public void Dispose()
    {
        if (_state != State.Closed)
        {
            _state = State.Closed;
            Memory.RemoveReader(this);
            LeaveStore();
            Log.OnReaderLeft();
        }
    }

    internal override long EventsOf(long accepted) => Events;

    internal override SourceState HandOver(EventPump<LogFrames> pump)
    {
        try
        {
            while (true)
            {
                if (_state == State.Waiting)
                {
                    if (!_hasAnswer)
                    {
                        return SourceState.Pending;
                    }

                    _state = State.Reading;
                    TakeCatchUp();
                }

                while (_gap != 0 || HasFrames)
                {
                    long before = _next + _gap;
                    if (!pump.Accept(default))
                    {
                        return SourceState.MayHaveMore;
                    }

                    if (_next + _gap == before)
                    {
                        // Not copied: it waits behind a client that does not read, and the rest waits here.
                        return SourceState.Pending;
                    }
                }

                LogFind found = Memory.Look(this);
                if (found != LogFind.Evicted)
                {
                    LeaveStore();
                }

                switch (found)
                {
                    case LogFind.Nothing:
                        _state = State.Waiting;
                        break;
                    case LogFind.Evicted:
                        CatchUp();
                        break;
                    case LogFind.End:
                        _state = State.Ended;
                        Log.ThrowIfNotCompleted();
                        return SourceState.Ended;
                }
            }
        }
        finally
        {
            Memory.LetGo(this);
        }
    }

    internal override Task CloseAsync(StreamOutcome outcome)
    {
        // Nobody asks any more: an answer that still comes wakes nobody.
        Dispose();
        return Task.CompletedTask;
    }
}

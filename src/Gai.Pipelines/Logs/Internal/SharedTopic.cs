using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Gai.Pipelines.Internal;

/// <summary>A topic of several nodes: events go to the store, which numbers them, and come back to the readers of every node from there.</summary>
/// <remarks>They wait in batches that are closed when they are large enough, and go there one after the other: what has waited for long is not one row.</remarks>
internal sealed class SharedTopic<T> : TopicOutput<T>
{
    private readonly Lock _lock = new();
    private readonly StreamLogs _logs;
    private readonly ILogStore _store;
    private readonly LogId _id;
    private readonly Dialect<T> _dialect;
    private readonly LogOptions _options;
    private readonly LogPace _pace;
    private readonly Queue<Publication> _waiting = new();

    // What an event is encoded into.
    private ArrayBufferWriter<byte> _bytes = new();
    private FrameWriter _frames;

    // The last of those that wait, while there is room in it.
    private Publication? _open;
    private int _waitingFrames;
    private long _waitingBytes;

    // Those that are in flight included.
    private long _unsettled;
    private Task _inFlight = Task.CompletedTask;
    private bool _isSending;
    private bool _hasEnded;

    // What tells of the end, encoded once, however often it has to be tried.
    private LogBatch? _marker;

    public SharedTopic(StreamLogs logs, ILogStore store, LogDescription log, Dialect<T> dialect, LogOptions options, int maxFrameBytes)
        : base(log.Format)
    {
        _logs = logs;
        _store = store;
        _id = log.Id;
        _dialect = dialect;
        _options = options;
        _frames = new FrameWriter(_bytes, maxFrameBytes);
        _pace = new LogPace(logs.Options.Scheduler);
    }

    public override long Waiting => Volatile.Read(ref _unsettled);

    public override void ThrowIfFull()
    {
        lock (_lock)
        {
            if (_hasEnded)
            {
                throw HasEnded();
            }

            if (_waitingFrames >= _logs.Options.MaxStoreLag)
            {
                throw new InvalidOperationException($"{_waitingFrames} events wait for the store, as many as MaxStoreLag allows. Await each publication, or publish less.");
            }

            if (_waitingBytes >= _logs.Options.MaxTotalBytes)
            {
                throw new InvalidOperationException($"{_waitingBytes} bytes of events wait for the store, as many as MaxTotalBytes allows. Await each publication, or publish less.");
            }
        }
    }

    public override ValueTask PublishAsync(in T item, CancellationToken cancellationToken)
    {
        Task published;
        lock (_lock)
        {
            ThrowIfFull();
            _dialect.CheckLoggable(item);
            published = EnqueueAsync(item);
        }

        return new ValueTask(published.WaitAsync(cancellationToken));
    }

    public override async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        Task published;
        lock (_lock)
        {
            if (_marker is null)
            {
                var marker = new LogBatch();
                Encode(default!, static (SharedTopic<T> topic, in T _) => topic._dialect.WriteEnd(topic._frames), marker);
                _marker = marker;
            }

            _hasEnded = true;
            published = Task.WhenAll([_inFlight, .. _waiting.Select(static publication => publication.Done.Task)]);
        }

        // What its publishers are told of is not its end's concern.
        await published.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            await _store.CompleteTopicAsync(_id, _marker, cancellationToken);
        }
        catch (LogFencedException)
        {
            // Somebody else has ended it, and it has expired.
        }

        _logs.FreeTopic(_id);
    }

    public override async ValueTask<StreamLog?> OpenAsync(CancellationToken cancellationToken)
    {
        StreamLog? log = await _logs.FindAsync(_id, _options, cancellationToken);
        if (log is null)
        {
            _logs.FreeTopic(_id);
        }

        return log;
    }

    public override bool Fills(LogId log) => _id == log;

    private delegate void Encoding(SharedTopic<T> topic, in T item);

    /// <summary>Encodes an event and lets it wait for the store with others. Under the lock.</summary>
    private Task EnqueueAsync(in T item)
    {
        Publication publication = _open ?? new Publication();
        (int frames, int bytes) = (publication.Frames.Count, publication.Frames.Bytes.Length);
        Encode(item, static (SharedTopic<T> topic, in T item) => topic._dialect.WriteEvent(topic._frames, item), publication.Frames);
        if (publication.Frames.Count == frames)
        {
            return Task.CompletedTask;
        }

        Interlocked.Add(ref _unsettled, publication.Frames.Count - frames);
        _waitingFrames += publication.Frames.Count - frames;
        _waitingBytes += publication.Frames.Bytes.Length - bytes;
        if (frames == 0)
        {
            _waiting.Enqueue(publication);
        }

        _open = publication.Frames.Bytes.Length < _logs.Options.StoreBatchBytes ? publication : null;
        if (!_isSending)
        {
            _isSending = true;
            using (ExecutionContext.IsFlowSuppressed() ? default : ExecutionContext.SuppressFlow())
            {
                _ = Task.Run(SendAsync, CancellationToken.None);
            }
        }

        return publication.Done.Task;
    }

    /// <summary>Encodes what a dialect writes, and adds its frames. Under the lock.</summary>
    private void Encode(in T item, Encoding encode, LogBatch into)
    {
        _bytes.ResetWrittenCount();
        try
        {
            encode(this, item);
            _frames.Commit();
        }
        catch (Exception)
        {
            _frames.Discard();
            throw;
        }

        _frames.Publish();
        FrameIds.Cut(_bytes.WrittenSpan, Format, into);
        if (_bytes.Capacity > LogBatch.MostKept)
        {
            // A topic lasts as long as the process, which must not keep what the largest event of each took.
            _bytes = new ArrayBufferWriter<byte>();
            _frames = new FrameWriter(_bytes, _frames.MaxFrameBytes);
        }
    }

    private async Task SendAsync()
    {
        while (true)
        {
            Publication? next;
            lock (_lock)
            {
                if (!_waiting.TryDequeue(out next))
                {
                    _isSending = false;
                    return;
                }

                _waitingFrames -= next.Frames.Count;
                _waitingBytes -= next.Frames.Bytes.Length;
                _inFlight = next.Done.Task;
                if (next == _open)
                {
                    _open = null;
                }
            }

            await SendAsync(next);
            next.Frames.Dispose();
        }
    }

    private async ValueTask SendAsync(Publication publication)
    {
        while (true)
        {
            try
            {
                await _store.PublishAsync(_id, publication.Name, publication.Frames, CancellationToken.None);
                Settle(publication, failure: null);
                return;
            }
            catch (LogFencedException)
            {
                lock (_lock)
                {
                    _hasEnded = true;
                }

                _logs.FreeTopic(_id);
                Settle(publication, HasEnded());
                return;
            }
            catch (Exception failure)
            {
                Report(failure);
                if (_logs.IsStopping)
                {
                    Settle(publication, failure);
                    return;
                }

                await _pace.WaitAsync(_logs.Options.PollInterval);
            }
        }
    }

    private void Settle(Publication publication, Exception? failure)
    {
        Interlocked.Add(ref _unsettled, -publication.Frames.Count);
        if (failure is null)
        {
            publication.Done.SetResult();
        }
        else
        {
            publication.Done.SetException(failure);
        }
    }

    private void Report(Exception failure)
    {
        try
        {
            _logs.Options.OnTopicStoreFailure?.Invoke(_id, failure);
        }
        catch (Exception)
        {
            // The application's.
        }
    }

    /// <summary>Frames that go to the store in one call, as often as it takes.</summary>
    [SuppressMessage("Design", "CA1001", Justification = "Its frames are given back when they are sent; of a topic that is never sent the collector gets them.")]
    private sealed class Publication
    {
        // The same name each time, or a batch whose answer was lost would come twice.
        public Guid Name { get; } = Guid.NewGuid();

        public LogBatch Frames { get; } = new();

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

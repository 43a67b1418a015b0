namespace Gai.Pipelines.Internal;

/// <summary>A topic of this process alone: events are encoded straight into the log.</summary>
internal sealed class LocalTopic<T> : TopicOutput<T>
{
    private readonly Lock _lock = new();
    private readonly StreamLog _log;
    private readonly LogWriter _writer;
    private readonly LoggedDialect<T> _dialect;
    private readonly FrameWriter _frames;

    public LocalTopic(StreamLog log, Dialect<T> dialect, int maxFrameBytes)
        : base(log.Description.Format)
    {
        _log = log;
        _writer = new LogWriter(log.Memory);
        _dialect = new LoggedDialect<T>(dialect, new FrameIds(log.Description.Id, log.Description.Format), _writer);
        _frames = new FrameWriter(_writer, maxFrameBytes);
        log.Closing = Close;
    }

    public override long Waiting => 0;

    public override void ThrowIfFull()
    {
        if (_log.Memory.HasEnded)
        {
            throw HasEnded();
        }
    }

    public override ValueTask PublishAsync(in T item, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            ThrowIfFull();
            Write(item, static (LocalTopic<T> topic, in T item) => topic._dialect.WriteEvent(topic._frames, item));
        }

        return ValueTask.CompletedTask;
    }

    public override ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (!_log.Memory.HasEnded)
            {
                Write(default!, static (LocalTopic<T> topic, in T _) => topic._dialect.WriteEnd(topic._frames));
            }
        }

        return ValueTask.CompletedTask;
    }

    public override ValueTask<StreamLog?> OpenAsync(CancellationToken cancellationToken) => new(_log);

    public override bool Fills(LogId log) => _log.Description.Id == log;

    private delegate void Encoding(LocalTopic<T> topic, in T item);

    /// <summary>Writes what a dialect encodes, all of it or nothing. Under the lock.</summary>
    private void Write(in T item, Encoding encode)
    {
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
        _writer.Flush();
    }

    /// <summary>Ends the topic with its process: its readers are told, and whoever still publishes is refused before the memory is somebody else's.</summary>
    private void Close()
    {
        lock (_lock)
        {
            _log.Memory.Publish(LogEnd.Lost);
        }
    }
}

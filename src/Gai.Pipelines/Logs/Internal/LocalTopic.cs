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
    }

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
            try
            {
                _dialect.WriteEvent(_frames, item);
                _frames.Commit();
            }
            catch (Exception)
            {
                _frames.Discard();
                throw;
            }

            Flush();
        }

        return ValueTask.CompletedTask;
    }

    public override ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (!_log.Memory.HasEnded)
            {
                _dialect.WriteEnd(_frames);
                _frames.Commit();
                Flush();
            }
        }

        return ValueTask.CompletedTask;
    }

    public override ValueTask<StreamLog?> OpenAsync(CancellationToken cancellationToken) => new(_log);

    public override bool Fills(LogId log) => _log.Description.Id == log;

    private void Flush()
    {
        _frames.Publish();
        _writer.Flush();
    }
}

namespace Gai.Pipelines.Internal;

/// <summary>The producer of a log at this node, from its start to what its end says of the log.</summary>
internal abstract class LogProduction(StreamLog log)
{
    private readonly Lock _lock = new();

    /// <summary>Done when the producer has ended and its source is closed.</summary>
    public abstract Task Done { get; }

    protected StreamLog Log => log;

    protected LogWriter Writer { get; } = new(log.Memory);

    /// <summary>What readers are told if it is cancelled.</summary>
    protected StreamError Cancellation { get; private set; } = StreamError.Cancelled;

    /// <summary>Cancels the producer, if it has not ended.</summary>
    /// <returns>Whether there was something to cancel.</returns>
    public bool Cancel(StreamError error)
    {
        lock (_lock)
        {
            if (log.Memory.HasEnded)
            {
                return false;
            }

            Cancellation = error;
            Writer.IsCancelled = true;
            End(StreamOutcomeReason.Cancelled, error);
            return true;
        }
    }

    /// <summary>Ends the producer because its node goes away: readers elsewhere get what there is, and <c>producer_lost</c>.</summary>
    public void Lose()
    {
        lock (_lock)
        {
            if (!log.Memory.HasEnded)
            {
                Writer.IsLost = true;
                End(StreamOutcomeReason.Drained, StreamError.ServerDraining);
            }
        }
    }

    protected abstract void End(StreamOutcomeReason reason, StreamError farewell);
}

/// <inheritdoc/>
/// <typeparam name="T">The type of the events.</typeparam>
internal sealed class LogProduction<T> : LogProduction
{
    private readonly LogProducer<T> _producer;
    private readonly EventPump<T> _pump;
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public LogProduction(StreamLog log, LogProducer<T> producer)
        : base(log)
    {
        _producer = producer;
        var dialect = new LoggedDialect<T>(producer.Dialect, new FrameIds(log.Description.Id, log.Description.Format), Writer);
        _pump = new EventPump<T>(producer.Source, dialect, Writer, WithoutClient(producer.Settings, log.Shared.Scheduler));
    }

    public override Task Done => _done.Task;

    /// <summary>Runs it, on the thread pool.</summary>
    public void Start() => _ = Task.Run(
        async () =>
        {
            BeforeStart();
            await RunAsync();
            _done.SetResult();
        },
        CancellationToken.None);

    protected override void End(StreamOutcomeReason reason, StreamError farewell) => _pump.End(reason, farewell);

    private static PumpSettings WithoutClient(PumpSettings settings, StreamScheduler scheduler) => settings with
    {
        Scheduler = scheduler,
        CommitWindow = Timeout.InfiniteTimeSpan,
        KeepAliveInterval = TimeSpan.Zero,
        WriteTimeout = Timeout.InfiniteTimeSpan,
        MaxAge = Timeout.InfiniteTimeSpan,
        SlowClientPolicy = SlowClientPolicy.Wait,
    };

    // Not async: what is made current here shall stay so for whoever calls.
    private void BeforeStart()
    {
        try
        {
            _producer.OnStarting?.Invoke();
        }
        catch (Exception)
        {
            // A listener's to activities, for example. The events do not depend on it.
        }
    }

    private async Task RunAsync()
    {
        StreamOutcome outcome = await _pump.RunAsync(CancellationToken.None);
        if (!Log.Memory.HasEnded)
        {
            Conclude(outcome);
        }

        try
        {
            _producer.OnEnded?.Invoke(Log, outcome);
        }
        catch (Exception)
        {
            // The application's, which has nothing to do with the log any more.
        }
    }

    /// <summary>Ends a log whose last frame does not say how it has ended: most often there is none.</summary>
    private void Conclude(in StreamOutcome outcome)
    {
        LogEnd end;
        if (Writer.IsLost)
        {
            end = LogEnd.Lost;
        }
        else if (outcome.Reason == StreamOutcomeReason.Cancelled)
        {
            end = new LogEnd(LogOutcome.Cancelled, Cancellation);
        }
        else
        {
            StreamError error = Describe(outcome.Exception);

            // With frames, and none that tells of the failure: the dialect could not write it. Readers are told as if the producer were lost.
            bool isEmpty = Log.Memory.Last == 0;
            end = new LogEnd(isEmpty ? LogOutcome.Failed : LogOutcome.Lost, error);
            if (isEmpty && outcome.Exception is { } failure)
            {
                Log.FailedWith(failure);
            }
        }

        Log.Memory.Publish(end);
    }

    private StreamError Describe(Exception? failure)
    {
        try
        {
            return failure is null ? StreamError.Internal : _producer.Settings.DescribeFailure(failure);
        }
        catch (Exception)
        {
            return StreamError.Internal;
        }
    }
}

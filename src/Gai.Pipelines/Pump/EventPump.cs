using System.Diagnostics.CodeAnalysis;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>Takes events from a source, has them encoded, and flushes: the one loop of a stream, and the only writer of its output.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>
/// An instance serves one stream, once. <see cref="Drain"/> may be called on any thread. In the steady state an event
/// allocates nothing, whether it was ready or had to be waited for.
/// </remarks>
[SuppressMessage("Design", "CA1001", Justification = "A cancellation source without a timer and not linked to another holds nothing.")]
public sealed class EventPump<T> : IOpenStream
{
    // A source that is always ready gives so many events to a client that does not read before others get the thread.
    private const int EventsBeforeOthers = 1024;

    private readonly StreamSource<T> _source;
    private readonly StreamOutput<T> _output;
    private readonly PumpSettings _settings;
    private readonly Wake _wake = new();
    private readonly PumpTimes _times;
    private readonly bool _mayBlock;
    private readonly CancellationTokenSource _sourceCancellation = new();
    private StreamEnding? _ending;
    private Backlog<T>? _backlog;
    private ExceptionDispatchInfo? _sourceFailure;
    private StreamProbe? _probe;
    private ClientState _client;
    private TailState _tail;

    /// <summary>Prepares a stream.</summary>
    /// <param name="source">Where the events come from.</param>
    /// <param name="dialect">How they are written. It must be new.</param>
    /// <param name="output">Where they go, such as the <c>BodyWriter</c> of a response. Nobody else may write to it meanwhile. It is not completed.</param>
    /// <param name="settings">The settings.</param>
    public EventPump(StreamSource<T> source, Dialect<T> dialect, PipeWriter output, PumpSettings settings)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(dialect);
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(settings);
        _source = source;
        _mayBlock = source.MayBlock;
        _output = new StreamOutput<T>(dialect, output, settings.MaxFrameBytes);
        _settings = settings;
        _times = new PumpTimes(_wake, settings);
    }

    /// <summary>What the pump does next.</summary>
    private enum Step
    {
        /// <summary>Look at the signals.</summary>
        Look,

        /// <summary>Flush what has been encoded.</summary>
        Flush,

        /// <summary>Wait for a signal.</summary>
        Wait,
    }

    private enum ClientState : byte
    {
        /// <summary>The transport has taken all that was flushed.</summary>
        Reads,

        /// <summary>The transport has no room: a flush is pending, and nothing can be written.</summary>
        Awaited,

        /// <summary>It was awaited too long: the pending flush has been cancelled.</summary>
        GivenUp,
    }

    private enum TailState : byte
    {
        /// <summary>The source may have more.</summary>
        Open,

        /// <summary>The source has ended while the client was awaited; its last events wait.</summary>
        Waiting,

        /// <summary>The end marker is written.</summary>
        Written,
    }

    // The first frame is never held: it brings the head of the response with it.
    private bool MustFlush => !_output.IsOpen || _output.UnflushedBytes >= _times.UnflushedLimit || _times.HasHeldTooLong;

    /// <summary>Ends the stream because the server shuts down: with the dialect's error <c>server_draining</c> and without end marker.</summary>
    public void Drain() => End(StreamOutcomeReason.Drained, StreamError.ServerDraining);

    /// <summary>Ends the stream from outside: with an error of the dialect and without end marker. Thread-safe; only the first call counts.</summary>
    /// <param name="reason">How the outcome shall name it.</param>
    /// <param name="farewell">What the client is told.</param>
    public void End(StreamOutcomeReason reason, StreamError farewell)
    {
        Interlocked.CompareExchange(ref _ending, new StreamEnding(reason, farewell), null);
        _wake.Signal(WakeSignals.Ending, onThreadPool: true);
    }

    private StreamCounts Counts => new(_output.Events, _output.Bytes, _backlog?.Dropped ?? 0, _backlog?.Merged ?? 0);

    /// <summary>Runs the stream to its end.</summary>
    /// <param name="clientGone">Is cancelled when the client has left.</param>
    /// <returns>How it ended. Failures of the source are part of it and are not thrown.</returns>
    public async Task<StreamOutcome> RunAsync(CancellationToken clientGone = default)
    {
        using CancellationTokenRegistration leaving = clientGone.UnsafeRegister(static pump => ((EventPump<T>)pump!).OnClientGone(), this);
        StreamOutcomeReason? reason = null;
        Exception? exception = null;
        try
        {
            Start();
            while ((reason = RunUntilWait(clientGone)) is null)
            {
                // The one place where a stream waits, for whatever comes first; a stream that waits holds one state machine.
                await _wake.WaitAsync();
                _times.OnResume();
            }
        }
        catch (Exception failure)
        {
            // A source often notices before we do that the client has left, and throws; and a flush that throws is the client's.
            _output.Discard();
            exception = failure;
            reason = _output.IsFlushing || clientGone.IsCancellationRequested ? StreamOutcomeReason.ClientGone : StreamOutcomeReason.SourceFailed;
        }

        bool headSent = _output.IsOpen;
        if (headSent && (reason == StreamOutcomeReason.SourceFailed || reason == _ending?.Reason))
        {
            await WriteErrorAsync(exception is null ? _ending!.Farewell : Describe(exception), clientGone);
        }

        _times.Stop();
        _probe?.OnEnd(Counts);
        var outcome = new StreamOutcome(reason.Value, _output.Events, _output.Bytes, _output.Flushes, headSent, exception)
        {
            Dropped = _backlog?.Dropped ?? 0,
            Merged = _backlog?.Merged ?? 0,
        };
        Exception? closingFailure = await CloseSourceAsync(outcome);
        return exception is null && closingFailure is not null ? outcome with { Exception = closingFailure } : outcome;
    }

    /// <summary>Has an event encoded. The sources call it.</summary>
    /// <returns>Whether the source shall go on, if it has more.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool Accept(in T item)
    {
        if (_client != ClientState.Reads)
        {
            return AcceptIntoBacklog(item);
        }

        _output.WriteEvent(item);
        if (_mayBlock)
        {
            _times.OnEvent();
        }

        return !MustFlush && !_wake.IsSignalled;
    }

    private void Start()
    {
        // A stream that is over before it has begun starts nothing.
        if (!_wake.IsSignalled)
        {
            if (_settings.Metrics is { MeasuresFlushes: true } metrics)
            {
                _probe = StreamProbe.AtStart(metrics, _settings.Scheduler.TimeProvider);
            }

            _source.Start(_wake, _sourceCancellation.Token);
            _times.Start(_settings.CommitWindow, _settings.MaxAge);
        }
    }

    /// <summary>Does all that can be done now.</summary>
    /// <returns>How the stream has ended; <see langword="null"/> if it waits for a signal.</returns>
    private StreamOutcomeReason? RunUntilWait(CancellationToken clientGone)
    {
        while (true)
        {
            // Not HasFlag: until its caller has been optimized it boxes, and a stream allocates with every wait.
            WakeSignals signals = _wake.Take();
            if ((signals & WakeSignals.ClientGone) != WakeSignals.None && _client == ClientState.Reads)
            {
                return StreamOutcomeReason.ClientGone;
            }

            bool isDue = (signals & (WakeSignals.Tick | WakeSignals.Window)) != WakeSignals.None;
            if (isDue && _times.TakeExpiry())
            {
                End(StreamOutcomeReason.Expired, StreamError.Expired);
            }

            if (_client != ClientState.Reads)
            {
                if (!_output.FlushHasEnded)
                {
                    WhileAwaitingClient(isDue);
                    return null;
                }

                if (!EndFlush())
                {
                    return _client == ClientState.GivenUp && !clientGone.IsCancellationRequested ? StreamOutcomeReason.TooSlow : StreamOutcomeReason.ClientGone;
                }
            }

            // Behind the end marker nothing follows, whoever asks for it.
            if (_tail == TailState.Written)
            {
                return StreamOutcomeReason.Completed;
            }

            // What the source has given is sent before the farewell, also what had to wait for the client.
            if (_ending is { } ending && (_backlog is not { IsEmpty: false } waiting || !EncodeWaiting(waiting)))
            {
                return ending.Reason;
            }

            Step step = _ending is not null || (isDue && WriteWhatIsDue()) ? Step.Flush : TakeReady();
            if (step == Step.Wait)
            {
                PrepareToWait();
                return null;
            }

            if (step == Step.Flush && BeginFlush(clientGone) && !EndFlush())
            {
                return StreamOutcomeReason.ClientGone;
            }
        }
    }

    /// <summary>Has events encoded as long as there are any.</summary>
    private Step TakeReady()
    {
        if (_backlog is { IsEmpty: false } backlog && EncodeWaiting(backlog))
        {
            return Step.Flush;
        }

        switch (_tail == TailState.Open ? _source.HandOver(this) : SourceState.Ended)
        {
            case SourceState.Ready:
                return MustFlush ? Step.Flush : Step.Look;
            case SourceState.Pending:
                return _output.UnflushedBytes > 0 && _settings.FlushPolicy.IsImmediate ? Step.Flush : Step.Wait;
            default:
                _sourceFailure?.Throw();
                _output.WriteEnd();
                _tail = TailState.Written;
                return Step.Flush;
        }
    }

    /// <summary>Writes what a time that has come asks for.</summary>
    /// <returns>Whether there is something to flush, if only the head.</returns>
    private bool WriteWhatIsDue()
    {
        bool isHead = !_output.IsOpen && _times.CommitIsDue;
        if (isHead)
        {
            _output.WriteOpening();
        }
        else if (_times.KeepAliveIsDue)
        {
            // Before the head there is nothing to keep alive, but the silence is counted anew all the same.
            _times.OnWrite();
            if (_output.IsOpen && _output.UnflushedBytes == 0)
            {
                _output.WriteKeepAlive();
                _probe?.OnKeepAlive();
            }
        }

        _times.Reschedule();
        return isHead || _output.UnflushedBytes > 0;
    }

    private void PrepareToWait()
    {
        if (_output.UnflushedBytes > 0)
        {
            _times.HoldUntilWindowEnds();
        }

        _source.WakeWhenReady();
    }

    /// <summary>Hands what is encoded to the transport. While that cannot take it nothing is written, which is the backpressure.</summary>
    /// <returns>Whether the transport took it at once.</returns>
    private bool BeginFlush(CancellationToken clientGone)
    {
        _times.OnFlush();
        if (_settings.Metrics is { MeasuresFlushes: true } metrics)
        {
            MeasureFlush(metrics);
        }

        if (_output.BeginFlush(clientGone))
        {
            return true;
        }

        _client = ClientState.Awaited;
        _times.OnFlushWaits();
        _probe?.OnFlushWaits();
        _output.WakeWhenFlushed(_wake);
        return false;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void MeasureFlush(StreamMetrics metrics)
    {
        if (_probe is null)
        {
            _probe = StreamProbe.UnderWay(metrics, _settings.Scheduler.TimeProvider, Counts);
        }
        else
        {
            _probe.OnFlush(Counts);
        }
    }

    /// <summary>Ends a flush that is no longer pending.</summary>
    /// <returns>Whether somebody still reads, and has not been given up.</returns>
    private bool EndFlush()
    {
        if (_client != ClientState.Reads)
        {
            _times.OnFlushed();
            _probe?.OnFlushed();
        }

        if (!_output.EndFlush() || _client == ClientState.GivenUp)
        {
            return false;
        }

        _client = ClientState.Reads;
        return true;
    }

    /// <summary>Looks whether the client has been awaited too long, and lets events wait for it if the policy says so.</summary>
    private void WhileAwaitingClient(bool isDue)
    {
        if (isDue)
        {
            if (_times.WriteIsOverdue)
            {
                GiveUp();
            }

            _times.Reschedule();
        }

        if (_settings.SlowClientPolicy != SlowClientPolicy.Wait && _tail == TailState.Open && _ending is null)
        {
            FillBacklog(_backlog ??= new Backlog<T>(_settings.SlowClientPolicy, _settings.SlowClientBudgetBytes, _settings.MaxFrameBytes));
        }
    }

    private void GiveUp()
    {
        _client = ClientState.GivenUp;
        _output.CancelFlush();
    }

    /// <summary>Takes events that wait for the client. A failure of the source waits behind them.</summary>
    private void FillBacklog(Backlog<T> backlog)
    {
        if (backlog.IsFull)
        {
            return;
        }

        try
        {
            switch (_source.HandOver(this))
            {
                case SourceState.Pending:
                    _source.WakeWhenReady();
                    break;
                case SourceState.Ended:
                    _tail = TailState.Waiting;
                    break;
                default:
                    // There is more: after others have had the thread, for a source that is always ready never pauses by itself.
                    ThreadPool.UnsafeQueueUserWorkItem(static wake => wake.Signal(WakeSignals.Source), _wake, preferLocal: false);
                    break;
            }
        }
        catch (Exception failure)
        {
            _sourceFailure = ExceptionDispatchInfo.Capture(failure);
            _tail = TailState.Waiting;
        }
    }

    /// <summary>Lets an event wait for the client.</summary>
    /// <returns>Whether the source shall go on.</returns>
    private bool AcceptIntoBacklog(in T item)
    {
        Backlog<T> backlog = _backlog!;
        backlog.Add(item);
        if (backlog.IsFull && _settings.SlowClientPolicy == SlowClientPolicy.Disconnect)
        {
            GiveUp();
        }

        return !backlog.IsFull && !_wake.IsSignalled && backlog.Added % EventsBeforeOthers != 0;
    }

    /// <summary>Has the events encoded that waited for the client.</summary>
    /// <returns>Whether they must be flushed before there can be more.</returns>
    private bool EncodeWaiting(Backlog<T> backlog)
    {
        if (backlog.TakeGap() is > 0 and long dropped)
        {
            _output.WriteGap(dropped);
        }

        while (backlog.TryTake(out T? item))
        {
            _output.WriteEvent(item);
            if (MustFlush)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Writes the last frame of a stream that has failed. It is on a frame boundary, whatever happened before.</summary>
    private async ValueTask WriteErrorAsync(StreamError error, CancellationToken clientGone)
    {
        try
        {
            _output.WriteError(error);
        }
        catch (Exception)
        {
            // A dialect that cannot even say that: the missing end marker says it. The first failure is the one to report.
            _output.Discard();
        }

        try
        {
            _tail = TailState.Written;
            bool hasEnded = BeginFlush(clientGone);
            while (!hasEnded)
            {
                await _wake.WaitAsync();
                bool isDue = (_wake.Take() & WakeSignals.Tick) != WakeSignals.None;
                hasEnded = _output.FlushHasEnded;
                if (!hasEnded)
                {
                    WhileAwaitingClient(isDue);
                }
            }

            EndFlush();
        }
        catch (Exception)
        {
            // The client is gone as well.
        }
    }

    private StreamError Describe(Exception exception)
    {
        try
        {
            return _settings.DescribeFailure(exception);
        }
        catch (Exception)
        {
            return StreamError.Internal;
        }
    }

    /// <summary>Waits for the source to close, but not for ever.</summary>
    /// <returns>What it threw.</returns>
    private async ValueTask<Exception?> CloseSourceAsync(StreamOutcome outcome)
    {
        Task closing = CancelAndCloseAsync(outcome);
        await closing.WaitAsync(_settings.DetachAfter, _settings.Scheduler.TimeProvider).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!closing.IsCompleted)
        {
            _ = DetachedSources.WatchAsync(closing);
        }

        return closing.Exception?.InnerException;
    }

    private async Task CancelAndCloseAsync(StreamOutcome outcome)
    {
        try
        {
            if (outcome.Reason != StreamOutcomeReason.Completed)
            {
                await _sourceCancellation.CancelAsync();
            }
        }
        finally
        {
            await _source.CloseAsync(outcome);
        }
    }

    private void OnClientGone()
    {
        _wake.Signal(WakeSignals.ClientGone, onThreadPool: true);
        _output.CancelFlush();
    }
}

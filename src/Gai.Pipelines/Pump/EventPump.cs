using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>Takes events from a source, has them encoded, and flushes: the one loop of a stream, and the only writer of its output.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>
/// An instance serves one stream, once. <see cref="Drain"/> may be called on any thread. In the steady state an event
/// allocates nothing, whether it was ready or had to be waited for.
/// </remarks>
public sealed class EventPump<T> : IOpenStream
{
    private readonly StreamSource<T> _source;
    private readonly PumpSettings _settings;
    private readonly PumpTimes _times;
    private readonly bool _mayBlock;
    private StreamOutput<T> _output;
    private Action? _onFlushed;
    private CancellationToken _clientGone;
    private CancellationTokenRegistration _leaving;
    private StreamEnding? _ending;
    private SlowClient<T>? _slow;
    private StreamProbe? _probe;
    private Exception? _failure;
    private StreamOutcomeReason? _reason;
    private ClientState _client;
    private bool _isResting;
    private bool _hasEnded; // an end marker or a farewell is written: nothing follows

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
        _output = new StreamOutput<T>(dialect, output, settings.MaxFrameBytes, settings.FlushLimitBytes);
        _settings = settings;
        _times = new PumpTimes(settings);
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

    /// <summary>Ends the stream because the server shuts down: with the dialect's error <c>server_draining</c> and without end marker.</summary>
    public void Drain() => End(StreamOutcomeReason.Drained, StreamError.ServerDraining);

    /// <summary>Ends the stream from outside: with an error of the dialect and without end marker. Thread-safe; only the first call counts.</summary>
    /// <param name="reason">How the outcome shall name it.</param>
    /// <param name="farewell">What the client is told.</param>
    public void End(StreamOutcomeReason reason, StreamError farewell)
    {
        Interlocked.CompareExchange(ref _ending, new StreamEnding(reason, farewell), null);
        Wake.Signal(WakeSignals.Ending, onThreadPool: true);
    }

    private Wake Wake => _times;

    /// <summary>How the events are written.</summary>
    internal Dialect<T> Dialect => _output.Dialect;

    private StreamCounts Counts => new(_output.Events, _output.Bytes, _slow?.Dropped ?? 0, _slow?.Merged ?? 0);

    /// <summary>Runs the stream to its end.</summary>
    /// <param name="clientGone">Is cancelled when the client has left.</param>
    /// <returns>How it ended. Failures of the source are part of it and are not thrown.</returns>
    public async Task<StreamOutcome> RunAsync(CancellationToken clientGone = default)
    {
        Start(clientGone);
        while (!RunUntilWait())
        {
            await WaitAsync();
        }

        return await EndAsync();
    }

    /// <summary>Begins the stream. Who has a state machine of his own calls what <see cref="RunAsync"/> calls: thousands of streams wait, and each needs only one.</summary>
    internal void Start(CancellationToken clientGone)
    {
        _clientGone = clientGone;
        _leaving = clientGone.UnsafeRegister(static pump => ((EventPump<T>)pump!).OnClientGone(), this);

        // A stream that is over before it has begun starts nothing.
        if (Wake.IsSignalled)
        {
            return;
        }

        if (_settings.Metrics is { MeasuresFlushes: true } metrics)
        {
            _probe = StreamProbe.AtStart(metrics, _settings.Scheduler.TimeProvider);
        }

        try
        {
            _source.Start(Wake);
            _times.Start();
        }
        catch (Exception failure)
        {
            Fail(failure);
        }
    }

    /// <summary>Does all that can be done now.</summary>
    /// <returns>Whether the stream is over, but for <see cref="EndAsync"/>. If not, it waits for a signal.</returns>
    internal bool RunUntilWait()
    {
        try
        {
            _reason ??= Run();
        }
        catch (Exception failure)
        {
            Fail(failure);
        }

        return _reason is not null;
    }

    /// <summary>Waits for whatever comes first.</summary>
    internal ValueTask WaitAsync() => Wake.WaitAsync();

    /// <summary>Says goodbye and closes the source. The last call.</summary>
    /// <returns>How the stream has ended.</returns>
    internal async ValueTask<StreamOutcome> EndAsync()
    {
        bool headSent = _output.IsOpen || TryOpenForFailure();
        if (headSent && (_reason == StreamOutcomeReason.SourceFailed || _reason == _ending?.Reason))
        {
            await WriteErrorAsync(_failure is null ? _ending!.Farewell : Describe(_failure));
        }

        _times.Stop();
        _probe?.OnEnd(Counts);
        var outcome = new StreamOutcome(_reason!.Value, _output.Events, _output.Bytes, _output.Flushes, headSent, _failure)
        {
            Dropped = _slow?.Dropped ?? 0,
            Merged = _slow?.Merged ?? 0,
        };
        Exception? late = await DetachedSources.CloseAsync(_source, outcome, _settings.DetachAfter, _settings.Scheduler.TimeProvider);
        await _leaving.DisposeAsync();
        return _failure is null && late is not null ? outcome with { Exception = late } : outcome;
    }

    /// <summary>Opens the response that goes on with a stream, if all that is left of it is a failure that its dialect can tell: to its client this is no beginning that could still get a status, which an <c>EventSource</c> cannot read.</summary>
    private bool TryOpenForFailure()
    {
        if (_reason != StreamOutcomeReason.SourceFailed || !_source.GoesOn || Dialect.FailureClose == FailureClose.Broken)
        {
            return false;
        }

        _output.WriteOpening();
        return true;
    }

    /// <summary>Has an event encoded. The sources call it.</summary>
    /// <returns>Whether the source shall go on, if it has more.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool Accept(in T item)
    {
        if (_client != ClientState.Reads)
        {
            return AcceptForSlowClient(item);
        }

        _output.WriteEvent(item);
        if (_mayBlock && _times.OnEvent())
        {
            _output.FlushNext();
        }

        return !_output.MustFlush && !Wake.IsSignalled;
    }

    private void Fail(Exception failure)
    {
        // A source often notices before we do that the client has left, and throws; and a flush that throws is the client's.
        _output.Discard();
        _failure = failure;
        _reason = _output.IsFlushing || _clientGone.IsCancellationRequested ? StreamOutcomeReason.ClientGone : StreamOutcomeReason.SourceFailed;
    }

    /// <summary>The loop: looks at the signals, takes events, flushes.</summary>
    /// <returns>How the stream has ended; <see langword="null"/> if it waits for a signal.</returns>
    private StreamOutcomeReason? Run()
    {
        _times.OnResume();
        while (true)
        {
            // Not HasFlag: until its caller has been optimized it boxes, and a stream allocates with every wait.
            WakeSignals signals = Wake.Take();
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
                    return _client == ClientState.GivenUp && !_clientGone.IsCancellationRequested ? StreamOutcomeReason.TooSlow : StreamOutcomeReason.ClientGone;
                }
            }

            // Behind the end marker nothing follows, whoever asks for it.
            if (_hasEnded)
            {
                return StreamOutcomeReason.Completed;
            }

            // What the source has given is sent before the farewell, also what had to wait for the client.
            if (_ending is { } ending && (_slow is not { IsEmpty: false } waiting || !waiting.WriteTo(ref _output)))
            {
                return ending.Reason;
            }

            // What has gathered in the source belongs to the window that ends here.
            bool restsOn = isDue && _isResting && EndRest();

            Step step = _ending is not null || (isDue && WriteWhatIsDue()) ? Step.Flush : TakeReady();
            if (step == Step.Wait)
            {
                PrepareToWait();
                return null;
            }

            if (step == Step.Flush && BeginFlush() && !EndFlush())
            {
                return StreamOutcomeReason.ClientGone;
            }

            if (restsOn && _client == ClientState.Reads && Rest())
            {
                return null;
            }
        }
    }

    /// <summary>Has events encoded as long as there are any.</summary>
    private Step TakeReady()
    {
        if (_slow is { IsEmpty: false } slow && slow.WriteTo(ref _output))
        {
            return Step.Flush;
        }

        switch (_slow is { SourceHasEnded: true } ? SourceState.Ended : _source.HandOver(this))
        {
            case SourceState.Ready:
                return _output.MustFlush ? Step.Flush : Step.Look;
            case SourceState.Pending:
                return _output.UnflushedBytes > 0 && _settings.FlushPolicy.IsImmediate ? Step.Flush : Step.Wait;
            default:
                _slow?.ThrowIfSourceFailed();
                _output.WriteEnd();
                _hasEnded = true;
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
        if (_output.UnflushedBytes == 0 || !Rest())
        {
            _source.WakeWhenReady(_settings.Scheduler.Ready);
        }
    }

    /// <summary>Lets events gather in the source until the window ends. Nobody is woken for them, and their window would end with this one.</summary>
    private bool Rest() => _isResting = _source.TryRest(isNewWindow: _times.HoldUntilWindowEnds());

    /// <summary>Has encoded what has gathered, and the end behind it.</summary>
    /// <returns>Whether the next window is worth a rest as well.</returns>
    private bool EndRest()
    {
        _isResting = false;
        _times.EndWindow();
        bool restsOn = _source.EndRest(this);
        if (!restsOn && !_output.MustFlush)
        {
            TakeReady();
        }

        return restsOn;
    }

    /// <summary>Hands what is encoded to the transport. While that cannot take it nothing is written, which is the backpressure.</summary>
    /// <returns>Whether the transport took it at once.</returns>
    private bool BeginFlush()
    {
        _times.OnFlush();
        if (_settings.Metrics is { MeasuresFlushes: true } metrics)
        {
            MeasureFlush(metrics);
        }

        long bytes = _output.UnflushedBytes;
        if (_output.BeginFlush(_clientGone))
        {
            return true;
        }

        _client = ClientState.Awaited;
        _times.OnFlushWaits();
        _source.OnClientAwaited(bytes, _settings.Scheduler.TimeProvider);
        _probe?.OnFlushWaits();
        _output.WhenFlushed(_onFlushed ??= () => Wake.Signal(WakeSignals.Flushed));
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
            _source.OnClientReads();
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

        if (_settings.SlowClientPolicy != SlowClientPolicy.Wait && !_hasEnded && _ending is null && _slow is not { SourceHasEnded: true })
        {
            _slow ??= new SlowClient<T>(_settings);
            _slow.TakeFrom(_source, this, Wake);
        }
    }

    private void GiveUp()
    {
        _client = ClientState.GivenUp;
        _output.CancelFlush();
    }

    private bool AcceptForSlowClient(in T item)
    {
        bool goOn = _slow!.Accept(item);
        if (_slow.IsTooSlow)
        {
            GiveUp();
        }

        return goOn && !Wake.IsSignalled;
    }

    /// <summary>Writes the last frame of a stream that has failed. It is on a frame boundary, whatever happened before.</summary>
    private async ValueTask WriteErrorAsync(StreamError error)
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
            _hasEnded = true;
            bool isFlushed = BeginFlush();
            while (!isFlushed)
            {
                await Wake.WaitAsync();
                bool isDue = (Wake.Take() & WakeSignals.Tick) != WakeSignals.None;
                isFlushed = _output.FlushHasEnded;
                if (!isFlushed)
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

    private void OnClientGone()
    {
        Wake.Signal(WakeSignals.ClientGone, onThreadPool: true);
        _output.CancelFlush();
    }
}

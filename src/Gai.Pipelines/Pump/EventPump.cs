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
public sealed partial class EventPump<T> : IOpenStream
{
    private readonly StreamSource<T> _source;
    private readonly PumpWake _wake;
    private readonly bool _mayBlock;
    private StreamOutput<T> _output;
    private Action? _onFlushed;
    private CancellationToken _clientGone;
    private CancellationTokenRegistration _leaving;
    private StreamEnding? _ending;
    private WaitingEvents<T>? _waiting;
    private StreamProbe? _probe;
    private Exception? _failure;
    private StreamOutcomeReason? _reason;
    private ClientState _client;
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
        _wake = new PumpWake(settings);
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

    /// <summary>How the events are written.</summary>
    internal Dialect<T> Dialect => _output.Dialect;

    private PumpSettings Settings => _wake.Settings;

    /// <summary>What it has come to so far.</summary>
    private StreamCounts Counts => new(_source.EventsOf(_output.Events), _output.Bytes, (_waiting?.Dropped ?? 0) + _source.Lost, _waiting?.Merged ?? 0);

    /// <summary>Runs the stream to its end.</summary>
    /// <remarks>From its first wait on it runs on the threads of those who wake it, and not in the synchronization context or on the task scheduler of the caller.</remarks>
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
        if (_wake.IsSignalled)
        {
            return;
        }

        if (Settings.Metrics is { MeasuresFlushes: true } metrics)
        {
            _probe = StreamProbe.AtStart(metrics, Settings.Scheduler.TimeProvider);
        }

        try
        {
            _source.Start(_wake, Settings.Scheduler.Ready);
            _wake.Start();
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
    internal ValueTask WaitAsync() => _wake.WaitAsync();

    /// <summary>Has an event encoded. Sources call it back while the pump asks them for what they have.</summary>
    /// <returns>Whether the source shall go on, if it has more.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool Accept(in T item)
    {
        if (_client != ClientState.Reads)
        {
            return AcceptWhileWaiting(item);
        }

        _output.WriteEvent(item);
        if (_mayBlock && _wake.OnEvent() && _output.UnflushedBytes > 0)
        {
            _output.FlushNext();
        }

        return !_output.MustFlush && !_wake.IsSignalled;
    }

    /// <summary>The loop: looks at the signals, takes events, flushes.</summary>
    /// <returns>How the stream has ended; <see langword="null"/> if it waits for a signal.</returns>
    private StreamOutcomeReason? Run()
    {
        if (_mayBlock)
        {
            _wake.OnResume();
        }

        while (true)
        {
            // Not HasFlag: until its caller has been optimized it boxes, and a stream allocates with every wait.
            WakeSignals signals = _wake.Take();
            if ((signals & WakeSignals.ClientGone) != WakeSignals.None && _client == ClientState.Reads && !_hasEnded)
            {
                return StreamOutcomeReason.ClientGone;
            }

            bool isTick = (signals & WakeSignals.Tick) != WakeSignals.None;
            if (isTick && _wake.TakeExpiry())
            {
                End(StreamOutcomeReason.Expired, StreamError.Expired with { RetryAfter = Retry.Jittered() });
            }

            if (_client != ClientState.Reads)
            {
                if (!_output.FlushHasEnded)
                {
                    WhileAwaitingClient(isTick);
                    return null;
                }

                if (!EndFlush())
                {
                    return _client == ClientState.GivenUp && !_clientGone.IsCancellationRequested ? StreamOutcomeReason.TooSlow : StreamOutcomeReason.ClientGone;
                }

                // It may have left just when the flush ended by itself: then its signal has been taken, and there was nothing to cancel.
                if (!_hasEnded && _clientGone.IsCancellationRequested)
                {
                    return StreamOutcomeReason.ClientGone;
                }
            }

            // Behind the end marker nothing follows, whoever asks for it.
            if (_hasEnded)
            {
                return StreamOutcomeReason.Completed;
            }

            // A source that has ended while its events waited for the client has ended, whoever ends the stream meanwhile.
            StreamEnding? endsNow = _waiting is { SourceHasEnded: true } ? null : _ending;
            bool isDue = isTick || (signals & WakeSignals.Window) != WakeSignals.None;
            bool mayRestAgain = _isResting && (isDue || _ending is not null) && TakeGathered();

            // What the source has given is sent before the farewell, also what had to wait for the client.
            if (!_hasEnded && !_isResting && endsNow is not null && (_waiting is not { IsEmpty: false } waiting || !waiting.WriteTo(ref _output)))
            {
                return endsNow.Reason;
            }

            Step step = _hasEnded || endsNow is not null || (isTick ? WriteWhatIsDue() : isDue && HoldsBytes()) ? Step.Flush : TakeReady();
            if (step == Step.Wait)
            {
                PrepareToWait();
                return null;
            }

            if (step == Step.Flush && BeginFlush() && !EndFlush())
            {
                return StreamOutcomeReason.ClientGone;
            }

            if (mayRestAgain && _client == ClientState.Reads && Rest())
            {
                return null;
            }
        }
    }

    /// <summary>Has events encoded as long as there are any.</summary>
    private Step TakeReady()
    {
        if (_waiting is { IsEmpty: false } waiting && waiting.WriteTo(ref _output))
        {
            return Step.Flush;
        }

        switch (_waiting is { SourceHasEnded: true } ? SourceState.Ended : _source.HandOver(this))
        {
            case SourceState.MayHaveMore:
                return _output.MustFlush ? Step.Flush : Step.Look;
            case SourceState.Pending:
                return _output.UnflushedBytes > 0 && Settings.FlushPolicy.IsImmediate ? Step.Flush : Step.Wait;
            default:
                _waiting?.ThrowIfSourceFailed();
                _output.WriteEnd();
                _hasEnded = true;
                return Step.Flush;
        }
    }

    /// <summary>Writes what a time that has come asks for.</summary>
    /// <returns>Whether there is something to flush, if only the head.</returns>
    private bool WriteWhatIsDue()
    {
        bool isHead = !_output.IsOpen && _wake.CommitIsDue;
        if (isHead)
        {
            _output.WriteOpening();
        }
        else if (_wake.KeepAliveIsDue)
        {
            // Before the head there is nothing to keep alive, but the silence is counted anew all the same.
            _wake.OnKeepAlive();
            if (_output.IsOpen && _output.UnflushedBytes == 0)
            {
                _output.WriteKeepAlive();

                // Not every dialect has one.
                if (_output.UnflushedBytes > 0)
                {
                    _probe?.OnKeepAlive();
                }
            }
        }

        _wake.Reschedule();
        return HoldsBytes() || isHead;
    }
}

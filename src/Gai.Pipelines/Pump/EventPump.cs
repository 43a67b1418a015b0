using System.Diagnostics.CodeAnalysis;
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
[SuppressMessage("Design", "CA1001", Justification = "A cancellation source without a timer and not linked to another holds nothing.")]
public sealed class EventPump<T>
{
    private readonly StreamSource<T> _source;
    private readonly Dialect<T> _dialect;
    private readonly PipeWriter _output;
    private readonly PumpSettings _settings;
    private readonly FrameWriter _frames;
    private readonly Wake _wake = new();
    private readonly PumpTimes _times;
    private readonly CancellationTokenSource _sourceCancellation = new();

    private long _events;
    private long _flushes;
    private long _flushedBytes;
    private bool _isOpen;
    private volatile bool _isFlushing;

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
        _dialect = dialect;
        _output = output;
        _settings = settings;
        _frames = new FrameWriter(output, settings.MaxFrameBytes);
        _times = new PumpTimes(_wake, settings);
    }

    private long UnflushedBytes => _frames.CommittedBytes - _flushedBytes;

    /// <summary>What the loop does next.</summary>
    private enum Step
    {
        /// <summary>Look at the signals.</summary>
        Look,

        /// <summary>Flush what has been encoded.</summary>
        Flush,

        /// <summary>Wait for a signal.</summary>
        Wait,

        /// <summary>The source has ended.</summary>
        End,
    }

    /// <summary>Ends the stream because the server shuts down: with the dialect's error <c>server_draining</c> and without end marker.</summary>
    public void Drain() => _wake.Signal(WakeSignals.Drain, onThreadPool: true);

    /// <summary>Runs the stream to its end.</summary>
    /// <param name="clientGone">Is cancelled when the client has left.</param>
    /// <returns>How it ended. Failures of the source are part of it and are not thrown.</returns>
    public async Task<StreamOutcome> RunAsync(CancellationToken clientGone = default)
    {
        using (clientGone.UnsafeRegister(static pump => ((EventPump<T>)pump!).OnClientGone(), this))
        {
            StreamOutcome outcome = await PumpAsync(clientGone);
            _times.Stop();
            Exception? closingFailure = await CloseSourceAsync(outcome);
            return outcome.Exception is null && closingFailure is not null ? outcome with { Exception = closingFailure } : outcome;
        }
    }

    private async ValueTask<StreamOutcome> PumpAsync(CancellationToken clientGone)
    {
        StreamOutcomeReason reason;
        Exception? exception = null;
        try
        {
            _source.Start(_wake, _sourceCancellation.Token);
            _times.Start(_settings.CommitWindow);
            reason = await LoopAsync();
        }
        catch (Exception failure)
        {
            // A source often notices before we do that the client has left, and throws.
            _frames.Discard();
            exception = failure;
            reason = clientGone.IsCancellationRequested ? StreamOutcomeReason.ClientGone : StreamOutcomeReason.SourceFailed;
        }

        bool headSent = _isOpen;
        if (headSent && reason is StreamOutcomeReason.SourceFailed or StreamOutcomeReason.Drained)
        {
            await WriteErrorAsync(exception is null ? StreamError.ServerDraining : _settings.DescribeFailure(exception));
        }

        return new StreamOutcome(reason, _events, _frames.CommittedBytes, _flushes, headSent, exception);
    }

    private async ValueTask<StreamOutcomeReason> LoopAsync()
    {
        while (true)
        {
            WakeSignals signals = _wake.Take();
            if (signals.HasFlag(WakeSignals.ClientGone))
            {
                return StreamOutcomeReason.ClientGone;
            }

            if (signals.HasFlag(WakeSignals.Drain))
            {
                return StreamOutcomeReason.Drained;
            }

            Step step = (signals & (WakeSignals.Tick | WakeSignals.Window)) != WakeSignals.None && WriteWhatIsDue() ? Step.Flush : TakeReady();
            switch (step)
            {
                case Step.Flush when !await FlushAsync():
                    return StreamOutcomeReason.ClientGone;
                case Step.Wait:
                    await WaitForSignalAsync();
                    _times.OnResume();
                    break;
                case Step.End:
                    WriteEnd();
                    return await FlushAsync() ? StreamOutcomeReason.Completed : StreamOutcomeReason.ClientGone;
            }
        }
    }

    /// <summary>Encodes events as long as there are any: the hot loop, without an await.</summary>
    private Step TakeReady()
    {
        bool mayBlock = _source.MayBlock;
        while (!_wake.IsSignalled)
        {
            switch (_source.TryTake(out T? item))
            {
                case SourceState.Ready:
                    WriteEvent(item!);
                    break;
                case SourceState.Pending:
                    return UnflushedBytes > 0 && _settings.FlushPolicy.IsImmediate ? Step.Flush : Step.Wait;
                default:
                    return Step.End;
            }

            // The first frame is never held: it brings the head of the response with it.
            if (!_isOpen || UnflushedBytes >= _times.UnflushedLimit || (mayBlock && _times.HasHeldTooLong()))
            {
                return Step.Flush;
            }
        }

        return Step.Look;
    }

    private void WriteEvent(in T item)
    {
        if (!_isOpen)
        {
            _dialect.WriteOpening(_frames);
        }

        _dialect.WriteEvent(_frames, item);
        _frames.Commit();
        _events++;
    }

    private void WriteEnd()
    {
        if (!_isOpen)
        {
            _dialect.WriteOpening(_frames);
        }

        _dialect.WriteEnd(_frames);
        _frames.Commit();
    }

    /// <summary>Writes what a time that has come asks for.</summary>
    /// <returns>Whether there is something to flush, if only the head.</returns>
    private bool WriteWhatIsDue()
    {
        bool flush = UnflushedBytes > 0;
        if (!_isOpen && _times.CommitIsDue)
        {
            _dialect.WriteOpening(_frames);
            flush = true;
        }
        else if (_isOpen && !flush && _times.KeepAliveIsDue)
        {
            _dialect.WriteKeepAlive(_frames);
            _times.OnFlush();
        }

        _frames.Commit();
        _times.Reschedule();
        return flush || UnflushedBytes > 0;
    }

    /// <summary>Writes the last frame of a stream that has failed. It is on a frame boundary, whatever happened before.</summary>
    private async ValueTask WriteErrorAsync(StreamError error)
    {
        try
        {
            _dialect.WriteError(_frames, error);
            _frames.Commit();
            await FlushAsync();
        }
        catch (Exception)
        {
            // A dialect that cannot even say that: the missing end marker says it. The first failure is the one to report.
            _frames.Discard();
        }
    }

    // Not async: only the loop's own state machine waits, which exists once a stream.
    private ValueTask WaitForSignalAsync()
    {
        if (UnflushedBytes > 0)
        {
            _times.HoldUntilWindowEnds();
        }

        _source.WakeWhenReady();
        return _wake.WaitAsync();
    }

    /// <summary>Hands what is encoded to the transport, and waits as long as that cannot take it: the backpressure.</summary>
    /// <returns><see langword="false"/> if nobody reads any more.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> FlushAsync()
    {
        _isOpen = true;
        _frames.Publish();
        _flushedBytes = _frames.CommittedBytes;
        _flushes++;
        _times.OnFlush();
        try
        {
            _isFlushing = true;
            FlushResult result = await _output.FlushAsync(CancellationToken.None);
            return !result.IsCompleted && !result.IsCanceled;
        }
        catch (Exception failure) when (failure is IOException or OperationCanceledException)
        {
            return false;
        }
        finally
        {
            _isFlushing = false;
        }
    }

    /// <summary>Cancels a source that has not ended, and waits for it, but not for ever.</summary>
    /// <returns>What the source threw in its disposal.</returns>
    private async ValueTask<Exception?> CloseSourceAsync(StreamOutcome outcome)
    {
        if (outcome.Reason != StreamOutcomeReason.Completed)
        {
            await _sourceCancellation.CancelAsync();
        }

        Task closing = _source.CloseAsync(outcome);
        try
        {
            await closing.WaitAsync(_settings.DetachAfter, _settings.Scheduler.TimeProvider);
            return null;
        }
        catch (TimeoutException) when (!closing.IsCompleted)
        {
            _ = DetachedSources.WatchAsync(closing);
            return null;
        }
        catch (Exception failure)
        {
            return failure;
        }
    }

    private void OnClientGone()
    {
        _wake.Signal(WakeSignals.ClientGone, onThreadPool: true);
        if (_isFlushing)
        {
            _output.CancelPendingFlush();
        }
    }
}

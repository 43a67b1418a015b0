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
    private readonly StreamOutput<T> _output;
    private readonly PumpSettings _settings;
    private readonly Wake _wake = new();
    private readonly PumpTimes _times;
    private readonly bool _mayBlock;
    private readonly CancellationTokenSource _sourceCancellation = new();

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

    // The first frame is never held: it brings the head of the response with it.
    private bool MustFlush => !_output.IsOpen || _output.UnflushedBytes >= _times.UnflushedLimit || _times.HasHeldTooLong;

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

    /// <summary>Has an event encoded. The sources call it.</summary>
    /// <returns>Whether the source shall go on, if it has more.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal bool Accept(in T item)
    {
        _output.WriteEvent(item);
        if (_mayBlock)
        {
            _times.OnEvent();
        }

        return !MustFlush && !_wake.IsSignalled;
    }

    private async ValueTask<StreamOutcome> PumpAsync(CancellationToken clientGone)
    {
        StreamOutcomeReason reason;
        Exception? exception = null;
        try
        {
            // A stream that is over before it has begun starts nothing.
            if (!_wake.IsSignalled)
            {
                _source.Start(_wake, _sourceCancellation.Token);
                _times.Start(_settings.CommitWindow);
            }

            reason = await LoopAsync(clientGone);
        }
        catch (Exception failure)
        {
            // A source often notices before we do that the client has left, and throws; and a flush that throws is the client's.
            _output.Discard();
            exception = failure;
            reason = _output.IsFlushing || clientGone.IsCancellationRequested ? StreamOutcomeReason.ClientGone : StreamOutcomeReason.SourceFailed;
        }

        bool headSent = _output.IsOpen;
        if (headSent && reason is StreamOutcomeReason.SourceFailed or StreamOutcomeReason.Drained)
        {
            await WriteErrorAsync(exception, clientGone);
        }

        return new StreamOutcome(reason, _output.Events, _output.Bytes, _output.Flushes, headSent, exception);
    }

    private async ValueTask<StreamOutcomeReason> LoopAsync(CancellationToken clientGone)
    {
        while (true)
        {
            // Not HasFlag: until its caller has been optimized it boxes, and a stream allocates with every wait.
            WakeSignals signals = _wake.Take();
            if ((signals & WakeSignals.ClientGone) != WakeSignals.None)
            {
                return StreamOutcomeReason.ClientGone;
            }

            if ((signals & WakeSignals.Drain) != WakeSignals.None)
            {
                return StreamOutcomeReason.Drained;
            }

            Step step = (signals & (WakeSignals.Tick | WakeSignals.Window)) != WakeSignals.None && WriteWhatIsDue() ? Step.Flush : TakeReady();
            switch (step)
            {
                case Step.Wait:
                    await WaitForSignalAsync();
                    _times.OnResume();
                    break;
                case Step.Flush:
                case Step.End:
                    ValueTask<FlushResult> flush = FlushAsync(clientGone);
                    bool isSlow = !flush.IsCompleted;
                    if (!_output.EndFlush(await flush))
                    {
                        return StreamOutcomeReason.ClientGone;
                    }

                    if (step == Step.End)
                    {
                        return StreamOutcomeReason.Completed;
                    }

                    if (isSlow)
                    {
                        _times.OnResume();
                    }

                    break;
            }
        }
    }

    /// <summary>Has events encoded as long as there are any, without an await.</summary>
    private Step TakeReady()
    {
        switch (_source.HandOver(this))
        {
            case SourceState.Ready:
                return MustFlush ? Step.Flush : Step.Look;
            case SourceState.Pending:
                return _output.UnflushedBytes > 0 && _settings.FlushPolicy.IsImmediate ? Step.Flush : Step.Wait;
            default:
                _output.WriteEnd();
                return Step.End;
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
            }
        }

        _times.Reschedule();
        return isHead || _output.UnflushedBytes > 0;
    }

    // Neither of these is async: only the loop's own state machine waits, which exists once a stream.
    private ValueTask WaitForSignalAsync()
    {
        if (_output.UnflushedBytes > 0)
        {
            _times.HoldUntilWindowEnds();
        }

        _source.WakeWhenReady();
        return _wake.WaitAsync();
    }

    /// <summary>Hands what is encoded to the transport. To wait as long as that cannot take it is the backpressure.</summary>
    private ValueTask<FlushResult> FlushAsync(CancellationToken clientGone)
    {
        _times.OnFlush();
        return _output.FlushAsync(clientGone);
    }

    /// <summary>Writes the last frame of a stream that has failed. It is on a frame boundary, whatever happened before.</summary>
    private async ValueTask WriteErrorAsync(Exception? exception, CancellationToken clientGone)
    {
        try
        {
            _output.WriteError(exception is null ? StreamError.ServerDraining : Describe(exception));
        }
        catch (Exception)
        {
            // A dialect that cannot even say that: the missing end marker says it. The first failure is the one to report.
            _output.Discard();
        }

        try
        {
            await FlushAsync(clientGone);
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

using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

// How it fails, and what it leaves in order at its end.
public sealed partial class EventPump<T>
{
    /// <summary>Says goodbye and closes the source. The last call.</summary>
    /// <returns>How the stream has ended.</returns>
    internal async ValueTask<StreamOutcome> EndAsync()
    {
        // A first frame may be with the transport before any flush: the head will be sent with it.
        bool headSent = _output.IsOpen || _output.HasHandedOver || TryOpenForFailure();
        bool flushesLast = headSent && (_reason == StreamOutcomeReason.SourceFailed || _reason == _ending?.Reason);
        if (flushesLast)
        {
            await FlushLastAsync();
        }

        _wake.Stop();
        Exception? late = MeasureEnd(isWithFlush: flushesLast);
        StreamCounts counts = Counts;
        var outcome = new StreamOutcome(_reason!.Value, counts.Events, counts.Bytes, _output.Flushes, headSent, _failure)
        {
            Dropped = counts.Dropped,
            Merged = counts.Merged,
        };
        late = await DetachedSources.CloseAsync(_source, outcome, Settings.DetachAfter, Settings.Scheduler.TimeProvider) ?? late;
        await _leaving.DisposeAsync();
        return _failure is null && late is not null ? outcome with { Exception = late, IsLate = true } : outcome;
    }

    /// <summary>Has the last figures told. Whoever listens to them is the application's, and what it throws must neither keep the last frames back nor leave the source open.</summary>
    /// <returns>What was thrown.</returns>
    private Exception? MeasureEnd(bool isWithFlush)
    {
        try
        {
            if (isWithFlush)
            {
                MeasureFlush();
            }

            _probe?.OnEnd(Counts);
            return null;
        }
        catch (Exception failure)
        {
            return failure;
        }
    }

    /// <summary>Opens the response that goes on with a stream, if all that is left of it is a failure that its dialect can tell: to its client this is no beginning that could still get a status, which an <c>EventSource</c> cannot read.</summary>
    private bool TryOpenForFailure()
    {
        if (_reason != StreamOutcomeReason.SourceFailed || !_source.GoesOn || Dialect.FailureClose == FailureClose.Broken)
        {
            return false;
        }

        try
        {
            _output.WriteOpening();
            return true;
        }
        catch (Exception)
        {
            // It may be what has failed in the first place.
            _output.Discard();
            return false;
        }
    }

    /// <summary>Notes that the stream has failed: while it runs, or instead of its beginning.</summary>
    internal void Fail(Exception failure)
    {
        // A source often notices before we do that the client has left, and throws; and a flush that throws is the client's.
        _output.Discard();
        _failure = failure;
        _reason = _output.HasUnreadFlush || _clientGone.IsCancellationRequested ? StreamOutcomeReason.ClientGone : StreamOutcomeReason.SourceFailed;
    }

    /// <summary>Writes the last frame of a stream that has failed or is ended from outside, unless that has been written. It is on a frame boundary, whatever happened before.</summary>
    private async ValueTask FlushLastAsync()
    {
        try
        {
            if (!_hasEnded)
            {
                _output.WriteError(_failure is null ? _ending!.Farewell : Describe(_failure));
            }
        }
        catch (Exception)
        {
            // A dialect that cannot even say that: the missing end marker says it. The first failure is the one to report.
            _output.Discard();
        }

        try
        {
            _hasEnded = true;
            bool isFlushed = BeginFlushUnmeasured();
            while (!isFlushed)
            {
                await _wake.WaitAsync();
                bool isTick = (_wake.Take() & WakeSignals.Tick) != WakeSignals.None;
                isFlushed = _output.FlushHasEnded;
                if (!isFlushed)
                {
                    WhileAwaitingClient(isTick);
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
            return Settings.DescribeFailure(exception);
        }
        catch (Exception)
        {
            return StreamError.Internal;
        }
    }
}

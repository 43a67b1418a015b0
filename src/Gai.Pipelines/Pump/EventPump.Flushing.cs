using System.Runtime.CompilerServices;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

// How it flushes, and what it does while the client takes nothing.
public sealed partial class EventPump<T>
{
    private enum ClientState : byte
    {
        /// <summary>The transport has taken all that was flushed.</summary>
        Reads,

        /// <summary>The transport has no room: a flush is pending, and nothing can be written.</summary>
        Awaited,

        /// <summary>It was awaited too long: the pending flush has been cancelled.</summary>
        GivenUp,
    }

    /// <summary>Whether the client was awaited too long, if only to take an error.</summary>
    internal bool HasGivenUp => _client == ClientState.GivenUp;

    /// <summary>Hands what is encoded to the transport, and has it measured.</summary>
    /// <returns>Whether the transport took it at once.</returns>
    private bool BeginFlush()
    {
        MeasureFlush();
        return BeginFlushUnmeasured();
    }

    /// <summary>Hands what is encoded to the transport. While that cannot take it nothing is written, which is the backpressure.</summary>
    /// <returns>Whether the transport took it at once.</returns>
    private bool BeginFlushUnmeasured()
    {
        long bytes = _output.UnflushedBytes;
        _wake.OnFlush(isFull: bytes >= Settings.FlushLimitBytes);
        if (_output.BeginFlush(_clientGone))
        {
            return true;
        }

        _client = ClientState.Awaited;
        _wake.OnFlushWaits();
        _source.OnClientAwaited(bytes, Settings.Scheduler.TimeProvider);
        _probe?.OnFlushWaits();
        _output.WhenFlushed(_onFlushed ??= () => _wake.Signal(WakeSignals.Flushed));
        return false;
    }

    private void MeasureFlush()
    {
        if (Settings.Metrics is { MeasuresFlushes: true } metrics)
        {
            MeasureFlush(metrics);
        }
        else
        {
            // Who listens again later is told nothing of the time between.
            _probe = null;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void MeasureFlush(StreamMetrics metrics)
    {
        if (_probe is null)
        {
            _probe = StreamProbe.UnderWay(metrics, Settings.Scheduler.TimeProvider, Counts);
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
            _wake.OnFlushed();
            _source.OnClientReads();
        }

        bool isRead = _output.ReadFlushResult() && _client != ClientState.GivenUp;
        if (_client != ClientState.Reads)
        {
            // Not before: what a listener throws is no failure of the flush.
            _probe?.OnFlushed();
        }

        if (isRead)
        {
            _client = ClientState.Reads;
        }

        return isRead;
    }

    /// <summary>Looks whether the client has been awaited too long, and lets events wait for it if the policy says so.</summary>
    private void WhileAwaitingClient(bool isTick)
    {
        if (isTick)
        {
            if (_wake.WriteIsOverdue)
            {
                GiveUp();
            }

            _wake.Reschedule();
        }

        if (Settings.SlowClientPolicy != SlowClientPolicy.Wait && !_hasEnded && _ending is null && _waiting is not { SourceHasEnded: true })
        {
            _waiting ??= new WaitingEvents<T>(Settings);
            _waiting.TakeFrom(_source, this, _wake);
        }
    }

    private void GiveUp()
    {
        _client = ClientState.GivenUp;
        _output.CancelFlush();
    }

    private bool AcceptWhileWaiting(in T item)
    {
        bool goOn = _waiting!.Accept(item);
        if (_waiting.IsTooSlow)
        {
            GiveUp();
        }

        return goOn && !_wake.IsSignalled;
    }

    private void OnClientGone()
    {
        _wake.Signal(WakeSignals.ClientGone, onThreadPool: true);
        _output.CancelFlush();
    }
}

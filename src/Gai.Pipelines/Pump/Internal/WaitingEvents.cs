using System.Runtime.ExceptionServices;

namespace Gai.Pipelines.Internal;

/// <summary>Holds the events of a stream whose client takes nothing, until it reads again. Made when a client first keeps a stream waiting whose policy is not <see cref="SlowClientPolicy.Wait"/>.</summary>
/// <remarks>Only the pump uses it.</remarks>
internal sealed class WaitingEvents<T>(PumpSettings settings)
{
    // A source that is always ready gives so many events to a client that does not read before others get the thread.
    private const int EventsBeforeOthers = 1024;

    private readonly Backlog<T> _backlog = new(settings.SlowClientPolicy, settings.SlowClientBudgetBytes, settings.MaxFrameBytes);
    private ExceptionDispatchInfo? _sourceFailure;

    /// <summary>Whether nothing waits for the client.</summary>
    public bool IsEmpty => _backlog.IsEmpty;

    /// <summary>Whether the source has ended meanwhile. Its failure waits behind its last events.</summary>
    public bool SourceHasEnded { get; private set; }

    /// <summary>Whether more waits than the client is worth.</summary>
    public bool IsTooSlow => _backlog.IsFull && settings.SlowClientPolicy == SlowClientPolicy.Disconnect;

    public long Dropped => _backlog.Dropped;

    public long Merged => _backlog.Merged;

    /// <summary>Takes what the source has, as far as there is room.</summary>
    public void TakeFrom(StreamSource<T> source, EventPump<T> pump, Wake wake)
    {
        if (_backlog.IsFull)
        {
            return;
        }

        try
        {
            switch (source.HandOver(pump))
            {
                case SourceState.Pending:
                    source.WakeWhenReady();
                    break;
                case SourceState.Ended:
                    SourceHasEnded = true;
                    break;
                default:
                    // There is more: after others have had the thread, for a source that is always ready never pauses by itself.
                    ThreadPool.UnsafeQueueUserWorkItem(wake, preferLocal: false);
                    break;
            }
        }
        catch (Exception failure)
        {
            _sourceFailure = ExceptionDispatchInfo.Capture(failure);
            SourceHasEnded = true;
        }
    }

    /// <summary>Lets an event wait.</summary>
    /// <returns>Whether the source shall go on.</returns>
    public bool Accept(in T item)
    {
        _backlog.Add(item);
        return !_backlog.IsFull && _backlog.Added % EventsBeforeOthers != 0;
    }

    /// <summary>Has the events encoded that have waited, and before them what became of others.</summary>
    /// <returns>Whether they must be flushed before there can be more.</returns>
    public bool WriteTo(ref StreamOutput<T> output)
    {
        if (_backlog.TakeGap() is > 0 and long dropped)
        {
            output.WriteGap(dropped);
        }

        while (_backlog.TryTake(out T? item))
        {
            output.WriteEvent(item);
            if (output.MustFlush)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Throws what the source threw while its events waited.</summary>
    public void ThrowIfSourceFailed() => _sourceFailure?.Throw();
}

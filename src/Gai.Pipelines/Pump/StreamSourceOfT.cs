using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>Gives the pump its events. Made by the methods of <see cref="StreamSource"/>.</summary>
/// <typeparam name="T">The type of the events.</typeparam>
/// <remarks>A source feeds one stream, once.</remarks>
public abstract class StreamSource<T>
{
    private protected StreamSource()
    {
    }

    /// <summary>Whether taking an event runs the application's code, which may block the thread instead of awaiting.</summary>
    internal virtual bool MayBlock => false;

    /// <summary>Whether its client has read a part of the stream before.</summary>
    internal virtual bool GoesOn => false;

    /// <summary>How many events the pump has got, if what it takes for one may be several.</summary>
    internal virtual long EventsOf(long accepted) => accepted;

    /// <summary>How many events were lost before the source could hand them over, all of which it has told.</summary>
    internal virtual long Lost => 0;

    /// <summary>What the pump waits for; <see langword="null"/> before it has begun.</summary>
    private protected Wake? Wake { get; private set; }

    /// <summary>Begins. Called once, before anything else; not called if the stream is over before it has begun.</summary>
    /// <param name="wake">What the pump waits for.</param>
    /// <param name="queue">Where streams run whose source would only hand them to the thread pool; <see langword="null"/> leaves it to the source.</param>
    internal void Start(Wake wake, ReadyQueue? queue)
    {
        Wake = wake;
        OnStart(queue);
    }

    /// <summary>Hands events to the pump until there is none now, or the pump wants no more.</summary>
    /// <returns><see cref="SourceState.MayHaveMore"/> if the pump wants no more.</returns>
    internal abstract SourceState HandOver(EventPump<T> pump);

    /// <summary>Has the wake signalled when a pending source has something to say; one that always signals it need not be told.</summary>
    internal virtual void WakeWhenReady()
    {
    }

    /// <summary>Lets events gather in the source until the window ends, if that keeps nobody waiting: instead of <see cref="WakeWhenReady"/>.</summary>
    /// <returns>Whether it rests. Then it wakes nobody until it has been asked again.</returns>
    internal virtual bool TryRest(bool isNewWindow) => false;

    /// <summary>Has encoded what has gathered while it rested, and nothing that comes meanwhile. To be called again if the pump has wanted no more.</summary>
    /// <param name="pump">The pump.</param>
    /// <param name="mayRestAgain">Whether there was something and more may come: then the next window is worth a rest as well.</param>
    /// <returns>Whether all of it was taken.</returns>
    internal virtual bool HandOverGathered(EventPump<T> pump, out bool mayRestAgain)
    {
        mayRestAgain = false;
        return true;
    }

    /// <summary>Learns that the client has not taken a flush of so many bytes at once. Until <see cref="OnClientReads"/> nothing is sent.</summary>
    internal virtual void OnClientAwaited(long bytes, TimeProvider time)
    {
    }

    /// <summary>Learns that it has taken it now, or never will.</summary>
    internal virtual void OnClientReads()
    {
    }

    /// <summary>Tells the application's code that the stream is over before its end.</summary>
    internal virtual Task CancelAsync() => Task.CompletedTask;

    /// <summary>Frees what the source holds. The last call.</summary>
    internal abstract Task CloseAsync(StreamOutcome outcome);

    private protected virtual void OnStart(ReadyQueue? queue)
    {
    }
}

/// <summary>What a source says when it is asked for the next event.</summary>
internal enum SourceState
{
    /// <summary>It has more, or nobody knows yet: ask again.</summary>
    MayHaveMore,

    /// <summary>It has no event yet.</summary>
    Pending,

    /// <summary>It will have no more.</summary>
    Ended,
}

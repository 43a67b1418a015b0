using System.Threading.Channels;

namespace Gai.Pipelines.Internal;

/// <summary>A source that is pushed: a channel that somebody else fills.</summary>
internal class ChannelSource<T>(ChannelReader<T> reader, ChannelWriter<T>? writer = null) : AskedSource<T>
{
    // So many windows the source does not rest after one in which a writer had to wait: a channel with little room is held up
    // for one window in so many.
    private const int WindowsAfterFullRest = 32;

    private const int NotCounted = -1;

    private ReadyQueue? _queue;
    private int _windowsBeforeRest;
    private int _gathered; // what is left of it while the pump takes it
    private TimeProvider? _time;
    private long _awaitedSince;
    private long _awaitedBytes;
    private volatile bool _isClientAwaited;

    /// <summary>Whether the client is why nothing is taken from the channel. Thread-safe.</summary>
    internal bool IsClientAwaited => _isClientAwaited;

    internal override SourceState HandOver(EventPump<T> pump)
    {
        // Each look into the channel takes its lock.
        SourceState state = Look();
        while (state == SourceState.MayHaveMore)
        {
            while (reader.TryRead(out T? item))
            {
                if (!pump.Accept(item))
                {
                    return SourceState.MayHaveMore;
                }
            }

            state = Ask();
        }

        return state;
    }

    internal override bool TryRest(bool isNewWindow)
    {
        if (_windowsBeforeRest > 0)
        {
            _windowsBeforeRest -= isNewWindow ? 1 : 0;
            return false;
        }

        _gathered = NotCounted;
        return reader.CanCount;
    }

    internal override bool HandOverGathered(EventPump<T> pump, out bool mayRestAgain)
    {
        bool isFirst = _gathered == NotCounted;
        bool keepsWaiting = false;
        if (isFirst)
        {
            _gathered = reader.Count;
            keepsWaiting = _gathered > 0 && writer is not null && !HasRoom(writer);
        }

        bool goOn = true;
        mayRestAgain = _gathered > 0;
        while (goOn && _gathered > 0 && reader.TryRead(out T? item))
        {
            // A writer that waits with its event puts it in as soon as one is taken out. That another one writes just now is rarer.
            keepsWaiting |= isFirst && reader.Count >= _gathered;
            isFirst = false;
            _gathered--;
            goOn = pump.Accept(item);
        }

        _windowsBeforeRest = keepsWaiting ? WindowsAfterFullRest : _windowsBeforeRest;
        mayRestAgain &= goOn && !reader.Completion.IsCompleted;
        return goOn;
    }

    internal override Task CloseAsync(StreamOutcome outcome)
    {
        // A waiter that is left behind takes no event with it; it goes with the channel's next event, or with the channel.
        ForgetQuestion();
        writer?.TryComplete(outcome.Exception);
        return Task.CompletedTask;
    }

    internal override void OnClientAwaited(long bytes, TimeProvider time)
    {
        _time = time;
        _awaitedSince = time.GetTimestamp();
        _awaitedBytes = bytes;
        _isClientAwaited = true;
    }

    internal override void OnClientReads() => _isClientAwaited = false;

    /// <summary>Says why a writer has given up that waited for the client. Thread-safe.</summary>
    internal SlowClientException WhyItWaits(OperationCanceledException givenUp, CancellationToken cancellationToken) =>
        new(_time!.GetElapsedTime(_awaitedSince), reader.CanCount ? reader.Count : 0, _awaitedBytes, givenUp, cancellationToken);

    // Without a token the channel uses one waiter again and again, and a wait allocates nothing.
    private protected override ValueTask<bool> AskAsync() => reader.WaitToReadAsync(CancellationToken.None);

    // Of a channel that is full this makes one more that waits for room, which there is in a moment.
    private static bool HasRoom(ChannelWriter<T> writer)
    {
        ValueTask<bool> room = writer.WaitToWriteAsync(CancellationToken.None);
        if (room.IsFaulted)
        {
            // Of a channel that has failed. Nobody else looks at it, and such an exception is reported by the runtime.
            _ = room.AsTask().Exception;
            return true;
        }

        return room.IsCompleted;
    }

    private protected override void OnStart(ReadyQueue? queue) => _queue = queue;

    private protected override void WhenAnswered(in ValueTask<bool> answer, Action callback)
    {
        if (_queue is null)
        {
            base.WhenAnswered(answer, callback);
        }
        else
        {
            _queue.WhenAnswered(answer, callback);
        }
    }

    // The writer must not run the stream, nor each stream need a work item of the pool.
    private protected override void GoOn()
    {
        if (_queue is null)
        {
            base.GoOn();
        }
        else
        {
            _queue.Enqueue(Wake!);
        }
    }
}

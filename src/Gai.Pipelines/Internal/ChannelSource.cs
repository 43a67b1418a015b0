using System.Threading.Channels;

namespace Gai.Pipelines.Internal;

/// <summary>A source that is pushed: a channel that somebody else fills.</summary>
internal class ChannelSource<T>(ChannelReader<T> reader, ChannelWriter<T>? writer = null) : StreamSource<T>
{
    // So many windows the source does not rest after one in which a writer had to wait: a channel with little room is held up
    // for one window in so many.
    private const int WindowsAfterFullRest = 32;

    private int _windowsBeforeRest;
    private bool _isResting;

    private TimeProvider? _time;
    private long _awaitedSince;
    private long _awaitedBytes;
    private volatile bool _isClientAwaited;

    /// <summary>Whether the client is why nothing is taken from the channel. Thread-safe.</summary>
    internal bool IsClientAwaited => _isClientAwaited;

    internal override SourceState HandOver(EventPump<T> pump)
    {
        if (_isResting && !EndRest(pump))
        {
            return SourceState.Ready;
        }

        while (true)
        {
            while (reader.TryRead(out T? item))
            {
                if (!pump.Accept(item))
                {
                    return SourceState.Ready;
                }
            }

            SourceState state = Ask();
            if (state != SourceState.Ready)
            {
                return state;
            }
        }
    }

    internal override bool TryRest(bool isNewWindow)
    {
        if (_windowsBeforeRest > 0)
        {
            _windowsBeforeRest -= isNewWindow ? 1 : 0;
            return false;
        }

        return _isResting = reader.CanCount;
    }

    internal override Task CloseAsync(StreamOutcome outcome)
    {
        // A waiter that is left behind takes no event with it; it goes with the channel's next event, or with the channel.
        _ = ForgetQuestionAsync();
        writer?.TryComplete(outcome.Exception);
        return Task.CompletedTask;
    }

    /// <summary>Takes what has gathered. If there is more than the channel had room for, a writer has waited.</summary>
    /// <returns>Whether the pump wants more.</returns>
    private bool EndRest(EventPump<T> pump)
    {
        _isResting = false;
        bool goOn = true;
        for (int gathered = reader.Count; gathered > 0 && goOn && reader.TryRead(out T? item); gathered--)
        {
            goOn = pump.Accept(item);
        }

        if (goOn && reader.Count > 0)
        {
            _windowsBeforeRest = WindowsAfterFullRest;
        }

        return goOn;
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

    private protected override void OnStart(CancellationToken cancellationToken)
    {
    }

    // Without a token the channel uses one waiter again and again, and a wait allocates nothing.
    private protected override ValueTask<bool> AskAsync() => reader.WaitToReadAsync(CancellationToken.None);
}

using System.Threading.Channels;

namespace Gai.Pipelines.Internal;

/// <summary>A source that is pushed: a channel that somebody else fills.</summary>
internal class ChannelSource<T>(ChannelReader<T> reader, ChannelWriter<T>? writer = null) : StreamSource<T>
{
    internal override SourceState HandOver(EventPump<T> pump)
    {
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

    internal override Task CloseAsync(StreamOutcome outcome)
    {
        // A waiter that is left behind takes no event with it; it goes with the channel's next event, or with the channel.
        _ = ForgetQuestionAsync();
        writer?.TryComplete(outcome.Exception);
        return Task.CompletedTask;
    }

    private protected override void OnStart(CancellationToken cancellationToken)
    {
    }

    // Without a token the channel uses one waiter again and again, and a wait allocates nothing.
    private protected override ValueTask<bool> AskAsync() => reader.WaitToReadAsync(CancellationToken.None);
}

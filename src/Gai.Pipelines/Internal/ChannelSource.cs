using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace Gai.Pipelines.Internal;

/// <summary>A source that is pushed: a channel that somebody else fills.</summary>
internal sealed class ChannelSource<T>(ChannelReader<T> reader, ChannelWriter<T>? writer = null) : StreamSource<T>
{
    internal override SourceState TryTake([MaybeNull] out T item)
    {
        if (reader.TryRead(out item))
        {
            return SourceState.Ready;
        }

        while (Ask() is var state)
        {
            if (state != SourceState.Ready)
            {
                return state;
            }

            if (reader.TryRead(out item))
            {
                return SourceState.Ready;
            }
        }

        return SourceState.Ended;
    }

    private protected override void OnStart(CancellationToken cancellationToken)
    {
    }

    // Without a token the channel reuses one waiter, and a wait allocates nothing. A waiter that is left behind by a
    // stream that ends takes no event with it; it goes with the channel or with its next event.
    private protected override ValueTask<bool> AskAsync() => reader.WaitToReadAsync(CancellationToken.None);

    private protected override ValueTask OnCloseAsync(StreamOutcome outcome)
    {
        writer?.TryComplete(outcome.Exception);
        return ValueTask.CompletedTask;
    }
}

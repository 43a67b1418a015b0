using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace Gai.Pipelines.Internal;

/// <summary>A source that pushes: the application's producer, with a bounded channel between it and the pump.</summary>
internal sealed class ProducerSource<T>(Func<ChannelWriter<T>, CancellationToken, Task> producer, int capacity) : StreamSource<T>
{
    private readonly Channel<T> _channel = Channel.CreateBounded<T>(new BoundedChannelOptions(capacity) { SingleReader = true });
    private Task? _producing;
    private bool _channelEnded;

    internal override SourceState TryTake([MaybeNull] out T item)
    {
        while (!_channel.Reader.TryRead(out item))
        {
            SourceState state = Ask();
            if (state == SourceState.Pending)
            {
                return state;
            }

            if (state == SourceState.Ended)
            {
                if (_channelEnded)
                {
                    return state;
                }

                // A producer may complete its channel and still fail: the stream is complete when the producer has returned.
                _channelEnded = true;
            }
        }

        return SourceState.Ready;
    }

    // A producer may block before it first awaits; the pump must not wait for it.
    private protected override void OnStart(CancellationToken cancellationToken) =>
        _producing = Task.Run(() => ProduceAsync(cancellationToken), CancellationToken.None);

    private protected override ValueTask<bool> AskAsync() =>
        _channelEnded ? new ValueTask<bool>(ReturnedAsync()) : _channel.Reader.WaitToReadAsync(CancellationToken.None);

    private protected override async ValueTask OnCloseAsync(StreamOutcome outcome)
    {
        // A producer that waits for room learns that there will be none.
        _channel.Writer.TryComplete();
        try
        {
            await _producing!;
        }
        catch (Exception)
        {
            // Either the pump has seen it, or the stream was over before.
        }
    }

    private async Task ProduceAsync(CancellationToken cancellationToken)
    {
        try
        {
            await producer(_channel.Writer, cancellationToken);
            _channel.Writer.TryComplete();
        }
        catch (Exception failure)
        {
            // What was written before is read first.
            if (!_channel.Writer.TryComplete(failure))
            {
                throw;
            }
        }
    }

    private async Task<bool> ReturnedAsync()
    {
        await _producing!;
        return false;
    }
}

using System.Threading.Channels;

namespace Gai.Pipelines.Internal;

/// <summary>A source that pushes: the application's producer, with a bounded channel between it and the pump.</summary>
internal sealed class ProducerSource<T>(Func<ChannelWriter<T>, CancellationToken, Task> producer, Channel<T> channel)
    : ChannelSource<T>(channel.Reader, channel.Writer)
{
    private readonly Channel<T> _channel = channel;
    private Task _producing = Task.CompletedTask;
    private bool _channelHasEnded;

    internal override SourceState HandOver(EventPump<T> pump)
    {
        SourceState state = base.HandOver(pump);
        if (state != SourceState.Ended || _channelHasEnded)
        {
            return state;
        }

        // A producer may complete its channel and still fail: the stream is complete when the producer has returned.
        _channelHasEnded = true;
        return Ask();
    }

    internal override async Task CloseAsync(StreamOutcome outcome)
    {
        // A producer that waits for room learns that there will be none.
        await base.CloseAsync(outcome);
        await _producing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    // A producer may block before it first awaits; the pump must not wait for it.
    private protected override void OnStart(ReadyQueue? queue)
    {
        base.OnStart(queue);
        CancellationToken cancellationToken = MakeCancellation();
        _producing = Task.Run(() => ProduceAsync(cancellationToken), CancellationToken.None);
    }

    private protected override ValueTask<bool> AskAsync() =>
        _channelHasEnded ? new ValueTask<bool>(ReturnedAsync()) : base.AskAsync();

    private async Task ProduceAsync(CancellationToken cancellationToken)
    {
        try
        {
            await producer(new ProducerWriter<T>(_channel.Writer, this), cancellationToken);
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
        await _producing;
        return false;
    }
}

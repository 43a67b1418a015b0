using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Gai.Pipelines.Internal;

/// <summary>The writing end of a stream's own channel: who stops waiting for room is told if the client is why there was none.</summary>
internal sealed class ProducerWriter<T>(ChannelWriter<T> writer, ChannelSource<T> source) : ChannelWriter<T>
{
    public override bool TryWrite(T item) => writer.TryWrite(item);

    public override bool TryComplete(Exception? error = null) => writer.TryComplete(error);

    public override ValueTask WriteAsync(T item, CancellationToken cancellationToken = default)
    {
        ValueTask writing = writer.WriteAsync(item, cancellationToken);
        return writing.IsCompletedSuccessfully || !cancellationToken.CanBeCanceled ? writing : WaitAsync(writing, cancellationToken);
    }

    public override ValueTask<bool> WaitToWriteAsync(CancellationToken cancellationToken = default)
    {
        ValueTask<bool> waiting = writer.WaitToWriteAsync(cancellationToken);
        return waiting.IsCompletedSuccessfully || !cancellationToken.CanBeCanceled ? waiting : WaitAsync(waiting, cancellationToken);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WaitAsync(ValueTask writing, CancellationToken cancellationToken)
    {
        try
        {
            await writing;
        }
        catch (OperationCanceledException cancelled) when (source.IsClientAwaited)
        {
            throw source.WhyItWaits(cancelled, cancellationToken);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<bool> WaitAsync(ValueTask<bool> waiting, CancellationToken cancellationToken)
    {
        try
        {
            return await waiting;
        }
        catch (OperationCanceledException cancelled) when (source.IsClientAwaited)
        {
            throw source.WhyItWaits(cancelled, cancellationToken);
        }
    }
}

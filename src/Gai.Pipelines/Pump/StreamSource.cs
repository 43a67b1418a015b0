using System.Threading.Channels;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>Makes sources of events.</summary>
public static class StreamSource
{
    /// <summary>The default capacity of the channel of a source that pushes: 256 events.</summary>
    public const int DefaultChannelCapacity = 256; // perf/reports/2026-11-26-9280dea8: 16 are slower; 64 and 1,024 differ from it by less than two runs of it

    /// <summary>Pulls events from an async enumerable.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="items">The events. Its enumerator gets a token that is cancelled when the stream is over before the end of the events, and is disposed.</param>
    /// <returns>The source.</returns>
    public static StreamSource<T> From<T>(IAsyncEnumerable<T> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        return new PulledSource<T>(items);
    }

    /// <summary>Reads events from a channel.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="reader">The channel's reader. It stays the caller's, who learns nothing of the stream's end through it.</param>
    /// <returns>The source.</returns>
    /// <remarks>The stream runs on the thread pool, also if the channel allows synchronous continuations: its writer is not kept.</remarks>
    public static StreamSource<T> From<T>(ChannelReader<T> reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return new ChannelSource<T>(reader);
    }

    /// <summary>Reads events from a channel, and completes its writer when the stream is over.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="channel">The channel. A producer that waits because it is full then gets a <see cref="ChannelClosedException"/>.</param>
    /// <returns>The source.</returns>
    public static StreamSource<T> From<T>(Channel<T> channel)
    {
        ArgumentNullException.ThrowIfNull(channel);
        return new ChannelSource<T>(channel.Reader, channel.Writer);
    }

    /// <summary>Runs a producer that writes its events to a bounded channel. Several threads of it may write at once.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="producer">
    /// The producer. Its token is cancelled when the stream is over; its channel is completed when it returns. When it waits for room with a token of its own,
    /// and the client is why there is none, the cancellation is a <see cref="SlowClientException"/>.
    /// </param>
    /// <param name="capacity">How many events the channel holds before the producer waits, at least 1.</param>
    /// <returns>The source.</returns>
    public static StreamSource<T> From<T>(Func<ChannelWriter<T>, CancellationToken, Task> producer, int capacity = DefaultChannelCapacity)
    {
        ArgumentNullException.ThrowIfNull(producer);
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        return new ProducerSource<T>(producer, Channel.CreateBounded<T>(new BoundedChannelOptions(capacity) { SingleReader = true }));
    }
}

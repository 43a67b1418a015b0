using System.Net.ServerSentEvents;
using System.Threading.Channels;
using Gai.Pipelines;
using Gai.Pipelines.Hosting;

namespace Microsoft.AspNetCore.Http;

/// <summary>Makes results that stream events: <c>TypedResults.Extensions.EventStream(...)</c>.</summary>
/// <remarks>
/// The format (Server-Sent Events, NDJSON, JSON Lines, one JSON document) is negotiated by the request's <c>Accept</c>
/// header. Events of type <see cref="StreamEvent"/> speak the gai dialect, all others the plain one.
/// </remarks>
public static class EventStreamResultExtensions
{
    /// <summary>Streams what an async enumerable yields.</summary>
    /// <typeparam name="T">The type of the events. In SSE, <see cref="string"/> and <c>byte[]</c> are written raw; all others as JSON.</typeparam>
    /// <param name="results">The door, <c>TypedResults.Extensions</c>.</param>
    /// <param name="values">The events. The enumerator's token is cancelled when the client leaves.</param>
    /// <param name="eventType">The name of all events in SSE; <see langword="null"/> for none.</param>
    /// <returns>The result.</returns>
    public static EventStreamResult<T> EventStream<T>(this IResultExtensions results, IAsyncEnumerable<T> values, string? eventType = null) =>
        results.EventStream(values, WithType(eventType));

    /// <summary>Streams what an async enumerable yields, with options.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="results">The door, <c>TypedResults.Extensions</c>.</param>
    /// <param name="values">The events. The enumerator's token is cancelled when the client leaves.</param>
    /// <param name="options">The options; <see langword="null"/> for the defaults.</param>
    /// <returns>The result.</returns>
    public static EventStreamResult<T> EventStream<T>(this IResultExtensions results, IAsyncEnumerable<T> values, EventStreamResultOptions? options)
    {
        ArgumentNullException.ThrowIfNull(results);
        return new(_ => StreamSource.From(values), DefaultDialect.For<T>, options);
    }

    /// <summary>Streams the framework's items, with their names, ids and retry times.</summary>
    /// <typeparam name="T">The type of the data.</typeparam>
    /// <param name="results">The door, <c>TypedResults.Extensions</c>.</param>
    /// <param name="values">The items. The enumerator's token is cancelled when the client leaves.</param>
    /// <param name="options">The options; <see langword="null"/> for the defaults.</param>
    /// <returns>The result.</returns>
    public static EventStreamResult<SseItem<T>> EventStream<T>(this IResultExtensions results, IAsyncEnumerable<SseItem<T>> values, EventStreamResultOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(results);
        return new(_ => StreamSource.From(values), DefaultDialect.ForItems<T>, options);
    }

    /// <summary>Streams what is written to a channel.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="results">The door, <c>TypedResults.Extensions</c>.</param>
    /// <param name="reader">The channel's reader. Its writer learns by <see cref="EventStreamResultOptions.OnClosed"/> that the client has left.</param>
    /// <param name="options">The options; <see langword="null"/> for the defaults.</param>
    /// <returns>The result.</returns>
    public static EventStreamResult<T> EventStream<T>(this IResultExtensions results, ChannelReader<T> reader, EventStreamResultOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(results);
        return new(_ => StreamSource.From(reader), DefaultDialect.For<T>, options);
    }

    /// <summary>Streams the framework's items that are written to a channel.</summary>
    /// <typeparam name="T">The type of the data.</typeparam>
    /// <param name="results">The door, <c>TypedResults.Extensions</c>.</param>
    /// <param name="reader">The channel's reader. Its writer learns by <see cref="EventStreamResultOptions.OnClosed"/> that the client has left.</param>
    /// <param name="options">The options; <see langword="null"/> for the defaults.</param>
    /// <returns>The result.</returns>
    public static EventStreamResult<SseItem<T>> EventStream<T>(this IResultExtensions results, ChannelReader<SseItem<T>> reader, EventStreamResultOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(results);
        return new(_ => StreamSource.From(reader), DefaultDialect.ForItems<T>, options);
    }

    /// <summary>Streams what is written to a channel, and completes its writer when the stream is over.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="results">The door, <c>TypedResults.Extensions</c>.</param>
    /// <param name="channel">The channel. A producer that waits because it is full gets a <see cref="ChannelClosedException"/> when the client leaves.</param>
    /// <param name="options">The options; <see langword="null"/> for the defaults.</param>
    /// <returns>The result.</returns>
    public static EventStreamResult<T> EventStream<T>(this IResultExtensions results, Channel<T> channel, EventStreamResultOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(results);
        return new(_ => StreamSource.From(channel), DefaultDialect.For<T>, options);
    }

    /// <summary>Streams the framework's items that are written to a channel, and completes its writer when the stream is over.</summary>
    /// <typeparam name="T">The type of the data.</typeparam>
    /// <param name="results">The door, <c>TypedResults.Extensions</c>.</param>
    /// <param name="channel">The channel. A producer that waits because it is full gets a <see cref="ChannelClosedException"/> when the client leaves.</param>
    /// <param name="options">The options; <see langword="null"/> for the defaults.</param>
    /// <returns>The result.</returns>
    public static EventStreamResult<SseItem<T>> EventStream<T>(this IResultExtensions results, Channel<SseItem<T>> channel, EventStreamResultOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(results);
        return new(_ => StreamSource.From(channel), DefaultDialect.ForItems<T>, options);
    }

    /// <summary>Runs a producer and streams what it writes. Several of its threads may write at once.</summary>
    /// <typeparam name="T">The type of the events; it has to be named, as in <c>EventStream&lt;Progress&gt;(importer.RunAsync)</c>.</typeparam>
    /// <param name="results">The door, <c>TypedResults.Extensions</c>.</param>
    /// <param name="producer">The producer. It waits while the channel is full; its token is cancelled when the client leaves; the stream ends when it returns.</param>
    /// <param name="options">The options; <see langword="null"/> for the defaults.</param>
    /// <returns>The result.</returns>
    public static EventStreamResult<T> EventStream<T>(
        this IResultExtensions results, Func<ChannelWriter<T>, CancellationToken, Task> producer, EventStreamResultOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(results);
        return new(profile => StreamSource.From(producer, profile.ChannelCapacity), DefaultDialect.For<T>, options);
    }

    /// <summary>Streams what an async enumerable yields in any dialect.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="results">The door, <c>TypedResults.Extensions</c>.</param>
    /// <param name="values">The events. The enumerator's token is cancelled when the client leaves.</param>
    /// <param name="dialect">The dialect, such as <see cref="Dialects.GaiEvents"/>.</param>
    /// <param name="options">The options; <see langword="null"/> for the defaults.</param>
    /// <returns>The result.</returns>
    public static EventStreamResult<T> EventStream<T>(
        this IResultExtensions results, IAsyncEnumerable<T> values, DialectFactory<T> dialect, EventStreamResultOptions? options = null) =>
        results.EventStream(StreamSource.From(values), dialect, options);

    /// <summary>Streams any source in any dialect.</summary>
    /// <typeparam name="T">The type of the events.</typeparam>
    /// <param name="results">The door, <c>TypedResults.Extensions</c>.</param>
    /// <param name="source">The source.</param>
    /// <param name="dialect">The dialect, such as <see cref="Dialects.GaiEvents"/>.</param>
    /// <param name="options">The options; <see langword="null"/> for the defaults.</param>
    /// <returns>The result.</returns>
    public static EventStreamResult<T> EventStream<T>(
        this IResultExtensions results, StreamSource<T> source, DialectFactory<T> dialect, EventStreamResultOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(results);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(dialect);
        return new(_ => source, (_, _) => dialect, options);
    }

    private static EventStreamResultOptions? WithType(string? eventType) =>
        eventType is null ? null : new EventStreamResultOptions { EventType = eventType };
}

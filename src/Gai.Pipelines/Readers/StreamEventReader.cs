using System.Globalization;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>Reads streams of our own dialects, gai and gai.events.v1, back into <see cref="StreamEvent"/>s.</summary>
/// <remarks>
/// The two dialects are told apart by their records. What is not one of their kinds comes back as a raw event with the
/// whole record. The events own their text and bytes: they may be kept. An event may take as much as a server writes by default, 16 MiB (<see cref="FrameWriter.DefaultMaxFrameBytes"/>).
/// </remarks>
public static class StreamEventReader
{
    private static readonly SseReaderOptions SseOptions = new() { MaxLineBytes = FrameWriter.DefaultMaxFrameBytes, MaxEventBytes = FrameWriter.DefaultMaxFrameBytes };
    private static readonly NdjsonReaderOptions NdjsonOptions = new() { MaxRecordBytes = FrameWriter.DefaultMaxFrameBytes };

    /// <summary>Reads the events of a stream to its end marker.</summary>
    /// <param name="reader">The pipe. It stays the caller's and is not completed; what comes behind the end marker is left in it.</param>
    /// <param name="format">The format: <see cref="StreamFormat.ServerSentEvents"/>, or one of the two that are lines of records.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The events, to be enumerated once. A stream that failed ends with an event of type <see cref="StreamEventType.Error"/>.</returns>
    /// <exception cref="TruncatedStreamException">The stream ended without an end marker and without an error.</exception>
    /// <exception cref="StreamReadException">A record cannot be read.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The format is a JSON document; deserialize that as a whole.</exception>
    public static IAsyncEnumerable<StreamEvent> ReadAsync(PipeReader reader, StreamFormat format, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return EnumerateAsync(reader, PipeOwner.Caller, format, cancellationToken);
    }

    /// <summary>Reads the events of a stream to its end marker.</summary>
    /// <param name="stream">The stream. It stays the caller's.</param>
    /// <param name="format">The format: <see cref="StreamFormat.ServerSentEvents"/>, or one of the two that are lines of records.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>The events, to be enumerated once. A stream that failed ends with an event of type <see cref="StreamEventType.Error"/>.</returns>
    /// <exception cref="TruncatedStreamException">The stream ended without an end marker and without an error.</exception>
    /// <exception cref="StreamReadException">A record cannot be read.</exception>
    public static IAsyncEnumerable<StreamEvent> ReadAsync(Stream stream, StreamFormat format, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(stream);
        return EnumerateAsync(SegmentReader.PipeOf(stream), PipeOwner.Reader, format, cancellationToken);
    }

    /// <summary>Reads the events of a stream into a channel, and completes it: well after the end marker and after an event of type <see cref="StreamEventType.Error"/>, which is then the last one; otherwise with the exception.</summary>
    /// <param name="events">The events, as <see cref="ReadAsync(PipeReader, StreamFormat, CancellationToken)"/> gives them.</param>
    /// <param name="channel">The channel. While it is full nothing is read, so that the backpressure reaches the server.</param>
    /// <param name="cancellationToken">Cancels the reading.</param>
    /// <returns>A task that ends with the stream.</returns>
    /// <exception cref="TruncatedStreamException">The stream ended without an end marker and without an error; the channel is completed with the same.</exception>
    public static async Task ReadIntoChannelAsync(
        this IAsyncEnumerable<StreamEvent> events, ChannelWriter<StreamEvent> channel, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(events);
        ArgumentNullException.ThrowIfNull(channel);
        try
        {
            await foreach (StreamEvent item in events.WithCancellation(cancellationToken))
            {
                await channel.WriteAsync(item, cancellationToken);
            }

            channel.TryComplete();
        }
        catch (Exception failure)
        {
            channel.TryComplete(failure);
            throw;
        }
    }

    private static IAsyncEnumerable<StreamEvent> EnumerateAsync(PipeReader reader, PipeOwner owner, StreamFormat format, CancellationToken cancellationToken) =>
        format switch
        {
            StreamFormat.ServerSentEvents => EnumerateSseAsync(new SseReader(reader, owner, SseOptions), cancellationToken),
            StreamFormat.Ndjson or StreamFormat.JsonLines => EnumerateNdjsonAsync(reader, owner, cancellationToken),
            _ => throw new ArgumentOutOfRangeException(nameof(format), format, "A stream is read as SSE, NDJSON or JSON Lines. Deserialize a JSON document as a whole."),
        };

    private static async IAsyncEnumerable<StreamEvent> EnumerateSseAsync(SseReader reader, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long number = 0;
        await foreach (SseFrame frame in reader.ReadAsync(cancellationToken))
        {
            number++;
            if (StreamEventParser.Parse(frame.DataUtf8, frame.NameUtf8, number, reader.EventOffset) is not { } item)
            {
                yield break;
            }

            if (item.Type == StreamEventType.None)
            {
                continue;
            }

            yield return item;
            if (item.Type == StreamEventType.Error)
            {
                yield break;
            }
        }

        throw WithoutEnd(number + 1, reader.EventOffset);
    }

    private static async IAsyncEnumerable<StreamEvent> EnumerateNdjsonAsync(
        PipeReader reader, PipeOwner owner, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var records = new RecordReader(reader, owner, NdjsonOptions);
        try
        {
            do
            {
                while (records.TryNextRaw())
                {
                    if (Parse(records) is not { } item)
                    {
                        yield break;
                    }

                    if (item.Type == StreamEventType.None)
                    {
                        continue;
                    }

                    yield return item;
                    if (item.Type == StreamEventType.Error)
                    {
                        yield break;
                    }
                }
            }
            while (await records.ReadAsync(cancellationToken));
        }
        finally
        {
            records.Release();
        }

        throw WithoutEnd(records.Number + 1, records.Position);
    }

    private static StreamEvent? Parse(RecordReader records)
    {
        try
        {
            return StreamEventParser.Parse(records.Current, default, records.Number, records.Offset);
        }
        catch (StreamReadException failure) when (records.IsCutOff(StreamEventParser.Json))
        {
            throw records.Truncated(failure.InnerException);
        }
    }

    private static TruncatedStreamException WithoutEnd(long number, long offset) => new(
        number,
        offset,
        string.Create(
            CultureInfo.InvariantCulture,
            $"event {number:N0} (byte {offset:N0}): the stream ended without it and without an end marker, it is not complete. Ask again, or resume."));
}

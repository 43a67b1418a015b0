using System.Globalization;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace Gai.Pipelines.AI.Providers;

/// <summary>Reads the answers of the protocol, streamed or whole, as events.</summary>
internal static class CompletionEvents
{
    /// <summary>Reads a stream to <c>[DONE]</c>, or to its end if the model has said why it ended.</summary>
    /// <exception cref="StreamErrorException">A record is an error, or the stream ended too early.</exception>
    /// <exception cref="StreamReadException">A record cannot be read.</exception>
    public static async IAsyncEnumerable<StreamEvent> ReadStreamAsync(
        PipeReader body, SseReaderOptions options, string provider, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var reader = new SseReader(body, options);
        var parser = new CompletionParser(provider);
        long number = 0;
        bool isDone = false;
        await using IAsyncEnumerator<SseFrame> frames = reader.ReadAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (!isDone && await ProviderErrors.MoveNextAsync(frames, cancellationToken))
        {
            number++;
            ReadOnlyMemory<byte> data = frames.Current.DataUtf8;
            isDone = IsDone(data.Span);
            if (isDone || data.Span.IsWhiteSpace())
            {
                continue;
            }

            Parse(parser, data, number, reader.EventOffset);
            for (int i = 0; i < parser.Events.Count; i++)
            {
                yield return parser.Events[i];
            }
        }

        if (!isDone && !parser.HasFinished)
        {
            throw Truncated(number + 1, reader.EventOffset);
        }

        parser.End();
        for (int i = 0; i < parser.Events.Count; i++)
        {
            yield return parser.Events[i];
        }
    }

    /// <summary>Reads a completion that is not streamed.</summary>
    /// <exception cref="StreamErrorException">It is an error.</exception>
    /// <exception cref="StreamReadException">It cannot be read.</exception>
    public static IEnumerable<StreamEvent> ReadWhole(ReadOnlyMemory<byte> json, string provider)
    {
        var parser = new CompletionParser(provider);
        Parse(parser, json, number: 1, offset: 0);
        foreach (StreamEvent item in parser.Events)
        {
            yield return item;
        }

        parser.End();
        foreach (StreamEvent item in parser.Events)
        {
            yield return item;
        }
    }

    private static bool IsDone(ReadOnlySpan<byte> data) => data.Trim((byte)' ').SequenceEqual("[DONE]"u8);

    private static bool IsWhiteSpace(this ReadOnlySpan<byte> data) => !data.ContainsAnyExcept(" \t\n"u8);

    private static void Parse(CompletionParser parser, ReadOnlyMemory<byte> json, long number, long offset)
    {
        try
        {
            parser.Parse(json);
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException or FormatException)
        {
            throw new StreamReadException(
                StreamReadError.InvalidJson,
                number,
                offset,
                string.Create(CultureInfo.InvariantCulture, $"event {number:N0} (byte {offset:N0}): it is not a chat completion or a chunk of one: {failure.Message}"),
                failure);
        }
    }

    private static StreamErrorException Truncated(long number, long offset)
    {
        var failure = new TruncatedStreamException(
            number,
            offset,
            string.Create(
                CultureInfo.InvariantCulture,
                $"event {number:N0} (byte {offset:N0}): the stream ended without it, without a finish reason and without [DONE]; the answer is not complete. Ask again."));
        return new StreamErrorException(ProviderErrors.Translate(failure)!.Error, failure);
    }
}

using System.Diagnostics;
using System.Globalization;
using System.IO.Pipelines;
using System.Net.ServerSentEvents;

namespace Gai.Pipelines.Benchmarks.PostgreSql;

/// <summary>Reads a log to its end as a client does, events that begin with the time at which they were made.</summary>
internal static class LagReader
{
    /// <returns>How many milliseconds each event took.</returns>
    public static async Task<List<double>> ReadAsync(LogCursor cursor, DialectFactory<string> dialects)
    {
        var pipe = new Pipe();
        Dialect<LogFrames> dialect = cursor.DialectsOver(dialects).Create(new DialectContext(StreamFormat.ServerSentEvents, DialectSettings.Default));
        Task<StreamOutcome> pumping = PumpAsync();
        var lags = new List<double>();
        await foreach (SseItem<long> item in SseParser.Create(pipe.Reader.AsStream(), static (_, data) => TimeOf(data)).EnumerateAsync())
        {
            if (item.Data != 0)
            {
                lags.Add(Stopwatch.GetElapsedTime(item.Data).TotalMilliseconds);
            }
        }

        StreamOutcome outcome = await pumping;
        return outcome.Reason == StreamOutcomeReason.Completed ? lags : throw new InvalidOperationException($"A stream ended as {outcome.Reason}: {outcome.Exception}");

        async Task<StreamOutcome> PumpAsync()
        {
            try
            {
                return await new EventPump<LogFrames>(cursor, dialect, pipe.Writer, PumpSettings.Default).RunAsync();
            }
            finally
            {
                await pipe.Writer.CompleteAsync();
            }
        }
    }

    /// <summary>The time of an event; 0 for the end marker.</summary>
    private static long TimeOf(ReadOnlySpan<byte> data)
    {
        int space = data.IndexOf((byte)' ');
        return space > 0 && long.TryParse(data[..space], CultureInfo.InvariantCulture, out long time) ? time : 0;
    }
}

using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using Gai.Pipelines.Benchmarks.Reports;
using Gai.Pipelines.PostgreSql;
using Gai.Pipelines.TestUtilities;
using Npgsql;

namespace Gai.Pipelines.Benchmarks.PostgreSql;

/// <summary>Starts a PostgreSQL server with its default durability and two nodes on it, and measures streams that one produces and the other reads.</summary>
internal static class PostgreSqlVerb
{
    private const int Rounds = 3;

    // A token of a model in the frame of a dialect has about as many bytes.
    private static readonly string Padding = new('x', 40);

    public static async Task<int> RunAsync()
    {
        await using PostgreSqlServer server = await PostgreSqlServer.StartAsync();
        await using var source = NpgsqlDataSource.Create(server.ConnectionString);

        // The first streams pay for code that is compiled once.
        await MeasureAsync(server, source, "warm_up", streams: 20, eventsPerSecond: 0, eventsPerStream: 2000);
        await MeasureAsync(server, source, "warm_up_paced", streams: 20, eventsPerSecond: 50, eventsPerStream: 100);

        var loads = new List<PostgreSqlLoad>();
        foreach ((int streams, int perSecond, int events) in ((int, int, int)[])[(100, 0, 10_000), (1, 50, 500), (100, 50, 500)])
        {
            var rounds = new List<PostgreSqlRound>();
            for (int round = 0; round < Rounds; round++)
            {
                rounds.Add(await MeasureAsync(server, source, $"load_{loads.Count}_{round}", streams, perSecond, events));
                Console.WriteLine(rounds[^1]);
            }

            loads.Add(new PostgreSqlLoad(streams, perSecond, events, rounds));
        }

        await using NpgsqlConnection connection = await source.OpenConnectionAsync();
        RunInfo info = RunInfo.Now();
        string folder = Path.Combine(Repository.Reports, info.FolderName);
        Directory.CreateDirectory(folder);
        ReportFiles.Write(Path.Combine(folder, $"{ReportVerb.PostgreSqlRun}.run.json"), new PostgreSqlReport(info, $"PostgreSQL {connection.PostgreSqlVersion}", loads));
        Console.WriteLine($"Wrote perf/reports/{info.FolderName}. `-- report` puts it into PERFORMANCE.md.");
        return 0;
    }

    private static async Task<PostgreSqlRound> MeasureAsync(PostgreSqlServer server, NpgsqlDataSource source, string schema, int streams, int eventsPerSecond, int eventsPerStream)
    {
        var options = new PostgreSqlLogStoreOptions { Schema = schema };
        await using var storeOfA = new PostgreSqlLogStore(server.ConnectionString, options);
        await using var storeOfB = new PostgreSqlLogStore(server.ConnectionString, options);
        await using var a = new StreamLogs(new StreamLogsOptions { Store = storeOfA, MaxTotalBytes = 1L << 30 });
        await using var b = new StreamLogs(new StreamLogsOptions { Store = storeOfB, MaxTotalBytes = 1L << 30 });
        await storeOfA.MigrateAsync();
        DialectFactory<string> plain = Dialects.Plain<string>(null);
        using var start = new SemaphoreSlim(0);
        var logs = new List<StreamLog>();
        for (int i = 0; i < streams; i++)
        {
            LogAttachment attachment = await a.GetOrStartAsync(
                new LogStart { Key = LogKey.New(), Format = StreamFormat.ServerSentEvents, Dialect = "plain" },
                () => new LogProducer<string>
                {
                    Source = StreamSource.From(EventsAsync(start, eventsPerSecond, eventsPerStream)),
                    Dialect = plain.Create(new DialectContext(StreamFormat.ServerSentEvents, DialectSettings.Default)),
                });
            logs.Add(attachment.Log);
        }

        // Without a pace, what a reader sees last is how long the queue was: nobody reads then.
        var readers = new List<Task<List<double>>>();
        foreach (StreamLog log in eventsPerSecond == 0 ? [] : logs)
        {
            StreamLog copy = await b.FindAsync(log.Description.Id) ?? throw new InvalidOperationException("A log was not found at the other node.");
            readers.Add(Task.Run(() => LagReader.ReadAsync(copy.OpenCursorAtStart(), plain)));
        }

        long begun = Stopwatch.GetTimestamp();
        start.Release(streams);
        await Task.WhenAll(logs.Select(UntilDurableAsync));
        double seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        double[] lags = [.. (await Task.WhenAll(readers)).SelectMany(static lags => lags).Order()];
        if (lags.Length != (eventsPerSecond == 0 ? 0 : streams * eventsPerStream))
        {
            throw new InvalidOperationException($"{lags.Length} events came to the readers of {streams} streams with {eventsPerStream} each.");
        }

        await using NpgsqlCommand count = source.CreateCommand($"select count(*), sum(cardinality(ends)) from {schema}.frames");
        await using NpgsqlDataReader row = await count.ExecuteReaderAsync();
        await row.ReadAsync();
        return row.GetInt64(1) == (long)streams * eventsPerStream
            ? new PostgreSqlRound(streams * eventsPerStream / seconds, Quantile(lags, 0.5), Quantile(lags, 0.99), (double)row.GetInt64(0) / streams)
            : throw new InvalidOperationException($"{row.GetInt64(1)} events of {streams} streams with {eventsPerStream} each are in the database.");
    }

    private static async IAsyncEnumerable<string> EventsAsync(SemaphoreSlim start, int perSecond, int count, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await start.WaitAsync(cancellationToken);
        if (perSecond > 0)
        {
            // Not all streams at the same moment.
            await Task.Delay(Random.Shared.Next(1000 / perSecond), cancellationToken);
        }

        using PeriodicTimer? pace = perSecond > 0 ? new PeriodicTimer(TimeSpan.FromSeconds(1.0 / perSecond)) : null;
        for (int i = 0; i < count; i++)
        {
            if (pace is not null)
            {
                await pace.WaitForNextTickAsync(cancellationToken);
            }

            yield return string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetTimestamp()} {Padding}");
        }
    }

    private static async Task UntilDurableAsync(StreamLog log)
    {
        await log.Ended;
        while (log.DurableSequence < log.LastSequence)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1));
        }
    }

    private static double Quantile(double[] sorted, double share) => sorted.Length == 0 ? 0 : sorted[(int)(share * (sorted.Length - 1))];
}

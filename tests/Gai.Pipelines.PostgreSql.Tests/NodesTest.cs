using System.IO.Pipelines;
using System.Net.ServerSentEvents;
using System.Text;
using Npgsql;

namespace Gai.Pipelines.PostgreSql.Tests;

/// <summary>Nodes over one database, on the real clock. Each test has tables of its own.</summary>
public abstract class NodesTest(Func<string> connectionString) : IAsyncLifetime
{
    private readonly List<StreamLogs> _nodes = [];
    private readonly List<PostgreSqlLogStore> _stores = [];
    private NpgsqlDataSource? _source;

    protected static DialectFactory<string> Plain { get; } = Dialects.Plain<string>(null);

    protected static LogOptions Unabandoned { get; } = new() { AbandonAfter = Timeout.InfiniteTimeSpan };

    protected static CancellationToken None => CancellationToken.None;

    protected static TimeSpan LongTime => TimeSpan.FromMinutes(10);

    protected string Schema { get; } = $"nodes_{Guid.NewGuid():N}";

    protected string ConnectionString => connectionString();

    public ValueTask InitializeAsync()
    {
        _source = NpgsqlDataSource.Create($"{ConnectionString};Pooling=false");
        return ValueTask.CompletedTask;
    }

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        foreach (StreamLogs node in _nodes)
        {
            await node.DisposeAsync();
        }

        foreach (PostgreSqlLogStore store in _stores)
        {
            await store.DisposeAsync();
        }

        await _source!.DisposeAsync();
    }

    /// <summary>Opens the store as another node does.</summary>
    /// <param name="name">What its connections are called, for <see cref="CutAsync"/>.</param>
    /// <param name="maxConnections">The bound of its connections.</param>
    protected PostgreSqlLogStore OpenStore(string name = "node", int maxConnections = 20)
    {
        var store = new PostgreSqlLogStore(
            $"{ConnectionString};Application Name={NameOf(name)}",
            new PostgreSqlLogStoreOptions { Schema = Schema, MaxConnections = maxConnections });
        _stores.Add(store);
        return store;
    }

    protected StreamLogs NewNode(ILogStore? store = null, StreamLogsOptions? options = null)
    {
        var node = new StreamLogs((options ?? new StreamLogsOptions()) with { Store = store ?? OpenStore() });
        _nodes.Add(node);
        return node;
    }

    /// <summary>Cuts the connections of a store.</summary>
    /// <returns>How many there were.</returns>
    protected Task<long> CutAsync(string name, string query = "%") =>
        AskAsync<long>($"select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = '{NameOf(name)}' and query ilike '{query}'");

    protected async Task<T> AskAsync<T>(string sql)
    {
        await using NpgsqlCommand command = _source!.CreateCommand(sql.Replace("{schema}", $"\"{Schema}\"", StringComparison.Ordinal));
        return (T)(await command.ExecuteScalarAsync())!;
    }

    protected async Task DoAsync(string sql)
    {
        await using NpgsqlCommand command = _source!.CreateCommand(sql.Replace("{schema}", $"\"{Schema}\"", StringComparison.Ordinal));
        await command.ExecuteNonQueryAsync();
    }

    protected ValueTask<NpgsqlConnection> OpenConnectionAsync() => _source!.OpenConnectionAsync();

    /// <summary>Has each row of frames wait for something before it is inserted.</summary>
    /// <param name="wait">A statement of PL/pgSQL; <c>new</c> is the row.</param>
    protected Task DelayFramesAsync(string wait) => DoAsync($$"""
        create function {schema}.delay() returns trigger language plpgsql as 'begin {{wait}}; return new; end';
        create trigger delay before insert on {schema}.frames for each row execute function {schema}.delay();
        """);

    protected static LogStart At(LogKey key, LogOptions? options = null) =>
        new() { Key = key, Format = StreamFormat.ServerSentEvents, Dialect = "plain", Owner = "me", Options = options ?? LogOptions.Default };

    protected static LogProducer<string> From(IAsyncEnumerable<string> source) =>
        new() { Source = StreamSource.From(source), Dialect = Plain.Create(new DialectContext(StreamFormat.ServerSentEvents, DialectSettings.Default)) };

    protected static async Task<(StreamLog Log, ManualSequence<string> Source)> BeginAsync(StreamLogs node, LogOptions? options = null)
    {
        var source = new ManualSequence<string>();
        LogAttachment attachment = await node.GetOrStartAsync(At(LogKey.New(), options), () => From(source)).AsTask().OrFail();
        Assert.True(attachment.IsNew);
        return (attachment.Log, source);
    }

    protected static async Task<StreamLog> FindAsync(StreamLogs node, StreamLog log, LogOptions? options = null)
    {
        StreamLog? found = await node.FindAsync(log.Description.Id, options).AsTask().OrFail();
        Assert.NotNull(found);
        return found;
    }

    protected static Task<StreamOutcome> ReadAsync(LogCursor cursor, PipeWriter output, CancellationToken client = default)
    {
        Dialect<LogFrames> dialect = cursor.DialectsOver(Plain).Create(new DialectContext(cursor.Log.Description.Format, DialectSettings.Default));
        return new EventPump<LogFrames>(cursor, dialect, output, PumpSettings.Default).RunAsync(client);
    }

    protected static async Task<(StreamOutcome Outcome, string[] Data)> ReadToEndAsync(LogCursor cursor)
    {
        var output = new RecordingPipeWriter();
        StreamOutcome outcome = await ReadAsync(cursor, output).OrFail();
        return (outcome, DataOf(output.Text));
    }

    protected static string[] DataOf(string text) => [.. EventsOf(text).Select(static one => one.Data)];

    protected static List<(string Id, string Data)> EventsOf(string text)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(text));
        SseParser<string> parser = SseParser.Create(stream);
        var events = new List<(string, string)>();
        foreach (SseItem<string> item in parser.Enumerate())
        {
            events.Add((parser.LastEventId, item.Data));
        }

        return events;
    }

    protected static string[] Numbers(int count) => [.. Enumerable.Range(1, count).Select(i => $"{i}")];

    protected static LogDescription Describe(LogKind kind = LogKind.Generation, TimeSpan? keepFor = null) => new()
    {
        Id = LogId.New(),
        Key = LogKey.New(),
        Kind = kind,
        Format = StreamFormat.ServerSentEvents,
        Dialect = "plain",
        CreatedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
        KeepFor = keepFor ?? LongTime,
    };

    protected static LogBatch Batch(long first, params string[] frames)
    {
        var batch = new LogBatch();
        batch.Clear(first);
        Array.ForEach(frames, frame => batch.Add(Encoding.UTF8.GetBytes(frame).AsSpan()));
        return batch;
    }

    protected static async Task<(LogState? State, string[] Frames)> ReadAsync(ILogStore store, LogId log, long first = 1)
    {
        using var batch = new LogBatch();
        LogState? state = await store.ReadAsync(log, first, 1 << 20, batch, None);
        return (state, [.. Enumerable.Range(0, batch.Count).Select(i => Encoding.UTF8.GetString(batch[i]))]);
    }

    private string NameOf(string name) => $"{name}_{Schema[^20..]}";
}

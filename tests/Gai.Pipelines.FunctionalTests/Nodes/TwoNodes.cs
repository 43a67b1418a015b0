using System.Globalization;
using Gai.Pipelines.TestUtilities;
using Npgsql;

namespace Gai.Pipelines.FunctionalTests.Nodes;

/// <summary>Two processes that share the streams which they keep in one PostgreSQL. They end when the tests do, however these end.</summary>
internal sealed class TwoNodes : IAsyncDisposable
{
    private readonly string _schema = $"nodes_{Guid.NewGuid():N}";
    private readonly NpgsqlDataSource _source;

    private TwoNodes(PostgreSqlServer database) => _source = NpgsqlDataSource.Create($"{database.ConnectionString};Pooling=false;Application Name=test");

    public Child A { get; private set; } = null!;

    public Child B { get; private set; } = null!;

    /// <summary>Gets where A listens for HTTP/1.1.</summary>
    public int PortA { get; private set; }

    public int PortB { get; private set; }

    /// <param name="database">Where their streams are.</param>
    /// <param name="leaseSeconds">How long one may be silent before the other declares its streams lost.</param>
    public static async Task<TwoNodes> StartAsync(PostgreSqlServer database, int leaseSeconds = 20)
    {
        var nodes = new TwoNodes(database);
        string[] options =
        [
            $"--ConnectionStrings:Streams={database.ConnectionString}", $"--Schema={nodes._schema}",
            $"--GaiPipelines:Logs:Lease=00:00:{leaseSeconds:D2}", "--GaiPipelines:Logs:PollInterval=00:00:00.1",
        ];
        (Child Server, int[] Ports)[] both = await Task.WhenAll(Child.StartServerAsync(null, options), Child.StartServerAsync(null, options));
        (nodes.A, nodes.PortA) = (both[0].Server, both[0].Ports[0]);
        (nodes.B, nodes.PortB) = (both[1].Server, both[1].Ports[0]);
        return nodes;
    }

    /// <summary>Lets a stream that A produces go on by so many events.</summary>
    public async Task GiveAsync(string key, int events) => Assert.Equal("given", await A.AskAsync($"give {key} {events}"));

    /// <summary>Has each append wait two seconds on its way to the disk.</summary>
    public Task SlowDiskAsync() => DoAsync("""
        create function {schema}.delay() returns trigger language plpgsql as 'begin perform pg_sleep(2); return new; end';
        create trigger delay before insert on {schema}.frames for each row execute function {schema}.delay();
        """);

    public Task FastDiskAsync() => DoAsync("drop trigger delay on {schema}.frames; drop function {schema}.delay");

    /// <summary>Tells which append the disk holds at this moment.</summary>
    /// <returns><see langword="null"/> if it is none.</returns>
    public async Task<string?> HeldAppendAsync() =>
        await AskAsync("select pid || ' since ' || query_start from pg_stat_activity where application_name <> 'test' and wait_event = 'PgSleep' limit 1") as string;

    /// <summary>Waits until the disk holds an append.</summary>
    public async Task IsHoldingAppendAsync()
    {
        long start = Environment.TickCount64;
        while (await HeldAppendAsync() is null)
        {
            Assert.True(Environment.TickCount64 - start < 30_000, "The disk held no append within 30 s.");
        }
    }

    /// <summary>Cuts all connections that the nodes have to the server.</summary>
    /// <returns>How many there were.</returns>
    public async Task<long> CutConnectionsAsync() => (long)(await AskAsync(
        "select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name <> 'test' and backend_type = 'client backend'"))!;

    /// <summary>Counts the events of the only stream that there is which are durable.</summary>
    public async Task<long> DurableAsync() => (long)(await AskAsync("select last_sequence from {schema}.logs"))!;

    /// <summary>Counts the streams that a node has produced.</summary>
    public static async Task<int> StartedAsync(Child node) => int.Parse(await node.AskAsync("started"), CultureInfo.InvariantCulture);

    public async ValueTask DisposeAsync()
    {
        await A.DisposeAsync();
        await B.DisposeAsync();
        await _source.DisposeAsync();
    }

    private async Task<object?> AskAsync(string sql)
    {
        await using NpgsqlCommand command = _source.CreateCommand(sql.Replace("{schema}", _schema, StringComparison.Ordinal));
        return await command.ExecuteScalarAsync();
    }

    private async Task DoAsync(string sql) => await AskAsync(sql);
}

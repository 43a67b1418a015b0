using Gai.Pipelines.PostgreSql.Tests;
using Npgsql;

[assembly: AssemblyFixture(typeof(PostgreSqlFixture))]

namespace Gai.Pipelines.PostgreSql.Tests;

/// <summary>One server for the tests that do not stop it. What is written to it need not survive the machine.</summary>
public sealed class PostgreSqlFixture : IAsyncLifetime
{
    private PostgreSqlServer? _server;
    private NpgsqlDataSource? _source;

    public string ConnectionString => _server!.ConnectionString;

    /// <summary>Gives connections of the tests' own, which the stores do not use.</summary>
    public NpgsqlDataSource Source => _source!;

    public async ValueTask InitializeAsync()
    {
        _server = await PostgreSqlServer.StartAsync("fsync=off");
        _source = NpgsqlDataSource.Create(ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        if (_source is not null)
        {
            await _source.DisposeAsync();
        }

        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }
}

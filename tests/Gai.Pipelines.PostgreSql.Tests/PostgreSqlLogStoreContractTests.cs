using Gai.Pipelines.TestKit;
using Npgsql;

namespace Gai.Pipelines.PostgreSql.Tests;

public sealed class PostgreSqlLogStoreContractTests(PostgreSqlFixture postgreSql) : LogStoreContractTests, IAsyncLifetime
{
    private readonly List<PostgreSqlLogStore> _stores = [];

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (PostgreSqlLogStore store in _stores)
        {
            await store.DisposeAsync();
        }
    }

    protected override ValueTask<ILogStore> OpenNodeAsync()
    {
        var store = new PostgreSqlLogStore(postgreSql.ConnectionString, new PostgreSqlLogStoreOptions { Schema = "contract" });
        _stores.Add(store);
        return new(store);
    }

    // On the clock of the server.
    protected override async ValueTask PassAsync(TimeSpan time)
    {
        await using NpgsqlCommand wait = postgreSql.Source.CreateCommand("select pg_sleep($1)");
        wait.Parameters.AddWithValue(time.TotalSeconds);
        await wait.ExecuteNonQueryAsync();
    }
}

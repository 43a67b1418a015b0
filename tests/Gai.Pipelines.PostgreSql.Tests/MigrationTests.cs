using Microsoft.Extensions.Options;
using Npgsql;

namespace Gai.Pipelines.PostgreSql.Tests;

public sealed class MigrationTests(PostgreSqlFixture postgreSql) : NodesTest(() => postgreSql.ConnectionString)
{
    [Fact]
    public async Task Call_ManyNodesAtTheSameMoment_MigrationIsAppliedOnce()
    {
        for (int round = 0; round < 5; round++)
        {
            string schema = $"{Schema}_{round}";
            var stores = new List<PostgreSqlLogStore>();
            for (int i = 0; i < 8; i++)
            {
                stores.Add(new PostgreSqlLogStore(ConnectionString, new PostgreSqlLogStoreOptions { Schema = schema }));
            }

            LogClaim[] claims = await Task.WhenAll(stores.Select(store => Task.Run(async () => await store.ClaimAsync(Describe(), LongTime, None)))).OrFail();

            Assert.All(claims, claim => Assert.True(claim.IsOwner));
            Assert.Equal(1, await AskAsync<long>($"select count(*) from {schema}.migrations"));
            foreach (PostgreSqlLogStore store in stores)
            {
                await store.MigrateAsync();
                await store.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task Names_AreAnyNames_AreQuoted()
    {
        var options = new PostgreSqlLogStoreOptions
        {
            Schema = $"Odd \"{Schema[^12..]}\"; drop $do$ '",
            LogsTable = "Select",
            FramesTable = "frames of \u00E9\"\"; --",
            MigrationsTable = "MIGRATIONS",
        };
        await using var store = new PostgreSqlLogStore(ConnectionString, options);
        LogClaim claim = await store.ClaimAsync(Describe(), LongTime, None);
        using LogBatch batch = Batch(1, "a", "b");
        await store.AppendAsync(claim.Log.Id, claim.FencingToken, batch, None);

        Assert.Equal(["a", "b"], (await ReadAsync(store, claim.Log.Id)).Frames);
        Assert.Equal(3, await AskAsync<long>(
            $"select count(*) from pg_tables where schemaname = '{options.Schema.Replace("'", "''", StringComparison.Ordinal)}' and tablename in ('Select', 'frames of \u00E9\"\"; --', 'MIGRATIONS')"));
    }

    [Fact]
    public async Task Call_MigrationsAreNotToBeApplied_SaysWhatToDoAndWorksAfterwards()
    {
        string role = $"app_{Schema[^12..]}";
        await DoAsync($"create role {role} login");
        var options = new PostgreSqlLogStoreOptions { Schema = Schema, ApplyMigrations = false };
        await using var store = new PostgreSqlLogStore(new NpgsqlConnectionStringBuilder(ConnectionString) { Username = role }.ConnectionString, options);

        InvalidOperationException failure = await Assert.ThrowsAsync<InvalidOperationException>(async () => await store.FindAsync(LogKey.New(), None));
        Assert.Contains("version 0, and this package needs 1. Call MigrateAsync", failure.Message, StringComparison.Ordinal);

        // An account that may only read and write is enough for all the rest.
        await OpenStore().MigrateAsync();
        await DoAsync($"grant usage on schema {{schema}} to {role}; grant select, insert, update, delete on all tables in schema {{schema}} to {role}");
        LogClaim claim = await store.ClaimAsync(Describe(), LongTime, None);
        using LogBatch batch = Batch(1, "a");
        await store.AppendAsync(claim.Log.Id, claim.FencingToken, batch, None);
        await store.EndAsync(claim.Log.Id, claim.FencingToken, LogEnd.Completed, lastSequence: 0, None);
        Assert.Equal(new LogState(1, 1, LogEnd.Completed), (await ReadAsync(store, claim.Log.Id)).State);
        Assert.Equal(0, await store.DeleteExpiredAsync(10, None));
        Assert.True(await store.RemoveAsync(claim.Log.Id, None));
    }

    [Fact]
    public async Task Call_TablesOfALaterVersion_AreUsedIfTheySayThatTheyCanBe()
    {
        await OpenStore().MigrateAsync();
        await DoAsync("insert into {schema}.migrations (version, oldest_compatible) values (98, 1)");
        Assert.Null(await OpenStore().FindAsync(LogKey.New(), None));

        await DoAsync("insert into {schema}.migrations (version, oldest_compatible) values (99, 99)");
        InvalidOperationException failure = await Assert.ThrowsAsync<InvalidOperationException>(async () => await OpenStore().FindAsync(LogKey.New(), None));
        Assert.Contains("Update Gai.Pipelines.PostgreSql", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_OutOfRange_SayWhatAndWhatToDo()
    {
        var options = new PostgreSqlLogStoreOptions
        {
            Schema = string.Empty,
            LogsTable = "a\0b",
            FramesTable = new string('\u00E9', 32),
            MigrationsTable = "a\0b",
            CommandTimeout = TimeSpan.Zero,
            MaxConnections = 3,
        };

        OptionsValidationException failure = Assert.Throws<OptionsValidationException>(() => new PostgreSqlLogStore("Host=none", options));

        Assert.Equal(
            [
                "Schema is empty. Give it a name of 1 to 63 bytes.",
                "LogsTable has the character U+0000, which PostgreSQL takes in no name. Remove it.",
                "FramesTable has 64 bytes, and PostgreSQL keeps 63 of a name. Give it a shorter one.",
                "MigrationsTable has the character U+0000, which PostgreSQL takes in no name. Remove it.",
                $"LogsTable, LeasesTable, FramesTable and MigrationsTable are a\0b, leases, {options.FramesTable}, a\0b. Give each a name of its own.",
                "CommandTimeout is 00:00:00. Set it to 00:00:01 to 00:10:00.",
                "MaxConnections is 3. Set it to 4 to 1000.",
            ],
            failure.Failures);
    }
}

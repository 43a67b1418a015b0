using System.Transactions;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Gai.Pipelines.PostgreSql.Tests;

/// <summary>What the contract cannot reach: what is in the tables, and transactions that the test itself holds.</summary>
public sealed class StoreTests(PostgreSqlFixture postgreSql) : NodesTest(() => postgreSql.ConnectionString)
{
    [Fact]
    public async Task Publish_TransactionThatIsFirstCommitsLast_NobodySeesAHole()
    {
        PostgreSqlLogStore[] stores = [OpenStore("a"), OpenStore("b")];
        LogId topic = (await stores[0].ClaimAsync(Describe(LogKind.Topic), LongTime, None)).Log.Id;
        await PublishAsync(stores[0], topic, "1");
        await DelayFramesAsync("if new.bytes = ''slow'' then perform pg_advisory_xact_lock_shared(hashtext(tg_table_schema)); end if");
        await using Npgsql.NpgsqlConnection gate = await OpenConnectionAsync();
        await HoldAsync(gate, "select pg_advisory_lock(hashtext($1))");

        Task<long> slow = PublishAsync(stores[0], topic, "slow");
        await WaitersAsync(1);
        Task<long> quick = PublishAsync(stores[1], topic, "quick");
        await WaitersAsync(2);

        // The second has not overtaken the first, whose number it must not show alone.
        (LogState? state, string[] frames) = await ReadAsync(OpenStore(), topic);
        Assert.Equal((1, 1), (state!.Value.LastSequence, frames.Length));
        await HoldAsync(gate, "select pg_advisory_unlock(hashtext($1))");
        Assert.Equal((2, 3), (await slow.OrFail(), await quick.OrFail()));
        Assert.Equal(["1", "slow", "quick"], (await ReadAsync(OpenStore(), topic)).Frames);
    }

    [Fact]
    public async Task Publish_SamePublicationAtTheSameMoment_IsOne()
    {
        PostgreSqlLogStore[] stores = [OpenStore(), OpenStore()];
        LogId topic = (await stores[0].ClaimAsync(Describe(LogKind.Topic), LongTime, None)).Log.Id;
        for (int i = 1; i <= 50; i++)
        {
            var publication = Guid.NewGuid();
            using var gate = new SemaphoreSlim(0);
            Task<long>[] publishing = [.. Enumerable.Range(0, 4).Select(n => Task.Run(async () =>
            {
                await gate.WaitAsync();
                using LogBatch batch = Batch(0, "a");
                return await stores[n % 2].PublishAsync(topic, publication, batch, None);
            }))];
            gate.Release(4);

            Assert.All(await Task.WhenAll(publishing).OrFail(), first => Assert.Equal(i, first));
        }
    }

    /// <summary>Where many publish the row of the topic is hardly ever free: who expires its events waits for it like anybody.</summary>
    [Fact]
    public async Task DeleteExpired_SomebodyPublishes_WaitsAndExpiresTheEventsAllTheSame()
    {
        PostgreSqlLogStore store = OpenStore();
        LogId topic = (await store.ClaimAsync(Describe(LogKind.Topic, keepFor: TimeSpan.FromMilliseconds(1)), LongTime, None)).Log.Id;
        await PublishAsync(store, topic, "old");
        await using NpgsqlConnection publisher = await OpenConnectionAsync();
        await using NpgsqlTransaction publishing = await publisher.BeginTransactionAsync();
        await using (var command = new NpgsqlCommand($"select from \"{Schema}\".logs for update", publisher, publishing))
        {
            await command.ExecuteNonQueryAsync();
        }

        Task<int> expiring = store.DeleteExpiredAsync(100, None).AsTask();
        await WaitersAsync(1, "%first_sequence%");
        await publishing.CommitAsync();

        Assert.Equal(1, await expiring.OrFail());
        Assert.Equal(2, (await ReadAsync(store, topic)).State!.Value.FirstSequence);
    }

    /// <summary>A handler's transaction has nothing to do with the log: it may be rolled back, or lead elsewhere.</summary>
    [Fact]
    public async Task Claim_WithinATransactionThatIsRolledBack_IsThere()
    {
        PostgreSqlLogStore store = OpenStore();
        LogClaim claim;
        using (new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
        {
            claim = await store.ClaimAsync(Describe(), LongTime, None);
        }

        Assert.NotNull(await OpenStore().FindAsync(claim.Log.Id, None));
    }

    /// <summary>Of several hosts the primary is used, also if the connection string says so itself.</summary>
    [Theory]
    [InlineData(1, ";Target Session Attributes=primary")]
    [InlineData(2, ";Target Session Attributes=primary")]
    [InlineData(2, "")]
    public async Task Claim_HostsInTheConnectionString_GoesToThePrimary(int hosts, string setting)
    {
        var server = new NpgsqlConnectionStringBuilder(ConnectionString);
        server.Host = string.Join(',', Enumerable.Repeat($"{server.Host}:{server.Port}", hosts));
        await using var store = new PostgreSqlLogStore($"{server}{setting}", new PostgreSqlLogStoreOptions { Schema = Schema });

        Assert.True((await store.ClaimAsync(Describe(), LongTime, None)).IsOwner);
    }

    [Fact]
    public async Task Append_ManyBatches_HasARowForEach()
    {
        PostgreSqlLogStore store = OpenStore();
        LogClaim claim = await store.ClaimAsync(Describe(), LongTime, None);
        for (int i = 0; i < 20; i++)
        {
            using LogBatch batch = Batch(1 + (50 * i), [.. Enumerable.Range(0, 50).Select(n => $"frame {n}")]);
            await store.AppendAsync(claim.Log.Id, claim.FencingToken, batch, None);
        }

        Assert.Equal(20, await AskAsync<long>("select count(*) from {schema}.frames"));
        Assert.Equal(1000, (await ReadAsync(store, claim.Log.Id)).Frames.Length);
    }

    [Theory]
    [InlineData(LogKind.Generation)]
    [InlineData(LogKind.Topic)]
    public async Task AppendAndPublish_LargeBatch_HasRowsOfABoundedSize(LogKind kind)
    {
        const int Bound = 256 * 1024;
        const int Count = 8 * 1024;
        PostgreSqlLogStore store = OpenStore();
        LogClaim claim = await store.ClaimAsync(Describe(kind), LongTime, None);
        LogId log = claim.Log.Id;
        string[] frames = [.. Numbers(Count).Select(number => number.PadLeft(1024, '.'))];
        using LogBatch batch = Batch(kind == LogKind.Topic ? 0 : 1, frames);
        var publication = Guid.NewGuid();

        // Twice, as after an answer that was lost.
        for (int i = 0; i < 2; i++)
        {
            if (kind == LogKind.Topic)
            {
                Assert.Equal(1, await store.PublishAsync(log, publication, batch, None));
            }
            else
            {
                await store.AppendAsync(log, claim.FencingToken, batch, None);
            }
        }

        Assert.InRange(await AskAsync<int>("select max(octet_length(bytes)) from {schema}.frames"), Bound, Bound + 1023);
        Assert.Equal(Count * 1024 / Bound, await AskAsync<long>("select count(*) from {schema}.frames"));
        foreach (int first in (int[])[1, 2, 4000, Count])
        {
            var read = new List<string>();
            while (read.Count < Count - first + 1)
            {
                (LogState? state, string[] some) = await ReadAsync(store, log, first + read.Count);
                Assert.Equal((1, Count), (state!.Value.FirstSequence, state.Value.LastSequence));
                Assert.NotEmpty(some);
                read.AddRange(some);
            }

            Assert.Equal(frames[(first - 1)..], read);
        }
    }

    [Fact]
    public async Task Read_NodeCouldNotReachTheServer_GivesOwnersTheTimeOfALease()
    {
        PostgreSqlLogStore cut = OpenStore("cut");
        PostgreSqlLogStore other = OpenStore();
        LogClaim claim = await AbandonedAsync(cut);
        Assert.Equal(1, await CutAsync("cut"));

        Assert.Null((await ReadAsync(cut, claim.Log.Id)).State!.Value.End);
        Assert.Equal(LogEnd.Lost, (await ReadAsync(other, claim.Log.Id)).State!.Value.End);
        Assert.Equal(LogEnd.Lost, (await ReadAsync(cut, claim.Log.Id)).State!.Value.End);
    }

    [Fact]
    public async Task Read_ListenerIsRefusedForTooManyConnections_OwnerThatIsGoneIsLost()
    {
        string role = $"one_{Schema[^12..]}";
        await OpenStore().MigrateAsync();
        await DoAsync(
            $"create role {role} login connection limit 1; grant usage on schema {{schema}} to {role}; " +
            $"grant select, insert, update, delete on all tables in schema {{schema}} to {role}");
        var logger = new WarningLogger();
        await using var store = new PostgreSqlLogStore(
            new Npgsql.NpgsqlConnectionStringBuilder(ConnectionString) { Username = role }.ConnectionString,
            new PostgreSqlLogStoreOptions { Schema = Schema, ApplyMigrations = false },
            logger);
        LogClaim silent = await AbandonedAsync(store);
        LogClaim slow = await store.ClaimAsync(Describe(), LongTime, None);
        await DelayFramesAsync("perform pg_advisory_xact_lock_shared(hashtext(tg_table_schema))");
        await using Npgsql.NpgsqlConnection gate = await OpenConnectionAsync();
        await HoldAsync(gate, "select pg_advisory_lock(hashtext($1))");
        using LogBatch batch = Batch(1, "a");
        Task appending = store.AppendAsync(slow.Log.Id, slow.FencingToken, batch, None).AsTask();
        await WaitersAsync(1);

        // The only connection is at work.
        using IDisposable watch = store.Watch(silent.Log.Id, static _ => { });
        Exception failure = await logger.First.OrFail();
        Assert.Equal(Npgsql.PostgresErrorCodes.TooManyConnections, Assert.IsType<Npgsql.PostgresException>(failure).SqlState);
        await DoAsync($"alter role {role} connection limit -1");
        await HoldAsync(gate, "select pg_advisory_unlock(hashtext($1))");
        await appending.OrFail();

        Assert.Equal(LogEnd.Lost, (await ReadAsync(store, silent.Log.Id)).State!.Value.End);
    }

    [Fact]
    public async Task Read_CommandHasTimedOutWhileOthersWereAnswered_OwnerThatIsGoneIsLost()
    {
        await OpenStore().MigrateAsync(None);
        await using var store = new PostgreSqlLogStore(ConnectionString, new PostgreSqlLogStoreOptions { Schema = Schema, CommandTimeout = TimeSpan.FromSeconds(3) });
        LogClaim silent = await AbandonedAsync(store);
        LogClaim slow = await store.ClaimAsync(Describe(), LongTime, None);
        await DelayFramesAsync("perform pg_advisory_xact_lock_shared(hashtext(tg_table_schema))");
        await using Npgsql.NpgsqlConnection gate = await OpenConnectionAsync();
        await HoldAsync(gate, "select pg_advisory_lock(hashtext($1))");
        using LogBatch batch = Batch(1, "a");
        Task appending = store.AppendAsync(slow.Log.Id, slow.FencingToken, batch, None).AsTask();
        while (!appending.IsCompleted)
        {
            await store.FindAsync(slow.Log.Id, None);
        }

        Assert.IsType<TimeoutException>((await Assert.ThrowsAsync<Npgsql.NpgsqlException>(() => appending)).InnerException);
        Assert.Equal(LogEnd.Lost, (await ReadAsync(store, silent.Log.Id)).State!.Value.End);
    }

    [Fact]
    public async Task Renew_AppendIsUnderWay_DoesNotWaitForIt()
    {
        PostgreSqlLogStore store = OpenStore();
        LogClaim claim = await store.ClaimAsync(Describe(), LongTime, None);
        await DelayFramesAsync("perform pg_advisory_xact_lock_shared(hashtext(tg_table_schema))");
        await using Npgsql.NpgsqlConnection gate = await OpenConnectionAsync();
        await HoldAsync(gate, "select pg_advisory_lock(hashtext($1))");
        using LogBatch batch = Batch(1, "a");
        Task appending = store.AppendAsync(claim.Log.Id, claim.FencingToken, batch, None).AsTask();
        await WaitersAsync(1);

        // The row of the log is locked; these are made all the same.
        await store.RenewAsync(claim.Log.Id, claim.FencingToken, LongTime, None);
        await store.NoteReaderAsync(claim.Log.Id, None);
        Assert.True(await store.RequestCancelAsync(claim.Log.Id, None));
        Assert.True((await store.RenewAsync(claim.Log.Id, claim.FencingToken, LongTime, None)).IsCancelRequested);

        // An end waits: it is behind the frames.
        Task ending = store.EndAsync(claim.Log.Id, claim.FencingToken, LogEnd.Completed, lastSequence: 0, None).AsTask();
        await WaitersAsync(1, "%error_code%");
        Assert.False(appending.IsCompleted);
        await HoldAsync(gate, "select pg_advisory_unlock(hashtext($1))");
        await appending.OrFail();
        await ending.OrFail();
        Assert.Equal(new LogState(1, 1, LogEnd.Completed), (await ReadAsync(store, claim.Log.Id)).State);
        Assert.Equal(0, await AskAsync<long>("select count(*) from {schema}.leases"));
    }

    /// <summary>Whatever else is asked, and however long that takes: who lives says so in time.</summary>
    [Fact]
    public async Task Renew_AllOtherCommandsWait_DoesNotWaitForThem()
    {
        PostgreSqlLogStore store = OpenStore(maxConnections: 4);
        LogClaim claim = await store.ClaimAsync(Describe(), LongTime, None);
        await using Npgsql.NpgsqlConnection gate = await OpenConnectionAsync();
        await using Npgsql.NpgsqlTransaction held = await gate.BeginTransactionAsync();
        await using (var command = new Npgsql.NpgsqlCommand($"lock table {Schema}.logs", gate, held))
        {
            await command.ExecuteNonQueryAsync();
        }

        Task[] looking = [.. Enumerable.Range(0, 4).Select(_ => store.FindAsync(LogId.New(), None).AsTask())];
        await WaitersAsync(1, "%where id%");

        await store.RenewAsync(claim.Log.Id, claim.FencingToken, LongTime, None).AsTask().OrFail();
        await store.NoteReaderAsync(claim.Log.Id, None).AsTask().OrFail();

        Assert.DoesNotContain(looking, static one => one.IsCompleted);
        await held.RollbackAsync();
        await Task.WhenAll(looking).OrFail();
    }

    /// <summary>What is lost with a crash is found again with the next renewal; what has to stay waits for the disk as before, on the same connections.</summary>
    [Fact]
    public async Task Renew_AndNoteReader_AloneDoNotWaitForTheDisk()
    {
        PostgreSqlLogStore store = OpenStore();
        LogClaim claim = await store.ClaimAsync(Describe(), LongTime, None);
        await DoAsync("create table {schema}.commits (id serial, what text, mode text)");
        await DoAsync(
            """
            create function {schema}.note() returns trigger language plpgsql as
            $$ begin insert into {schema}.commits (what, mode) values (tg_table_name || ' ' || tg_op, current_setting('synchronous_commit')); return null; end $$
            """);
        foreach (string table in (string[])["leases", "frames"])
        {
            await DoAsync(
                $$"""
                create constraint trigger note after insert or update or delete on {schema}.{{table}}
                deferrable initially deferred for each row execute function {schema}.note()
                """);
        }

        await store.RenewAsync(claim.Log.Id, claim.FencingToken, LongTime, None);
        await store.NoteReaderAsync(claim.Log.Id, None);
        await store.RequestCancelAsync(claim.Log.Id, None);
        using LogBatch batch = Batch(1, "a");
        await store.AppendAsync(claim.Log.Id, claim.FencingToken, batch, None);
        await store.EndAsync(claim.Log.Id, claim.FencingToken, LogEnd.Completed, lastSequence: 1, None);

        Assert.Equal(
            "leases UPDATE off, leases UPDATE off, leases UPDATE on, frames INSERT on, leases DELETE on",
            await AskAsync<string>("select string_agg(what || ' ' || mode, ', ' order by id) from {schema}.commits"));
    }

    [Fact]
    public async Task DeleteExpired_ManyLogsAreKept_FindsTheExpiredByTheIndex()
    {
        await OpenStore().MigrateAsync();
        await using Npgsql.NpgsqlConnection session = await OpenConnectionAsync();
        await using var explain = new Npgsql.NpgsqlCommand(
            $"set enable_seqscan = off; explain {new Internal.Statements(new Internal.Names(new PostgreSqlLogStoreOptions { Schema = Schema })).LockExpired}", session);
        await using Npgsql.NpgsqlDataReader plan = await explain.ExecuteReaderAsync();
        var lines = new List<string>();
        while (await plan.ReadAsync())
        {
            lines.Add(plan.GetString(0).Trim());
        }

        Assert.Contains(lines, line => line.StartsWith("Index Cond: (expires_at <", StringComparison.Ordinal));
    }

    [Fact]
    public async Task DeleteExpired_OwnerIsSilentForLong_DeletesItsLogAndFencesItOff()
    {
        PostgreSqlLogStore store = OpenStore();
        LogClaim claim = await store.ClaimAsync(Describe(keepFor: TimeSpan.FromHours(1)), TimeSpan.FromMilliseconds(1), None);
        using LogBatch batch = Batch(1, "a");
        await store.AppendAsync(claim.Log.Id, claim.FencingToken, batch, None);
        await DoAsync("update {schema}.leases set lease_until = clock_timestamp() - interval '59 minutes'");
        Assert.Equal(0, await store.DeleteExpiredAsync(100, None));

        await DoAsync("update {schema}.leases set lease_until = clock_timestamp() - interval '61 minutes'");
        Assert.Equal(2, await store.DeleteExpiredAsync(100, None));

        Assert.Null(await store.FindAsync(claim.Log.Id, None));
        await Assert.ThrowsAsync<LogFencedException>(async () => await store.RenewAsync(claim.Log.Id, claim.FencingToken, LongTime, None));
        Assert.Equal(0, await AskAsync<long>("select (select count(*) from {schema}.leases) + (select count(*) from {schema}.frames)"));
    }

    [Fact]
    public async Task DeleteExpired_AnotherNodeIsAtALog_PassesItOver()
    {
        PostgreSqlLogStore store = OpenStore();
        LogId held = await EndedAsync(store, frames: 5);
        LogId free = await EndedAsync(store, frames: 5);
        await DoAsync("update {schema}.logs set expires_at = clock_timestamp() - interval '1 hour'");
        await using Npgsql.NpgsqlConnection other = await OpenConnectionAsync();
        await using Npgsql.NpgsqlTransaction transaction = await other.BeginTransactionAsync();
        await using (var hold = new Npgsql.NpgsqlCommand($"select 1 from {Schema}.logs where id = $1 for update", other))
        {
            hold.Parameters.AddWithValue(Internal.CommandExtensions.ToGuid(held));
            await hold.ExecuteNonQueryAsync();
        }

        Assert.Equal(6, await store.DeleteExpiredAsync(1000, None));
        Assert.Equal(0, await store.DeleteExpiredAsync(1000, None));
        Assert.Null(await store.FindAsync(free, None));
        Assert.NotNull(await store.FindAsync(held, None));
        await transaction.RollbackAsync();

        Assert.Equal(6, await store.DeleteExpiredAsync(1000, None));
        Assert.Equal(0, await AskAsync<long>("select count(*) from {schema}.frames"));
    }

    [Fact]
    public async Task DeleteExpired_LogIsLargerThanOneCallTakes_LosesItFromTheFront()
    {
        PostgreSqlLogStore store = OpenStore();
        LogId log = await EndedAsync(store, frames: 100);
        await DoAsync("update {schema}.logs set expires_at = clock_timestamp() - interval '1 hour'");

        Assert.Equal(30, await store.DeleteExpiredAsync(25, None));

        (LogState? state, string[] frames) = await ReadAsync(store, log);
        Assert.Equal(new LogState(31, 100, LogEnd.Completed), state);
        Assert.Equal(("31", 70), (frames[0], frames.Length));
        while (await store.DeleteExpiredAsync(25, None) > 0)
        {
        }

        Assert.Null(await store.FindAsync(log, None));
        Assert.Equal(0, await AskAsync<long>("select count(*) from {schema}.frames"));
    }

    [Fact]
    public async Task DeleteExpired_EventsOfATopic_AreGoneAtOnceAndTheirPublicationsAreKnownForAWhile()
    {
        PostgreSqlLogStore store = OpenStore();
        LogId topic = (await store.ClaimAsync(Describe(LogKind.Topic, keepFor: TimeSpan.FromSeconds(1)), LongTime, None)).Log.Id;
        var publication = Guid.NewGuid();
        using LogBatch batch = Batch(0, "a", "b");
        await store.PublishAsync(topic, publication, batch, None);
        await DoAsync("update {schema}.frames set appended_at = clock_timestamp() - interval '70 s'");

        Assert.Equal(2, await store.DeleteExpiredAsync(100, None));

        (LogState? state, string[] frames) = await ReadAsync(store, topic);
        Assert.Equal(new LogState(3, 2, End: null), state);
        Assert.Empty(frames);
        Assert.Equal(1, await store.PublishAsync(topic, publication, batch, None));
        Assert.Equal(1, await AskAsync<long>("select count(*) from {schema}.frames"));
    }

    [Fact]
    public async Task DeleteExpired_Repeated_LeavesNoRowOfATopicThatIsOld()
    {
        PostgreSqlLogStore store = OpenStore();
        LogId topic = (await store.ClaimAsync(Describe(LogKind.Topic), LongTime, None)).Log.Id;
        for (int i = 0; i < 30; i++)
        {
            await PublishAsync(store, topic, $"{i}");
        }

        await DoAsync("update {schema}.frames set appended_at = clock_timestamp() - interval '1 hour' where last_sequence <= 25");
        int deleted = 0;
        for (int more; (more = await store.DeleteExpiredAsync(10, None)) > 0; deleted += more)
        {
        }

        Assert.Equal(25, deleted);
        Assert.Equal(5, (await ReadAsync(store, topic)).Frames.Length);
        Assert.Equal(5, await AskAsync<long>("select count(*) from {schema}.frames"));
    }

    [Fact]
    public async Task DeleteExpired_OldEventsOfManyTopics_TakesAboutAsManyAsItIsTold()
    {
        PostgreSqlLogStore store = OpenStore();
        await OldTopicsAsync(store, topics: 3, rows: 250);

        Assert.Equal(600, await store.DeleteExpiredAsync(600, None));
        Assert.Equal(150, await store.DeleteExpiredAsync(600, None));
        Assert.Equal(0, await store.DeleteExpiredAsync(600, None));
        Assert.Equal(0, await AskAsync<long>("select count(*) from {schema}.frames"));
    }

    [Fact]
    public async Task DeleteExpired_OldRowsOfManyTopics_AreDeletedByStatementsOfABoundedSize()
    {
        PostgreSqlLogStore store = OpenStore();
        await OldTopicsAsync(store, topics: 3, rows: 250);
        await DoAsync("""
            update {schema}.logs set first_sequence = 251;
            create table {schema}.deletes (frames bigint);
            create function {schema}.note() returns trigger language plpgsql as 'begin insert into {schema}.deletes select count(*) from gone; return null; end';
            create trigger note after delete on {schema}.frames referencing old table as gone for each statement execute function {schema}.note();
            """);

        Assert.Equal(0, await store.DeleteExpiredAsync(600, None));

        Assert.Equal(0, await AskAsync<long>("select count(*) from {schema}.frames"));
        Assert.Equal(600, await AskAsync<long>("select max(frames) from {schema}.deletes"));
    }

    [Fact]
    public async Task DeleteExpired_GenerationsLeaveLittleOfTheBound_RowsOfTopicsAreNotDeletedOneByOne()
    {
        PostgreSqlLogStore store = OpenStore();
        await OldTopicsAsync(store, topics: 1, rows: 250);
        LogClaim over = await store.ClaimAsync(Describe() with { KeepFor = TimeSpan.FromMilliseconds(1) }, LongTime, None);
        using LogBatch batch = Batch(1, [.. Enumerable.Repeat("a", 597)]);
        await store.AppendAsync(over.Log.Id, over.FencingToken, batch, None);
        await store.EndAsync(over.Log.Id, over.FencingToken, LogEnd.Completed, lastSequence: 597, None);
        await DoAsync("""
            update {schema}.logs set first_sequence = 251 where kind = 'Topic';
            update {schema}.logs set expires_at = clock_timestamp() - interval '1 hour' where kind <> 'Topic';
            create table {schema}.deletes (frames bigint);
            create function {schema}.note() returns trigger language plpgsql as 'begin insert into {schema}.deletes select count(*) from gone; return null; end';
            create trigger note after delete on {schema}.frames referencing old table as gone for each statement execute function {schema}.note();
            """);

        Assert.Equal(598, await store.DeleteExpiredAsync(600, None));

        Assert.Equal(0, await AskAsync<long>("select count(*) from {schema}.frames"));
        Assert.InRange(await AskAsync<long>("select count(*) from {schema}.deletes"), 1, 3);
    }

    [Fact]
    public async Task Claim_CreatedInTheMiddleOfAMicrosecond_IsTheSameAtAllNodes()
    {
        LogDescription proposal = Describe() with { CreatedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(2)).AddTicks(7), KeepFor = TimeSpan.FromTicks(1) };
        LogClaim claim = await OpenStore().ClaimAsync(proposal, LongTime, None);

        Assert.Equal(claim.Log, await OpenStore().FindAsync(proposal.Id, None));
        Assert.Equal(TimeSpan.FromMicroseconds(1), claim.Log.KeepFor);
    }

    /// <summary>Begins a log whose owner has been silent for a day, at a server that has been there for longer than its lease.</summary>
    private async Task<LogClaim> AbandonedAsync(PostgreSqlLogStore store)
    {
        LogClaim claim = await store.ClaimAsync(Describe(), LongTime, None);
        await AskAsync<object>("select pg_sleep(greatest(0, extract(epoch from pg_postmaster_start_time() + interval '5 s' - clock_timestamp())))::text");
        await DoAsync("update {schema}.leases set lease = interval '5 s', lease_until = clock_timestamp() - interval '1 day'");
        return claim;
    }

    /// <summary>Makes topics whose events are all an hour too old.</summary>
    private async Task OldTopicsAsync(PostgreSqlLogStore store, int topics, int rows)
    {
        for (int i = 0; i < topics; i++)
        {
            await store.ClaimAsync(Describe(LogKind.Topic), LongTime, None);
        }

        await DoAsync($$"""
            insert into {schema}.frames (log, last_sequence, appended_at, ends, bytes)
            select id, n, clock_timestamp() - keep_for - interval '1 hour', array[1], 'a' from {schema}.logs, generate_series(1, {{rows}}) n;
            update {schema}.logs set last_sequence = {{rows}};
            """);
    }

    private async Task HoldAsync(Npgsql.NpgsqlConnection gate, string sql)
    {
        await using var command = new Npgsql.NpgsqlCommand(sql, gate);
        command.Parameters.AddWithValue(Schema);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Waits until so many statements wait for a lock.</summary>
    private async Task WaitersAsync(int count, string query = "%appended_at%")
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (await AskAsync<long>($"select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%{Schema}%' and query like '{query}'") < count)
        {
            deadline.Token.ThrowIfCancellationRequested();
        }
    }

    private static async Task<long> PublishAsync(PostgreSqlLogStore store, LogId topic, string frame)
    {
        using LogBatch batch = Batch(0, frame);
        return await store.PublishAsync(topic, Guid.NewGuid(), batch, None);
    }

    private static async Task<LogId> EndedAsync(PostgreSqlLogStore store, int frames)
    {
        LogClaim claim = await store.ClaimAsync(Describe(), LongTime, None);
        foreach (string[] some in Numbers(frames).Chunk(10))
        {
            using LogBatch batch = Batch(int.Parse(some[0], System.Globalization.CultureInfo.InvariantCulture), some);
            await store.AppendAsync(claim.Log.Id, claim.FencingToken, batch, None);
        }

        await store.EndAsync(claim.Log.Id, claim.FencingToken, LogEnd.Completed, lastSequence: 0, None);
        return claim.Log.Id;
    }

    /// <summary>Keeps the first failure that is logged.</summary>
    private sealed class WarningLogger : ILogger<PostgreSqlLogStore>
    {
        private readonly TaskCompletionSource<Exception> _first = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<Exception> First => _first.Task;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, Microsoft.Extensions.Logging.EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (exception is not null)
            {
                _first.TrySetResult(exception);
            }
        }
    }
}

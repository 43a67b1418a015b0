using System.Collections.Concurrent;

namespace Gai.Pipelines.PostgreSql.Tests;

/// <summary>Databases that go away, are slow, or say nothing.</summary>
public sealed class FaultTests(PostgreSqlFixture postgreSql) : NodesTest(() => postgreSql.ConnectionString)
{
    private static StreamLogsOptions Quick { get; } = new() { PollInterval = TimeSpan.FromMilliseconds(100) };

    [Fact]
    public async Task AppendAndFollow_ConnectionsAreCut_NothingIsLostAndNothingTwice()
    {
        const int Events = 2000;
        StreamLogs a = NewNode(OpenStore("a"), Quick);
        StreamLogs b = NewNode(OpenStore("b"), Quick);
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(a);
        var output = new RecordingPipeWriter();
        Task<StreamOutcome> reading = ReadAsync((await FindAsync(b, log)).OpenCursorAtStart(), output);
        long cut = 0;
        for (int i = 1; i <= Events; i++)
        {
            source.Push($"{i}");
            if (i % 100 == 0)
            {
                cut += await CutAsync("a") + await CutAsync("b");
                await output.WaitForTextAsync($"data: {i}\n");
            }
        }

        source.End();

        Assert.Equal(StreamOutcomeReason.Completed, (await reading.OrFail()).Reason);
        Assert.Equal(Numbers(Events), DataOf(output.Text));
        Assert.True(cut >= 20, $"Only {cut} connections were cut.");
        Assert.Equal(Events, log.DurableSequence);
    }

    [Fact]
    public async Task Watch_ItsConnectionIsCut_IsOpenedAgainAndTellsToLookAtEverything()
    {
        PostgreSqlLogStore store = OpenStore("listener");
        LogClaim claim = await store.ClaimAsync(Describe(), LongTime, None);
        var changes = new BlockingCollection<LogChange>();
        using IDisposable watch = store.Watch(claim.Log.Id, changes.Add);

        // It listens, and before that nobody knows what was missed.
        Assert.Equal(LogChange.Anything, await NextAsync());
        Assert.Equal(1, await CutAsync("listener", "listen%"));

        Assert.Equal(LogChange.Anything, await NextAsync());
        await OpenStore().RequestCancelAsync(claim.Log.Id, None);
        Assert.Equal(LogChange.Ownership, await NextAsync());
        Assert.Equal(1, await AskAsync<long>($"select count(*) from pg_stat_activity where application_name like 'listener_{Schema[^20..]}' and query ilike 'listen%'"));

        Task<LogChange> NextAsync() => Task.Run(changes.Take).OrFail();
    }

    [Fact]
    public async Task Read_NotificationsAreLost_IsFoundByThePoll()
    {
        StreamLogs a = NewNode(OpenStore("a"), Quick);
        StreamLogs b = NewNode(new DeafStore(OpenStore("b")), Quick);
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(a);
        var output = new RecordingPipeWriter();
        Task<StreamOutcome> reading = ReadAsync((await FindAsync(b, log)).OpenCursorAtStart(), output);

        source.Push("a");
        await output.WaitForTextAsync("data: a\n");
        source.Push("b").End();

        Assert.Equal(StreamOutcomeReason.Completed, (await reading.OrFail()).Reason);
        Assert.Equal(["a", "b"], DataOf(output.Text));
        Assert.Equal(0, await AskAsync<long>($"select count(*) from pg_stat_activity where application_name like 'b_{Schema[^20..]}' and query ilike 'listen%'"));
    }

    [Fact]
    public async Task Append_ServerHasForgottenWhatItHad_FramesAreWrittenAgain()
    {
        StreamLogs a = NewNode(OpenStore("a"), Quick);
        StreamLogs b = NewNode(OpenStore("b"), Quick);
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(a);
        var output = new RecordingPipeWriter();
        Task<StreamOutcome> reading = ReadAsync((await FindAsync(b, log)).OpenCursorAtStart(), output);
        foreach (string number in Numbers(10))
        {
            source.Push(number);
            await output.WaitForTextAsync($"data: {number}\n");
        }

        // As after a fail-over to a server that lagged behind.
        await DoAsync("delete from {schema}.frames where last_sequence > 5; update {schema}.logs set last_sequence = 5");
        source.Push("11").End();

        Assert.Equal(StreamOutcomeReason.Completed, (await reading.OrFail()).Reason);
        Assert.Equal(Numbers(11), DataOf(output.Text));
        Assert.Equal(Numbers(11), (await ReadToEndAsync((await FindAsync(NewNode(), log)).OpenCursorAtStart())).Data);
    }

    [Fact]
    public async Task Append_DiskHangs_ReadersOfTheProducersNodeDoNotWait()
    {
        StreamLogs a = NewNode(OpenStore("a"), Quick);
        StreamLogs b = NewNode(OpenStore("b"), Quick);
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(a);
        StreamLog copy = await FindAsync(b, log);
        await DelayFramesAsync("perform pg_advisory_xact_lock_shared(hashtext(tg_table_schema))");
        await using Npgsql.NpgsqlConnection disk = await OpenConnectionAsync();
        await RunAsync("select pg_advisory_lock(hashtext($1))");
        var here = new RecordingPipeWriter();
        Task<StreamOutcome> reading = ReadAsync(log.OpenCursorAtStart(), here);

        source.Push(Numbers(500)).End();

        Assert.Equal(StreamOutcomeReason.Completed, (await reading.OrFail()).Reason);
        Assert.Equal(Numbers(500), DataOf(here.Text));
        Assert.Equal((0, 0), (log.DurableSequence, copy.LastSequence));
        await RunAsync("select pg_advisory_unlock(hashtext($1))");
        Assert.Equal(Numbers(500), (await ReadToEndAsync(copy.OpenCursorAtStart())).Data);

        async Task RunAsync(string sql)
        {
            await using var command = new Npgsql.NpgsqlCommand(sql, disk);
            command.Parameters.AddWithValue(Schema);
            await command.ExecuteNonQueryAsync();
        }
    }

    [Fact]
    public async Task Append_DiskIsSlowForManyLogs_CostsNoLease()
    {
        // Two connections write, each batch takes 2 s: the last log waits longer than its lease.
        const int Logs = 8;
        StreamLogsOptions options = Quick with { Lease = TimeSpan.FromSeconds(5) };
        StreamLogs a = NewNode(OpenStore("a", maxConnections: 5), options);
        StreamLogs b = NewNode(OpenStore("b"), options);
        var begun = new List<(StreamLog Log, ManualSequence<string> Source)>();
        for (int i = 0; i < Logs; i++)
        {
            begun.Add(await BeginAsync(a));
        }

        await DelayFramesAsync("perform pg_sleep(2)");
        StreamLog[] copies = await Task.WhenAll(begun.Select(one => FindAsync(b, one.Log)));
        LogCursor[] cursors = [.. copies.Select(copy => copy.OpenCursorAtStart())];
        begun.ForEach(one => one.Source.Push("a", "b").End());

        foreach ((StreamOutcome outcome, string[] data) in await Task.WhenAll(cursors.Select(ReadToEndAsync)))
        {
            Assert.Equal(StreamOutcomeReason.Completed, outcome.Reason);
            Assert.Equal(["a", "b"], data);
        }
    }

    [Fact]
    public async Task Producer_ItsNodeVanishes_ReadersElsewhereGetWhatWasDurableAndTheError()
    {
        StreamLogsOptions options = Quick with { Lease = TimeSpan.FromSeconds(2) };
        var wire = new CutStore(OpenStore("a"));
        StreamLogs a = NewNode(wire, options);
        StreamLogs b = NewNode(OpenStore("b"), options);
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(a);
        source.Push("a", "b");
        var output = new RecordingPipeWriter();
        Task<StreamOutcome> reading = ReadAsync((await FindAsync(b, log)).OpenCursorAtStart(), output);
        await output.WaitForTextAsync("data: b\n");

        wire.IsCut = true;
        source.Push("c");

        StreamOutcome outcome = await reading.OrFail();
        Assert.Equal(StreamErrorCodes.ProducerLost, Assert.IsType<StreamErrorException>(outcome.Exception).Error.Code);
        Assert.Equal(["a", "b"], DataOf(output.Text)[..2]);
        Assert.DoesNotContain("data: c\n", output.Text, StringComparison.Ordinal);

        // It was only cut off: it finds that it is fenced off, and stops.
        wire.IsCut = false;
        await source.Disposed;
        await log.Ended.OrFail();
        Assert.Equal(StreamErrorCodes.ProducerLost, log.End!.Value.Error!.Value.Code);
        Assert.Equal(2, (await ReadAsync(OpenStore(), log.Description.Id)).State!.Value.LastSequence);
    }
}

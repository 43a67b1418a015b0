namespace Gai.Pipelines.PostgreSql.Tests;

/// <summary>A server that is stopped and started again, which is no other test's.</summary>
public sealed class RestartTests(RestartTests.OwnServer own) : NodesTest(() => own.Server.ConnectionString), IClassFixture<RestartTests.OwnServer>
{
    public sealed class OwnServer : IAsyncLifetime
    {
        public PostgreSqlServer Server { get; private set; } = null!;

        // What is committed is there after a crash of the server: only the machine's own would need the disk.
        public async ValueTask InitializeAsync() => Server = await PostgreSqlServer.StartAsync("fsync=off");

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }

    [Theory]
    [InlineData(PostgreSqlStop.Immediate)]
    [InlineData(PostgreSqlStop.Fast)]
    public async Task AppendAndFollow_ServerIsRestarted_NothingIsLostAndNothingTwice(PostgreSqlStop how)
    {
        const int Events = 900;
        var options = new StreamLogsOptions { PollInterval = TimeSpan.FromMilliseconds(100), Lease = TimeSpan.FromSeconds(10) };
        StreamLogs a = NewNode(options: options);
        StreamLogs b = NewNode(options: options);
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(a);
        var here = new RecordingPipeWriter();
        Task<StreamOutcome> readingHere = ReadAsync(log.OpenCursorAtStart(), here);
        var there = new RecordingPipeWriter();
        Task<StreamOutcome> readingThere = ReadAsync((await FindAsync(b, log)).OpenCursorAtStart(), there);
        for (int i = 1; i <= Events; i++)
        {
            source.Push($"{i}");
            if (i % 300 == 150)
            {
                await there.WaitForTextAsync($"data: {i - 50}\n");
                await own.Server.StopAsync(how);

                // Nobody who reads here waits for a server that is not there.
                source.Push($"{++i}");
                await here.WaitForTextAsync($"data: {i}\n");
                await own.Server.StartAgainAsync();
            }
        }

        source.End();

        Assert.Equal(StreamOutcomeReason.Completed, (await readingThere.OrFail()).Reason);
        Assert.Equal(StreamOutcomeReason.Completed, (await readingHere.OrFail()).Reason);
        Assert.Equal(Numbers(Events), DataOf(there.Text));
        Assert.Equal(Numbers(Events), DataOf(here.Text));
        Assert.Equal(Events, log.DurableSequence);
    }

    [Fact]
    public async Task Publish_ServerIsRestarted_NothingIsLostAndNothingTwice()
    {
        const int Events = 300;
        var options = new StreamLogsOptions { PollInterval = TimeSpan.FromMilliseconds(100) };
        StreamLogs[] nodes = [NewNode(options: options), NewNode(options: options)];
        EventTopic<string>[] topics = await Task.WhenAll(nodes.Select(node => node.OpenTopicAsync(new TopicStart<string> { Name = "news", Dialects = Plain }).AsTask())).OrFail();
        var output = new RecordingPipeWriter();
        StreamLog? log = await topics[0].OpenLogAsync(StreamFormat.ServerSentEvents);
        Task<StreamOutcome> reading = ReadAsync(log!.OpenCursorAtStart(), output);
        var published = new List<Task>();
        for (int i = 1; i <= Events; i++)
        {
            published.Add(topics[i % 2].PublishAsync($"{i}").AsTask());
            if (i == Events / 2)
            {
                await own.Server.StopAsync(PostgreSqlStop.Immediate);
                await own.Server.StartAgainAsync();
            }
        }

        await Task.WhenAll(published).OrFail();
        await topics[0].CompleteAsync().AsTask().OrFail();

        await reading.OrFail();
        string[] seen = DataOf(output.Text);
        Assert.Equal(Numbers(Events), seen.OrderBy(int.Parse));
        Assert.Equal(seen.Where(IsOdd).OrderBy(int.Parse), seen.Where(IsOdd));

        static bool IsOdd(string number) => int.Parse(number, System.Globalization.CultureInfo.InvariantCulture) % 2 == 1;
    }

    [Fact]
    public async Task Read_LeaseRanOutWhileTheServerWasAway_OwnerHasTheTimeOfALeaseToComeBack()
    {
        PostgreSqlLogStore store = OpenStore();
        LogClaim claim = await store.ClaimAsync(Describe(), LongTime, None);
        LogClaim silent = await store.ClaimAsync(Describe(), LongTime, None);
        foreach (LogClaim one in (LogClaim[])[claim, silent])
        {
            using LogBatch batch = Batch(1, "a");
            await store.AppendAsync(one.Log.Id, one.FencingToken, batch, None);
        }

        await DoAsync("update {schema}.leases set lease_until = clock_timestamp() - interval '1 day'");
        await own.Server.StopAsync(PostgreSqlStop.Immediate);
        await own.Server.StartAgainAsync();

        // A node that was there, and one that knows nothing of it.
        Assert.Null((await ReadAsync(store, claim.Log.Id)).State!.Value.End);
        Assert.Null((await ReadAsync(OpenStore(), claim.Log.Id)).State!.Value.End);
        Assert.Equal(0, await OpenStore().DeleteExpiredAsync(100, None));
        await store.RenewAsync(claim.Log.Id, claim.FencingToken, LongTime, None);

        // The time of its lease is over.
        await DoAsync("update {schema}.leases set lease = interval '1 microsecond'");
        Assert.Null((await ReadAsync(OpenStore(), claim.Log.Id)).State!.Value.End);
        Assert.Equal(LogEnd.Lost, (await ReadAsync(OpenStore(), silent.Log.Id)).State!.Value.End);
    }
}

using System.Collections.Concurrent;

namespace Gai.Pipelines.PostgreSql.Tests;

/// <summary>Two or three nodes and one database between them, with nothing amiss.</summary>
public sealed class SharedNodesTests(PostgreSqlFixture postgreSql) : NodesTest(() => postgreSql.ConnectionString)
{
    // So long that whatever comes came by a notification.
    private static StreamLogsOptions NeverPolls { get; } = new() { PollInterval = TimeSpan.FromHours(1) };

    [Fact]
    public async Task GetOrStart_OnBothNodesAtTheSameMoment_OneProducer()
    {
        const int Rounds = 1000;
        StreamLogs[] nodes = [NewNode(), NewNode()];
        for (int round = 0; round < Rounds; round++)
        {
            var key = LogKey.New();
            int produced = 0;
            using var gate = new SemaphoreSlim(0);
            Task<LogAttachment>[] starts = [.. nodes.Select(node => Task.Run(async () =>
            {
                await gate.WaitAsync();
                return await node.GetOrStartAsync(At(key), () =>
                {
                    Interlocked.Increment(ref produced);
                    return From(new ManualSequence<string>().Push("a").End());
                });
            }))];
            gate.Release(starts.Length);

            LogAttachment[] attachments = await Task.WhenAll(starts).OrFail();

            Assert.Equal(1, produced);
            Assert.Single(attachments, attachment => attachment.IsNew);
            Assert.Equal(attachments[0].Log.Description, attachments[1].Log.Description);
        }

        Assert.Equal(Rounds, await AskAsync<long>("select count(*) from {schema}.logs"));
    }

    [Fact]
    public async Task Read_AtAnotherNode_FollowsByNotificationsAlone()
    {
        StreamLogs a = NewNode();
        StreamLogs b = NewNode(options: NeverPolls);
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(a);
        var output = new RecordingPipeWriter();
        Task<StreamOutcome> reading = ReadAsync((await FindAsync(b, log)).OpenCursorAtStart(), output);

        for (int i = 1; i <= 50; i++)
        {
            source.Push($"{i}");
            await output.WaitForTextAsync($"data: {i}\n");
        }

        source.End();

        Assert.Equal(StreamOutcomeReason.Completed, (await reading.OrFail()).Reason);
        Assert.Equal(Numbers(50), DataOf(output.Text));
    }

    [Theory]
    [InlineData(20 * 1024)]
    [InlineData(1024 * 1024)]
    public async Task Read_FramesLargerThanANotification_Arrive(int bytes)
    {
        StreamLogs a = NewNode();
        StreamLogs b = NewNode(options: NeverPolls);
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(a);
        var output = new RecordingPipeWriter();
        Task<StreamOutcome> reading = ReadAsync((await FindAsync(b, log)).OpenCursorAtStart(), output);
        string[] large = [.. Enumerable.Range(0, 5).Select(i => new string((char)('a' + i), bytes))];

        source.Push(large).End();

        Assert.Equal(StreamOutcomeReason.Completed, (await reading.OrFail()).Reason);
        Assert.Equal(large, DataOf(output.Text));
    }

    [Fact]
    public async Task Read_FallsBehindItsCopy_CatchesUpByRange()
    {
        const int Events = 5000;
        StreamLogs a = NewNode();
        StreamLogs b = NewNode();
        LogOptions small = Unabandoned with { MaxEvents = 50 };
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(a, Unabandoned);
        StreamLog copy = await FindAsync(b, log, small);
        var slow = new RecordingPipeWriter();
        slow.HoldFlushes();
        LogCursor cursor = copy.OpenCursorAtStart();
        Task<StreamOutcome> reading = ReadAsync(cursor, slow);
        var live = new RecordingPipeWriter();
        Task<StreamOutcome> following = ReadAsync(copy.OpenCursorAtStart(), live);
        source.Push("1");
        await slow.WaitForPendingFlushAsync();

        source.Push(Numbers(Events).AsSpan(1)).End();
        await following.OrFail();
        slow.ReleaseFlush();

        Assert.Equal(StreamOutcomeReason.Completed, (await reading.OrFail()).Reason);
        Assert.Equal(Numbers(Events), DataOf(slow.Text));
        Assert.Equal(Numbers(Events), DataOf(live.Text));
        Assert.Equal(0, cursor.Dropped);
    }

    [Fact]
    public async Task Cancel_AtAnotherNode_ReachesTheProducerAndItsReaders()
    {
        StreamLogs a = NewNode(options: NeverPolls);
        StreamLogs b = NewNode(options: NeverPolls);
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(a);
        source.Push("a");
        LogCursor cursor = (await FindAsync(b, log)).OpenCursorAtStart();

        Assert.True(await b.CancelAsync(log.Description.Key).AsTask().OrFail());

        (StreamOutcome outcome, string[] data) = await ReadToEndAsync(cursor);
        Assert.Equal(StreamErrorCodes.Cancelled, Assert.IsType<StreamErrorException>(outcome.Exception).Error.Code);
        Assert.Equal("a", data[0]);
        await source.Disposed;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Read_CutTwoHundredTimesOverThreeNodes_SeesEachEventOnce(int seed)
    {
        const int Events = 10_000;
        const int Cuts = 200;
        var random = new Random(seed);
        StreamLogsOptions options = new() { StoreDelay = TimeSpan.FromMilliseconds(2) };
        StreamLogs[] nodes = [NewNode(options: options), NewNode(options: options), NewNode(options: options)];
        (StreamLog log, ManualSequence<string> source) = await BeginAsync(nodes[0]);
        int pushed = 0;
        int cuts = 0;
        var seen = new List<string>();
        var after = new LogPosition(log.Description.Id, 0);
        while (true)
        {
            LogCursor cursor = (await FindAsync(nodes[cuts % nodes.Length], log)).OpenCursor(after);
            Assert.Null(cursor.Gap);
            using var client = new CancellationTokenSource();
            var output = new CuttingPipeWriter(cuts < Cuts ? random.Next(0, 2 * Events * 55 / Cuts) : long.MaxValue, client);
            Task<StreamOutcome> reading = ReadAsync(cursor, output, client.Token);
            while (!reading.IsCompleted)
            {
                for (int more = random.Next(1, 100); more > 0 && pushed < Events; more--)
                {
                    source.Push($"{++pushed}");
                }

                if (pushed == Events)
                {
                    source.End();
                    await reading.OrFail();
                }

                // The reader is at the end of what there is when more comes.
                await Deadline.UntilAsync(() => reading.IsCompleted || cursor.Position.Sequence >= pushed);
            }

            foreach ((string id, string data) in EventsOf(output.Text))
            {
                seen.Add(data);
                Assert.True(LogPosition.TryParse(id, out after));
            }

            if ((await reading).Reason == StreamOutcomeReason.Completed)
            {
                break;
            }

            cuts++;
        }

        Assert.Equal(Numbers(Events), seen);
        Assert.InRange(cuts, 150, Cuts);
    }

    [Fact]
    public async Task Publish_FromThreeNodes_AllReadersSeeAllInOneOrder()
    {
        const int PerNode = 300;
        StreamLogs[] nodes = [NewNode(), NewNode(), NewNode()];
        EventTopic<string>[] topics = await Task.WhenAll(nodes.Select(node => node.OpenTopicAsync(new TopicStart<string> { Name = "news", Dialects = Plain }).AsTask())).OrFail();
        RecordingPipeWriter[] outputs = [new(), new()];
        Task<StreamOutcome>[] reading = [.. await Task.WhenAll(outputs.Select(async (output, i) =>
        {
            StreamLog? log = await topics[i].OpenLogAsync(StreamFormat.ServerSentEvents);
            return ReadAsync(log!.OpenCursorAtStart(), output);
        }))];

        await Task.WhenAll(topics.Select((topic, node) => Task.Run(async () =>
        {
            var published = new ConcurrentBag<Task>();
            for (int i = 0; i < PerNode; i++)
            {
                published.Add(topic.PublishAsync($"{node} {i}").AsTask());
                if (i % 10 == 0)
                {
                    await Task.WhenAll(published);
                }
            }

            await Task.WhenAll(published);
        }))).OrFail();
        await topics[2].CompleteAsync().AsTask().OrFail();

        Assert.All(await Task.WhenAll(reading).OrFail(), outcome => Assert.Equal(StreamOutcomeReason.Completed, outcome.Reason));
        string[] seen = DataOf(outputs[0].Text);
        Assert.Equal(seen, DataOf(outputs[1].Text));
        for (int node = 0; node < nodes.Length; node++)
        {
            Assert.Equal(Enumerable.Range(0, PerNode).Select(i => $"{node} {i}"), seen.Where(one => one.StartsWith($"{node} ", StringComparison.Ordinal)));
        }
    }
}

using System.Threading.Channels;
using Gai.Pipelines.FunctionalTests.Resuming;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.FunctionalTests.Nodes;

/// <summary>Streams of two nodes, which are processes, over a PostgreSQL that is slow, restarted or cut off; and nodes that are killed.</summary>
public sealed class NodesTests(NodesTests.Database database) : IClassFixture<NodesTests.Database>
{
    private readonly string _key = Guid.NewGuid().ToString("N");

    public sealed class Database : IAsyncLifetime
    {
        public PostgreSqlServer Server { get; private set; } = null!;

        // What is committed is there after a crash of the server: only the machine's own would need the disk.
        public async ValueTask InitializeAsync() => Server = await PostgreSqlServer.StartAsync("fsync=off");

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }

    [Theory]
    [InlineData("fast")]
    [InlineData("slow")]
    public async Task Kill_NodeThatProduces_ReadersGetWhatWasDurableOnceAndThenProducerLost(string disk)
    {
        await using TwoNodes nodes = await TwoNodes.StartAsync(database.Server, leaseSeconds: 5);
        string path = $"/texts/{_key}?count=1000000";
        await nodes.GiveAsync(_key, 200);
        using NodeReader here = await NodeReader.OpenAsync(nodes.PortA, path);
        using NodeReader behind = await NodeReader.OpenAsync(nodes.PortA, path);
        using NodeReader there = await NodeReader.OpenAsync(nodes.PortB, path);
        await Task.WhenAll(here.ReadAsync(200), there.ReadAsync(200), behind.ReadAsync(50));
        if (disk == "slow")
        {
            await nodes.SlowDiskAsync();
            await nodes.GiveAsync(_key, 100);
            await here.ReadAsync(300);
            await nodes.IsHoldingAppendAsync();
        }
        else
        {
            await nodes.GiveAsync(_key, 2_000);
            await there.ReadAsync(1_000);
            await nodes.GiveAsync(_key, 2_000);
        }

        await nodes.A.SignalAsync("KILL");

        await Task.WhenAll(here.ReadToEndAsync(), there.ReadToEndAsync());
        int durable = (int)await nodes.DurableAsync();
        Assert.Equal((StreamErrorCodes.ProducerLost, true), (there.Error, there.EndedWell));
        Assert.Equal(Enumerable.Range(1, durable), there.Numbers);
        Assert.Equal((null, false), (here.Error, here.EndedWell));
        Assert.Equal(Enumerable.Range(1, here.Numbers.Count), here.Numbers);

        // Those who were connected to it come back, one from far behind, one that may have seen more than was durable.
        foreach (NodeReader cut in (NodeReader[])[behind, here])
        {
            using NodeReader back = await NodeReader.OpenAsync(nodes.PortB, path, cut.LastId);
            await back.ReadToEndAsync();
            Assert.Equal((StreamErrorCodes.ProducerLost, true), (back.Error, back.EndedWell));
            int seen = cut.Numbers[^1];
            Assert.Equal(Enumerable.Range(seen + 1, Math.Max(0, durable - seen)), back.Numbers);
        }

        // And so does who comes late.
        using NodeReader late = await NodeReader.OpenAsync(nodes.PortB, path);
        await late.ReadToEndAsync();
        Assert.Equal(StreamErrorCodes.ProducerLost, late.Error);
        Assert.Equal(there.Numbers, late.Numbers);
    }

    [Theory]
    [InlineData(PostgreSqlStop.Immediate)]
    [InlineData(PostgreSqlStop.Fast)]
    public async Task Restart_DatabaseInMidStream_EveryReaderGetsEveryEventOnce(PostgreSqlStop how)
    {
        const int Events = 900;
        await using TwoNodes nodes = await TwoNodes.StartAsync(database.Server);
        await nodes.GiveAsync(_key, 300);
        (NodeReader here, NodeReader there) = await OpenBothAsync(nodes, Events);
        for (int given = 300; given < Events; given += 300)
        {
            await there.ReadAsync(given - 100);
            await database.Server.StopAsync(how);

            // Nobody who reads there, where it is produced, waits for a server that is away.
            await nodes.GiveAsync(_key, 300);
            await here.ReadAsync(given + 300);
            await database.Server.StartAgainAsync();
        }

        await AssertAllAsync(nodes, Events, here, there);
    }

    [Fact]
    public async Task Cut_ConnectionsToTheDatabaseInMidStream_EveryReaderGetsEveryEventOnce()
    {
        const int Events = 1_500;
        await using TwoNodes nodes = await TwoNodes.StartAsync(database.Server);
        await nodes.GiveAsync(_key, 100);
        (NodeReader here, NodeReader there) = await OpenBothAsync(nodes, Events);
        long cut = 0;
        for (int given = 100; given < Events; given += 100)
        {
            await there.ReadAsync(given);
            await nodes.GiveAsync(_key, 50);
            cut += await nodes.CutConnectionsAsync();
            await nodes.GiveAsync(_key, 50);
        }

        await AssertAllAsync(nodes, Events, here, there);
        Assert.True(cut >= 20, $"Only {cut} connections were cut.");
    }

    [Fact]
    public async Task Append_DiskTakesTwoSeconds_LiveReadersGoOnWhileOneAppendIsHeld()
    {
        const int Events = 250;
        await using TwoNodes nodes = await TwoNodes.StartAsync(database.Server);
        await nodes.GiveAsync(_key, 1);
        (NodeReader here, NodeReader there) = await OpenBothAsync(nodes, Events);
        await there.ReadAsync(1);
        await nodes.SlowDiskAsync();
        int most = 0;
        int gotInThisOne = 0;
        string? held = null;
        for (int n = 2; n <= Events; n++)
        {
            // Each event is given and got before the next one: what is got between two looks at the same append did not wait for it.
            await nodes.GiveAsync(_key, 1);
            await here.ReadAsync(n);
            string? now = await nodes.HeldAppendAsync();
            gotInThisOne = now is not null && now == held ? gotInThisOne + 1 : 0;
            most = Math.Max(most, gotInThisOne);
            held = now;
        }

        Assert.True(most >= 20, $"While the disk held one append, a live reader got {most} events at most.");
        await AssertAllAsync(nodes, Events, here, there);
    }

    [Theory]
    [InlineData("sse", 11)]
    [InlineData("ndjson", 12)]
    public async Task Get_CutAtRandomOverTwoNodes_EveryEventOnceAndInOrder(string format, int seed)
    {
        const int Events = 10_000;
        const int Cuts = 200;
        await using TwoNodes nodes = await TwoNodes.StartAsync(database.Server);
        string path = $"/ticks/{_key}?count={Events}";

        // It runs a hundred events or two ahead of its reader: part of what he reads is there already, and part comes while he reads.
        await nodes.GiveAsync(_key, 200);
        var read = Channel.CreateUnbounded<int>();
        Task giving = GiveWhatIsReadAsync();
        using NodeReader begins = await NodeReader.OpenAsync(nodes.PortA, path, accept: format == "sse" ? null : "application/x-ndjson");
        var client = new CuttingClient(seed, path, nodes.PortA, nodes.PortB) { OnEvent = () => read.Writer.TryWrite(1) };

        await client.ReadAsync(format, Cuts).OrFail($"{Events} events");

        read.Writer.Complete();
        await giving.OrFail();
        Assert.Equal(Enumerable.Range(1, Events), client.Numbers);
        Assert.True(client.Cuts >= Cuts, $"It was cut {client.Cuts} times only.");
        Assert.Equal(0, client.Broken);
        Assert.Empty(client.Gaps);
        Assert.Equal((1, 0), (await TwoNodes.StartedAsync(nodes.A), await TwoNodes.StartedAsync(nodes.B)));

        async Task GiveWhatIsReadAsync()
        {
            await foreach (int _ in read.Reader.ReadAllAsync())
            {
                int events = 1;
                while (read.Reader.TryRead(out int _))
                {
                    events++;
                }

                await nodes.GiveAsync(_key, events);
            }
        }
    }

    [Fact]
    public async Task Get_SameKeyAtTwoNodesAtTheSameMoment_AlwaysOneProducer()
    {
        const int Keys = 200;
        await using TwoNodes nodes = await TwoNodes.StartAsync(database.Server);

        for (int i = 1; i <= Keys; i++)
        {
            string path = $"/ticks/{_key}-{i}?count=3&given=3";
            NodeReader[] both = await Task.WhenAll(NodeReader.OpenAsync(nodes.PortA, path), NodeReader.OpenAsync(nodes.PortB, path));
            await Task.WhenAll(both.Select(one => one.ReadToEndAsync()));

            Assert.All(both, one => Assert.Equal([1, 2, 3], one.Numbers));
            Assert.Equal(both[0].LastId, both[1].LastId);
            Assert.Equal(Assert.Single(both[0].Runs), Assert.Single(both[1].Runs));
            Array.ForEach(both, one => one.Dispose());
        }

        // One for each key; now the one node was first, now the other.
        int[] started = [await TwoNodes.StartedAsync(nodes.A), await TwoNodes.StartedAsync(nodes.B)];
        Assert.Equal(Keys, started.Sum());
        Assert.DoesNotContain(0, started);
    }

    private async Task<(NodeReader Here, NodeReader There)> OpenBothAsync(TwoNodes nodes, int events)
    {
        string path = $"/ticks/{_key}?count={events}";
        NodeReader here = await NodeReader.OpenAsync(nodes.PortA, path);
        return (here, await NodeReader.OpenAsync(nodes.PortB, path));
    }

    private static async Task AssertAllAsync(TwoNodes nodes, int events, params NodeReader[] readers)
    {
        await Task.WhenAll(readers.Select(reader => reader.ReadToEndAsync()));
        foreach (NodeReader reader in readers)
        {
            Assert.Equal((null, true), (reader.Error, reader.EndedWell));
            Assert.Equal(Enumerable.Range(1, events), reader.Numbers);
            reader.Dispose();
        }

        Assert.Equal(events, await nodes.DurableAsync());
        Assert.Equal((1, 0), (await TwoNodes.StartedAsync(nodes.A), await TwoNodes.StartedAsync(nodes.B)));
    }
}

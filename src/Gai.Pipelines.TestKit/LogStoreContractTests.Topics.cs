using System.Globalization;
using System.Text;
using Xunit;

namespace Gai.Pipelines.TestKit;

public abstract partial class LogStoreContractTests
{
    /// <summary>A topic has no owner, and is one for all nodes.</summary>
    [Fact]
    public async Task Claim_Topic_IsOwnedByNobody()
    {
        ILogStore store = await OpenNodeAsync();
        ILogStore other = await OpenNodeAsync();
        LogDescription proposal = Describe(kind: LogKind.Topic) with { Owner = null };

        LogClaim first = await store.ClaimAsync(proposal, ShortTime, None);
        LogClaim second = await other.ClaimAsync(Describe(proposal.Key, LogKind.Topic), ShortTime, None);
        await PassAsync(2 * ShortTime);

        Assert.Equal(new LogClaim(proposal, IsOwner: false, FencingToken: 0), first);
        Assert.Equal(first, second);
        Assert.Null((await ReadAsync(other, proposal.Id)).State.End);
    }

    /// <summary>The store numbers what is published.</summary>
    [Fact]
    public async Task Publish_FromTwoNodes_NumbersFollowEachOther()
    {
        ILogStore store = await OpenNodeAsync();
        ILogStore other = await OpenNodeAsync();
        LogId topic = await BeginTopicAsync(store);

        long first = await PublishAsync(store, topic, Guid.NewGuid(), Batch(0, "a", "b"));
        long second = await PublishAsync(other, topic, Guid.NewGuid(), Batch(0, "c"));
        long third = await PublishAsync(store, topic, Guid.NewGuid(), Batch(0, "d"));

        Assert.Equal((1, 3, 4), (first, second, third));
        Assert.Equal(["a", "b", "c", "d"], (await ReadAsync(other, topic)).Frames);
    }

    /// <summary>A publication whose answer was lost is made again.</summary>
    [Fact]
    public async Task Publish_Repeated_AddsNothing()
    {
        ILogStore store = await OpenNodeAsync();
        ILogStore other = await OpenNodeAsync();
        LogId topic = await BeginTopicAsync(store);
        Guid publication = Guid.NewGuid();

        await PublishAsync(store, topic, Guid.NewGuid(), Batch(0, "a"));
        long first = await PublishAsync(store, topic, publication, Batch(0, "b", "c"));
        await PublishAsync(store, topic, Guid.NewGuid(), Batch(0, "d"));
        long again = await PublishAsync(other, topic, publication, Batch(0, "b", "c"));

        Assert.Equal((2, 2), (first, again));
        Assert.Equal(["a", "b", "c", "d"], (await ReadAsync(store, topic)).Frames);
    }

    /// <summary>Publications that commit in any order are all seen, each once, by a reader that looks at every moment.</summary>
    [Fact]
    public async Task Publish_FromManyAtOnce_ReadersSeeEachFrameOnceAndEachPublishersInOrder()
    {
        const int Publishers = 8;
        const int Publications = 40;
        ILogStore[] nodes = [await OpenNodeAsync(), await OpenNodeAsync()];
        LogId topic = await BeginTopicAsync(nodes[0]);
        var seen = new List<string>();
        ILogStore reader = await OpenNodeAsync();
        Task reading = Task.Run(() => FollowAsync(reader, topic, (batch, _) =>
        {
            seen.AddRange(Enumerable.Range(0, batch.Count).Select(i => Encoding.UTF8.GetString(batch[i])));
            return seen.Count < Publishers * Publications * 2;
        }));

        await InTimeAsync(Task.WhenAll(Enumerable.Range(0, Publishers).Select(publisher => Task.Run(async () =>
        {
            for (int i = 0; i < Publications; i++)
            {
                await PublishAsync(nodes[publisher % nodes.Length], topic, Guid.NewGuid(), Batch(0, $"{publisher} {2 * i}", $"{publisher} {(2 * i) + 1}"));
            }
        }))));

        await InTimeAsync(reading);
        foreach (IGrouping<string, string> ofOne in seen.GroupBy(frame => frame.Split(' ')[0]))
        {
            Assert.Equal(Enumerable.Range(0, 2 * Publications), ofOne.Select(frame => int.Parse(frame.Split(' ')[1], CultureInfo.InvariantCulture)));
        }

        Assert.Equal(Publishers, seen.Select(frame => frame.Split(' ')[0]).Distinct().Count());
    }

    /// <summary>A topic that has ended takes nothing more, and what it has stays.</summary>
    [Fact]
    public async Task End_OfATopic_RefusesPublications()
    {
        ILogStore store = await OpenNodeAsync();
        ILogStore other = await OpenNodeAsync();
        LogId topic = await BeginTopicAsync(store);
        await PublishAsync(store, topic, Guid.NewGuid(), Batch(0, "a"));

        await CompleteAsync(other, topic, "done");
        await CompleteAsync(store, topic, "done");

        await Assert.ThrowsAsync<LogFencedException>(() => PublishAsync(store, topic, Guid.NewGuid(), Batch(0, "b")));
        (LogState state, _, string[] frames) = await ReadAsync(store, topic);
        Assert.Equal(new LogState(1, 2, LogEnd.Completed), state);
        Assert.Equal(["a", "done"], frames);
    }

    /// <summary>A publisher whose answer was lost learns that it is there, although somebody has ended the topic since.</summary>
    [Fact]
    public async Task Publish_RepeatedBehindTheEnd_GetsTheSameNumber()
    {
        ILogStore store = await OpenNodeAsync();
        ILogStore other = await OpenNodeAsync();
        LogId topic = await BeginTopicAsync(store);
        var publication = Guid.NewGuid();
        long first = await PublishAsync(store, topic, publication, Batch(0, "a"));
        await CompleteAsync(other, topic, "done");

        Assert.Equal(first, await PublishAsync(store, topic, publication, Batch(0, "a")));
        Assert.Equal(["a", "done"], (await ReadAsync(store, topic)).Frames);
    }

    /// <summary>The end of a topic need not be marked, and one that is gone cannot be ended. Nor is a generation ended as a topic is, or a topic as a generation is.</summary>
    [Fact]
    public async Task CompleteTopic_NoMarkerOrNoTopic_EndsItOrIsRefused()
    {
        ILogStore store = await OpenNodeAsync();
        LogId topic = await BeginTopicAsync(store);
        LogClaim generation = await BeginAsync(store);

        await Assert.ThrowsAsync<LogFencedException>(async () => await store.EndAsync(topic, 0, LogEnd.Completed, lastSequence: 0, None));
        await Assert.ThrowsAsync<LogFencedException>(() => CompleteAsync(store, generation.Log.Id, "done"));
        await CompleteAsync(store, topic);
        Assert.Equal(new LogState(1, 0, LogEnd.Completed), (await ReadAsync(store, topic)).State);
        Assert.Equal(new LogState(1, 0, End: null), (await ReadAsync(store, generation.Log.Id)).State);

        await store.RemoveAsync(topic, None);
        await Assert.ThrowsAsync<LogFencedException>(() => CompleteAsync(store, topic, "done"));
    }

    /// <summary>Whoever publishes while others end the topic is refused, or stands before the one mark of its end.</summary>
    [Fact]
    public async Task CompleteTopic_AtTheSameMomentAsPublications_IsMarkedOnceBehindAll()
    {
        const int Rounds = 10;
        ILogStore[] nodes = [await OpenNodeAsync(), await OpenNodeAsync()];
        for (int round = 0; round < Rounds; round++)
        {
            LogId topic = await BeginTopicAsync(nodes[0]);
            Task<int>[] publishing = [.. nodes.Select(node => Task.Run(() => PublishUntilRefusedAsync(node, topic)))];

            await InTimeAsync(Task.WhenAll(nodes.Select(node => Task.Run(() => CompleteAsync(node, topic, "done")))));

            int published = (await InTimeAsync(Task.WhenAll(publishing))).Sum();
            (LogState state, _, string[] frames) = await ReadAsync(nodes[1], topic);
            Assert.Equal(new LogState(1, published + 1, LogEnd.Completed), state);
            Assert.Equal(published, Array.IndexOf(frames, "done"));
        }

        static async Task<int> PublishUntilRefusedAsync(ILogStore node, LogId topic)
        {
            for (int published = 0; ; published++)
            {
                try
                {
                    await PublishAsync(node, topic, Guid.NewGuid(), Batch(0, "a"));
                }
                catch (LogFencedException)
                {
                    return published;
                }
            }
        }
    }

    /// <summary>Old events of a topic expire; the numbers of the others stay.</summary>
    [Fact]
    public async Task DeleteExpired_OldEventsOfATopic_LeavesTheOthersAndSaysWhereTheyBegin()
    {
        ILogStore store = await OpenNodeAsync();
        LogId topic = await BeginTopicAsync(store, keepFor: 5 * ShortTime);
        await PublishAsync(store, topic, Guid.NewGuid(), Batch(0, "a", "b"));
        await PassAsync(6 * ShortTime);
        await PublishAsync(store, topic, Guid.NewGuid(), Batch(0, "c"));

        await DeleteAllAsync(store);

        (LogState state, long at, string[] frames) = await ReadAsync(store, topic, first: 2);
        Assert.Equal(new LogState(3, 3, End: null), state);
        Assert.Equal(3, at);
        Assert.Equal(["c"], frames);

        await PassAsync(6 * ShortTime);
        await DeleteAllAsync(store);
        (LogState empty, _, string[] none) = await ReadAsync(store, topic, first: 4);
        Assert.Equal(new LogState(4, 3, End: null), empty);
        Assert.Empty(none);
        Assert.Equal(4, await PublishAsync(store, topic, Guid.NewGuid(), Batch(0, "d")));
    }
}

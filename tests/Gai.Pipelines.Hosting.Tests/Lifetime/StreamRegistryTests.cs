using Gai.Pipelines.TestUtilities;
using Microsoft.AspNetCore.Http;

namespace Gai.Pipelines.Hosting.Tests.Lifetime;

public sealed class StreamRegistryTests
{
    private readonly StreamRegistry _streams = new();

    [Theory]
    [InlineData(0, 1, 2)]
    [InlineData(2, 1, 0)]
    [InlineData(1, 0, 2)]
    [InlineData(1, 2, 0)]
    public void Remove_InAnyOrder_TakesTheRightOneOut(int first, int second, int third)
    {
        OpenStreamStub[] streams = [new(), new(), new()];
        StreamRegistry.Entry[] entries = [.. streams.Select(Add)];

        _streams.Remove(entries[first]);
        Assert.Equal(2, _streams.Count);
        _streams.Remove(entries[second]);
        Assert.Equal(1, _streams.Count);
        Assert.Equal(1, _streams.EndAll());
        Assert.Equal(third, Assert.Single(Enumerable.Range(0, 3), i => streams[i].Endings.Count > 0));
        _streams.Remove(entries[third]);
        Assert.Equal(0, _streams.Count);
        Assert.Equal(0, _streams.EndAll());
    }

    [Fact]
    public void TryAdd_AfterClose_Refuses()
    {
        Task ended = _streams.CloseAsync();

        Assert.True(_streams.IsDraining);
        Assert.True(ended.IsCompleted);
        Assert.False(_streams.TryAdd(new OpenEntryStub(new OpenStreamStub(), new DefaultHttpContext())));
        Assert.Equal(0, _streams.Count);
    }

    [Theory]
    [InlineData("HTTP/1.1", false)]
    [InlineData("HTTP/2", true)]
    [InlineData("HTTP/3", true)]
    public void HadMultiplexed_AnyStream_DecidesByItsProtocol(string protocol, bool expected)
    {
        Add(new OpenStreamStub());
        Assert.False(_streams.HadMultiplexed);
        StreamRegistry.Entry entry = new OpenEntryStub(new OpenStreamStub(), new DefaultHttpContext { Request = { Protocol = protocol } });

        Assert.True(_streams.TryAdd(entry));
        Add(new OpenStreamStub());
        _streams.Remove(entry);

        Assert.Equal(expected, _streams.HadMultiplexed);
    }

    [Fact]
    public async Task Close_OpenStreams_IsDoneWhenTheLastHasEnded()
    {
        StreamRegistry.Entry first = Add(new OpenStreamStub());
        StreamRegistry.Entry second = Add(new OpenStreamStub());

        Task ended = _streams.CloseAsync();
        Assert.Same(ended, _streams.CloseAsync());
        _streams.Remove(first);
        Assert.False(ended.IsCompleted);
        _streams.Remove(second);

        await ended.OrFail();
    }

    [Fact]
    public void EndAll_StreamThatEndsMeanwhile_IsNoObstacle()
    {
        StreamRegistry.Entry? entry = null;
        entry = Add(new OpenStreamStub { OnEnd = () => _streams.Remove(entry!) });
        Add(new OpenStreamStub());

        Assert.Equal(2, _streams.EndAll());
        Assert.Equal(1, _streams.Count);
    }

    [Fact]
    public void EndAll_ManyStreams_ComeBackAtDifferentTimes()
    {
        OpenStreamStub[] streams = [.. Enumerable.Range(0, 1000).Select(_ => new OpenStreamStub())];
        Array.ForEach(streams, stream => Add(stream));

        _streams.EndAll();

        Assert.All(streams, stream =>
        {
            (StreamOutcomeReason reason, StreamError farewell) = Assert.Single(stream.Endings);
            Assert.Equal((StreamOutcomeReason.Drained, StreamErrorCodes.ServerDraining, true), (reason, farewell.Code, farewell.Temporary));
            Assert.InRange(farewell.RetryAfter!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));
        });

        // With 1,000 by chance, no fifth of the time is left out and none has most of them.
        int[] ofSeconds = [.. streams.CountBy(stream => (int)stream.Endings[0].Farewell.RetryAfter!.Value.TotalSeconds).OrderBy(pair => pair.Key).Select(pair => pair.Value)];
        Assert.Equal(4, ofSeconds.Length);
        Assert.All(ofSeconds, count => Assert.InRange(count, 100, 500));
    }

    [Fact]
    public void AbortAll_OpenStreams_BreaksTheirConnections()
    {
        var lifetime = new AbortFeature();
        var context = new DefaultHttpContext();
        context.Features.Set<Microsoft.AspNetCore.Http.Features.IHttpRequestLifetimeFeature>(lifetime);
        _streams.TryAdd(new OpenEntryStub(new OpenStreamStub(), context));

        Assert.Equal(1, _streams.AbortAll());
        Assert.Equal(1, lifetime.Aborts);
    }

    [Fact]
    public void AbortAll_RequestThatHasJustEnded_IsNoObstacle()
    {
        AbortFeature[] lifetimes = [new(), new() { IsOver = true }, new()];
        foreach (AbortFeature lifetime in lifetimes)
        {
            var context = new DefaultHttpContext();
            context.Features.Set<Microsoft.AspNetCore.Http.Features.IHttpRequestLifetimeFeature>(lifetime);
            _streams.TryAdd(new OpenEntryStub(new OpenStreamStub(), context));
        }

        Assert.Equal(3, _streams.AbortAll());
        Assert.Equal([1, 0, 1], lifetimes.Select(lifetime => lifetime.Aborts));
    }

    [Fact]
    public async Task TryAdd_ManyThreads_CountsThemAll()
    {
        await Parallel.ForAsync(0, 10_000, (_, _) =>
        {
            _streams.Remove(Add(new OpenStreamStub()));
            return ValueTask.CompletedTask;
        });

        Assert.Equal(0, _streams.Count);
        Assert.Equal(0, _streams.EndAll());
    }

    private OpenEntryStub Add(OpenStreamStub stream)
    {
        var entry = new OpenEntryStub(stream, new DefaultHttpContext());
        Assert.True(_streams.TryAdd(entry));
        return entry;
    }
}

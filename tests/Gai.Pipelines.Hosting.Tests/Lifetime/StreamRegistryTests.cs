namespace Gai.Pipelines.Hosting.Tests.Lifetime;

public sealed class StreamRegistryTests
{
    private readonly StreamRegistry _streams = new();

    [Theory]
    [InlineData(0, 1, 2)]
    [InlineData(2, 1, 0)]
    [InlineData(1, 0, 2)]
    [InlineData(1, 2, 0)]
    public void Dispose_InAnyOrder_TakesTheRightOneOut(int first, int second, int third)
    {
        var drained = new List<int>();
        StreamRegistry.Entry[] entries = [.. Enumerable.Range(0, 3).Select(i => _streams.TryAdd(() => drained.Add(i))!)];

        entries[first].Dispose();
        Assert.Equal(2, _streams.Count);
        entries[second].Dispose();
        Assert.Equal(1, _streams.Count);
        Assert.Equal(1, _streams.Drain());
        Assert.Equal([third], drained);
        entries[third].Dispose();
        Assert.Equal(0, _streams.Count);
        Assert.Equal(0, _streams.Drain());
    }

    [Fact]
    public void TryAdd_AfterDrain_Refuses()
    {
        _streams.Drain();

        Assert.Null(_streams.TryAdd(() => { }));
        Assert.Equal(0, _streams.Count);
    }

    [Fact]
    public void Drain_StreamThatEndsMeanwhile_IsNoObstacle()
    {
        StreamRegistry.Entry? entry = null;
        entry = _streams.TryAdd(() => entry!.Dispose());
        _streams.TryAdd(() => { });

        Assert.Equal(2, _streams.Drain());
        Assert.Equal(1, _streams.Count);
    }

    [Fact]
    public async Task TryAdd_ManyThreads_CountsThemAll()
    {
        await Parallel.ForAsync(0, 10_000, (_, _) =>
        {
            using StreamRegistry.Entry? entry = _streams.TryAdd(() => { });
            Assert.NotNull(entry);
            return ValueTask.CompletedTask;
        });

        Assert.Equal(0, _streams.Count);
        Assert.Equal(0, _streams.Drain());
    }
}

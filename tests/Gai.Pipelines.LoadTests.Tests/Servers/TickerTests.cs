using System.Collections.Concurrent;
using System.Text;
using Gai.Pipelines.LoadTests.Measuring;
using Gai.Pipelines.LoadTests.Servers;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.LoadTests.Tests.Servers;

public sealed class TickerTests
{
    [Fact]
    public async Task Start_PlanOfTicks_EveryStreamGetsEachOnceAndOnSchedule()
    {
        var ticker = new Ticker<string>(static text => text);
        var first = new Target();
        var second = new Target();
        using IDisposable one = ticker.Join(first);
        using IDisposable two = ticker.Join(second);

        ticker.Start(new TickPlan(Warm: 20, Measured: 30, Interval: 1_000));
        await Deadline.UntilAsync(() => ticker.State.IsOver);
        ticker.Complete();

        Assert.Equal(50, ticker.State.Ticks);
        Assert.NotNull(ticker.State.Begin);
        foreach (Target target in (Target[])[first, second])
        {
            byte[][] events = [.. target.Events.Select(Encoding.ASCII.GetBytes)];
            Assert.Equal(Enumerable.Range(0, 50).Select(static number => (long)number), events.Select(static item => Letters.Number(item)));
            Assert.Equal(49, events.Zip(events[1..], static (left, right) => Letters.Due(right) - Letters.Due(left)).Count(static gap => gap == 1_000));
            Assert.True(target.IsComplete);
        }
    }

    [Fact]
    public async Task Start_StreamWithoutRoom_IsSkippedAndCounted()
    {
        var ticker = new Ticker<string>(static text => text);
        var full = new Target { HasRoom = false };
        using IDisposable place = ticker.Join(full);
        ticker.Start(new TickPlan(Warm: 0, Measured: 10, Interval: 100));
        await Deadline.UntilAsync(() => ticker.State.IsOver);
        Assert.Equal(10, ticker.State.Skipped);
    }

    [Fact]
    public void Join_PlaceIsGivenUp_StreamIsForgotten()
    {
        var ticker = new Ticker<string>(static text => text);
        IDisposable place = ticker.Join(new Target());
        Assert.Equal(1, ticker.Targets);
        place.Dispose();
        Assert.Equal(0, ticker.Targets);
    }

    private sealed class Target : ITickTarget<string>
    {
        public ConcurrentQueue<string> Events { get; } = new();

        public bool HasRoom { get; init; } = true;

        public bool IsComplete { get; private set; }

        public bool TryWrite(string item)
        {
            if (HasRoom)
            {
                Events.Enqueue(item);
            }

            return HasRoom;
        }

        public void Complete() => IsComplete = true;
    }
}

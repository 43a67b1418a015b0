using Gai.Pipelines.LoadTests.Measuring;

namespace Gai.Pipelines.LoadTests.Tests.Measuring;

public sealed class SpreadTests
{
    [Fact]
    public void Of_OddAndEvenNumbers_TakesTheMiddle()
    {
        Assert.Equal(new Spread(3, 1, 9), Spread.Of([9, 1, 3]));
        Assert.Equal(new Spread(2.5, 1, 9), Spread.Of([9, 1, 3, 2]));
        Assert.Equal(default, Spread.Of([]));
    }

    [Fact]
    public void OfRatios_RoundsInAnyOrder_AreTakenWithinARound()
    {
        RunFigures[] ours = [Runs.Of("a", 1, seconds: 1, events: 100), Runs.Of("a", 2, seconds: 1, events: 10)];
        RunFigures[] theirs = [Runs.Of("b", 2, seconds: 1, events: 5), Runs.Of("b", 1, seconds: 1, events: 25)];
        Assert.Equal(new Spread(3, 2, 4), Spread.OfRatios(ours, theirs, static run => run.EventsPerSecond));
    }
}

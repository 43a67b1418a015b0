using Gai.Pipelines.LoadTests.Measuring;
using Gai.Pipelines.LoadTests.Reports;
using Gai.Pipelines.LoadTests.Scenarios;
using Gai.Pipelines.Perf;

namespace Gai.Pipelines.LoadTests.Tests.Reports;

public sealed class RowTests
{
    [Theory]
    [InlineData(6.0, true)]
    [InlineData(6.1, false)]
    public void Judge_Ratio_TheMedianOfTheRoundsDecides(double limit, bool reached)
    {
        LoadReport report = Report(
            Runs.Of("gai", 1, events: 600), Runs.Of("framework", 1, events: 100),
            Runs.Of("gai", 2, events: 500), Runs.Of("framework", 2, events: 100),
            Runs.Of("gai", 3, events: 900), Runs.Of("framework", 3, events: 100));
        Verdict verdict = new RatioRow("1", "work", "case", Metric.Throughput, "gai", "framework", Bound.AtLeast, limit).Judge(report);
        Assert.Equal(reached, verdict.Reached);
        Assert.Equal("6.00 x (5.00 to 9.00)", verdict.Measured);
    }

    [Theory]
    [InlineData(4.9, true)]
    [InlineData(5.1, false)]
    [InlineData(9.0, false)]
    [InlineData(9.1, true)]
    public void Judge_LimitBetweenTheRounds_IsNotCertain(double limit, bool inEveryRound)
    {
        LoadReport report = Report(
            Runs.Of("gai", 1, events: 600), Runs.Of("framework", 1, events: 100),
            Runs.Of("gai", 2, events: 500), Runs.Of("framework", 2, events: 100),
            Runs.Of("gai", 3, events: 900), Runs.Of("framework", 3, events: 100));
        Assert.Equal(inEveryRound, new RatioRow("1", "work", "case", Metric.Throughput, "gai", "framework", Bound.AtLeast, limit).Judge(report).InEveryRound);
    }

    [Theory]
    [InlineData(400, true)]
    [InlineData(399, false)]
    public void Judge_Difference_IsTakenWithinARound(double most, bool reached)
    {
        LoadReport report = Report(
            Heap("gai", 1, 1_000), Heap("bare", 1, 600),
            Heap("gai", 2, 5_000), Heap("bare", 2, 4_700),
            Heap("gai", 3, 9_000), Heap("bare", 3, 1));
        Verdict verdict = new DifferenceRow("8", "work", "case", Metric.IdleHeap, "gai", "bare", most).Judge(report);
        Assert.Equal(reached, verdict.Reached);
    }

    [Fact]
    public void Judge_IdleHeap_LeavesOutWhatKestrelsPoolKeeps()
    {
        LoadReport report = Report(
            Runs.Of("gai", 1, more: [(MoreFigures.HeapPerStream, 12_000), (MoreFigures.PinnedPerStream, 1_500)]),
            Runs.Of("bare", 1, more: [(MoreFigures.HeapPerStream, 10_000), (MoreFigures.PinnedPerStream, 400)]));
        Assert.Equal("900 B (900 to 900)", new DifferenceRow("8", "work", "case", Metric.IdleHeap, "gai", "bare", 512).Judge(report).Measured);
    }

    [Theory]
    [InlineData(1_900, true)]
    [InlineData(2_100, false)]
    public void Judge_Allocation_LeavesOutTheSource(long allocated, bool reached)
    {
        LoadReport report = Report(
            Runs.Of("gai", 1, events: 1_000, allocated: allocated, more: (MoreFigures.SourceBytes, 1_000)),
            Runs.Of("framework", 1, events: 1_000, allocated: 100_000));
        Assert.Equal(reached, new AllocationRow("7", "work", "case", "gai", "framework").Judge(report).Reached);
    }

    [Fact]
    public void DoubtfulRounds_OfServersThatDecide_AreCountedOnceEach()
    {
        LoadReport report = Report(
            Runs.Of("gai", 1) with { Doubts = ["not warm"] }, Runs.Of("framework", 1) with { Doubts = ["not warm"] }, Runs.Of("good", 1),
            Runs.Of("gai", 2), Runs.Of("framework", 2), Runs.Of("good", 2) with { Doubts = ["not warm"] },
            Runs.Of("gai", 3), Runs.Of("framework", 3) with { Doubts = ["the client was busy"] }, Runs.Of("good", 3));
        Assert.Equal(2, new RatioRow("1", "work", "case", Metric.Throughput, "gai", "framework", Bound.AtLeast, 6).DoubtfulRounds(report));
    }

    [Fact]
    public void All_EveryRow_IsDecidedByServersOfItsCase() => Assert.All(Targets.All, static row =>
    {
        LoadCase load = Cases.All.Single(load => load.Name == row.Case);
        Assert.Subset(load.Contenders.ToHashSet(), row.Servers.ToHashSet());
        Assert.True(load.Rounds >= 3);
    });

    [Fact]
    public void Quick_AllCases_CoverEveryScenarioAndProtocol()
    {
        LoadCase[] quick = [.. Cases.Quick()];
        Assert.Equal(ScenarioList.All.Select(static scenario => scenario.Name).Order(), quick.Select(static load => load.Scenario).Distinct().Order());
        Assert.All(quick, static load => Assert.Equal((1, true), (load.Rounds, load.Settings.Quick)));
    }

    private static RunFigures Heap(string contender, int round, double bytes) => Runs.Of(contender, round, more: (MoreFigures.HeapPerStream, bytes));

    private static LoadReport Report(params RunFigures[] runs) => new(
        new RunInfo(DateTimeOffset.UnixEpoch, "commit", "machine", "system", "runtime"),
        new LoadCase("case", "burst", new LoadSettings(), [.. runs.Select(static run => run.Contender).Distinct()], runs.Max(static run => run.Round)),
        "command",
        runs);
}

using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Pump;

public sealed class CommitWindowTests : PumpTest
{
    [Fact]
    public async Task RunAsync_NoEventInTheWindow_SendsTheHeadAfterIt()
    {
        Task<StreamOutcome> run = RunAsync();
        Time.Advance(Milliseconds(999));
        Assert.Empty(Output.Flushes);
        Time.Advance(Tick);
        await Output.WaitForFlushesAsync(1);
        Assert.Equal("<", Output.Text);
        Source.Push("a").End();

        Assert.Equal(new StreamOutcome(StreamOutcomeReason.Completed, 1, 4, 3, HeadSent: true), await run.OrFail());
        Assert.Equal(["<", "a|", ">"], Output.Flushes);
    }

    [Fact]
    public async Task RunAsync_DialectWithoutOpening_StillSendsTheHead()
    {
        var pump = new EventPump<string>(StreamSource.From(Source), new PlainNdjsonDialect<string>(null), Output, Settings);
        Task<StreamOutcome> run = pump.RunAsync(CancellationToken.None);
        Time.Advance(TimeSpan.FromSeconds(1) + Tick);
        await Output.WaitForFlushesAsync(1);

        Assert.Equal([string.Empty], Output.Flushes);
        Source.Fail(new InvalidOperationException());
        Assert.True((await run.OrFail()).HeadSent);
    }

    [Fact]
    public async Task RunAsync_EventInTheWindow_SendsTheHeadWithIt()
    {
        Task<StreamOutcome> run = RunAsync();
        Time.Advance(Milliseconds(500));
        Source.Push("a");
        Time.Advance(TimeSpan.FromSeconds(5));
        Source.End();

        await run.OrFail();
        Assert.Equal(["<a|", ">"], Output.Flushes);
    }

    [Fact]
    public async Task RunAsync_FailureInTheWindow_SendsNothing()
    {
        Task<StreamOutcome> run = RunAsync();
        Time.Advance(Milliseconds(900));
        Source.Fail(new InvalidOperationException());

        Assert.False((await run.OrFail()).HeadSent);
        Assert.Empty(Output.Flushes);
    }

    [Fact]
    public async Task RunAsync_ZeroWindow_SendsTheHeadAtOnce()
    {
        Settings = Settings with { CommitWindow = TimeSpan.Zero };
        Task<StreamOutcome> run = RunAsync();

        Assert.Equal(["<"], Output.Flushes);
        Source.End();
        Assert.Equal(["<", ">"], Output.Flushes);
        await run.OrFail();
    }

    [Fact]
    public async Task RunAsync_InfiniteWindow_SendsTheHeadWithTheFirstEventOnly()
    {
        Settings = Settings with { CommitWindow = Timeout.InfiniteTimeSpan };
        Task<StreamOutcome> run = RunAsync();
        Time.Advance(TimeSpan.FromMinutes(10));
        Assert.Empty(Output.Flushes);
        Source.Push("a").End();

        await run.OrFail();
        Assert.Equal("<a|>", Output.Text);
    }
}

using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Pump;

public sealed class DialectFailureTests : PumpTest
{
    private readonly InvalidOperationException _failure = new();

    [Fact]
    public async Task RunAsync_OpeningThrows_FailsWithoutHead()
    {
        Dialect.OnOpening = () => throw _failure;
        Source.Push("a");

        StreamOutcome outcome = await RunAsync().OrFail();
        Assert.Equal(new StreamOutcome(StreamOutcomeReason.SourceFailed, 0, 0, 0, HeadSent: false, _failure), outcome);
        Assert.Empty(Output.Flushes);
    }

    [Fact]
    public async Task RunAsync_FirstEventThrows_LeavesNothingOfTheOpening()
    {
        Dialect.OnEvent = _ => throw _failure;
        Source.Push("a");

        StreamOutcome outcome = await RunAsync().OrFail();
        Assert.Equal(new StreamOutcome(StreamOutcomeReason.SourceFailed, 0, 0, 0, HeadSent: false, _failure), outcome);
        Assert.Empty(Output.Flushes);
    }

    [Fact]
    public async Task RunAsync_LaterEventThrows_SendsTheEarlierOnesAndTheErrorOnAFrameBoundary()
    {
        Dialect.OnEvent = item => _ = item == "c" ? throw _failure : item;
        Source.Push("a", "b", "c", "d");

        StreamOutcome outcome = await RunAsync().OrFail();
        Assert.Equal(["<a|", "b|!internal"], Output.Flushes);
        Assert.Equal((StreamOutcomeReason.SourceFailed, 2L), (outcome.Reason, outcome.Events));
        Assert.True(Source.IsDisposed);
        Assert.True(Source.Token.IsCancellationRequested);
    }

    [Fact]
    public async Task RunAsync_EndThrows_WritesErrorInstead()
    {
        Dialect.OnEnd = () => throw _failure;

        StreamOutcome outcome = await RunAsync(StreamSource.From(Source.Push("a").End())).OrFail();
        Assert.Equal("<a|!internal", Output.Text);
        Assert.Same(_failure, outcome.Exception);
    }

    [Fact]
    public async Task RunAsync_EndOfAnEmptyStreamThrows_FailsWithoutHead()
    {
        Dialect.OnEnd = () => throw _failure;

        StreamOutcome outcome = await RunAsync(StreamSource.From(Source.End())).OrFail();
        Assert.False(outcome.HeadSent);
        Assert.Empty(Output.Flushes);
    }

    [Fact]
    public async Task RunAsync_ErrorThrows_StillSendsTheEventsBeforeIt()
    {
        Dialect.OnError = () => throw new NotSupportedException();
        Source.Push("a", "b").Fail(_failure);

        StreamOutcome outcome = await RunAsync().OrFail();
        Assert.Equal(["<a|", "b|"], Output.Flushes);
        Assert.Same(_failure, outcome.Exception);
    }

    [Fact]
    public async Task RunAsync_DescribeFailureThrows_TellsOnlyThatItFailed()
    {
        Settings = Settings with { DescribeFailure = _ => throw new NotSupportedException() };
        Source.Push("a").Fail(_failure);

        StreamOutcome outcome = await RunAsync().OrFail();
        Assert.Equal("<a|!internal", Output.Text);
        Assert.Same(_failure, outcome.Exception);
        Assert.True(Source.IsDisposed);
    }

    [Fact]
    public async Task RunAsync_FlushThrows_IsTheClientsLeaving()
    {
        var broken = new InvalidOperationException("The transport.");
        Task<StreamOutcome> run = RunAsync();
        Output.FlushFailure = broken;
        Source.Push("a");

        StreamOutcome outcome = await run.OrFail();
        Assert.Equal(StreamOutcomeReason.ClientGone, outcome.Reason);
        Assert.Same(broken, outcome.Exception);
        Assert.True(Source.IsDisposed);
    }

    [Fact]
    public async Task RunAsync_FlushOfTheErrorThrows_KeepsTheOutcome()
    {
        Task<StreamOutcome> run = RunAsync();
        Source.Push("a");
        Output.FlushFailure = new IOException();
        Source.Fail(_failure);

        StreamOutcome outcome = await run.OrFail();
        Assert.Equal(StreamOutcomeReason.SourceFailed, outcome.Reason);
        Assert.Same(_failure, outcome.Exception);
    }

    [Fact]
    public async Task RunAsync_FrameTooLarge_FailsAndSendsNothingOfIt()
    {
        Settings = Settings with { MaxFrameBytes = 256 };
        Source.Push("a", new string('x', 300));

        StreamOutcome outcome = await RunAsync().OrFail();
        Assert.Equal("<a|!internal", Output.Text);
        Assert.IsType<FrameTooLargeException>(outcome.Exception);
    }
}

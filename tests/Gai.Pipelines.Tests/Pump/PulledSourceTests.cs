using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Pump;

public sealed class PulledSourceTests : PumpTest
{
    [Fact]
    public async Task RunAsync_EventsThatAreReady_AreWrittenInOrderWithOpeningAndEnd()
    {
        StreamOutcome outcome = await RunAsync(StreamSource.From(Letters())).OrFail();

        Assert.Equal("<a|b|c|>", Output.Text);
        Assert.Equal(new StreamOutcome(StreamOutcomeReason.Completed, 3, 8, outcome.Flushes, HeadSent: true), outcome);

        static async IAsyncEnumerable<string> Letters()
        {
            yield return "a";
            await Task.Yield();
            yield return "b";
            yield return "c";
        }
    }

    [Fact]
    public async Task RunAsync_EventsThatAreWaitedFor_AreWrittenAsTheyCome()
    {
        Task<StreamOutcome> run = RunAsync();
        Source.Push("a", "b");
        Assert.Equal(["<a|", "b|"], Output.Flushes);
        Source.Push("c").End();

        Assert.Equal(StreamOutcomeReason.Completed, (await run.OrFail()).Reason);
        Assert.Equal(["<a|", "b|", "c|", ">"], Output.Flushes);
        Assert.True(Source.IsDisposed);
        Assert.False(Source.Token.IsCancellationRequested);
    }

    [Fact]
    public async Task RunAsync_EmptySource_WritesOpeningAndEndMarker()
    {
        StreamOutcome outcome = await RunAsync(StreamSource.From(Source.End())).OrFail();

        Assert.Equal(["<>"], Output.Flushes);
        Assert.Equal(new StreamOutcome(StreamOutcomeReason.Completed, 0, 2, 1, HeadSent: true), outcome);
    }

    [Fact]
    public async Task RunAsync_FailureBeforeFirstEvent_WritesNothing()
    {
        var failure = new InvalidOperationException();
        Task<StreamOutcome> run = RunAsync();
        Source.Fail(failure);

        AssertNothingWasSent(await run.OrFail(), failure);
    }

    [Fact]
    public async Task RunAsync_FailureAfterAnEvent_WritesErrorAndNoEndMarker()
    {
        var failure = new InvalidOperationException("secret");
        Source.Push("a");
        Task<StreamOutcome> run = RunAsync();
        Source.Fail(failure);

        StreamOutcome outcome = await run.OrFail();
        Assert.Equal(["<a|", "!internal"], Output.Flushes);
        Assert.Equal(new StreamOutcome(StreamOutcomeReason.SourceFailed, 1, 12, 2, HeadSent: true, failure), outcome);
        Assert.True(Source.IsDisposed);
    }

    [Fact]
    public async Task RunAsync_FailureRightAfterReadyEvents_LosesNoneOfThem()
    {
        Source.Push("a", "b", "c").Fail(new InvalidOperationException());

        await RunAsync().OrFail();
        Assert.Equal(["<a|", "b|c|!internal"], Output.Flushes);
    }

    [Fact]
    public async Task RunAsync_StreamErrorException_TellsTheClientItsCode()
    {
        Source.Push("a").Fail(new StreamErrorException(new StreamError(StreamErrorCodes.RateLimited, "Slow down.")));

        await RunAsync().OrFail();
        Assert.Equal("<a|!rate_limited", Output.Text);
    }

    [Fact]
    public async Task RunAsync_SourceEndsWhileTheClientIsSlow_StillSendsAll()
    {
        Output.HoldFlushes();
        Task<StreamOutcome> run = RunAsync();
        Source.Push("a");
        Assert.True(Output.IsFlushPending);
        Source.Push("b", "c").End();
        Assert.False(run.IsCompleted);
        Output.ReleaseFlush();

        Assert.Equal(StreamOutcomeReason.Completed, (await run.OrFail()).Reason);
        Assert.Equal(["<a|", "b|c|>"], Output.Flushes);
    }

    [Fact]
    public async Task RunAsync_GetAsyncEnumeratorThrows_FailsWithoutHead()
    {
        var failure = new InvalidOperationException();
        Source.OnGetEnumerator = () => throw failure;

        AssertNothingWasSent(await RunAsync().OrFail(), failure);
    }

    [Fact]
    public async Task RunAsync_MoveNextThrowsSynchronously_Fails()
    {
        var failure = new InvalidOperationException();
        Source.OnMoveNext = () => throw failure;

        AssertNothingWasSent(await RunAsync().OrFail(), failure);
        Assert.True(Source.IsDisposed);
    }

    [Fact]
    public async Task RunAsync_CurrentThrows_Fails()
    {
        var failure = new InvalidOperationException();
        Source.OnCurrent = () => throw failure;
        Source.Push("a");

        AssertNothingWasSent(await RunAsync().OrFail(), failure);
        Assert.True(Source.IsDisposed);
    }

    [Fact]
    public async Task RunAsync_DisposeThrowsAtOnce_IsReportedBesideCompletion()
    {
        var failure = new InvalidOperationException();
        Source.OnDispose = () => throw failure;

        StreamOutcome outcome = await RunAsync(StreamSource.From(Source.Push("a").End())).OrFail();
        Assert.Equal(StreamOutcomeReason.Completed, outcome.Reason);
        Assert.Same(failure, outcome.Exception);
        Assert.Equal("<a|>", Output.Text);
    }

    [Fact]
    public async Task RunAsync_DisposeThrowsWhenTheClientHasLeft_IsNotWhyItEnded()
    {
        var failure = new InvalidOperationException();
        Source.OnDispose = () => throw failure;
        Task<StreamOutcome> run = RunAsync();
        await Client.CancelAsync();

        StreamOutcome outcome = await run.OrFail();
        Assert.Equal((StreamOutcomeReason.ClientGone, true), (outcome.Reason, outcome.IsLate));
        Assert.Same(failure, outcome.Exception);
    }

    [Fact]
    public async Task RunAsync_DisposeThrowsTimeoutException_IsReported()
    {
        var failure = new TimeoutException();
        Source.OnDispose = async () =>
        {
            await Task.Yield();
            throw failure;
        };

        StreamOutcome outcome = await RunAsync(StreamSource.From(Source.End())).OrFail();
        Assert.Same(failure, outcome.Exception);
    }

    [Fact]
    public async Task RunAsync_DisposeThrowsAfterAFailure_ReportsTheFirst()
    {
        var failure = new InvalidOperationException();
        Source.OnDispose = () => throw new NotSupportedException();
        Source.Fail(failure);

        AssertNothingWasSent(await RunAsync().OrFail(), failure);
    }

    [Fact]
    public async Task RunAsync_CallbackOnTheSourcesTokenThrows_StillDisposesTheSource()
    {
        Task<StreamOutcome> run = RunAsync();
        using (Source.Token.Register(() => throw new InvalidOperationException("A callback.")))
        {
            await Client.CancelAsync();

            StreamOutcome outcome = await run.OrFail();
            Assert.Equal(StreamOutcomeReason.ClientGone, outcome.Reason);
            Assert.True(Source.IsDisposed);
        }
    }

    private void AssertNothingWasSent(StreamOutcome outcome, Exception failure)
    {
        Assert.Equal(new StreamOutcome(StreamOutcomeReason.SourceFailed, 0, 0, 0, HeadSent: false, failure), outcome);
        Assert.Empty(Output.Flushes);
        Assert.Equal(0, Scheduler.EntryCount);
    }
}

using System.Threading.Channels;
using Gai.Pipelines.Internal;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Pump;

/// <summary>The client leaves, or the server does.</summary>
[Collection(nameof(DetachedSources))]
public sealed class EndingTests : PumpTest
{
    [Fact]
    public async Task ClientGone_BeforeTheStart_StartsNothing()
    {
        await Client.CancelAsync();

        Assert.Equal(new StreamOutcome(StreamOutcomeReason.ClientGone, 0, 0, 0, HeadSent: false), await RunAsync().OrFail());
        Assert.False(Source.IsStarted);
        Assert.Equal(0, Scheduler.EntryCount);
    }

    [Fact]
    public async Task ClientGone_BeforeTheStartOfAProducer_DoesNotCallIt()
    {
        await Client.CancelAsync();
        bool wasCalled = false;

        StreamOutcome outcome = await RunAsync(StreamSource.From<string>((_, _) => Task.FromResult(wasCalled = true))).OrFail();
        Assert.Equal(StreamOutcomeReason.ClientGone, outcome.Reason);
        Assert.False(wasCalled);
    }

    [Fact]
    public async Task ClientGone_WhileThePullIsPending_CancelsAndDisposesTheSource()
    {
        Task<StreamOutcome> run = RunAsync();
        Source.Push("a");
        await Client.CancelAsync();

        Assert.Equal(new StreamOutcome(StreamOutcomeReason.ClientGone, 1, 3, 1, HeadSent: true), await run.OrFail());
        Assert.True(Source.Token.IsCancellationRequested);
        Assert.True(Source.IsDisposed);
        Assert.Equal(0, Scheduler.EntryCount);
        await Deadline.UntilAsync(() => Time.ArmedTimers == 0);
    }

    [Fact]
    public async Task ClientGone_WhileFlushing_CancelsTheFlush()
    {
        Output.HoldFlushes();
        Task<StreamOutcome> run = RunAsync();
        Source.Push("a");
        Assert.True(Output.IsFlushPending);
        await Client.CancelAsync();

        Assert.Equal(StreamOutcomeReason.ClientGone, (await run.OrFail()).Reason);
        Assert.Equal(1, Output.CancelledFlushes);
        Assert.True(Source.IsDisposed);
    }

    [Fact]
    public async Task ClientGone_JustBeforeTheFlush_DoesNotWaitForIt()
    {
        Output.HoldFlushes();
        Dialect.OnEvent = _ => Client.Cancel();
        Source.Push("a");

        Assert.Equal(new StreamOutcome(StreamOutcomeReason.ClientGone, 1, 3, 0, HeadSent: true), await RunAsync().OrFail());
        Assert.Empty(Output.Flushes);
    }

    [Fact]
    public async Task ClientGone_WhileEncodingManyReadyEvents_StopsAtTheNext()
    {
        Dialect.OnEvent = item => (item == "c" ? Client : null)?.Cancel();
        Source.Push("a", "b", "c", "d", "e");

        Assert.Equal(3, (await RunAsync().OrFail()).Events);
        Assert.True(Source.IsDisposed);
    }

    [Fact]
    public async Task ClientGone_TransportSaysSo_IsTheOutcome()
    {
        Output.IsReaderGone = true;
        Source.Push("a");

        Assert.Equal(StreamOutcomeReason.ClientGone, (await RunAsync().OrFail()).Reason);
        Assert.True(Source.Token.IsCancellationRequested);
    }

    [Fact]
    public async Task ClientGone_SourceThrowsBecauseOfIt_IsStillClientGone()
    {
        using var request = new CancellationTokenSource();
        var failure = new OperationCanceledException();
        request.Token.Register(() => Source.Fail(failure));
        Task<StreamOutcome> run = RunAsync();

        // The token of the request is the client's own, and the source hears of it first.
        Client.Token.Register(request.Cancel);
        await Client.CancelAsync();

        StreamOutcome outcome = await run.OrFail();
        Assert.Equal(StreamOutcomeReason.ClientGone, outcome.Reason);
        Assert.Equal(0, outcome.Events);
    }

    [Fact]
    public async Task ClientGone_SourceIgnoresCancellation_IsDetachedAfterItsTimeAndDisposedWhenItReturns()
    {
        Source.IgnoresCancellation = true;
        Task<StreamOutcome> run = RunAsync();
        Source.Push("a");
        await Client.CancelAsync();
        await Time.WaitForTimerAsync(TimeSpan.FromSeconds(5));
        Time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(run.IsCompleted);
        Assert.Equal(0, DetachedSources.Count);
        Time.Advance(Tick);

        Assert.Equal(StreamOutcomeReason.ClientGone, (await run.OrFail()).Reason);
        Assert.Equal(1, DetachedSources.Count);
        Assert.False(Source.IsDisposed);
        Assert.Equal(0, Scheduler.EntryCount);
        Source.Push("late");
        await Source.Disposed;
        await NoneIsDetachedAsync();
    }

    [Fact]
    public async Task ClientGone_DisposeHangs_IsDetached()
    {
        var mayReturn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Source.OnDispose = () => new ValueTask(mayReturn.Task);
        Task<StreamOutcome> run = RunAsync();
        await Client.CancelAsync();
        await Time.WaitForTimerAsync(TimeSpan.FromSeconds(5));
        Time.Advance(TimeSpan.FromSeconds(5));

        Assert.Null((await run.OrFail()).Exception);
        Assert.Equal(1, DetachedSources.Count);
        mayReturn.SetException(new InvalidOperationException("Too late to be told."));
        await NoneIsDetachedAsync();
    }

    [Fact]
    public async Task ClientGone_JustWhenTheFlushEndsByItself_IsNoticed()
    {
        Output.CancelsTooLate = true;
        Output.HoldFlushes();
        Task<StreamOutcome> run = RunAsync();
        Source.Push("a");
        await Output.WaitForPendingFlushAsync();

        await Client.CancelAsync();

        Assert.Equal(StreamOutcomeReason.ClientGone, (await run.OrFail()).Reason);
    }

    [Fact]
    public async Task ClientGone_CallbackOnTheSourcesTokenHangs_IsDetached()
    {
        using var gate = new ManualResetEventSlim();
        Task<StreamOutcome> run = RunAsync();
        Source.Token.Register(() => gate.Wait(CancellationToken.None));
        await Client.CancelAsync();
        await Time.WaitForTimerAsync(TimeSpan.FromSeconds(5));
        Time.Advance(TimeSpan.FromSeconds(5));

        await run.OrFail();
        Assert.Equal(1, DetachedSources.Count);
        gate.Set();
        await Source.Disposed;
        await NoneIsDetachedAsync();
    }

    [Fact]
    public async Task ClientGone_ProducerIgnoresCancellation_IsDetachedAndCounted()
    {
        var mayReturn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<StreamOutcome> run = RunAsync(StreamSource.From<string>((_, _) => mayReturn.Task));
        await Client.CancelAsync();
        await Time.WaitForTimerAsync(TimeSpan.FromSeconds(5));
        Time.Advance(TimeSpan.FromSeconds(5));

        Assert.Equal(StreamOutcomeReason.ClientGone, (await run.OrFail()).Reason);
        Assert.Equal(1, DetachedSources.Count);
        mayReturn.SetException(new InvalidOperationException());
        await NoneIsDetachedAsync();
    }

    [Fact]
    public async Task ClientGone_SourceAnswersInTheMeantime_IsNotDetached()
    {
        Source.IgnoresCancellation = true;
        Task<StreamOutcome> run = RunAsync();
        await Client.CancelAsync();
        await Time.WaitForTimerAsync(TimeSpan.FromSeconds(5));
        Source.Fail(new InvalidOperationException("Nobody asks any more."));

        Assert.Null((await run.OrFail()).Exception);
        Assert.True(Source.IsDisposed);
        Assert.Equal(0, DetachedSources.Count);
    }

    [Fact]
    public async Task Drain_AfterEvents_WritesItsErrorAndNoEndMarker()
    {
        Task<StreamOutcome> run = RunAsync();
        Source.Push("a");
        Pump!.Drain();

        Assert.Equal(new StreamOutcome(StreamOutcomeReason.Drained, 1, 19, 2, HeadSent: true), await run.OrFail());
        Assert.Equal(["<a|", "!server_draining"], Output.Flushes);
        Assert.True(Source.Token.IsCancellationRequested);
        Assert.True(Source.IsDisposed);
    }

    [Fact]
    public async Task Drain_OnAThreadOfItsOwn_DoesNotRunTheStreamThere()
    {
        // Who ends thousands of streams must not write thousands of farewells.
        bool isPoolThread = false;
        Dialect.OnError = () => isPoolThread = Thread.CurrentThread.IsThreadPoolThread;
        Task<StreamOutcome> run = RunAsync();
        Source.Push("a");
        RunOnThread(Pump!.Drain);

        Assert.Equal(StreamOutcomeReason.Drained, (await run.OrFail()).Reason);
        Assert.True(isPoolThread);
    }

    [Fact]
    public async Task ClientGone_OnAThreadOfItsOwn_DoesNotCloseTheSourceThere()
    {
        bool isPoolThread = false;
        Source.OnDispose = () =>
        {
            isPoolThread = Thread.CurrentThread.IsThreadPoolThread;
            return ValueTask.CompletedTask;
        };
        Task<StreamOutcome> run = RunAsync();
        Source.Push("a");
        RunOnThread(Client.Cancel);

        Assert.Equal(StreamOutcomeReason.ClientGone, (await run.OrFail()).Reason);
        Assert.True(isPoolThread);
    }

    [Fact]
    public async Task ClientGone_FoundWhileAPullHasJustBegun_DisposesOfTheSourceWhenItAnswers()
    {
        Source.IgnoresCancellation = true;
        Task<StreamOutcome> run = RunAsync();
        Source.Push("a");
        Output.IsReaderGone = true;
        Source.Push("b");
        Assert.True(Source.IsWaiting);
        Assert.False(run.IsCompleted);
        Source.Push("c");

        StreamOutcome outcome = await run.OrFail();
        Assert.Equal((StreamOutcomeReason.ClientGone, null), (outcome.Reason, outcome.Exception));
        Assert.True(Source.IsDisposed);
    }

    [Fact]
    public async Task Drain_BeforeTheHead_SendsNothing()
    {
        Task<StreamOutcome> run = RunAsync();
        Pump!.Drain();

        Assert.Equal(new StreamOutcome(StreamOutcomeReason.Drained, 0, 0, 0, HeadSent: false), await run.OrFail());
        Assert.Empty(Output.Flushes);
    }

    [Fact]
    public async Task Drain_BeforeTheStart_StartsNothing()
    {
        var pump = new EventPump<string>(StreamSource.From(Source), Dialect, Output, Settings);
        pump.Drain();

        Assert.Equal(StreamOutcomeReason.Drained, (await pump.RunAsync(CancellationToken.None).OrFail()).Reason);
        Assert.False(Source.IsStarted);
    }

    [Fact]
    public async Task Drain_BytesHeldByAWindow_AreSentBeforeTheError()
    {
        Settings = Settings with { FlushPolicy = FlushPolicy.Window(TimeSpan.FromSeconds(1)) };
        Task<StreamOutcome> run = RunAsync();
        Source.Push("a", "b");
        Pump!.Drain();

        await run.OrFail();
        Assert.Equal(["<a|", "b|!server_draining"], Output.Flushes);
    }

    [Fact]
    public async Task Drain_EventsGatherInAChannelUntilTheWindowEnds_AreSentBeforeTheError()
    {
        Channel<string> channel = Rest(out Task<StreamOutcome> run);
        channel.Writer.TryWrite("c");
        Pump!.Drain();

        await run.OrFail();
        Assert.Equal(["<a|", "b|c|!server_draining"], Output.Flushes);
    }

    [Fact]
    public async Task Drain_TheEndGathersInAChannelUntilTheWindowEnds_IsTheEnd()
    {
        Channel<string> channel = Rest(out Task<StreamOutcome> run);
        channel.Writer.TryWrite("c");
        channel.Writer.Complete();
        Pump!.Drain();

        Assert.Equal(StreamOutcomeReason.Completed, (await run.OrFail()).Reason);
        Assert.Equal(["<a|", "b|c|>"], Output.Flushes);
    }

    [Fact]
    public async Task Drain_MoreHasGatheredInAChannelThanIsFlushedAtOnce_AllOfItAndTheEndAreSent()
    {
        Channel<string> channel = Rest(out Task<StreamOutcome> run);
        string[] gathered = [.. Enumerable.Range(0, 100).Select(static i => $"{i}".PadRight(1000, '.'))];
        Assert.All(gathered, item => Assert.True(channel.Writer.TryWrite(item)));
        channel.Writer.Complete();
        Pump!.Drain();

        Assert.Equal(StreamOutcomeReason.Completed, (await run.OrFail()).Reason);
        Assert.Equal($"<a|b|{string.Concat(gathered.Select(static item => $"{item}|"))}>", Output.Text);
    }

    [Fact]
    public async Task Drain_ProducerThatNeverStops_EndsBehindWhatHasGathered()
    {
        Channel<string> channel = Rest(out Task<StreamOutcome> run);
        Assert.All(Enumerable.Range(0, 100), _ => Assert.True(channel.Writer.TryWrite(new string('.', 1000))));
        Dialect.OnEvent = _ => channel.Writer.TryWrite(new string('!', 1000));
        Pump!.Drain();

        StreamOutcome outcome = await run.OrFail();
        Assert.Equal((StreamOutcomeReason.Drained, 100), (outcome.Reason, Output.Text.Split('|').Count(static item => item.StartsWith('.'))));
    }

    /// <summary>Begins a stream that rests until its window ends, with one event held.</summary>
    private Channel<string> Rest(out Task<StreamOutcome> run)
    {
        Settings = Settings with { FlushPolicy = FlushPolicy.Window(TimeSpan.FromSeconds(1)) };
        Channel<string> channel = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { AllowSynchronousContinuations = true });
        run = RunAsync(StreamSource.From(channel.Reader));
        channel.Writer.TryWrite("a");
        channel.Writer.TryWrite("b");
        return channel;
    }

    [Fact]
    public async Task RunAsync_OpeningThatFailsTwice_ClosesTheSource()
    {
        Dialect.OnOpening = static () => throw new FormatException();
        Channel<string> channel = Channel.CreateUnbounded<string>();
        channel.Writer.TryWrite("a");
        var source = new ResumedSource(channel);

        StreamOutcome outcome = await RunAsync(source).OrFail();
        Assert.IsType<FormatException>(outcome.Exception);
        Assert.Equal((false, ""), (outcome.HeadSent, Output.Text));
        Assert.False(channel.Writer.TryWrite("b"));
        Assert.Equal(0, Scheduler.EntryCount);
    }

    /// <summary>The rest of a stream whose beginning its client has.</summary>
    private sealed class ResumedSource(Channel<string> channel) : ChannelSource<string>(channel.Reader, channel.Writer)
    {
        internal override bool GoesOn => true;
    }

    [Fact]
    public async Task Drain_SourceThatIsAlwaysReady_EndsAllTheSame()
    {
        Channel<string> endless = Channel.CreateUnbounded<string>();
        endless.Writer.TryWrite("x");
        Dialect.OnEvent = _ => endless.Writer.TryWrite("x");
        Task<StreamOutcome> run = Task.Run(() => RunAsync(StreamSource.From(endless.Reader), new NullPipeWriter()), CancellationToken.None);
        await Deadline.UntilAsync(() => Pump is not null);
        Pump!.Drain();

        Assert.Equal(StreamOutcomeReason.Drained, (await run.OrFail()).Reason);
    }

    [Fact]
    public async Task Drain_AfterTheEnd_DoesNothing()
    {
        await RunAsync(StreamSource.From(Source.Push("a").End())).OrFail();
        Pump!.Drain();
        await Client.CancelAsync();

        Assert.Equal("<a|>", Output.Text);
    }

    private static Task NoneIsDetachedAsync() => Deadline.UntilAsync(() => DetachedSources.Count == 0);

    private static void RunOnThread(Action action)
    {
        var thread = new Thread(() => action());
        thread.Start();
        thread.Join();
    }
}

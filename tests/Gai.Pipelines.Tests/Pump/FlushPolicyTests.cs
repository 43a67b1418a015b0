using System.Threading.Channels;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Pump;

public sealed class FlushPolicyTests : PumpTest
{
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(50);

    private PumpSettings WindowSettings => Settings with { FlushPolicy = FlushPolicy.Window(Delay) };

    [Fact]
    public void Window_DelayOutOfRange_IsRefused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => FlushPolicy.Window(TimeSpan.FromTicks(9_999)));
        Assert.Throws<ArgumentOutOfRangeException>(() => FlushPolicy.Window(TimeSpan.FromSeconds(11)));
        Assert.Throws<ArgumentOutOfRangeException>(() => FlushPolicy.Window(Delay, 0));
    }

    [Fact]
    public async Task Immediate_ManyReadyEvents_FlushesOnceWhenNoneIsReady()
    {
        Task<StreamOutcome> run = RunAsync();
        Source.Push("first");
        Source.PushTogether("a", "b", "c", "d");
        Assert.Equal(["<first|", "a|b|c|d|"], Output.Flushes);
        Source.PushTogether("e", "f");
        Source.End();

        Assert.Equal(4, (await run.OrFail()).Flushes);
        Assert.Equal(["<first|", "a|b|c|d|", "e|f|", ">"], Output.Flushes);
    }

    [Fact]
    public async Task Immediate_SourceThatBlocks_IsFlushedBeforeItsNextPull()
    {
        int pulls = 0;
        List<int> flushedAtPull = [];
        Source.Push("a", "b", "c", "d").End();
        Source.OnMoveNext = () =>
        {
            flushedAtPull.Add(Output.Flushes.Count);
            Time.Advance(Milliseconds(++pulls * 10));
        };

        await RunAsync().OrFail();
        Assert.Equal(["<a|", "b|", "c|", "d|", ">"], Output.Flushes);
        Assert.Equal([0, 1, 2, 3, 4], flushedAtPull);
    }

    [Fact]
    public async Task Immediate_SourceThatIsSlowButNeverPending_HoldsAnEventAtMostFiveMilliseconds()
    {
        Source.Push([.. Enumerable.Range(0, 12).Select(i => $"{i}")]).End();
        Source.OnMoveNext = () => Time.Advance(Milliseconds(1));

        await RunAsync().OrFail();
        Assert.Equal(["<0|", "1|2|3|4|5|", "6|7|8|9|10|", "11|>"], Output.Flushes);
    }

    [Fact]
    public async Task Immediate_FewReadyEvents_NeedNoTimer()
    {
        List<int> entries = [];
        Source.Push([.. Enumerable.Range(0, 250).Select(i => $"{i}")]).End();
        Source.OnMoveNext = () => entries.Add(Scheduler.Fine.Count);

        await RunAsync().OrFail();
        Assert.Equal(2, Output.Flushes.Count);
        Assert.All(entries, static count => Assert.Equal(0, count));
    }

    [Fact]
    public async Task Immediate_ManyReadyEvents_AreWatchedByTheScheduler()
    {
        int pulls = 0;
        Source.Push([.. Enumerable.Range(0, 300).Select(i => $"{i}")]).End();
        Source.OnMoveNext = () => Time.Advance(++pulls == 290 ? Milliseconds(5) : TimeSpan.Zero);

        await RunAsync().OrFail();
        Assert.EndsWith("|288|289|", Output.Flushes[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Immediate_SourceThatBlocksAfterAFullFlush_IsFlushedBeforeItsNextPull()
    {
        int pulls = 0;
        Settings = Settings with { UnflushedLimitBytes = 6 };
        Source.Push("first", "a", "b", "c", "d", "e").End();
        Source.OnMoveNext = () => Time.Advance(Milliseconds(++pulls == 5 ? 10 : 0));

        await RunAsync().OrFail();
        Assert.Equal(["<first|", "a|b|c|", "d|", "e|>"], Output.Flushes);
    }

    [Fact]
    public async Task Immediate_WaitForTheSource_DoesNotCountAsHolding()
    {
        Task<StreamOutcome> run = RunAsync();
        Source.Push("first");
        Time.Advance(Milliseconds(90));
        Source.PushTogether("a", "b", "c");
        Source.End();

        await run.OrFail();
        Assert.Equal(["<first|", "a|b|c|", ">"], Output.Flushes);
    }

    [Fact]
    public async Task Immediate_WaitForTheClient_DoesNotCountAsHolding()
    {
        Output.HoldFlushes();
        Task<StreamOutcome> run = RunAsync();
        Source.Push("first");
        Source.Push("a", "b", "c").End();
        Time.Advance(Milliseconds(90));
        Output.ReleaseFlush();

        await run.OrFail();
        Assert.Equal(["<first|", "a|b|c|>"], Output.Flushes);
    }

    [Fact]
    public async Task Immediate_UnflushedLimit_FlushesAlthoughMoreIsReady()
    {
        Settings = Settings with { UnflushedLimitBytes = 6 };
        Source.Push("first", "a", "b", "c", "d").End();

        await RunAsync().OrFail();
        Assert.Equal(["<first|", "a|b|c|", "d|>"], Output.Flushes);
    }

    [Fact]
    public async Task Window_FirstFrameAndEnd_AreNotHeld()
    {
        Settings = WindowSettings;
        Task<StreamOutcome> run = RunAsync();
        Source.Push("a");
        Assert.Equal(["<a|"], Output.Flushes);
        Source.Push("b");
        Assert.Single(Output.Flushes);
        Source.End();

        await run.OrFail();
        Assert.Equal(["<a|", "b|>"], Output.Flushes);
        Assert.Equal(0, Scheduler.EntryCount);
    }

    [Fact]
    public async Task Window_Error_IsNotHeld()
    {
        Settings = WindowSettings;
        Task<StreamOutcome> run = RunAsync();
        Source.Push("a", "b").Fail(new InvalidOperationException());

        await run.OrFail();
        Assert.Equal(["<a|", "b|!internal"], Output.Flushes);
    }

    [Fact]
    public async Task Window_Others_AreFlushedTogetherWhenTheDelayIsOver()
    {
        Settings = WindowSettings;
        Task<StreamOutcome> run = RunAsync();
        Source.Push("a", "b");
        Time.Advance(Milliseconds(30));
        Source.Push("c");
        Time.Advance(Milliseconds(17));
        Assert.Single(Output.Flushes);
        Time.Advance(Milliseconds(5));
        await Output.WaitForFlushesAsync(2);

        Assert.Equal(["<a|", "b|c|"], Output.Flushes);
        Source.End();
        await run.OrFail();
    }

    [Fact]
    public async Task Window_ManyWindows_EachHoldsAtMostTheDelay()
    {
        Settings = WindowSettings;
        Task<StreamOutcome> run = RunAsync();
        Source.Push("first");
        for (int i = 0; i < 50; i++)
        {
            Source.Push($"{i}", "x");
            Time.Advance(Milliseconds(54));
            await Output.WaitForFlushesAsync(i + 2);
        }

        Assert.Equal(Enumerable.Range(0, 50).Select(i => $"{i}|x|").Prepend("<first|"), Output.Flushes);
        Source.End();
        Assert.Equal(52, (await run.OrFail()).Flushes);
    }

    [Fact]
    public async Task Window_ByteBound_FlushesBeforeTheDelay()
    {
        Settings = Settings with { FlushPolicy = FlushPolicy.Window(Delay, bytes: 4) };
        Task<StreamOutcome> run = RunAsync();
        Source.Push("a", "b", "c");
        Assert.Equal(["<a|", "b|c|"], Output.Flushes);

        Time.Advance(Milliseconds(40));
        Source.Push("d");
        Time.Advance(Milliseconds(9));
        Assert.Equal(2, Output.Flushes.Count);
        Time.Advance(Milliseconds(2));
        await Output.WaitForFlushesAsync(3);

        Assert.Equal("d|", Output.Flushes[2]);
        Source.End();
        await run.OrFail();
    }

    [Fact]
    public async Task Window_SourceThatBlocks_HoldsAtMostTheDelay()
    {
        Settings = WindowSettings;
        Source.Push([.. Enumerable.Range(0, 8).Select(i => $"{i}")]).End();
        Source.OnMoveNext = () => Time.Advance(Milliseconds(20));

        await RunAsync().OrFail();
        Assert.Equal(["<0|", "1|2|3|", "4|5|6|", "7|>"], Output.Flushes);
    }

    [Fact]
    public async Task Window_NothingInIt_IsOverAllTheSame()
    {
        Settings = WindowSettings;
        Task<StreamOutcome> run = RunAsync();
        Source.Push("a");
        Source.PushTogether([.. Enumerable.Repeat("", 300)]);
        Time.Advance(Milliseconds(54));
        Assert.Equal(0, Scheduler.Fine.Count);
        Source.Push("b");
        Assert.Equal(1, Scheduler.Fine.Count);
        Time.Advance(Milliseconds(54));
        await Output.WaitForFlushesAsync(2);
        Source.End();

        await run.OrFail();
        Assert.Equal(["<a|", "b|", ">"], Output.Flushes);
    }

    [Fact]
    public async Task Window_Channel_IsFlushedWhenTheDelayIsOver()
    {
        Settings = WindowSettings;
        Channel<string> channel = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { AllowSynchronousContinuations = true });
        Task<StreamOutcome> run = RunAsync(StreamSource.From(channel.Reader));
        channel.Writer.TryWrite("a");
        channel.Writer.TryWrite("b");
        Time.Advance(Milliseconds(54));
        await Output.WaitForFlushesAsync(2);

        channel.Writer.Complete();
        await run.OrFail();
        Assert.Equal(["<a|", "b|", ">"], Output.Flushes);
    }

    [Fact]
    public async Task Window_Channel_IsNotReadUntilTheWindowEnds()
    {
        Settings = WindowSettings;
        Channel<string> channel = NewChannel(8);
        Task<StreamOutcome> run = RunAsync(StreamSource.From(channel.Reader));
        channel.Writer.TryWrite("a");
        channel.Writer.TryWrite("b");
        channel.Writer.TryWrite("c");
        channel.Writer.TryWrite("d");
        Assert.Equal(2, channel.Reader.Count);

        Time.Advance(Milliseconds(54));
        await Output.WaitForFlushesAsync(2);
        Assert.Equal(0, channel.Reader.Count);
        channel.Writer.TryWrite("e");
        channel.Writer.TryWrite("f");
        channel.Writer.Complete();
        Assert.False(run.IsCompleted);
        Time.Advance(Milliseconds(54));

        await run.OrFail();
        Assert.Equal(["<a|", "b|c|d|", "e|f|>"], Output.Flushes);
    }

    [Fact]
    public async Task Window_FollowsAWindowWithEvents_RestsUntilItEnds()
    {
        Settings = WindowSettings;
        Channel<string> channel = NewChannel(8);
        Task<StreamOutcome> run = RunAsync(StreamSource.From(channel.Reader));
        Assert.True(channel.Writer.TryWrite("a"));
        Assert.True(channel.Writer.TryWrite("b"));
        Assert.True(channel.Writer.TryWrite("c"));
        Time.Advance(Milliseconds(54));
        await Output.WaitForFlushesAsync(2);

        // Not one event wakes the stream.
        Assert.True(channel.Writer.TryWrite("d"));
        Assert.Equal(1, channel.Reader.Count);
        Time.Advance(Milliseconds(54));
        await Output.WaitForFlushesAsync(3);
        Assert.Equal(["<a|", "b|c|", "d|"], Output.Flushes);

        // After an empty window the next event is taken at once, and the end with it.
        Time.Advance(Milliseconds(54));
        Assert.True(channel.Writer.TryWrite("e"));
        Assert.Equal(0, channel.Reader.Count);
        channel.Writer.Complete();
        Time.Advance(Milliseconds(54));
        await run.OrFail();
        Assert.Equal(["<a|", "b|c|", "d|", "e|>"], Output.Flushes);
    }

    [Fact]
    public async Task Window_WriterWritesWhileTheWindowEnds_IsNotTakenForOneThatWaited()
    {
        Settings = WindowSettings;
        Channel<string> channel = NewChannel(8);
        Task<StreamOutcome> run = RunAsync(StreamSource.From(channel.Reader));
        foreach (string text in (string[])["a", "b", "c"])
        {
            Assert.True(channel.Writer.TryWrite(text));
        }

        Dialect.OnEvent = text => Assert.True(text != "c" || channel.Writer.TryWrite("d"));
        Time.Advance(Milliseconds(54));
        await Output.WaitForFlushesAsync(2);

        Assert.True(channel.Writer.TryWrite("e"));
        Assert.Equal(2, channel.Reader.Count);
        channel.Writer.Complete();
        Time.Advance(Milliseconds(54));
        await run.OrFail();
        Assert.Equal(["<a|", "b|c|", "d|e|>"], Output.Flushes);
    }

    [Fact]
    public async Task Window_ChannelThatIsFull_KeepsItsWriterWaitingOnceInManyWindows()
    {
        Settings = WindowSettings;
        Channel<int> channel = Channel.CreateBounded<int>(new BoundedChannelOptions(1) { AllowSynchronousContinuations = true });
        Task<StreamOutcome> run = new EventPump<int>(StreamSource.From(channel.Reader), new NumberDialect(), Output, Settings).RunAsync();
        int windowsWithWaiters = 0;
        for (int window = 0; window < 66; window++)
        {
            ValueTask waiting = default;
            for (int i = 0; i < 10 && waiting.IsCompleted; i++)
            {
                waiting = channel.Writer.WriteAsync(i);
            }

            windowsWithWaiters += waiting.IsCompleted ? 0 : 1;
            Time.Advance(Milliseconds(54));
            await waiting.AsTask().OrFail();
        }

        channel.Writer.Complete();
        await run.OrFail();
        Assert.InRange(windowsWithWaiters, 1, 3);
    }

    [Fact]
    public async Task Window_WriterThatWaitsForRoomFirst_IsKeptWaitingOnceInManyWindows()
    {
        Settings = WindowSettings;
        Channel<int> channel = Channel.CreateBounded<int>(new BoundedChannelOptions(2) { AllowSynchronousContinuations = true });
        Task<StreamOutcome> run = new EventPump<int>(StreamSource.From(channel), new NumberDialect(), Output, Settings).RunAsync();
        int windowsWithWaiters = 0;
        for (int window = 0; window < 66; window++)
        {
            var waiting = new ValueTask<bool>(true);
            for (int i = 0; i < 10 && waiting.IsCompleted; i++)
            {
                waiting = channel.Writer.WaitToWriteAsync();
                channel.Writer.TryWrite(i);
            }

            windowsWithWaiters += waiting.IsCompleted ? 0 : 1;
            Time.Advance(Milliseconds(54));
            Assert.True(await waiting.AsTask().OrFail());
        }

        channel.Writer.Complete();
        await run.OrFail();
        Assert.InRange(windowsWithWaiters, 1, 3);
    }

    [Fact]
    public async Task Window_ByteBoundOverAChannel_FlushesBeforeTheDelay()
    {
        Settings = Settings with { FlushPolicy = FlushPolicy.Window(Delay, bytes: 4) };
        Channel<string> channel = NewChannel(16);
        Task<StreamOutcome> run = RunAsync(StreamSource.From(channel));
        foreach (string item in (string[])["a", "b", "c"])
        {
            Assert.True(channel.Writer.TryWrite(item));
        }

        await Output.WaitForFlushesAsync(2);
        Assert.Equal(["<a|", "b|c|"], Output.Flushes);
        channel.Writer.Complete();
        await run.OrFail();
    }

    private static Channel<string> NewChannel(int capacity) =>
        Channel.CreateBounded<string>(new BoundedChannelOptions(capacity) { AllowSynchronousContinuations = true });

    private sealed class NumberDialect : Dialect<int>
    {
        public override void WriteEvent(FrameWriter output, in int item) => output.Write("x"u8);

        public override void WriteError(FrameWriter output, in StreamError error) => output.Write("!"u8);

        public override void WriteEnd(FrameWriter output) => output.Write(">"u8);
    }
}

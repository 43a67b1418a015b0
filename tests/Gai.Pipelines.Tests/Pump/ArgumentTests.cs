using System.Threading.Channels;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Pump;

public sealed class ArgumentTests : PumpTest
{
    [Fact]
    public void EventPump_NoArgument_Throws()
    {
        StreamSource<string> source = StreamSource.From(Source);
        Assert.Throws<ArgumentNullException>("source", () => new EventPump<string>(null!, Dialect, Output, Settings));
        Assert.Throws<ArgumentNullException>("dialect", () => new EventPump<string>(source, null!, Output, Settings));
        Assert.Throws<ArgumentNullException>("output", () => new EventPump<string>(source, Dialect, null!, Settings));
        Assert.Throws<ArgumentNullException>("settings", () => new EventPump<string>(source, Dialect, Output, null!));
    }

    [Fact]
    public void StreamSource_NoArgument_Throws()
    {
        Assert.Throws<ArgumentNullException>("items", () => StreamSource.From((IAsyncEnumerable<string>)null!));
        Assert.Throws<ArgumentNullException>("reader", () => StreamSource.From((ChannelReader<string>)null!));
        Assert.Throws<ArgumentNullException>("channel", () => StreamSource.From((Channel<string>)null!));
        Assert.Throws<ArgumentNullException>("producer", () => StreamSource.From((Func<ChannelWriter<string>, CancellationToken, Task>)null!));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(1, true)]
    public void StreamSource_Capacity_IsAtLeastOne(int capacity, bool isAllowed)
    {
        Exception? failure = Record.Exception(() => StreamSource.From<string>((_, _) => Task.CompletedTask, capacity));
        Assert.Equal(isAllowed, failure is null);
        Assert.True(isAllowed || failure is ArgumentOutOfRangeException { ParamName: "capacity" });
    }

    [Fact]
    public void StreamScheduler_NoClock_Throws() => Assert.Throws<ArgumentNullException>("timeProvider", () => new StreamScheduler(null!));

    [Fact]
    public async Task StreamScheduler_StreamThatHoldsBytes_HasTwoEntries()
    {
        Settings = Settings with { FlushPolicy = FlushPolicy.Window(TimeSpan.FromMilliseconds(50)) };
        Task<StreamOutcome> run = RunAsync();
        Source.Push("a").Push("b");

        Assert.Equal(2, Scheduler.EntryCount);
        Assert.Equal(2, Time.ArmedTimers);
        Scheduler.Dispose();
        Assert.Equal(0, Time.ArmedTimers);
        Source.End();
        await run.OrFail();
    }
}

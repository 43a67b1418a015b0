using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Pump;

public sealed class KeepAliveTests : PumpTest
{
    // Streams differ by up to a tenth, so that they do not all speak at once, and speak on the half second before.
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(12.9);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(15.2);

    [Fact]
    public async Task RunAsync_Silence_IsBrokenAfterEachInterval()
    {
        Task<StreamOutcome> run = RunAsync();
        Source.Push("a");
        for (int i = 1; i <= 3; i++)
        {
            Time.Advance(Shortest - Tick);
            Assert.Equal(i, Output.Flushes.Count);
            TimeSpan silence = Shortest - Tick;
            for (; Output.Flushes.Count == i; silence += Tick)
            {
                Time.Advance(Tick);
            }

            Assert.InRange(silence, Shortest, Longest + Tick);
        }

        Assert.True(Source.IsWaiting);
        Source.End();
        await run.OrFail();
        Assert.Equal(["<a|", "~", "~", "~", ">"], Output.Flushes);
    }

    [Fact]
    public async Task RunAsync_IntervalIsShorterThanATick_IsKeptAliveEveryTick()
    {
        Settings = Settings with { KeepAliveInterval = TimeSpan.FromMilliseconds(1) };
        Task<StreamOutcome> run = RunAsync();
        Source.Push("a");
        Time.Advance(Tick + Tick);
        await Output.WaitForFlushesAsync(2);

        Source.End();
        await run.OrFail();
        Assert.Equal("~", Output.Flushes[1]);
    }

    [Fact]
    public async Task RunAsync_Events_ResetTheInterval()
    {
        Task<StreamOutcome> run = RunAsync();
        for (int i = 0; i < 20; i++)
        {
            Source.Push("a");
            Time.Advance(Shortest);
        }

        Source.End();
        await run.OrFail();
        Assert.DoesNotContain("~", Output.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_HeadByTheCommitWindow_StartsTheInterval()
    {
        Task<StreamOutcome> run = RunAsync();
        Time.Advance(TimeSpan.FromSeconds(1) + Tick);
        await Output.WaitForFlushesAsync(1);
        Time.Advance(Longest);
        await Output.WaitForFlushesAsync(2);

        Assert.Equal(["<", "~"], Output.Flushes);
        Source.End();
        await run.OrFail();
    }

    [Fact]
    public async Task RunAsync_HeadUnsent_WritesNoKeepAliveAndLooksOnlyOnceAnInterval()
    {
        Settings = Settings with { CommitWindow = Timeout.InfiniteTimeSpan };
        Task<StreamOutcome> run = RunAsync();
        Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty(Output.Flushes);
        Source.Push("a");
        await Output.WaitForFlushesAsync(1);
        Time.Advance(Shortest);
        Assert.Single(Output.Flushes);
        Time.Advance(Longest - Shortest + Tick);
        await Output.WaitForFlushesAsync(2);

        Assert.Equal(["<a|", "~"], Output.Flushes);
        Source.End();
        await run.OrFail();
    }

    [Fact]
    public async Task RunAsync_ClientHadToBeAwaited_IsKeptAliveAsBefore()
    {
        Output.HoldFlushes();
        Task<StreamOutcome> run = RunAsync();
        Source.Push("a");
        Assert.True(Output.IsFlushPending);
        Output.ReleaseFlush();
        for (int i = 1; i <= 3; i++)
        {
            Time.Advance(Longest);
            await Output.WaitForFlushesAsync(i + 1);
        }

        Source.End();
        await run.OrFail();
        Assert.Equal(["<a|", "~", "~", "~", ">"], Output.Flushes);
    }

    [Fact]
    public async Task RunAsync_ZeroInterval_NeverWritesOneAndWaitsForNothing()
    {
        Settings = Settings with { KeepAliveInterval = TimeSpan.Zero };
        Task<StreamOutcome> run = RunAsync();
        Source.Push("a");
        Time.Advance(TimeSpan.FromHours(1));

        Assert.Equal(0, Scheduler.EntryCount);
        Source.End();
        await run.OrFail();
        Assert.Equal(["<a|", ">"], Output.Flushes);
    }

    [Fact]
    public async Task RunAsync_ClientIsSlow_WritesNoneWhileAFlushIsPending()
    {
        Settings = Settings with { WriteTimeout = Timeout.InfiniteTimeSpan };
        Output.HoldFlushes();
        Task<StreamOutcome> run = RunAsync();
        Source.Push("a");
        Time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(["<a|"], Output.Flushes);
        Source.Push("b").End();
        Output.ReleaseFlush();

        await run.OrFail();
        Assert.StartsWith("<a|", Output.Text, StringComparison.Ordinal);
        Assert.EndsWith("b|>", Output.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RunAsync_EventsOfWhichTheDialectWritesNothing_AreSilence()
    {
        Settings = Settings with { KeepAliveInterval = TimeSpan.FromSeconds(2) };
        Task<StreamOutcome> run = RunAsync();
        Source.Push("a");
        for (int i = 0; i < 5; i++)
        {
            Time.Advance(TimeSpan.FromSeconds(0.5));
            Source.Push("");
        }

        await Output.WaitForFlushesAsync(2);
        Source.End();

        Assert.Equal(3, (await run.OrFail()).Flushes);
        Assert.Equal(["<a|", "~", ">"], Output.Flushes);
    }

    [Fact]
    public async Task RunAsync_FlushWindowOpen_FlushesWhatIsHeldInsteadOfAKeepAlive()
    {
        Settings = Settings with { FlushPolicy = FlushPolicy.Window(TimeSpan.FromSeconds(10)), KeepAliveInterval = TimeSpan.FromSeconds(1) };
        Task<StreamOutcome> run = RunAsync();
        Source.Push("a", "b");
        Time.Advance(TimeSpan.FromSeconds(1) + Tick);
        await Output.WaitForFlushesAsync(2);

        Assert.Equal(["<a|", "b|"], Output.Flushes);
        Source.End();
        await run.OrFail();
    }

    [Fact]
    public async Task RunAsync_StreamsThatBeganTogether_PartAndYetSpeakOnCommonBeats()
    {
        const int Rounds = 5;
        var sources = new ManualSequence<string>[50];
        var outputs = new RecordingPipeWriter[sources.Length];
        List<Task> runs = [];
        for (int i = 0; i < sources.Length; i++)
        {
            sources[i] = new ManualSequence<string>().Push("a");
            runs.Add(new EventPump<string>(StreamSource.From(sources[i]), new MarkingDialect(), outputs[i] = new RecordingPipeWriter(), Settings).RunAsync(CancellationToken.None));
        }

        var moments = new List<TimeSpan>();
        int spoken = Spoken();
        for (TimeSpan at = TimeSpan.Zero; at < Longest * Rounds; at += Tick)
        {
            Time.Advance(Tick);
            if (Spoken() != spoken)
            {
                spoken = Spoken();
                moments.Add(at);
            }
        }

        Assert.InRange(moments.Count(static at => at < Longest), 2, 4);
        Assert.InRange(moments.Count(static at => at >= Longest * (Rounds - 1)), 6, 31);
        foreach (ManualSequence<string> source in sources)
        {
            source.End();
        }

        await Task.WhenAll(runs).OrFail();
        Assert.Equal(0, Scheduler.EntryCount);

        int Spoken() => outputs.Sum(static output => output.Flushes.Count);
    }

    [Fact]
    public async Task RunAsync_IntervalOfFiveSeconds_KeepsTheBeat()
    {
        Settings = Settings with { KeepAliveInterval = TimeSpan.FromSeconds(5) };
        long start = -Time.GetTimestamp() % (TimeSpan.TicksPerMillisecond * 500);
        Time.Advance(TimeSpan.FromTicks(start + (TimeSpan.TicksPerMillisecond * 500)));
        Task<StreamOutcome> run = RunAsync();
        Source.Push("a");
        for (int i = 1; i <= 10; i++)
        {
            while (Output.Flushes.Count == i)
            {
                Time.Advance(Tick);
            }

            Assert.Equal(0, Time.GetTimestamp() % (TimeSpan.TicksPerMillisecond * 500));
        }

        Source.End();
        await run.OrFail();
    }

    [Fact]
    public async Task RunAsync_ShortInterval_KeepsNoBeat()
    {
        Settings = Settings with { KeepAliveInterval = TimeSpan.FromSeconds(1) };
        Time.Advance(TimeSpan.FromMilliseconds(499));
        Task<StreamOutcome> run = RunAsync();
        Source.Push("a");
        Time.Advance(TimeSpan.FromMilliseconds(899));
        Assert.Equal(["<a|"], Output.Flushes);
        Time.Advance(TimeSpan.FromMilliseconds(202));

        Assert.Equal(["<a|", "~"], Output.Flushes);
        Source.End();
        await run.OrFail();
    }
}

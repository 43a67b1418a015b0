using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Pump;

public sealed class SlowClientTests : PumpTest
{
    private static readonly StreamEvent[] Words = [.. "one two three four five six".Split(' ').Select(static word => StreamEvent.TextDelta(word))];

    [Fact]
    public async Task WriteTimeout_ClientTakesNothing_EndsTheStreamAndCancelsTheSource()
    {
        Settings = Settings with { WriteTimeout = TimeSpan.FromSeconds(10), KeepAliveInterval = TimeSpan.FromSeconds(2) };
        Output.HoldFlushes();
        Source.Push("a");
        Task<StreamOutcome> run = RunAsync(StreamSource.From(Source));

        Time.Advance(TimeSpan.FromSeconds(9.8));
        Assert.False(run.IsCompleted);
        Time.Advance(TimeSpan.FromSeconds(0.3));

        StreamOutcome outcome = await run.OrFail();
        Assert.Equal(StreamOutcomeReason.TooSlow, outcome.Reason);
        Assert.True(Source.Token.IsCancellationRequested);
        Assert.True(Source.IsDisposed);
        Assert.Equal("<a|", Output.Text); // nothing can be said to a client that does not read
        Assert.Equal(0, Scheduler.EntryCount);
    }

    [Fact]
    public async Task WriteTimeout_ClientReadsInTime_TheTimeBeginsAnew()
    {
        Settings = Settings with { WriteTimeout = TimeSpan.FromSeconds(10) };
        Source.Push("a");
        Task<StreamOutcome> run = RunAsync(StreamSource.From(Source));
        for (int i = 0; i < 3; i++)
        {
            Output.HoldFlushes();
            Source.Push("b");
            Time.Advance(TimeSpan.FromSeconds(9));
            Output.ReleaseFlush();
        }

        Source.End();
        Assert.Equal(StreamOutcomeReason.Completed, (await run.OrFail()).Reason);
    }

    /// <summary>Bytes are encoded before the next ones are pulled, unless they wait for the client: then they must be the stream's own.</summary>
    [Fact]
    public async Task DropOldest_SourceUsesItsArrayAgain_SendsWhatItWas()
    {
        Settings = Settings with { SlowClientPolicy = SlowClientPolicy.DropOldest };
        Output.HoldFlushes();
        var letters = new ManualSequence<byte[]>();
        Dialect<byte[]> dialect = global::Gai.Pipelines.Dialects.Plain<byte[]>(null).Create(new DialectContext(StreamFormat.ServerSentEvents, DialectSettings.Default));
        Task<StreamOutcome> run = new EventPump<byte[]>(StreamSource.From(letters), dialect, Output, Settings).RunAsync();
        byte[] letter = [0];
        foreach (char one in "abc")
        {
            letter[0] = (byte)one;
            letters.Push(letter);
        }

        letters.End();
        Output.ReleaseFlush();
        await run.OrFail();

        Assert.Equal(["a", "b", "c"], Output.Text.Split('\n').Where(static line => line.StartsWith("data: ", StringComparison.Ordinal)).Select(static line => line[6..]));
    }

    /// <summary>The time in which the server stood still does not count, and all the other time does.</summary>
    [Fact]
    public async Task WriteTimeout_ServerStandsStillAgainAndAgain_EndsTheStreamAllTheSame()
    {
        Settings = Settings with { WriteTimeout = TimeSpan.FromSeconds(10) };
        Output.HoldFlushes();
        Task<StreamOutcome> run = RunAsync();
        Source.Push("a");
        for (int i = 0; i < 4; i++)
        {
            Time.Advance(TimeSpan.FromSeconds(2));
            Time.Jump(TimeSpan.FromSeconds(5));
            Assert.False(run.IsCompleted);
        }

        Time.Advance(TimeSpan.FromSeconds(3));

        Assert.Equal(StreamOutcomeReason.TooSlow, (await run.OrFail()).Reason);
    }

    [Fact]
    public async Task WriteTimeout_ErrorFrameIsNotTaken_EndsAllTheSame()
    {
        Settings = Settings with { WriteTimeout = TimeSpan.FromSeconds(10) };
        Source.Push("a");
        Task<StreamOutcome> run = RunAsync(StreamSource.From(Source));
        Output.HoldFlushes();
        Source.Fail(new InvalidOperationException());

        await Output.WaitForPendingFlushAsync();
        Time.Advance(TimeSpan.FromSeconds(11));

        Assert.Equal(StreamOutcomeReason.SourceFailed, (await run.OrFail()).Reason);
    }

    [Fact]
    public async Task Wait_ClientTakesNothing_TheSourceIsNotAskedForMore()
    {
        Output.HoldFlushes();
        int pulls = 0;
        Source.OnMoveNext = () => pulls++;
        Source.Push("a");
        Task<StreamOutcome> run = RunAsync(StreamSource.From(Source));
        Source.Push("b", "c");

        Assert.Equal(1, pulls); // the first frame is flushed at once
        Output.ReleaseFlush();
        Source.End();
        Assert.Equal("<a|b|c|>", (await FinishAsync(run)).Text);
    }

    [Fact]
    public async Task Disconnect_MoreThanTheBudgetWaits_EndsTheStream()
    {
        Settings = Settings with { SlowClientPolicy = SlowClientPolicy.Disconnect, SlowClientBudgetBytes = 100_000 };
        Output.HoldFlushes();
        Source.Push("a");
        Task<StreamOutcome> run = RunAsync(StreamSource.From(Source));
        for (int i = 0; i < 4 && !run.IsCompleted; i++)
        {
            Source.Push(new string('x', 10_000));
        }

        Assert.False(run.IsCompleted);
        Source.Push(new string('x', 10_000));

        Assert.Equal(StreamOutcomeReason.TooSlow, (await run.OrFail()).Reason);
    }

    [Theory]
    [InlineData(SlowClientPolicy.Disconnect)]
    [InlineData(SlowClientPolicy.DropOldest)]
    [InlineData(SlowClientPolicy.MergeDeltas)]
    public async Task AnyPolicy_ClientReadsInTime_NothingIsLost(SlowClientPolicy policy)
    {
        Settings = Settings with { SlowClientPolicy = policy };
        Output.HoldFlushes();
        Source.Push("a");
        Task<StreamOutcome> run = RunAsync(StreamSource.From(Source));
        Source.Push("b").Push("c").End();
        Assert.Equal("<a|", Output.Text);
        Output.ReleaseFlush();

        (StreamOutcome outcome, string text) = await FinishAsync(run);
        Assert.Equal("<a|b|c|>", text);
        Assert.Equal((StreamOutcomeReason.Completed, 3L, 0L, 0L), (outcome.Reason, outcome.Events, outcome.Dropped, outcome.Merged));
    }

    [Fact]
    public async Task DropOldest_MoreThanTheBudgetWaits_TellsHowManyAreMissing()
    {
        Settings = Settings with { SlowClientPolicy = SlowClientPolicy.DropOldest, SlowClientBudgetBytes = 45_000 };
        Output.HoldFlushes();
        Source.Push("a");
        Task<StreamOutcome> run = RunAsync(StreamSource.From(Source));
        for (char letter = 'b'; letter <= 'f'; letter++)
        {
            Source.Push(new string(letter, 10_000));
        }

        Output.ReleaseFlush();
        Source.Push("z").End();

        (StreamOutcome outcome, string text) = await FinishAsync(run);
        Assert.Equal($"<a|(3 missing)|{new string('e', 10_000)}|{new string('f', 10_000)}|z|>", text);
        Assert.Equal((StreamOutcomeReason.Completed, 3L), (outcome.Reason, outcome.Dropped));
    }

    [Fact]
    public async Task DropOldest_SourceThatIsAlwaysReady_LeavesTheThreadToOthers()
    {
        Settings = Settings with { SlowClientPolicy = SlowClientPolicy.DropOldest, SlowClientBudgetBytes = 1000 };
        Output.HoldFlushes();
        using var stop = new CancellationTokenSource();
        Task<StreamOutcome> run = RunAsync(StreamSource.From(EndlessAsync()));

        // It comes to this line at all, the client can leave, and the flush can end.
        await Output.WaitForPendingFlushAsync();
        await stop.CancelAsync();
        Output.ReleaseFlush();
        (StreamOutcome outcome, _) = await FinishAsync(run);
        Assert.Equal(StreamOutcomeReason.Completed, outcome.Reason);

#pragma warning disable CS1998 // Always ready.
        async IAsyncEnumerable<string> EndlessAsync()
        {
            while (!stop.IsCancellationRequested)
            {
                yield return "event";
            }
        }
#pragma warning restore CS1998
    }

    [Fact]
    public async Task MergeDeltas_TextWaits_ComesInOnePiece()
    {
        var source = new ManualSequence<StreamEvent>();
        Task<StreamOutcome> run = RunEventsAsync(source, SlowClientPolicy.MergeDeltas);
        source.Push(StreamEvent.TextDelta("start "));
        Output.HoldFlushes();
        source.Push(Words[0]);
        await Output.WaitForPendingFlushAsync();
        source.Push(Words[1]).Push(Words[2]).Push(StreamEvent.ReasoningDelta("hm")).Push(StreamEvent.ReasoningDelta("m")).Push(StreamEvent.FinishStep(1)).Push(Words[3]).End();
        Output.ReleaseFlush();

        (StreamOutcome outcome, string text) = await FinishAsync(run);
        Assert.Equal(["start ", "one", "twothree", "hmm", "four"], TextsOf(text));
        Assert.Equal((StreamOutcomeReason.Completed, 2L), (outcome.Reason, outcome.Merged));
    }

    [Theory]
    [InlineData(16 * 1024 * 1024, 64 * 1024, 100)]
    [InlineData(16 * 1024 * 1024, 64 * 1024, 4)]
    [InlineData(8 * 1024, 1024, 100)]
    [InlineData(8 * 1024, 1024, 4)]
    public async Task MergeDeltas_MuchTextWaits_NoPieceOutgrowsWhatReadersBear(int maxFrameBytes, int largest, int letters)
    {
        var source = new ManualSequence<StreamEvent>();
        Settings = Settings with { SlowClientBudgetBytes = 1 << 30, MaxFrameBytes = maxFrameBytes };
        Task<StreamOutcome> run = RunEventsAsync(source, SlowClientPolicy.MergeDeltas);
        Output.HoldFlushes();
        source.Push(StreamEvent.TextDelta("a"));
        await Output.WaitForPendingFlushAsync();
        string word = new('\u0001', letters); // six bytes each, as JSON
        for (int i = 0; i < 200_000 / letters; i++)
        {
            source.Push(StreamEvent.TextDelta(word));
        }

        await Deadline.UntilAsync(() => source.IsWaiting);
        source.End();
        Output.ReleaseFlush();

        (StreamOutcome outcome, string text) = await FinishAsync(run);
        string[] pieces = [.. TextsOf(text)];
        Assert.Equal(StreamOutcomeReason.Completed, outcome.Reason);
        Assert.Equal(200_001, pieces.Sum(static piece => piece.Length));
        Assert.InRange(pieces.Max(static piece => 2 * piece.Length), largest / 2, largest);
    }

    [Fact]
    public async Task MergeDeltas_ShortTexts_TakeWhatTheirLettersTake()
    {
        var source = new ManualSequence<StreamEvent>();
        Settings = Settings with { SlowClientBudgetBytes = 64 * 1024 };
        Task<StreamOutcome> run = RunEventsAsync(source, SlowClientPolicy.MergeDeltas);
        Output.HoldFlushes();
        source.Push(StreamEvent.TextDelta("a"));
        await Output.WaitForPendingFlushAsync();
        for (int i = 0; i < 5_000; i++)
        {
            source.Push(StreamEvent.TextDelta("word"));
        }

        // Joined they are 40,000 bytes, in a buffer that may be half as large again; each by itself would count as 108.
        await Deadline.UntilAsync(() => source.IsWaiting);
        source.End();
        Output.ReleaseFlush();
        Assert.Equal(20_001, TextsOf((await FinishAsync(run)).Text).Sum(static piece => piece.Length));
    }

    [Fact]
    public async Task MergeDeltas_HalvesOfACodePoint_MeetAgain()
    {
        var source = new ManualSequence<StreamEvent>();
        Task<StreamOutcome> run = RunEventsAsync(source, SlowClientPolicy.MergeDeltas);
        Output.HoldFlushes();
        source.Push(StreamEvent.TextDelta("a"));
        await Output.WaitForPendingFlushAsync();
        byte[] reused = [0xF0, 0x9F];
        source.Push(StreamEvent.TextDelta("\uD83D")).Push(StreamEvent.TextDelta("\uDE00")).Push(StreamEvent.TextDelta(reused));
        reused.AsSpan().Fill((byte)'?'); // the source has its memory back
        source.Push(StreamEvent.TextDelta(new byte[] { 0x98, 0x80 })).End();
        Output.ReleaseFlush();

        Assert.Equal(["a", "\U0001F600", "\U0001F600"], TextsOf((await FinishAsync(run)).Text));
    }

    [Fact]
    public async Task MergeDeltas_AboveTheBudget_TheSourceWaits()
    {
        var source = new ManualSequence<StreamEvent>();
        Settings = Settings with { SlowClientBudgetBytes = 50_000 };
        Task<StreamOutcome> run = RunEventsAsync(source, SlowClientPolicy.MergeDeltas);
        Output.HoldFlushes();
        source.Push(StreamEvent.TextDelta("a"));
        await Output.WaitForPendingFlushAsync();
        int pulls = 0;
        source.OnMoveNext = () => pulls++;
        for (int i = 0; i < 10; i++)
        {
            source.Push(StreamEvent.TextDelta(new string('x', 10_000)));
        }

        Assert.Equal(2, pulls);
        Output.ReleaseFlush();
        source.End();
        (StreamOutcome outcome, string text) = await FinishAsync(run);
        Assert.Equal(100_001, TextsOf(text).Sum(static piece => piece.Length));
        Assert.Equal(StreamOutcomeReason.Completed, outcome.Reason);
    }

    [Fact]
    public async Task SourceFails_EventsWaitForTheClient_TheyComeFirst()
    {
        Settings = Settings with { SlowClientPolicy = SlowClientPolicy.Disconnect };
        Output.HoldFlushes();
        Source.Push("a");
        Task<StreamOutcome> run = RunAsync(StreamSource.From(Source));
        Source.Push("b").Fail(new InvalidOperationException("secret"));
        Output.ReleaseFlush();

        (StreamOutcome outcome, string text) = await FinishAsync(run);
        Assert.Equal((StreamOutcomeReason.SourceFailed, "secret"), (outcome.Reason, outcome.Exception!.Message));
        Assert.Equal("<a|b|!internal", text);
    }

    [Theory]
    [InlineData(16 * 1024)]
    [InlineData(1)]
    public async Task End_EventsWaitForTheClient_TheyComeBeforeTheFarewell(int unflushedLimit)
    {
        Settings = Settings with { SlowClientPolicy = SlowClientPolicy.Disconnect, UnflushedLimitBytes = unflushedLimit };
        Output.HoldFlushes();
        Source.Push("a");
        Task<StreamOutcome> run = RunAsync(StreamSource.From(Source));
        Source.Push("b").Push("c");
        Pump!.Drain();
        Output.ReleaseFlush();

        (StreamOutcome outcome, string text) = await FinishAsync(run);
        Assert.Equal(StreamOutcomeReason.Drained, outcome.Reason);
        Assert.Equal("<a|b|c|!server_draining", text);
    }

    /// <summary>The source was through before the stream was ended from outside: its client gets all of it, and why it failed somebody learns.</summary>
    [Theory]
    [InlineData(false, StreamOutcomeReason.Completed, "<a|b|>")]
    [InlineData(true, StreamOutcomeReason.SourceFailed, "<a|b|!internal")]
    public async Task End_SourceHasEndedWhileItsEventsWait_IsItsOwnEnd(bool fails, StreamOutcomeReason reason, string expected)
    {
        Settings = Settings with { SlowClientPolicy = SlowClientPolicy.Disconnect };
        Output.HoldFlushes();
        Source.Push("a");
        Task<StreamOutcome> run = RunAsync(StreamSource.From(Source));
        Source.Push("b");
        if (fails)
        {
            Source.Fail(new TimeoutException());
        }
        else
        {
            Source.End();
        }

        await Deadline.UntilAsync(() => Source.IsDisposed || !Source.IsWaiting);
        Pump!.Drain();
        Output.ReleaseFlush();

        (StreamOutcome outcome, string text) = await FinishAsync(run);
        Assert.Equal((reason, expected, fails), (outcome.Reason, text, outcome.Exception is TimeoutException));
    }

    [Fact]
    public async Task End_EndMarkerWaitsForTheClient_NothingFollowsIt()
    {
        Source.Push("a");
        Task<StreamOutcome> run = RunAsync(StreamSource.From(Source));
        Output.HoldFlushes();
        Source.End();
        await Output.WaitForPendingFlushAsync();
        Pump!.Drain();
        Output.ReleaseFlush();

        (StreamOutcome outcome, string text) = await FinishAsync(run);
        Assert.Equal(StreamOutcomeReason.Completed, outcome.Reason);
        Assert.Equal("<a|>", text);
    }

    [Fact]
    public async Task SourceEnds_EventsWaitForTheClient_IsNotAskedAgain()
    {
        int asked = 0;
        Source.OnMoveNext = () => asked++;
        Settings = Settings with { SlowClientPolicy = SlowClientPolicy.DropOldest };
        Output.HoldFlushes();
        Task<StreamOutcome> run = RunAsync();
        Source.Push("a");
        await Output.WaitForPendingFlushAsync();
        Source.Push("b").End();
        Output.ReleaseFlush();

        Assert.Equal(StreamOutcomeReason.Completed, (await run.OrFail()).Reason);
        Assert.Equal("<a|b|>", Output.Text);
        Assert.Equal(3, asked);
    }

    [Fact]
    public async Task SourceFails_ErrorWaitsForTheClient_IsNotAskedAgain()
    {
        int asked = 0;
        Source.OnMoveNext = () => asked++;
        Settings = Settings with { SlowClientPolicy = SlowClientPolicy.DropOldest, WriteTimeout = TimeSpan.FromSeconds(10) };
        Task<StreamOutcome> run = RunAsync();
        Source.Push("a");
        Output.HoldFlushes();
        Source.Fail(new InvalidOperationException());
        Assert.True(Output.IsFlushPending);
        Time.Advance(TimeSpan.FromSeconds(10.2));

        Assert.Equal(StreamOutcomeReason.SourceFailed, (await run.OrFail()).Reason);
        Assert.Equal("<a|!internal", Output.Text);
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task ClientGone_EventsWait_EndsAtOnce()
    {
        Settings = Settings with { SlowClientPolicy = SlowClientPolicy.DropOldest };
        Output.HoldFlushes();
        Source.Push("a");
        Task<StreamOutcome> run = RunAsync(StreamSource.From(Source));
        Source.Push("b");
        await Client.CancelAsync();

        Assert.Equal(StreamOutcomeReason.ClientGone, (await run.OrFail()).Reason);
        Assert.True(Source.IsDisposed);
    }

    [Fact]
    public async Task MaxAge_IsReached_EndsWithATemporaryErrorAndNoEnd()
    {
        Settings = Settings with { MaxAge = TimeSpan.FromMinutes(10), KeepAliveInterval = TimeSpan.Zero };
        Source.Push("a");
        Task<StreamOutcome> run = RunAsync(StreamSource.From(Source));

        Time.Advance(TimeSpan.FromMinutes(9) - TimeSpan.FromSeconds(1));
        Assert.False(run.IsCompleted);
        Time.Advance(TimeSpan.FromMinutes(1.1));

        (StreamOutcome outcome, string text) = await FinishAsync(run);
        Assert.Equal(StreamOutcomeReason.Expired, outcome.Reason);
        Assert.Equal("<a|!expired", text);
        Assert.True(Source.Token.IsCancellationRequested);
    }

    /// <summary>Streams that began together do not all come back at the same moment: their ages differ, and so do the times that they are told.</summary>
    [Fact]
    public async Task MaxAge_ManyStreamsOfOneMoment_EndAtDifferentTimesAndComeBackAtDifferentTimes()
    {
        const int Streams = 200;
        var settings = Settings with { MaxAge = TimeSpan.FromMinutes(100), KeepAliveInterval = TimeSpan.Zero };
        RecordingPipeWriter[] outputs = [.. Enumerable.Range(0, Streams).Select(static _ => new RecordingPipeWriter())];
        Task<StreamOutcome>[] runs = [.. outputs.Select(output => new EventPump<StreamEvent>(
            StreamSource.From(new ManualSequence<StreamEvent>().Push(Words[0])), Gai.Pipelines.Dialects.Gai.Create(new DialectContext(StreamFormat.ServerSentEvents, DialectSettings.Default)), output, settings).RunAsync())];
        var endedBy = new List<int>();

        Time.Advance(TimeSpan.FromMinutes(90) - TimeSpan.FromSeconds(1));
        for (int minute = 0; minute <= 10; minute++)
        {
            Time.Advance(TimeSpan.FromMinutes(1));

            // What is due is ended on the thread pool, and then its entry is taken out.
            await Deadline.UntilAsync(() => Scheduler.EntryCount == runs.Count(static run => !run.IsCompleted));
            endedBy.Add(runs.Count(static run => run.IsCompleted));
        }

        await Task.WhenAll(runs).OrFail();
        Assert.All(runs, static run => Assert.Equal(StreamOutcomeReason.Expired, run.Result.Reason));
        Assert.True(endedBy.Distinct().Count() >= 8, $"By each minute there had ended {string.Join(", ", endedBy)}.");
        int[] retries = [.. outputs.Select(static output => int.Parse(Regex.Match(output.Text, "retry: ([0-9]+)").Groups[1].Value, CultureInfo.InvariantCulture))];
        Assert.All(retries, static retry => Assert.InRange(retry, 1_000, 5_000));
        Assert.InRange(retries.Distinct().Count(), Streams / 2, Streams);
    }

    [Fact]
    public async Task End_CalledTwice_OnlyTheFirstCounts()
    {
        Source.Push("a");
        Task<StreamOutcome> run = RunAsync(StreamSource.From(Source));
        Pump!.End(StreamOutcomeReason.Unauthorized, new StreamError(StreamErrorCodes.Unauthorized, "No more"));
        Pump.Drain();

        (StreamOutcome outcome, string text) = await FinishAsync(run);
        Assert.Equal(StreamOutcomeReason.Unauthorized, outcome.Reason);
        Assert.Equal("<a|!unauthorized", text);
    }

    private static IEnumerable<string> TextsOf(string stream) =>
        WhatwgClient.Read(Encoding.UTF8.GetBytes(stream)).Events
            .Where(static one => one.Type is "text_delta" or "reasoning_delta")
            .Select(static one => System.Text.Json.JsonDocument.Parse(one.Data).RootElement.GetProperty("text").GetString()!);

    private Task<StreamOutcome> RunEventsAsync(ManualSequence<StreamEvent> source, SlowClientPolicy policy) =>
        new EventPump<StreamEvent>(
            StreamSource.From(source), new GaiSseDialect(DialectSettings.Default), Output, Settings with { SlowClientPolicy = policy }).RunAsync();

    private async Task<(StreamOutcome Outcome, string Text)> FinishAsync(Task<StreamOutcome> run)
    {
        StreamOutcome outcome = await run.OrFail();
        return (outcome, Output.Text);
    }
}

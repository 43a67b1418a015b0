using System.Text;
using Gai.Pipelines.LoadTests.Client;
using Gai.Pipelines.LoadTests.Measuring;

namespace Gai.Pipelines.LoadTests.Tests.Client;

public sealed class FrameCheckerTests
{
    public static TheoryData<string> Formats { get; } = [WireFormat.Sse.Name, WireFormat.Ndjson.Name];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Feed_SplitAnywhere_FindsEveryEvent(string name)
    {
        var format = WireFormat.Of(name);
        byte[] stream = [.. Comment(format), .. Event(format, 0), .. Comment(format), .. Event(format, 1), .. Event(format, 2), .. End(format)];
        for (int split = 0; split <= stream.Length; split++)
        {
            var latency = new Histogram();
            var checker = new FrameChecker(format, new Expectation(3), latency);
            checker.Feed(stream.AsSpan(0, split), 1_500);
            checker.Feed(stream.AsSpan(split), 1_500);
            AssertWhole(checker, latency);
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Feed_ByteByByte_FindsEveryEvent(string name)
    {
        var format = WireFormat.Of(name);
        byte[] stream = [.. Comment(format), .. Event(format, 0), .. Comment(format), .. Event(format, 1), .. Event(format, 2), .. End(format)];
        var latency = new Histogram();
        var checker = new FrameChecker(format, new Expectation(3), latency);
        foreach (byte part in stream)
        {
            checker.Feed([part], 1_500);
        }

        AssertWhole(checker, latency);
    }

    [Fact]
    public void Feed_EventIsMissing_IsAGap()
    {
        FrameChecker checker = Check(0, 1, 4, 5);
        Assert.Equal((4, 2, 0), (checker.Events, checker.Gaps, checker.Duplicates));
    }

    [Fact]
    public void Feed_EventComesAgain_IsADuplicate()
    {
        FrameChecker checker = Check(0, 1, 1, 2);
        Assert.Equal((4, 0, 1), (checker.Events, checker.Gaps, checker.Duplicates));
    }

    [Fact]
    public void Feed_EventsChangePlaces_IsBoth()
    {
        FrameChecker checker = Check(0, 2, 1, 3);
        Assert.Equal((4, 1, 1), (checker.Events, checker.Gaps, checker.Duplicates));
    }

    [Fact]
    public void Feed_Ring_NumbersBeginAgain()
    {
        var checker = new FrameChecker(WireFormat.Sse, new Expectation(6, NumberMask: 3), new Histogram());
        foreach (int number in (int[])[0, 1, 2, 3, 0, 1])
        {
            checker.Feed(Event(WireFormat.Sse, number), 0);
        }

        Assert.Equal((6, 0, 0), (checker.Events, checker.Gaps, checker.Duplicates));
    }

    [Theory]
    [InlineData("event: text_delta\ndata: {\"text\":\"too short\"}\n\n")]
    [InlineData("event: gai.error\ndata: {\"error\":\"no\"}\n\n")]
    [InlineData("event: text_delta\rdata: {\"text\":\"AAAAAAAAAAAAAA\"}\n\n")]
    public void Feed_AnythingElse_IsAProblem(string frame)
    {
        var checker = new FrameChecker(WireFormat.Sse, new Expectation(1), new Histogram());
        checker.Feed(Encoding.UTF8.GetBytes(frame), 0);
        Assert.NotNull(checker.Problem);
    }

    [Fact]
    public void Feed_FrameThatNeverEnds_IsAProblem()
    {
        var checker = new FrameChecker(WireFormat.Sse, new Expectation(1), new Histogram());
        for (int i = 0; i < 1_000; i++)
        {
            checker.Feed("data: again and again\n"u8, 0);
        }

        Assert.Contains("longer than", checker.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Feed_EventsBeforeTheMeasuredOnes_HaveNoLatency()
    {
        var latency = new Histogram();
        var checker = new FrameChecker(WireFormat.Sse, new Expectation(3, MeasureFrom: 2), latency);
        for (int number = 0; number < 3; number++)
        {
            checker.Feed(Event(WireFormat.Sse, number), 1_250);
        }

        Assert.Equal((1, 250), (latency.Count, latency.Max));
    }

    [Theory]
    [InlineData(1, 2, true)]
    [InlineData(2, 2, false)]
    [InlineData(2, 1, false)]
    public void Feed_EventsWithIds_MustAscend(int first, int second, bool isRight)
    {
        var log = new LogId(1);
        var checker = new FrameChecker(WireFormat.Sse, new Expectation(2), new Histogram());
        checker.Feed([.. Encoding.ASCII.GetBytes($"id: {new LogPosition(log, 0)}\n\nid: {new LogPosition(log, first)}\n"), .. Event(WireFormat.Sse, 0)], 0);
        checker.Feed([.. Encoding.ASCII.GetBytes($"id: {new LogPosition(log, second)}\n"), .. Event(WireFormat.Sse, 1)], 0);

        Assert.Equal((2, 0, isRight), (checker.Events, checker.KeepAlives, checker.Problem is null));
    }

    private static void AssertWhole(FrameChecker checker, Histogram latency)
    {
        Assert.Null(checker.Problem);
        Assert.Equal((3, 0, 0, 2), (checker.Events, checker.Gaps, checker.Duplicates, checker.KeepAlives));
        Assert.True(checker.IsAtBoundary);
        Assert.Equal((3, 500), (latency.Count, latency.Max));
    }

    private static FrameChecker Check(params int[] numbers)
    {
        var checker = new FrameChecker(WireFormat.Sse, new Expectation(numbers.Length), new Histogram());
        foreach (int number in numbers)
        {
            checker.Feed(Event(WireFormat.Sse, number), 0);
        }

        return checker;
    }

    private static byte[] Event(WireFormat format, int number) => format.Frame(Letters.Of(1_000, number));

    private static byte[] Comment(WireFormat format) => format == WireFormat.Sse ? ": keep-alive\n\n"u8.ToArray() : "\n"u8.ToArray();

    private static byte[] End(WireFormat format) =>
        format == WireFormat.Sse ? "id: gai.done\nevent: done\ndata: {\"finished\":true}\n\n"u8.ToArray() : "{\"type\":\"done\",\"finished\":true}\n"u8.ToArray();
}

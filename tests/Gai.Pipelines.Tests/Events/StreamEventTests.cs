using System.Reflection;
using Gai.Pipelines.TestUtilities;
using Gai.Pipelines.Tests.Dialects;

namespace Gai.Pipelines.Tests.Events;

public sealed class StreamEventTests
{
    private static readonly Dictionary<string, StreamEventType[]> Carriers = new(StringComparer.Ordinal)
    {
        [nameof(StreamEvent.Text)] =
        [
            StreamEventType.TextDelta, StreamEventType.ReasoningDelta, StreamEventType.ToolCall, StreamEventType.ToolCallDelta,
            StreamEventType.ToolResult, StreamEventType.Raw,
        ],
        [nameof(StreamEvent.Id)] = [StreamEventType.Start, StreamEventType.ToolCall, StreamEventType.ToolCallDelta, StreamEventType.ToolResult],
        [nameof(StreamEvent.Name)] = [StreamEventType.ToolCall, StreamEventType.ToolCallDelta, StreamEventType.ToolResult],
        [nameof(StreamEvent.Runner)] = [StreamEventType.ToolCall],
        [nameof(StreamEvent.Model)] = [StreamEventType.Start],
        [nameof(StreamEvent.Provider)] = [StreamEventType.Start],
        [nameof(StreamEvent.Signature)] = [StreamEventType.ReasoningDelta],
        [nameof(StreamEvent.Audio)] = [StreamEventType.AudioDelta],
        [nameof(StreamEvent.AudioFormat)] = [StreamEventType.AudioDelta],
        [nameof(StreamEvent.Citations)] = [StreamEventType.Citations],
        [nameof(StreamEvent.Safety)] = [StreamEventType.Safety],
        [nameof(StreamEvent.StepNumber)] = [StreamEventType.FinishStep],
        [nameof(StreamEvent.Dropped)] = [StreamEventType.Gap],
        [nameof(StreamEvent.FirstId)] = [StreamEventType.Gap],
        [nameof(StreamEvent.Usage)] = [StreamEventType.Finish],
        [nameof(StreamEvent.FinishReason)] = [StreamEventType.Finish],
        [nameof(StreamEvent.Error)] = [StreamEventType.Error],
    };

    private static readonly StreamEvent[] OneOfEachKind =
    [
        StreamEvent.Start("id", "model", "provider"),
        StreamEvent.TextDelta("text"),
        StreamEvent.ReasoningDelta("text", "signature"),
        StreamEvent.AudioDelta(new byte[] { 1 }, new AudioFormat("audio/pcm", 1, 2, 3)),
        StreamEvent.ToolCall("id", "name", "1", ToolRunner.Server),
        StreamEvent.ToolCallDelta("id", "name", "1"),
        StreamEvent.ToolResult("id", "name", "1"),
        StreamEvent.CitationList([new Citation("uri")]),
        StreamEvent.SafetyCheck(new SafetyVerdict("category", "action", 0.5, "note")),
        StreamEvent.FinishStep(3),
        StreamEvent.Finish("stop", new TokenUsage(1, 2)),
        StreamEvent.Failure(new StreamError("code", "message", true, TimeSpan.FromSeconds(1))),
        StreamEvent.Raw("1"),
        StreamEvent.Gap(4, "id"),
    ];

    [Fact]
    public void Properties_OfAllKinds_CarrySomethingOnlyWhereTheyBelong()
    {
        Assert.Equal(Enum.GetValues<StreamEventType>().Length - 1, OneOfEachKind.Select(item => item.Type).Distinct().Count());
        foreach (PropertyInfo property in typeof(StreamEvent).GetProperties())
        {
            if (!Carriers.TryGetValue(property.Name, out StreamEventType[]? carriers))
            {
                Assert.Contains(property.Name, (string[])[nameof(StreamEvent.Type), nameof(StreamEvent.Timestamp)]);
                continue;
            }

            foreach (StreamEvent item in OneOfEachKind)
            {
                bool carries = !IsDefault(property.GetValue(item), property.PropertyType);
                Assert.True(carries == carriers.Contains(item.Type), $"{property.Name} of {item.Type}");
            }
        }
    }

    [Fact]
    public void Properties_OfDefault_AreDefaults()
    {
        StreamEvent none = default;

        Assert.Equal(StreamEventType.None, none.Type);
        Assert.Empty(none.Citations);
        Assert.True(none.Text.IsEmpty);
        Assert.Equal("None", none.ToString());
    }

    [Fact]
    public void Factories_Values_ComeBack()
    {
        var format = new AudioFormat("audio/pcm", 16_000, 1, 16);
        var verdict = new SafetyVerdict("hate", "warn", 0.25, "n");
        var usage = new TokenUsage(long.MaxValue, 7, 18);
        var error = new StreamError("c", "m", true, TimeSpan.FromTicks(1));

        Assert.Equal(format, StreamEvent.AudioDelta(new byte[3], format).AudioFormat);
        Assert.Null(StreamEvent.AudioDelta(new byte[3]).AudioFormat);
        Assert.Equal(new AudioFormat(string.Empty, 8000), StreamEvent.AudioDelta(new byte[3], new AudioFormat(null!, 8000)).AudioFormat);
        Assert.Equal(verdict, StreamEvent.SafetyCheck(verdict).Safety);
        Assert.Equal(usage, StreamEvent.Finish("stop", usage).Usage);
        Assert.Equal(new TokenUsage(0, 0, 0), StreamEvent.Finish("stop", new TokenUsage(0, 0)).Usage);
        Assert.Null(StreamEvent.Finish("stop").Usage);
        Assert.Equal(error, StreamEvent.Failure(error).Error);
        Assert.Equal(error with { RetryAfter = TimeSpan.Zero }, StreamEvent.Failure(error with { RetryAfter = TimeSpan.Zero }).Error);
        Assert.Null(StreamEvent.Failure(new StreamError("c", "m")).Error.RetryAfter);
        Assert.Equal("model", StreamEvent.Failure(new StreamError("c", "m") { Parameter = "model" }).Error.Parameter);
        Assert.Equal(StreamErrorCodes.Internal, StreamEvent.Failure(default).Error.Code);
        Assert.Equal(int.MinValue, StreamEvent.FinishStep(int.MinValue).StepNumber);
        Assert.Equal("p", StreamEvent.Start(provider: "p").Provider);
    }

    [Fact]
    public void Factories_WithoutWhatTheyNeed_Throw()
    {
        Assert.Throws<ArgumentException>(() => StreamEvent.ToolCall("", "n", "1"));
        Assert.Throws<ArgumentNullException>(() => StreamEvent.ToolCall("i", null!, "1"));
        Assert.Throws<ArgumentException>(() => StreamEvent.ToolCallDelta("", "n", "1"));
        Assert.Throws<ArgumentNullException>(() => StreamEvent.ToolResult(null!, "n", "1"));
        Assert.Throws<ArgumentNullException>(() => StreamEvent.CitationList(null!));
        foreach (double score in (double[])[double.NaN, double.PositiveInfinity, double.NegativeInfinity])
        {
            Assert.Contains("finite", Assert.Throws<ArgumentException>(() => StreamEvent.SafetyCheck(new SafetyVerdict("c", "a", score))).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(1_763_805_600_123)]
    public void At_AnyTime_IsKeptToTheMillisecond(long milliseconds)
    {
        DateTimeOffset time = DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);

        StreamEvent item = StreamEvent.TextDelta("a").At(time.AddTicks(9999));

        Assert.Equal(time, item.Timestamp);
        Assert.Equal("a", item.Text);
        Assert.Null(StreamEvent.TextDelta("a").Timestamp);
    }

    [Fact]
    public void ToString_AllKinds_ShowsTheTextAndNothingElse()
    {
        Assert.Equal("TextDelta: Hi", StreamEvent.TextDelta("Hi"u8.ToArray()).ToString());
        Assert.Equal("AudioDelta", StreamEvent.AudioDelta(new byte[] { 1, 2 }).ToString());
        Assert.Equal("Start", StreamEvent.Start(provider: "p").ToString());
    }

    [Fact]
    public void Factories_OfValues_AllocateNothing()
    {
        string text = "text";
        byte[] utf8 = [1, 2];
        long length = 0;

        long bytes = AllocationMeter.BytesOf(round =>
        {
            length += StreamEvent.TextDelta(text).Text.String!.Length;
            length += StreamEvent.TextDelta(utf8).At(SampleEvents.Moment).Text.Utf8.Length;
            length += StreamEvent.ReasoningDelta(text, text).Text.String!.Length;
            length += StreamEvent.AudioDelta(utf8, new AudioFormat("a", 1, 2, 3)).Audio.Length;
            length += StreamEvent.ToolCallDelta(text, null, text).Id!.Length;
            length += StreamEvent.SafetyCheck(new SafetyVerdict(text, text, 1, text)).Safety.Note!.Length;
            length += StreamEvent.Finish(text, new TokenUsage(round, 1)).Usage!.Value.InputTokens;
            length += StreamEvent.Failure(new StreamError(text, text)).Error.Code.Length;
        });

        Assert.Equal(0, bytes);
        Assert.True(length > 0);
    }

    private static bool IsDefault(object? value, Type type) => value switch
    {
        null => true,
        EventText text => text.IsEmpty,
        ReadOnlyMemory<byte> memory => memory.IsEmpty,
        IReadOnlyList<Citation> list => list.Count == 0,
        _ => type.IsValueType && value.Equals(Activator.CreateInstance(type)),
    };
}

namespace Gai.Pipelines.Tests.Dialects;

/// <summary>The dialects for AI streams in both framings.</summary>
public enum Wire
{
    GaiSse,
    GaiNdjson,
    GaiEventsSse,
    GaiEventsNdjson,
}

/// <summary>One event of every kind and of every edge of it, each with a name that the golden tests use.</summary>
internal static class SampleEvents
{
    /// <summary>When the original's samples happened: 1763805600123.</summary>
    public static readonly DateTimeOffset Moment = DateTimeOffset.FromUnixTimeMilliseconds(1_763_805_600_123);

    public static IReadOnlyDictionary<string, StreamEvent> All { get; } = new Dictionary<string, StreamEvent>(StringComparer.Ordinal)
    {
        ["start"] = StreamEvent.Start(),
        ["start with all"] = StreamEvent.Start("resp_1", "m", "p"),
        ["text"] = StreamEvent.TextDelta("Hello <w\u00F6rld> & \"you\"\n"),
        ["text as UTF-8"] = StreamEvent.TextDelta("Hello <w\u00F6rld> & \"you\"\n"u8.ToArray()),
        ["empty text"] = StreamEvent.TextDelta(string.Empty),
        ["no text"] = StreamEvent.TextDelta(default),
        ["reasoning"] = StreamEvent.ReasoningDelta("Hm"),
        ["reasoning with signature"] = StreamEvent.ReasoningDelta(string.Empty, "c2ln"),
        ["audio"] = StreamEvent.AudioDelta(new byte[] { 1, 2, 3 }, new AudioFormat("audio/pcm", 16_000, 1, 16)),
        ["audio without format"] = StreamEvent.AudioDelta(new byte[] { 1, 2, 3, 4 }),
        ["empty audio"] = StreamEvent.AudioDelta(default),
        ["tool call"] = StreamEvent.ToolCall("call_1", "get_weather", "{\"city\":\"Zagreb\"}"),
        ["tool call without input"] = StreamEvent.ToolCall("call_1", "get_weather", default),
        ["tool call of the server"] = StreamEvent.ToolCall("call_1", "get_weather", default, ToolRunner.Server),
        ["first tool-call delta"] = StreamEvent.ToolCallDelta("call_1", "get_weather", "{\"ci"),
        ["other tool-call delta"] = StreamEvent.ToolCallDelta("call_1", null, "ty\":"u8.ToArray()),
        ["tool result"] = StreamEvent.ToolResult("call_1", "get_weather", "{\n  \"tempC\": 21\n}"),
        ["tool result of nothing"] = StreamEvent.ToolResult("call_1", null, default),
        ["citations"] = StreamEvent.CitationList([new Citation("https://e.x/a", "A", 0, 5), new Citation("https://e.x/b", null, 7, 9)]),
        ["no citations"] = StreamEvent.CitationList([]),
        ["safety"] = StreamEvent.SafetyCheck(new SafetyVerdict("hate", "warn", 0.25, "n")),
        ["safety without note"] = StreamEvent.SafetyCheck(new SafetyVerdict("hate", "block", 0)),
        ["step 0"] = StreamEvent.FinishStep(0),
        ["step"] = StreamEvent.FinishStep(2),
        ["finish"] = StreamEvent.Finish(FinishReasons.Stop, new TokenUsage(11, 7)),
        ["finish without anything"] = StreamEvent.Finish(),
        ["finish with details"] = StreamEvent.Finish(FinishReasons.Length, new TokenUsage(11, 7) { CachedInputTokens = 8, ReasoningTokens = 3 }),
        ["raw"] = StreamEvent.Raw("{\"x\":1}"),
        ["raw nothing"] = StreamEvent.Raw(default),
        ["gap"] = StreamEvent.Gap(12),
        ["gap in a log"] = StreamEvent.Gap(12, "4c9a0p3mq1v7h2d8t6r5u0k9b30000000013"),
        ["gap of another log"] = StreamEvent.Gap(0, "4c9a0p3mq1v7h2d8t6r5u0k9b30000000013"),
        ["large gap"] = StreamEvent.Gap(long.MaxValue),
    };

    public static TheoryData<string> Names => [.. All.Keys];

    public static Dialect<StreamEvent> Begin(Wire wire, DialectSettings settings) => wire switch
    {
        Wire.GaiSse => new GaiSseDialect(settings),
        Wire.GaiNdjson => new GaiNdjsonDialect(settings),
        Wire.GaiEventsSse => new GaiEventsDialect(settings, StreamFormat.ServerSentEvents, new StreamIdentity("req_1", "tr_1")),
        _ => new GaiEventsDialect(settings, StreamFormat.Ndjson, new StreamIdentity("req_1", "tr_1")),
    };
}

/// <summary>A clock that always shows the same time.</summary>
internal sealed class StoppedClock(DateTimeOffset now) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => now;
}

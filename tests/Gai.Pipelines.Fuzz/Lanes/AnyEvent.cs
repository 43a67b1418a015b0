namespace Gai.Pipelines.Fuzz;

/// <summary>Makes events of AI streams with hostile texts in all their fields.</summary>
internal static class AnyEvent
{
    private static readonly string[] Ids = ["call_1", "call_2", "\u20AC \"x\"\n\ndata: y", "\uD83D"];

    /// <summary>Makes an event, and writes the meaning of its JSON, if it has some, down for <see cref="GaiShape"/>.</summary>
    public static StreamEvent Make(Choices choices, Canonical json)
    {
        json.Clear();
        StreamEvent item = choices.Below(32) switch
        {
            < 12 => StreamEvent.TextDelta(HostileText.AnyText(choices)),
            < 16 => StreamEvent.ReasoningDelta(HostileText.AnyText(choices), Maybe(choices)),
            < 20 => StreamEvent.ToolCallDelta(choices.Of<string>(Ids), Maybe(choices), HostileText.AnyText(choices)),
            20 => StreamEvent.Start(Maybe(choices), Maybe(choices), Maybe(choices)),
            21 or 22 => StreamEvent.ToolCall(Some(choices), Some(choices), Json(choices, json, "{}"), choices.Of<ToolRunner>([ToolRunner.Client, ToolRunner.Server])),
            23 => StreamEvent.ToolResult(Some(choices), Maybe(choices), Json(choices, json, "null")),
            24 => StreamEvent.AudioDelta(HostileText.AnyBytes(choices), choices.OneIn(2) ? new AudioFormat(HostileText.Any(choices), Number(choices), Number(choices), Number(choices)) : null),
            25 => StreamEvent.CitationList([.. Enumerable.Range(0, choices.Below(3)).Select(_ => new Citation(HostileText.Any(choices), Maybe(choices), Number(choices), Number(choices)))]),
            26 => StreamEvent.SafetyCheck(new SafetyVerdict(HostileText.Any(choices), HostileText.Any(choices), Score(choices), Maybe(choices))),
            27 => StreamEvent.FinishStep(Number(choices)),
            28 => StreamEvent.Gap(1 + (choices.Bits() & 0xFFFFFFFF)),
            29 => StreamEvent.Finish(Maybe(choices), choices.OneIn(2) ? new TokenUsage(Number(choices), Number(choices), choices.Bits()) { CachedInputTokens = choices.Below(3), ReasoningTokens = choices.Below(3) } : null),
            _ => StreamEvent.Raw(Json(choices, json, "null")),
        };
        return choices.OneIn(3) ? item.At(DateTimeOffset.UnixEpoch.AddMilliseconds(choices.Bits() & 0x3FFFFFFFFFF)) : item;
    }

    /// <summary>Makes an error.</summary>
    public static StreamError Error(Choices choices) => new(
        HostileText.Any(choices),
        HostileText.Any(choices),
        choices.OneIn(2),
        choices.OneIn(2) ? TimeSpan.FromTicks(choices.Below(1 << 30)) : null);

    private static string? Maybe(Choices choices) => choices.OneIn(2) ? HostileText.Any(choices) : null;

    private static string Some(Choices choices)
    {
        string text = HostileText.Any(choices);
        return text.Length > 0 ? text : "x";
    }

    private static int Number(Choices choices) => choices.OneIn(4) ? (int)choices.Bits() : choices.Below(5);

    private static double Score(Choices choices)
    {
        double score = choices.OneIn(2) ? choices.Below(101) / 100.0 : BitConverter.Int64BitsToDouble(choices.Bits());
        return double.IsFinite(score) ? score : 1;
    }

    private static EventText Json(Choices choices, Canonical json, string ifEmpty)
    {
        if (choices.OneIn(16))
        {
            json.Append(ifEmpty == "{}" ? "{}"u8 : "n"u8);
            return default;
        }

        string text = HostileJson.Any(choices, json);
        return choices.OneIn(2) ? System.Text.Encoding.UTF8.GetBytes(text) : text;
    }
}

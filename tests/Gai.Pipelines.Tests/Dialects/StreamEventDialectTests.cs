using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Dialects;

public sealed class StreamEventDialectTests
{
    public static TheoryData<Wire> Wires => [.. Enum.GetValues<Wire>()];

    [Theory]
    [MemberData(nameof(Wires))]
    public void WriteEvent_CodePointSplitBetweenDeltas_IsJoined(Wire wire)
    {
        foreach (string text in (string[])["\U0001F600", "a\U0001F600b", "\U0001F600\U0001F601", "x\u20ACy"])
        {
            foreach (Kind kind in Enum.GetValues<Kind>())
            {
                foreach (StreamEvent[] pieces in Cuts(text).Select(cut => cut.Select(part => Delta(kind, part)).ToArray()))
                {
                    Assert.Equal(text, ReadText(Write(wire, pieces), wire, kind));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Wires))]
    public void WriteEvent_CutCodePointInterrupted_BecomesTheReplacementCharacterBeforeTheOtherEvent(Wire wire)
    {
        foreach (EventText cut in (EventText[])["a\uD83D", new byte[] { (byte)'a', 0xF0, 0x9F, 0x98 }])
        {
            string[] frames = Frames(Write(wire, StreamEvent.TextDelta(cut), StreamEvent.FinishStep(1), StreamEvent.TextDelta("b")));

            Assert.Equal(4, frames.Length);
            Assert.Contains("\"text\":\"a\"", frames[0], StringComparison.Ordinal);
            Assert.Contains("\"text\":\"\uFFFD\"", frames[1], StringComparison.Ordinal);
            Assert.Contains("\"text\":\"b\"", frames[3], StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Wires))]
    public void WriteEvent_CutCodePointFollowedByTheOtherForm_BecomesTheReplacementCharacter(Wire wire)
    {
        Assert.Equal("a\uFFFDb", ReadText(Write(wire, StreamEvent.TextDelta("a\uD83D"), StreamEvent.TextDelta("b"u8.ToArray())), wire, Kind.Text));
        Assert.Equal("a\uFFFDb", ReadText(Write(wire, StreamEvent.TextDelta(new byte[] { (byte)'a', 0xE2, 0x82 }), StreamEvent.TextDelta("b")), wire, Kind.Text));
    }

    [Theory]
    [MemberData(nameof(Wires))]
    public void WriteEvent_EmptyDeltaInsideACodePoint_DoesNotBreakIt(Wire wire)
    {
        foreach (EventText empty in (EventText[])[default, string.Empty, Array.Empty<byte>()])
        {
            Assert.Equal("\U0001F600", ReadText(Write(wire, StreamEvent.TextDelta("\uD83D"), StreamEvent.TextDelta(empty), StreamEvent.TextDelta("\uDE00")), wire, Kind.Text));
            Assert.Equal(
                "\u20AC",
                ReadText(Write(wire, StreamEvent.TextDelta(new byte[] { 0xE2 }), StreamEvent.TextDelta(empty), StreamEvent.TextDelta(new byte[] { 0x82, 0xAC })), wire, Kind.Text));
        }
    }

    [Theory]
    [MemberData(nameof(Wires))]
    public void WriteEvent_FirstPieceIsOnlyHalfACodePoint_KeepsNameAndSignature(Wire wire)
    {
        string call = Write(wire, StreamEvent.ToolCallDelta("c", "get_weather", "\uD83D"), StreamEvent.ToolCallDelta("c", null, "\uDE00"));
        string reasoning = Write(wire, StreamEvent.ReasoningDelta("\uD83D", "sig"), StreamEvent.ReasoningDelta("\uDE00"));

        Assert.Contains("get_weather", call, StringComparison.Ordinal);
        Assert.Equal("\U0001F600", ReadText(call, wire, Kind.ToolCall));
        Assert.Contains("\"signature\":\"sig\"", reasoning, StringComparison.Ordinal);
        Assert.Equal("\U0001F600", ReadText(reasoning, wire, Kind.Reasoning));
    }

    [Theory]
    [MemberData(nameof(Wires))]
    public void WriteEvent_CutCodePointOfAnotherCall_IsNotJoined(Wire wire)
    {
        string[] frames = Frames(Write(wire, StreamEvent.ToolCallDelta("c1", "t", "\"\uD83D"), StreamEvent.ToolCallDelta("c2", null, "\uDE00\"")));

        Assert.Equal(3, frames.Length);
        Assert.Contains("\"c1\"", frames[1], StringComparison.Ordinal);
        Assert.Contains("\uFFFD", frames[1], StringComparison.Ordinal);
        Assert.Contains("\"c2\"", frames[2], StringComparison.Ordinal);
        Assert.Contains("\uFFFD", frames[2], StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Wires))]
    public void WriteEnd_CutCodePoint_ComesBeforeTheEndMarker(Wire wire)
    {
        string[] frames = Frames(Encoded.Text(output =>
        {
            Dialect<StreamEvent> dialect = Begin(wire);
            dialect.WriteEvent(output, StreamEvent.TextDelta("\uD83D"));
            dialect.WriteEnd(output);
        }));

        Assert.Equal(2, frames.Length);
        Assert.Contains("\"text\":\"\uFFFD\"", frames[0], StringComparison.Ordinal);
        Assert.Contains("\"finished\":true", frames[1], StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Wires))]
    public void WriteGap_CutCodePoint_ComesBeforeItAndIsNotJoinedToWhatFollows(Wire wire)
    {
        string[] frames = Frames(Encoded.Text(output =>
        {
            Dialect<StreamEvent> dialect = Begin(wire);
            dialect.WriteEvent(output, StreamEvent.TextDelta("\uD83D"));
            dialect.WriteGap(output, 12);
            dialect.WriteEvent(output, StreamEvent.TextDelta("\uDE00"));
        }));

        Assert.Equal(3, frames.Length);
        Assert.Contains("\"text\":\"\uFFFD\"", frames[0], StringComparison.Ordinal);
        Assert.Contains("\"dropped\":12", frames[1], StringComparison.Ordinal);
        Assert.Contains("\"text\":\"\uFFFD\"", frames[2], StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Wires))]
    public void WriteError_CutCodePoint_ComesBeforeTheError(Wire wire)
    {
        string[] frames = Frames(Encoded.Text(output =>
        {
            Dialect<StreamEvent> dialect = Begin(wire);
            dialect.WriteEvent(output, StreamEvent.TextDelta(new byte[] { 0xF0 }));
            dialect.WriteError(output, StreamError.Internal);
        }));

        Assert.Equal(2, frames.Length);
        Assert.Contains("\"text\":\"\uFFFD\"", frames[0], StringComparison.Ordinal);
        Assert.Contains("\"internal\"", frames[1], StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Wires))]
    public void WriteEvent_TextCutAnywhere_ReadsAsTheWhole(Wire wire) =>
        Prop.ForAll(
            Gen.Elements('a', '"', '\u00E9', '\u20AC', '\uD83D', '\uDE00', '\uDE00').ArrayOf().ToArbitrary(),
            Gen.Choose(0, 3).ArrayOf().ToArbitrary(),
            (units, cuts) =>
            {
                string text = new(units);
                byte[] utf8 = Encoding.UTF8.GetBytes(text);
                StreamEvent[] strings = [.. Split(text.Length, cuts).Select(range => StreamEvent.TextDelta(text[range])), StreamEvent.FinishStep(1)];
                StreamEvent[] bytes = [.. Split(utf8.Length, cuts).Select(range => StreamEvent.TextDelta(utf8[range])), StreamEvent.FinishStep(1)];
                return ReadText(Write(wire, strings), wire, Kind.Text) == FrameAttacks.WellFormed(text)
                    && ReadText(Write(wire, bytes), wire, Kind.Text) == FrameAttacks.WellFormed(text);
            })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(100).WithEndSize(20));

    [Theory]
    [MemberData(nameof(Wires))]
    public void WriteEvent_ErrorEvent_ThrowsItForThePump(Wire wire)
    {
        var error = new StreamError("rate_limited", "Slow down", true, TimeSpan.FromSeconds(1.5));

        var failure = Encoded.Refused<StreamErrorException>(output => Begin(wire).WriteEvent(output, StreamEvent.Failure(error)));

        Assert.Equal(error, failure.Error);
    }

    [Theory]
    [MemberData(nameof(Wires))]
    public void WriteEvent_DefaultEvent_IsRefused(Wire wire)
    {
        var failure = Encoded.Refused<ArgumentException>(output => Begin(wire).WriteEvent(output, default));

        Assert.Contains("methods of StreamEvent", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Wires))]
    public void WriteEvent_JsonThatIsNotOneValue_IsRefusedAndLeavesNothing(Wire wire)
    {
        const string Forged = "1},\"type\":\"done\"";
        Assert.Contains(
            "input of a tool call",
            Encoded.Refused<FormatException>(output => Begin(wire).WriteEvent(output, StreamEvent.ToolCall("c", "t", Forged))).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "result of a tool",
            Encoded.Refused<FormatException>(output => Begin(wire).WriteEvent(output, StreamEvent.ToolResult("c", "t", Forged))).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "raw event",
            Encoded.Refused<FormatException>(output => Begin(wire).WriteEvent(output, StreamEvent.Raw(Forged))).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Wires))]
    public void WriteEvent_AttackInEveryText_ComesBack(Wire wire)
    {
        foreach (string attack in FrameAttacks.Texts.Values)
        {
            string text = "x" + attack + "x"; // a cut code point at the end is another test's business
            string expected = FrameAttacks.WellFormed(text);
            byte[] utf8 = Encoding.UTF8.GetBytes(text);
            string json = JsonSerializer.Serialize(expected, TestJson.Relaxed.String);
            StreamEvent[] events =
            [
                StreamEvent.Start(text, text, text),
                StreamEvent.TextDelta(text),
                StreamEvent.TextDelta(utf8),
                StreamEvent.ReasoningDelta(text, text),
                StreamEvent.AudioDelta(utf8, new AudioFormat(text)),
                StreamEvent.ToolCall(text, text, json),
                StreamEvent.ToolCallDelta(text, text, text),
                StreamEvent.ToolResult(text, text, json),
                StreamEvent.CitationList([new Citation(text, text)]),
                StreamEvent.SafetyCheck(new SafetyVerdict(text, text, 0, text)),
                StreamEvent.Finish(text),
                StreamEvent.Raw(json),
            ];
            int inFinish = wire is Wire.GaiEventsSse or Wire.GaiEventsNdjson ? 3 : 1; // gai.events.v1 repeats provider and model
            int[] texts = [3, 1, 1, 2, 1, 3, 3, 3, 2, 3, inFinish, 1];

            string written = Encoded.Text(output =>
            {
                Dialect<StreamEvent> dialect = Begin(wire);
                foreach (StreamEvent item in events)
                {
                    dialect.WriteEvent(output, item);
                    output.Commit();
                }

                dialect.WriteError(output, new StreamError(text, text));
            });

            string[] records = Records(written, wire);
            Assert.Equal(events.Length + 1, records.Length);
            for (int i = 0; i < events.Length; i++)
            {
                Assert.Equal(texts[i], Strings(JsonDocument.Parse(records[i]).RootElement).Count(value => value == expected));
            }

            Assert.Equal(2, Strings(JsonDocument.Parse(records[^1]).RootElement).Count(value => value == expected));
            Assert.DoesNotContain(written, unit => unit is '\u0085' or '\u2028' or '\u2029' or '\r' or '\0' or '\u007F');
        }
    }

    [Theory]
    [MemberData(nameof(Wires))]
    public void WriteEvent_OtherCultures_ChangeNothing(Wire wire)
    {
        string Write() => Encoded.Text(output =>
        {
            Dialect<StreamEvent> dialect = Begin(wire, ids: true);
            dialect.WriteOpening(output);
            foreach (StreamEvent item in SampleEvents.All.Values)
            {
                dialect.WriteEvent(output, item.At(SampleEvents.Moment));
                output.Commit();
            }

            dialect.WriteError(output, new StreamError("i", "I", true, TimeSpan.FromSeconds(1234.5)));
        });

        string invariant = Write();
        Encoded.InEveryCulture(() => Assert.Equal(invariant, Write()));
    }

    [Theory]
    [MemberData(nameof(Wires))]
    public void WriteEvent_Deltas_AllocateNothing(Wire wire)
    {
        StreamEvent[] deltas =
        [
            StreamEvent.TextDelta("Hello,"),
            StreamEvent.TextDelta("Hello,"u8.ToArray()),
            StreamEvent.TextDelta("\"quoted\"\n\u20AC\U0001F600 and longer"),
            StreamEvent.ReasoningDelta("thinking", "signature"),
            StreamEvent.ReasoningDelta("thinking"u8.ToArray()),
            StreamEvent.ToolCallDelta("call_1", "get_weather", "{\"city\":"),
            StreamEvent.ToolCallDelta("call_1", null, "\"Zagreb\"}"u8.ToArray()),
            StreamEvent.ToolCall("call_1", "get_weather", "{\"city\":\"Zagreb\"}"),
            StreamEvent.ToolResult("call_1", null, "{\"city\":\"Zagreb\"}"u8.ToArray()),
            StreamEvent.AudioDelta(new byte[2000], new AudioFormat("audio/pcm", 16_000, 1, 16)),
            StreamEvent.FinishStep(1),
            StreamEvent.Finish(FinishReasons.Stop, new TokenUsage(11, 7)),
            StreamEvent.Raw("{\"a\":1}"),
        ];
        foreach (bool options in (bool[])[false, true])
        {
            foreach (StreamEvent delta in deltas)
            {
                Dialect<StreamEvent> dialect = Begin(wire, options, options);
                var output = new RecyclingBufferWriter();
                var frames = new FrameWriter(output);

                long bytes = AllocationMeter.BytesOf(round =>
                {
                    dialect.WriteEvent(frames, delta);
                    frames.Commit();
                    if (round % 8 == 0)
                    {
                        frames.Publish();
                    }
                });

                Assert.True(bytes == 0, $"{wire}, {delta.Type}, options {options}: {bytes} bytes.");
                Assert.True(output.Written > 0);
            }
        }
    }

    private static Dialect<StreamEvent> Begin(Wire wire, bool ids = false, bool timestamps = false) =>
        SampleEvents.Begin(wire, DialectSettings.Default with { EventIds = ids, Timestamps = timestamps, TimeProvider = new StoppedClock(SampleEvents.Moment) });

    private static string Write(Wire wire, params StreamEvent[] events) => Encoded.Events(() => Begin(wire), events);

    private static string[] Frames(string written)
    {
        string separator = written.Contains("\n\n", StringComparison.Ordinal) ? "\n\n" : "\n";
        return written.Split(separator, StringSplitOptions.RemoveEmptyEntries);
    }

    private static string[] Records(string written, Wire wire) => wire is Wire.GaiSse or Wire.GaiEventsSse
        ? [.. Encoded.ReadSse(Encoding.UTF8.GetBytes(written)).Events.Select(one => one.Data)]
        : written.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Puts the text of all deltas together, as a client does.</summary>
    private static string ReadText(string written, Wire wire, Kind kind)
    {
        var text = new StringBuilder();
        foreach (string record in Records(written, wire))
        {
            JsonElement fields = JsonDocument.Parse(record).RootElement;
            if (kind == Kind.ToolCall && fields.TryGetProperty("tool_call", out JsonElement call))
            {
                fields = call;
            }

            if (fields.TryGetProperty(kind == Kind.ToolCall ? "input_delta" : "text", out JsonElement piece))
            {
                text.Append(piece.GetString());
            }
        }

        return text.ToString();
    }

    private static IEnumerable<string> Strings(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => [element.GetString()!],
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property => Strings(property.Value)),
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Strings),
        _ => [],
    };

    private static StreamEvent Delta(Kind kind, EventText text) => kind switch
    {
        Kind.Text => StreamEvent.TextDelta(text),
        Kind.Reasoning => StreamEvent.ReasoningDelta(text),
        _ => StreamEvent.ToolCallDelta("c", null, text),
    };

    /// <summary>All ways to give a text in up to three pieces, as strings and as UTF-8.</summary>
    private static IEnumerable<EventText[]> Cuts(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        for (int first = 0; first <= utf8.Length; first++)
        {
            for (int second = first; second <= utf8.Length; second++)
            {
                yield return [utf8[..first], utf8[first..second], utf8[second..]];
                if (second <= text.Length)
                {
                    yield return [text[..first], text[first..second], text[second..]];
                }
            }
        }

        yield return [.. utf8.Select(one => (EventText)new[] { one })];
        yield return [.. text.Select(one => (EventText)one.ToString())];
    }

    private static IEnumerable<Range> Split(int length, int[] cuts)
    {
        int at = 0;
        foreach (int cut in cuts)
        {
            int end = Math.Min(length, at + cut);
            yield return at..end;
            at = end;
        }

        yield return at..length;
    }

    private enum Kind
    {
        Text,
        Reasoning,
        ToolCall,
    }
}

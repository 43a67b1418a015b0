using System.Text;
using System.Text.Unicode;
using FsCheck;
using FsCheck.Fluent;
using Gai.Pipelines.Tests.Dialects;

namespace Gai.Pipelines.Tests.Readers;

/// <summary>Any events, through any of our dialects, cut anywhere, come back as they were.</summary>
/// <remarks>
/// "As they were" leaves dialects what they are documented to do: text that has no form in UTF-8 is replaced, a code point cut
/// between two pieces of the same kind is joined, an error ends the stream, times come back where they are written.
/// </remarks>
public sealed class StreamEventPropertyTests
{
    private const int Runs = 600;

    // Whole code points, halves of them, line ends, and what JSON and SSE give a meaning.
    private static readonly string?[] Pieces =
    [
        null, "", "a", "Hello", "\n", "\r\n", "\"", "\\", "\u0000", "\u0085", "\u2028", "\u00E9", "\u20AC", "\U0001F600", "\uD83D", "\uDE00",
        "\uFEFF", " ", ": x", "data: y", "\n\ndata: {\"type\":\"done\"}\n\n", "{\"type\":\"done\"}", "</script>", "\u007F",
    ];

    // The same as bytes: beginnings and ends of code points, which may or may not fit, and what is no UTF-8. No lead needs a
    // second byte of its own (E0, ED, F0, F4), as where such a sequence ends to be a cut one is open.
    private static readonly byte[][] Utf8Pieces =
    [
        .. Pieces.Where(piece => piece is not null && !piece.Any(char.IsSurrogate)).Select(piece => Encoding.UTF8.GetBytes(piece!)),
        .. "\U0001F600"u8.ToArray() is var face ? (byte[][])[face, face[..2], face[..3], face[2..], face[3..]] : [],
        [0xF1], [0xE2], [0xE2, 0x82], [0x82, 0xAC], [0xAC], [0xC3], [0xA9], [0xFF],
    ];

    private static readonly string[] JsonTexts =
        ["", "null", "1e5", "-0.5", "\"\u20AC\"", "\"\\ud83d\\ude00 \u2028\"", "[]", "{ \"a\" : [1, {\"type\":\"done\"}] }", "{\n  \"b\": \"\u00E9\"\r\n}", "true"];

    [Fact]
    public void ReadAsync_AnyEventsInAnyPieces_ComeBack()
    {
        Gen<(Wire Wire, bool Times, StreamEvent[] Events, int[] Sizes)> streams =
            from wire in Gen.Elements(Enum.GetValues<Wire>())
            from times in Gen.Elements(true, false)
            from events in Events().ArrayOf()
            from sizes in Gen.Choose(1, 40).NonEmptyListOf()
            select (wire, times, events, sizes.ToArray());
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(Runs),
            Prop.ForAll(streams.ToArbitrary(), stream => AssertComesBack(stream.Wire, stream.Times, stream.Events, stream.Sizes)));
    }

    private static bool AssertComesBack(Wire wire, bool withTimes, StreamEvent[] events, int[] sizes)
    {
        byte[] bytes = StreamEvents.Write(wire, withTimes, events);
        bool comeTimes = withTimes || wire is Wire.GaiEventsSse or Wire.GaiEventsNdjson;
        string[] expected = [.. Expected(events).Select(item => StreamEvents.Describe(item, comeTimes && item.Type != StreamEventType.Error))];
        foreach (PieceReader pipe in (PieceReader[])[PieceReader.Of(bytes), PieceReader.Of(bytes, sizes), PieceReader.OfByteSegments(bytes)])
        {
            (List<StreamEvent> read, Exception? failure) = StreamEvents.ReadAsync(wire, pipe).GetAwaiter().GetResult();
            Assert.Null(failure);
            Assert.Equal(expected, read.Select(item => StreamEvents.Describe(item, comeTimes && item.Type != StreamEventType.Error)));
        }

        return true;
    }

    /// <summary>What a reader must get.</summary>
    private static List<StreamEvent> Expected(StreamEvent[] events)
    {
        var expected = new List<StreamEvent>();
        StreamEvent? half = null;
        foreach (StreamEvent item in events)
        {
            StreamEvent next = item;
            if (half is { } held)
            {
                half = null;
                if (held.Type == item.Type &&
                    (held.Text.IsString == item.Text.IsString || item.Text.IsEmpty) &&
                    (item.Type != StreamEventType.ToolCallDelta || held.Id == item.Id))
                {
                    next = With(item, held.Text.IsString ? held.Text.String + item.Text.String : (byte[])[.. held.Text.Utf8.Span, .. item.Text.Utf8.Span]);
                }
                else
                {
                    expected.Add(held);
                }
            }

            if (next.Type == StreamEventType.Error)
            {
                expected.Add(next);
                return expected;
            }

            if (!IsDelta(next.Type) || !IsCut(next.Text, out EventText whole, out EventText rest))
            {
                expected.Add(next);
                continue;
            }

            half = next.Type switch
            {
                StreamEventType.TextDelta => StreamEvent.TextDelta(rest),
                StreamEventType.ReasoningDelta => StreamEvent.ReasoningDelta(rest),
                _ => StreamEvent.ToolCallDelta(next.Id!, null, rest),
            };
            half = half.Value.At(SampleEvents.Moment);
            if (!whole.IsEmpty || next.Name is not null || next.Signature is not null)
            {
                expected.Add(With(next, whole));
            }
        }

        if (half is { } last)
        {
            expected.Add(last);
        }

        return expected;
    }

    /// <summary>Whether a text ends inside a code point, as the framework sees it.</summary>
    private static bool IsCut(EventText text, out EventText whole, out EventText rest)
    {
        int end;
        if (text.IsString)
        {
            end = text.String.Length > 0 && char.IsHighSurrogate(text.String[^1]) ? text.String.Length - 1 : text.String.Length;
            whole = text.String[..end];
            rest = text.String[end..];
        }
        else
        {
            Utf8.ToUtf16(text.Utf8.Span, new char[text.Utf8.Length], out end, out _, replaceInvalidSequences: true, isFinalBlock: false);
            whole = text.Utf8[..end];
            rest = text.Utf8[end..];
        }

        return !rest.IsEmpty;
    }

    private static bool IsDelta(StreamEventType type) =>
        type is StreamEventType.TextDelta or StreamEventType.ReasoningDelta or StreamEventType.ToolCallDelta;

    private static StreamEvent With(in StreamEvent item, EventText text) => (item.Type switch
    {
        StreamEventType.TextDelta => StreamEvent.TextDelta(text),
        StreamEventType.ReasoningDelta => StreamEvent.ReasoningDelta(text, item.Signature),
        _ => StreamEvent.ToolCallDelta(item.Id!, item.Name, text),
    }).At(SampleEvents.Moment);

    private static Gen<StreamEvent> Events()
    {
        Gen<string?> text = from parts in Gen.Elements(Pieces).ListOf() select parts.Count == 0 ? null : string.Concat(parts);
        Gen<string> some = from one in text select one ?? string.Empty;
        Gen<EventText> delta = Gen.OneOf(
            some.Select(one => (EventText)one),
            from parts in Gen.Elements(Utf8Pieces).ListOf() select (EventText)(byte[])[.. parts.SelectMany(part => part)]);
        Gen<string> id = Gen.Elements("call_1", "call_2", "\u20AC \"x\"");
        Gen<string?> name = Gen.Elements("get_weather", null, "\U0001F600");
        Gen<string> json = Gen.Elements(JsonTexts);
        Gen<int> number = Gen.OneOf(Gen.Choose(-2, 5), Gen.Elements(int.MaxValue, int.MinValue));
        Gen<byte[]> bytes = Gen.Choose(0, 255).Select(value => (byte)value).ArrayOf();
        return Gen.Frequency(
            (8, from t in delta select StreamEvent.TextDelta(t)),
            (3, from t in delta from s in name select StreamEvent.ReasoningDelta(t, s)),
            (3, from i in id from n in name from t in delta select StreamEvent.ToolCallDelta(i, n, t)),
            (1, from i in text from m in text from p in text select StreamEvent.Start(i, m, p)),
            (1, from i in id from j in json from who in Gen.Elements(Enum.GetValues<ToolRunner>()) select StreamEvent.ToolCall(i, "get_weather", j, who)),
            (1, from i in id from n in name from j in json select StreamEvent.ToolResult(i, n, j)),
            (1, from b in bytes select StreamEvent.AudioDelta(b)),
            (1, from b in bytes from m in some from r in number from c in number from d in number select StreamEvent.AudioDelta(b, new AudioFormat(m, r, c, d))),
            (1, from list in Citations(some, text, number).ListOf() select StreamEvent.CitationList([.. list])),
            (1, from c in some from a in some from s in Gen.Elements(0, 0.25, 1, -1e-7, double.MaxValue, double.Epsilon) from n in text
                select StreamEvent.SafetyCheck(new SafetyVerdict(c, a, s, n))),
            (1, from n in number select StreamEvent.FinishStep(n)),
            (1, from n in Gen.Elements(1, 2, long.MaxValue) select StreamEvent.Gap(n)),
            (1, from n in Gen.Elements(0, 2, long.MaxValue) select StreamEvent.Gap(n, new LogPosition(LogId.New(), 7).ToString())),
            (1, from r in text select StreamEvent.Finish(r)),
            (1, from r in text from i in number from o in number from c in number from t in number
                select StreamEvent.Finish(r, new TokenUsage(i, o, long.MaxValue) { CachedInputTokens = c, ReasoningTokens = t })),
            (1, from j in json select StreamEvent.Raw(j)),
            (1, from c in some from m in some from t in Gen.Elements(true, false) from wait in Gen.Elements<double?>(null, 0, 1500, 1e12)
                select StreamEvent.Failure(new StreamError(c, m, t, wait is { } ms ? TimeSpan.FromMilliseconds(ms) : null))))
            .Select(item => item.At(SampleEvents.Moment));
    }

    private static Gen<Citation> Citations(Gen<string> uri, Gen<string?> title, Gen<int> number) =>
        from u in uri from t in title from s in number from e in number select new Citation(u, t, s, e);
}

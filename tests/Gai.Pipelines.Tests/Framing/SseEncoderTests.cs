using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Framing;

public sealed class SseEncoderTests
{
    public static TheoryData<string> Attacks => [.. FrameAttacks.Texts.Keys];

    [Fact]
    public void WriteText_AllFields_WritesThemInOneFrame() =>
        Assert.Equal(
            "id: 7\nevent: progress\nretry: 1500\ndata: one\ndata: two\n\n",
            Encoded.Text(output => SseEncoder.WriteText(
                output,
                new SseFields(new EventName("progress"), new EventId(7), TimeSpan.FromSeconds(1.5)),
                "one\ntwo")));

    [Fact]
    public void WriteText_NoFields_WritesData() =>
        Assert.Equal("data: Hi\n\n", Encoded.Text(output => SseEncoder.WriteText(output, default, "Hi")));

    [Fact]
    public void WriteText_EmptyId_ResetsTheClients()
    {
        byte[] bytes = Encoded.Bytes(output =>
        {
            SseEncoder.WriteText(output, new SseFields(Id: new EventId("1")), "a");
            SseEncoder.WriteText(output, default, "b");
            SseEncoder.WriteText(output, new SseFields(Id: EventId.Empty), "c");
        });

        Assert.Equal(["1", "1", ""], Encoded.ReadSse(bytes).Events.Select(one => one.LastEventId));
    }

    [Theory]
    [MemberData(nameof(Attacks))]
    public void WriteText_Attack_ComesBackAsData(string attack)
    {
        string text = FrameAttacks.Texts[attack];

        WhatwgEvent read = Encoded.OneEvent(output => SseEncoder.WriteText(output, new SseFields(new EventName("n"), new EventId("i")), text));

        Assert.Equal(new WhatwgEvent("n", FrameAttacks.AsData(text), "i"), read);
    }

    [Theory]
    [MemberData(nameof(Attacks))]
    public void WriteUtf8_Attack_ComesBackAsData(string attack)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(FrameAttacks.Texts[attack]);

        WhatwgEvent read = Encoded.OneEvent(output => SseEncoder.WriteUtf8(output, default, utf8));

        Assert.Equal(new WhatwgEvent("message", FrameAttacks.AsData(FrameAttacks.Texts[attack]), ""), read);
    }

    [Theory]
    [MemberData(nameof(Attacks))]
    public void WriteText_AttackAtEveryPlaceOfABlock_ComesBackAsData(string attack)
    {
        string text = FrameAttacks.Texts[attack];
        string expected = FrameAttacks.AsData(text);
        for (int filler = 0; filler < 64; filler++)
        {
            var output = new BlockBufferWriter(64);
            var frames = new FrameWriter(output);
            SseEncoder.WriteComment(frames, new string('x', filler));
            frames.Commit();
            SseEncoder.WriteText(frames, default, text);
            frames.Commit();
            frames.Publish();

            Assert.Equal(expected, Assert.Single(Encoded.ReadSse(output.ToArray()).Events).Data);
        }
    }

    [Theory]
    [MemberData(nameof(Attacks))]
    public void WriteText_AttackInNameOrId_ComesBackOrIsRefused(string attack)
    {
        string text = FrameAttacks.Texts[attack];
        if (text.AsSpan().ContainsAny('\r', '\n', '\0') || FrameAttacks.WellFormed(text) != text)
        {
            Encoded.Refused<ArgumentException>(output => SseEncoder.WriteText(output, new SseFields(new EventName(text)), "x"));
            Encoded.Refused<ArgumentException>(output => SseEncoder.WriteText(output, new SseFields(Id: new EventId(text)), "x"));
            return;
        }

        WhatwgEvent named = Encoded.OneEvent(output => SseEncoder.WriteText(output, new SseFields(new EventName(text)), "x"));
        WhatwgEvent numbered = Encoded.OneEvent(output => SseEncoder.WriteText(output, new SseFields(Id: new EventId(text)), "x"));

        Assert.Equal(new WhatwgEvent(text.Length > 0 ? text : "message", "x", ""), named);
        Assert.Equal(new WhatwgEvent("message", "x", text), numbered);
    }

    [Theory]
    [MemberData(nameof(Attacks))]
    public void WriteComment_Attack_StaysInComments(string attack)
    {
        string text = FrameAttacks.Texts[attack];

        byte[] bytes = Encoded.Bytes(output =>
        {
            SseEncoder.WriteComment(output, text);
            SseEncoder.WriteText(output, default, "after");
        });

        WhatwgClient read = Encoded.ReadSse(bytes);
        Assert.Equal(new WhatwgEvent("message", "after", ""), Assert.Single(read.Events));
        Assert.Equal(FrameAttacks.AsData(text).Split('\n').Select(line => " " + line), read.Comments);
        Assert.Null(read.Retry);
    }

    [Theory]
    [MemberData(nameof(Attacks))]
    public void WriteJson_AttackInAString_ComesBack(string attack)
    {
        string text = FrameAttacks.Texts[attack];
        var fields = new SseFields(new EventName("n"), new EventId(1), TimeSpan.FromMilliseconds(5));

        foreach (TestJson json in (TestJson[])[TestJson.Default, TestJson.Indented, TestJson.Relaxed])
        {
            WhatwgEvent read = Encoded.OneEvent(output => SseEncoder.WriteJson(output, fields, new Note(text), json.Note));

            Assert.DoesNotContain('\n', read.Data);
            Assert.Equal("n", read.Type);
            Assert.Equal(FrameAttacks.WellFormed(text), JsonSerializer.Deserialize(read.Data, TestJson.Default.Note)!.Text);
        }
    }

    [Theory]
    [InlineData("{\n  \"a\": 1,\r\n  \"b\": [\r1\r]\n}")]
    [InlineData("\n\n1\n\n")]
    [InlineData("{\"a\":\n\ndata: 1}")]
    [InlineData("1\n\nevent: admin\ndata: evil\n\n")]
    [InlineData("1\r\rid: 9\rdata: evil\r\r")]
    public void WriteJson_ConverterThatWritesLineBreaks_StaysOneEvent(string raw)
    {
        foreach (SseFields fields in (SseFields[])[default, new(new EventName("n")), new(new EventName("n"), new EventId("i"), TimeSpan.Zero)])
        {
            WhatwgEvent read = Encoded.OneEvent(output => SseEncoder.WriteJson(output, fields, new RawPart(raw), TestJson.Default.RawPart));

            Assert.Equal(Regex.Replace(raw, @"[\r\n]\s*", " "), read.Data);
            Assert.Equal(fields.Name.Value ?? "message", read.Type);
            Assert.Equal(fields.Id.ToString(), read.LastEventId);
        }
    }

    [Fact]
    public void WriteJson_AfterOtherFramesThatAreNotCommitted_LeavesThemAlone()
    {
        byte[] bytes = Encoded.Bytes(output =>
        {
            SseEncoder.WriteRetry(output, TimeSpan.FromSeconds(1));
            SseEncoder.WriteText(output, default, "one\ntwo");
            SseEncoder.WriteJson(output, new SseFields(new EventName("n")), new RawPart("[\n1]"), TestJson.Default.RawPart);
        });

        WhatwgClient read = Encoded.ReadSse(bytes);
        Assert.Equal("1000", read.Retry);
        Assert.Equal([new("message", "one\ntwo", ""), new WhatwgEvent("n", "[ 1]", "")], read.Events);
    }

    [Theory]
    [InlineData("\"a\u2028b\"", @"""a\u2028b""")]
    [InlineData("{\n\"a\":\"\u2029 \u0085 \u201C\u00E9\"}", "{ \"a\":\"\\u2029 \\u0085 \u201C\u00E9\"}")]
    public void WriteJson_ConverterThatWritesUnicodeLineEnds_EscapesThem(string raw, string expected)
    {
        WhatwgEvent read = Encoded.OneEvent(output => SseEncoder.WriteJson(output, new SseFields(Id: new EventId(1)), new RawPart(raw), TestJson.Default.RawPart));

        Assert.Equal(expected, read.Data);
    }

    [Fact]
    public void WriteJson_SerializerThatThrowsInTheMiddle_LeavesNothingAfterDiscard()
    {
        Encoded.Refused<NotSupportedException>(output => SseEncoder.WriteJson(output, default, new Bomb("text"), TestJson.Default.Bomb));

        // The thread's writer is good again.
        Assert.Equal("data: {\"Text\":\"a\"}\n\n", Encoded.Text(output => SseEncoder.WriteJson(output, default, new Note("a"), TestJson.Default.Note)));
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(0.9, "0")]
    [InlineData(1, "1")]
    [InlineData(15_000, "15000")]
    [InlineData(2_147_483_648_000, "2147483648000")]
    public void WriteRetry_Time_IsInWholeMilliseconds(double milliseconds, string expected)
    {
        byte[] bytes = Encoded.Bytes(output => SseEncoder.WriteRetry(output, TimeSpan.FromMilliseconds(milliseconds)));

        WhatwgClient read = Encoded.ReadSse(bytes);
        Assert.Equal(expected, read.Retry);
        Assert.Empty(read.Events);
    }

    [Fact]
    public void WriteText_NegativeRetry_IsRefusedBeforeAnyByte()
    {
        var output = new FrameWriter(new BlockBufferWriter(64));

        var failure = Assert.Throws<ArgumentOutOfRangeException>(
            () => SseEncoder.WriteText(output, new SseFields(new EventName("n"), new EventId(1), Timeout.InfiniteTimeSpan), "x"));

        Assert.True(output.Frame.IsEmpty);
        Assert.StartsWith("The field retry takes digits only, so a time below zero has no form. Give null for no field.", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WriteUtf8_InvalidUtf8_StaysInItsLine()
    {
        // A truncated sequence before a line end must not swallow it.
        WhatwgEvent read = Encoded.OneEvent(output => SseEncoder.WriteUtf8(output, default, [0xE2, 0x80, (byte)'\n', 0xF0, 0x9F, (byte)'\r', 0xFF]));

        Assert.Equal("\uFFFD\n\uFFFD\n\uFFFD", read.Data);
    }

    [Fact]
    public void WriteText_LongTextWithCodePointsEverywhere_ComesBack()
    {
        foreach (int offset in Enumerable.Range(0, 4))
        {
            string text = new string('a', offset) + string.Concat(Enumerable.Repeat("\U0001F600\u20ACx\u00E9\n", 13_000));

            Assert.Equal(text, Encoded.OneEvent(output => SseEncoder.WriteText(output, default, text)).Data);
            Assert.Equal(text, Encoded.OneEvent(output => SseEncoder.WriteUtf8(output, default, Encoding.UTF8.GetBytes(text))).Data);
        }
    }

    [Fact]
    public void WriteText_LongLineWithAPairAtEveryPlace_ComesBack()
    {
        // A long line is transcoded in pieces; none may end between the halves of a pair.
        for (int before = 505; before < 515; before++)
        {
            string text = new string('a', before) + string.Concat(Enumerable.Repeat("\U0001F600", 600));

            Assert.Equal(text, Encoded.OneEvent(output => SseEncoder.WriteText(output, default, text)).Data);
        }
    }

    [Fact]
    public void Write_NoOutput_Throws()
    {
        Assert.Throws<ArgumentNullException>("output", () => SseEncoder.WriteText(null!, default, "x"));
        Assert.Throws<ArgumentNullException>("output", () => SseEncoder.WriteUtf8(null!, default, "x"u8));
        Assert.Throws<ArgumentNullException>("output", () => SseEncoder.WriteJson(null!, default, "x", TestJson.Default.String));
        Assert.Throws<ArgumentNullException>("typeInfo", () => SseEncoder.WriteJson(new FrameWriter(new BlockBufferWriter(64)), default, "x", null!));
        Assert.Throws<ArgumentNullException>("output", () => SseEncoder.WriteComment(null!, "x"));
        Assert.Throws<ArgumentNullException>("output", () => SseEncoder.WriteRetry(null!, TimeSpan.Zero));
    }

    [Fact]
    public void WriteText_AnyText_ComesBack() =>
        Prop.ForAll(
            Gen.Elements('a', '\r', '\n', '\n', ':', ' ', '\0', '\uFEFF', '\u2028', '\uD83D', '\uDE00', '\u00E9', '"').ArrayOf().ToArbitrary(),
            units =>
            {
                string text = new(units);
                return Encoded.OneEvent(output => SseEncoder.WriteText(output, default, text)).Data == FrameAttacks.AsData(text);
            })
        .Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Fact]
    public void AllFields_OtherCultures_ChangeNothing()
    {
        var fields = new SseFields(new EventName("i\u0130I\u0131"), new EventId(-1234567), TimeSpan.FromDays(1));
        byte[] Write() => Encoded.Bytes(output =>
        {
            SseEncoder.WriteJson(output, fields, new Progress(-0.5, -3, "I\u0131"), TestJson.Default.Progress);
            SseEncoder.WriteText(output, fields, "i");
            SseEncoder.WriteRetry(output, TimeSpan.FromSeconds(1234));
        });

        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        byte[] invariant = Write();
        Encoded.InEveryCulture(() => Assert.Equal(invariant, Write()));
    }

    [Fact]
    public void WriteFrames_WarmedUp_AllocateNothing()
    {
        var output = new RecyclingBufferWriter();
        var frames = new FrameWriter(output);
        var fields = new SseFields(new EventName("progress"), default, TimeSpan.FromSeconds(1));
        byte[] utf8 = "some\nbytes"u8.ToArray();
        var value = new Progress(0.5, 3, "half");

        long bytes = AllocationMeter.BytesOf(round =>
        {
            SseEncoder.WriteText(frames, fields with { Id = new EventId(round) }, "some\ntext");
            frames.Commit();
            SseEncoder.WriteUtf8(frames, fields, utf8);
            frames.Commit();
            SseEncoder.WriteJson(frames, fields, value, TestJson.Default.Progress);
            frames.Commit();
            SseEncoder.WriteComment(frames, "comment");
            frames.Commit();
            frames.Publish();
        });

        Assert.Equal(0, bytes);
        Assert.True(output.Written > 0);
    }
}

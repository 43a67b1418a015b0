using System.Text;
using System.Text.Json;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Framing;

public sealed class NdjsonEncoderTests
{
    public static TheoryData<string> Attacks => [.. FrameAttacks.Texts.Keys];

    [Theory]
    [MemberData(nameof(Attacks))]
    public async Task WriteAll_Attack_ComesBackOneRecordALine(string attack)
    {
        string text = FrameAttacks.Texts[attack];
        string expected = FrameAttacks.WellFormed(text);

        byte[] bytes = Encoded.Bytes(output =>
        {
            NdjsonEncoder.WriteString(output, text);
            NdjsonEncoder.WriteString(output, Encoding.UTF8.GetBytes(text));
            NdjsonEncoder.WriteJson(output, JsonSerializer.Serialize(text, TestJson.Relaxed.String));
            foreach (TestJson json in (TestJson[])[TestJson.Default, TestJson.Indented, TestJson.Relaxed])
            {
                NdjsonEncoder.WriteRecord(output, text, json.String);
            }
        });

        Assert.Equal(6, bytes.Count(one => one == '\n'));
        Assert.Equal((byte)'\n', bytes[^1]);
        Assert.DoesNotContain(Encoding.UTF8.GetString(bytes), unit => unit is '\r' or '\u0085' or '\u2028' or '\u2029');
        List<string> read = [];
        await foreach (string? record in JsonSerializer.DeserializeAsyncEnumerable(
            new MemoryStream(bytes), TestJson.Default.String, topLevelValues: true, TestContext.Current.CancellationToken))
        {
            read.Add(record!);
        }

        Assert.Equal(Enumerable.Repeat(expected, 6), read);
    }

    [Theory]
    [InlineData("{\n  \"a\": 1,\r\n  \"b\": \"\u2028\"\r}", "{ \"a\": 1, \"b\": \"\\u2028\" }")]
    [InlineData("1\n{\"type\":\"done\"}\n", "1 {\"type\":\"done\"} ")]
    public void WriteRecord_ConverterThatWritesLineBreaks_StaysOneLine(string raw, string expected) =>
        Assert.Equal(expected + "\n", Encoded.Text(output => NdjsonEncoder.WriteRecord(output, new RawPart(raw), TestJson.Default.RawPart)));

    [Fact]
    public void WriteRecord_AfterRecordsThatAreNotCommitted_LeavesThemAlone() =>
        Assert.Equal(
            "\"a\"\n[ 1]\n[ 2]\n",
            Encoded.Text(output =>
            {
                NdjsonEncoder.WriteString(output, "a");
                NdjsonEncoder.WriteRecord(output, new RawPart("[\n1]"), TestJson.Default.RawPart);
                NdjsonEncoder.WriteRecord(output, new RawPart("[\n2]"), TestJson.Default.RawPart);
            }));

    [Fact]
    public void WriteRecord_Null_IsARecord() =>
        Assert.Equal("null\n", Encoded.Text(output => NdjsonEncoder.WriteRecord(output, null!, TestJson.Default.Note)));

    [Fact]
    public void WriteRecord_EncoderOfTheOptions_IsHonoured()
    {
        Assert.Equal("\"\\u00E9\\u003C\"\n", Encoded.Text(output => NdjsonEncoder.WriteRecord(output, "\u00E9<", TestJson.Default.String)));
        Assert.Equal("\"\u00E9<\"\n", Encoded.Text(output => NdjsonEncoder.WriteRecord(output, "\u00E9<", TestJson.Relaxed.String)));
        Assert.Equal("\"\\u00E9\\u003C\"\n", Encoded.Text(output => NdjsonEncoder.WriteRecord(output, "\u00E9<", TestJson.Default.String)));
    }

    [Fact]
    public void WriteRecord_SerializerThatThrowsInTheMiddle_LeavesNothingAfterDiscard() =>
        Encoded.Refused<NotSupportedException>(output => NdjsonEncoder.WriteRecord(output, new Bomb("text"), TestJson.Default.Bomb));

    [Fact]
    public void WriteRecord_LargerThanTheLimit_LeavesNothing() =>
        Encoded.Refused<FrameTooLargeException>(output => NdjsonEncoder.WriteRecord(output, new string('a', FrameWriter.DefaultMaxFrameBytes), TestJson.Default.String));

    [Fact]
    public void WriteRecord_JustUnderTheLimit_Passes()
    {
        // Quotation marks and the line end are the other 3 bytes; the writer asks for three times as much room.
        var output = new BlockBufferWriter(4096);
        var frames = new FrameWriter(output, 100_000);

        NdjsonEncoder.WriteRecord(frames, new string('a', 99_997), TestJson.Default.String);
        frames.Commit();

        Assert.Equal(100_000, output.ToArray().Length);
    }

    [Fact]
    public void WriteJson_NotOneValue_IsRefused()
    {
        var failure = Encoded.Refused<FormatException>(output => NdjsonEncoder.WriteJson(output, "1}\n{\"type\":\"done\"}"));

        Assert.StartsWith("The record is not one JSON value: ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_NoOutput_Throws()
    {
        Assert.Throws<ArgumentNullException>("output", () => NdjsonEncoder.WriteRecord(null!, "x", TestJson.Default.String));
        Assert.Throws<ArgumentNullException>("typeInfo", () => NdjsonEncoder.WriteRecord(new FrameWriter(new BlockBufferWriter(64)), "x", null!));
        Assert.Throws<ArgumentNullException>("output", () => NdjsonEncoder.WriteString(null!, "x"));
        Assert.Throws<ArgumentNullException>("output", () => NdjsonEncoder.WriteJson(null!, "1"));
    }

    [Fact]
    public void WriteRecord_OtherCultures_ChangeNothing() =>
        Encoded.InEveryCulture(() => Assert.Equal(
            "{\"Done\":-0.5,\"Step\":-3,\"Text\":\"i\"}\n",
            Encoded.Text(output => NdjsonEncoder.WriteRecord(output, new Progress(-0.5, -3, "i"), TestJson.Default.Progress))));

    [Fact]
    public void WriteRecords_WarmedUp_AllocateNothing()
    {
        var output = new RecyclingBufferWriter();
        var frames = new FrameWriter(output);
        var value = new Progress(0.5, 3, "half");
        byte[] utf8 = "bytes"u8.ToArray();

        long bytes = AllocationMeter.BytesOf(round =>
        {
            NdjsonEncoder.WriteRecord(frames, value, TestJson.Default.Progress);
            frames.Commit();
            NdjsonEncoder.WriteString(frames, "text");
            frames.Commit();
            NdjsonEncoder.WriteString(frames, utf8);
            frames.Commit();
            NdjsonEncoder.WriteJson(frames, "{\n\"a\":1}");
            frames.Commit();
            frames.Publish();
        });

        Assert.Equal(0, bytes);
        Assert.True(output.Written > 0);
    }
}

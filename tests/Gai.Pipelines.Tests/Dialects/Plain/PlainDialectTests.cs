using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json.Serialization.Metadata;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Dialects.Plain;

public sealed class PlainDialectTests
{
    private static readonly DialectSettings WithIds = DialectSettings.Default with { EventIds = true };

    public static TheoryData<string> Attacks => [.. FrameAttacks.Texts.Keys];

    [Fact]
    public void Sse_TypedValue_IsJson() =>
        Assert.Equal("data: {\"Text\":\"a\"}\n\n", Encoded.Events(() => Sse(TestJson.Default.Note), new Note("a")));

    [Fact]
    public void Sse_NameAndIds_AreWritten() =>
        Assert.Equal(
            "id: 1\nevent: note\ndata: {\"Text\":\"a\"}\n\nid: 2\nevent: note\ndata: {\"Text\":\"b\"}\n\n",
            Encoded.Events(() => new PlainSseDialect<Note>(TestJson.Default.Note, WithIds, new EventName("note")), new Note("a"), new Note("b")));

    [Fact]
    public void Sse_StringsAndBytes_AreRawWithOrWithoutTypeInfo()
    {
        foreach (JsonTypeInfo<string>? info in (JsonTypeInfo<string>?[])[null, TestJson.Default.String])
        {
            Assert.Equal("data: a\ndata: \"b\"\n\ndata: \n\ndata: \n\n", Encoded.Events(() => Sse<string?>(info!), "a\n\"b\"", "", null));
        }

        foreach (JsonTypeInfo<byte[]>? info in (JsonTypeInfo<byte[]>?[])[null, TestJson.Default.ByteArray])
        {
            Assert.Equal("data: a\ndata: b\n\ndata: \n\ndata: \n\n", Encoded.Events(() => Sse<byte[]?>(info!), "a\r\nb"u8.ToArray(), [], null));
        }
    }

    [Fact]
    public void Sse_NullOfAnotherType_IsJsonNull()
    {
        Assert.Equal("data: null\n\n", Encoded.Events(() => Sse<Note?>(TestJson.Default.Note!), (Note?)null));
        Assert.Equal("data: null\n\ndata: 0\n\n", Encoded.Events(() => Sse(TestJson.Default.NullableInt32), null, 0));
    }

    [Fact]
    public void Ndjson_AllTypes_AreRecords()
    {
        Assert.Equal("{\"Text\":\"a\"}\nnull\n", Encoded.Events(() => Ndjson<Note?>(TestJson.Default.Note!), new Note("a"), null));
        Assert.Equal("\"a\\n\u00E9\"\nnull\n\"\"\n", Encoded.Events(() => Ndjson<string?>(null), "a\n\u00E9", null, ""));
        Assert.Equal("\"a\\n\\u00E9\"\n", Encoded.Events(() => Ndjson(TestJson.Default.String), "a\n\u00E9"));
        Assert.Equal("\"AQID\"\nnull\n\"\"\n", Encoded.Events(() => Ndjson<byte[]?>(null), [1, 2, 3], null, []));
        Assert.Equal("\"AQID\"\n", Encoded.Events(() => Ndjson(TestJson.Default.ByteArray), [1, 2, 3]));
    }

    [Fact]
    public void Ndjson_LongBytes_AreOneBase64String()
    {
        byte[] bytes = [.. Enumerable.Range(0, 10_000).Select(number => (byte)number)];

        string written = Encoded.Events(() => Ndjson<byte[]>(null), bytes);

        Assert.Equal($"\"{Convert.ToBase64String(bytes)}\"\n", written);
    }

    [Fact]
    public void Both_EncoderOfTheOptions_IsHonoured()
    {
        Assert.Equal("data: {\"Text\":\"\\u00E9\\u003C\"}\n\n", Encoded.Events(() => Sse(TestJson.Default.Note), new Note("\u00E9<")));
        Assert.Equal("data: {\"Text\":\"\u00E9<\"}\n\n", Encoded.Events(() => Sse(TestJson.Relaxed.Note), new Note("\u00E9<")));
        Assert.Equal("{\"Text\":\"\u00E9<\"}\n", Encoded.Events(() => Ndjson(TestJson.Relaxed.Note), new Note("\u00E9<")));
    }

    [Fact]
    public void Both_IndentedOptions_AreWrittenCompact()
    {
        Assert.Equal("data: {\"Text\":\"a\"}\n\n", Encoded.Events(() => Sse(TestJson.Indented.Note), new Note("a")));
        Assert.Equal("{\"Text\":\"a\"}\n", Encoded.Events(() => Ndjson(TestJson.Indented.Note), new Note("a")));
    }

    [Fact]
    public void Constructors_NoWayToWriteTheType_SayWhatToGive()
    {
        foreach (Action make in (Action[])
        [
            () => _ = new PlainSseDialect<Note>(null, DialectSettings.Default),
            () => _ = new PlainNdjsonDialect<Note>(null),
            () => _ = new SseItemDialect<Note>(null, DialectSettings.Default, StreamFormat.Ndjson),
        ])
        {
            Assert.Contains("Give one of a JsonSerializerContext", Assert.Throws<ArgumentNullException>(make).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void All_AddNoRecordsOfTheirOwnAndFailBroken()
    {
        foreach (Func<Dialect<string>> begin in (Func<Dialect<string>>[])[() => Sse<string>(null), () => Ndjson<string>(null)])
        {
            Assert.Empty(Around(begin));
            Assert.Equal(FailureClose.Broken, begin().FailureClose);
        }

        foreach (StreamFormat format in Enum.GetValues<StreamFormat>())
        {
            Assert.Empty(Around(() => new SseItemDialect<string>(null, DialectSettings.Default, format)));
            Assert.Equal(FailureClose.Broken, new SseItemDialect<string>(null, DialectSettings.Default, format).FailureClose);
        }
    }

    [Fact]
    public void All_RetryHintAndKeepAlive_AreOnlyInSse()
    {
        DialectSettings settings = DialectSettings.Default with { RetryHint = TimeSpan.FromSeconds(2) };
        Assert.Equal("retry: 2000\n\n: keep-alive\n\n", OpeningAndKeepAlive(() => new PlainSseDialect<string>(null, settings)));
        Assert.Equal("retry: 2000\n\n: keep-alive\n\n", OpeningAndKeepAlive(() => new SseItemDialect<string>(null, settings, StreamFormat.ServerSentEvents)));
        Assert.Empty(OpeningAndKeepAlive(() => new PlainNdjsonDialect<string>(null)));
        Assert.Empty(OpeningAndKeepAlive(() => new SseItemDialect<string>(null, settings, StreamFormat.JsonLines)));
    }

    [Fact]
    public void SseItem_AllFields_AreWritten() =>
        Assert.Equal(
            "id: 7\nevent: note\nretry: 1500\ndata: {\"Text\":\"a\"}\n\n",
            Encoded.Events(
                () => Items(TestJson.Default.Note),
                new SseItem<Note>(new Note("a"), "note") { EventId = "7", ReconnectionInterval = TimeSpan.FromSeconds(1.5) }));

    [Fact]
    public void SseItem_NoFields_IsOnlyData()
    {
        Assert.Equal("data: a\n\ndata: \n\n", Encoded.Events(() => Items<string>(null), new SseItem<string>("a"), default));
        Assert.Equal("data: a\n\n", Encoded.Events(() => Items<string>(null), new SseItem<string>("a", "message")));
    }

    [Fact]
    public void SseItem_IdsOn_KeepsAnIdThatTheItemBrings() =>
        Assert.Equal(
            "id: 1\ndata: a\n\nid: own\ndata: b\n\nid: 2\ndata: c\n\n",
            Encoded.Events(
                () => new SseItemDialect<string>(null, WithIds, StreamFormat.ServerSentEvents),
                new SseItem<string>("a"),
                new SseItem<string>("b") { EventId = "own" },
                new SseItem<string>("c")));

    [Fact]
    public void SseItem_OverNdjson_IsItsData() =>
        Assert.Equal(
            "{\"Text\":\"a\"}\n",
            Encoded.Events(
                () => new SseItemDialect<Note>(TestJson.Default.Note, WithIds, StreamFormat.Ndjson),
                new SseItem<Note>(new Note("a"), "note") { EventId = "7" }));

    [Theory]
    [MemberData(nameof(Attacks))]
    public void SseItem_AttackInEveryField_ComesBackOrIsRefused(string attack)
    {
        string text = FrameAttacks.Texts[attack];
        Assert.Equal(FrameAttacks.AsData(text), Read(new SseItem<string>(text)).Data);

        bool mustRefuse = text.AsSpan().ContainsAny('\r', '\n', '\0') || FrameAttacks.WellFormed(text) != text;
        AssertSame(() => new SseItem<string>("x", text), read => read.Type, text.Length > 0 ? text : "message", mustRefuse);
        AssertSame(() => new SseItem<string>("x") { EventId = text }, read => read.LastEventId, text, mustRefuse);
    }

    [Fact]
    public async Task SameItems_AsTheFrameworksFormatter_ReadTheSame()
    {
        SseItem<string>[] items = [new("a\nb", "n") { EventId = "1" }, new("") { ReconnectionInterval = TimeSpan.FromSeconds(3) }, new(" x\r\n")];
        using var theirs = new MemoryStream();
        await SseFormatter.WriteAsync(ToAsync(items), theirs, TestContext.Current.CancellationToken);

        WhatwgClient expected = Encoded.ReadSse(theirs.ToArray());
        WhatwgClient actual = Encoded.ReadSse(Encoding.UTF8.GetBytes(Encoded.Events(() => Items<string>(null), items)));

        Assert.Equal(expected.Events, actual.Events);
        Assert.Equal(expected.Retry, actual.Retry);
    }

    [Fact]
    public void WriteEvent_WarmedUp_AllocatesNothing()
    {
        var value = new Progress(0.5, 3, "half");
        var item = new SseItem<Progress>(value, "progress") { EventId = "7", ReconnectionInterval = TimeSpan.FromSeconds(1) };
        AssertNoAllocation(new PlainSseDialect<Progress>(TestJson.Default.Progress, WithIds, new EventName("progress")), value);
        AssertNoAllocation(new PlainNdjsonDialect<Progress>(TestJson.Default.Progress), value);
        AssertNoAllocation(new SseItemDialect<Progress>(TestJson.Default.Progress, WithIds, StreamFormat.ServerSentEvents), item);
        AssertNoAllocation(new SseItemDialect<Progress>(TestJson.Default.Progress, WithIds, StreamFormat.Ndjson), item);
        AssertNoAllocation(new PlainSseDialect<string>(null, WithIds), "text\nlines");
        AssertNoAllocation(new PlainNdjsonDialect<string>(null), "text\nlines");
        AssertNoAllocation(new PlainSseDialect<byte[]>(null, WithIds), [1, 2, 3]);
        AssertNoAllocation(new PlainNdjsonDialect<byte[]>(null), new byte[3000]);
        AssertNoAllocation(new PlainSseDialect<int?>(TestJson.Default.NullableInt32, WithIds), 7);
    }

    private static void AssertNoAllocation<T>(Dialect<T> dialect, T item)
    {
        var output = new RecyclingBufferWriter();
        var frames = new FrameWriter(output);
        long bytes = AllocationMeter.BytesOf(round =>
        {
            dialect.WriteEvent(frames, item);
            frames.Commit();
            if (round % 8 == 0)
            {
                frames.Publish();
            }
        });

        Assert.True(bytes == 0, $"{dialect.GetType()}: {bytes} bytes.");
        Assert.True(output.Written > 0);
    }

    private static void AssertSame(Func<SseItem<string>> make, Func<WhatwgEvent, string> field, string expected, bool mustRefuse)
    {
        if (mustRefuse)
        {
            Encoded.Refused<ArgumentException>(output => Items<string>(null).WriteEvent(output, make()));
        }
        else
        {
            Assert.Equal(expected, field(Read(make())));
        }
    }

    private static WhatwgEvent Read(SseItem<string> item) => Encoded.OneEvent(output => Items<string>(null).WriteEvent(output, item));

    private static string Around<T>(Func<Dialect<T>> begin) => Encoded.Text(output =>
    {
        Dialect<T> dialect = begin();
        dialect.WriteOpening(output);
        dialect.WriteError(output, StreamError.Internal);
        dialect.WriteEnd(output);
    });

    [Fact]
    public void WriteGap_OverSse_IsACommentThatClientsIgnore()
    {
        string sse = Encoded.Text(output => Sse(TestJson.Default.Note).WriteGap(output, 12));
        string items = Encoded.Text(output => Items<string>(null).WriteGap(output, long.MaxValue));

        Assert.Equal(": gap 12\n\n", sse);
        Assert.Equal(": gap 9223372036854775807\n\n", items);
        Assert.Empty(Encoded.ReadSse(System.Text.Encoding.UTF8.GetBytes(sse)).Events);
    }

    [Fact]
    public void WriteGap_OfALogOverSse_IsAnEvent()
    {
        const string Expected = "event: gap\ndata: {\"dropped\":12,\"first_id\":\"abc\"}\n\n";

        Assert.Equal(Expected, Encoded.Text(output => Sse(TestJson.Default.Note).WriteGap(output, 12, new EventId("abc"))));
        Assert.Equal(Expected, Encoded.Text(output => Items<string>(null).WriteGap(output, 12, new EventId("abc"))));
    }

    [Fact]
    public void WriteGap_OverNdjson_WritesNothing()
    {
        Assert.Equal(string.Empty, Encoded.Text(output => Ndjson(TestJson.Default.Note).WriteGap(output, 12)));
        Assert.Equal(string.Empty, Encoded.Text(output => new SseItemDialect<string>(null, DialectSettings.Default, StreamFormat.Ndjson).WriteGap(output, 12)));
    }

    [Theory]
    [InlineData(NdjsonKeepAlive.None, "")]
    [InlineData(NdjsonKeepAlive.BlankLine, "\n")]
    [InlineData(NdjsonKeepAlive.Record, "")]
    public void WriteKeepAlive_OverNdjson_IsNeverARecord(NdjsonKeepAlive keepAlive, string expected)
    {
        var settings = new DialectSettings { NdjsonKeepAlive = keepAlive };

        Assert.Equal(expected, Encoded.Text(output => new PlainNdjsonDialect<string>(null, settings).WriteKeepAlive(output)));
        Assert.Equal(expected, Encoded.Text(output => new SseItemDialect<string>(null, settings, StreamFormat.Ndjson).WriteKeepAlive(output)));
        Assert.Equal(": keep-alive\n\n", Encoded.Text(output => new SseItemDialect<string>(null, settings, StreamFormat.ServerSentEvents).WriteKeepAlive(output)));
    }

    private static string OpeningAndKeepAlive<T>(Func<Dialect<T>> begin) => Encoded.Text(output =>
    {
        Dialect<T> dialect = begin();
        dialect.WriteOpening(output);
        dialect.WriteKeepAlive(output);
    });

    private static async IAsyncEnumerable<SseItem<string>> ToAsync(SseItem<string>[] items)
    {
        await Task.CompletedTask;
        foreach (SseItem<string> item in items)
        {
            yield return item;
        }
    }

    private static PlainSseDialect<T> Sse<T>(JsonTypeInfo<T>? info) => new(info, DialectSettings.Default);

    private static PlainNdjsonDialect<T> Ndjson<T>(JsonTypeInfo<T>? info) => new(info);

    private static SseItemDialect<T> Items<T>(JsonTypeInfo<T>? info) => new(info, DialectSettings.Default, StreamFormat.ServerSentEvents);
}

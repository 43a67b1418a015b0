using System.Text;
using System.Text.Json;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Dialects.GaiEvents;

/// <summary>
/// The records of gai.events.v1 beside the original's full form. Meant to differ: one schema for both framings, nothing is
/// left out because it is empty or zero (text, step, start of a citation, tool result), audio keeps its format, raw its
/// value, a tool result names its tool, a finish has its reason, and the end marker comes only after success.
/// </summary>
public sealed class GaiEventsDialectTests
{
    private static readonly Dictionary<string, (string Type, string Fields)> Golden = new(StringComparer.Ordinal)
    {
        ["start"] = ("start", "{}"),
        ["start with all"] = ("start", """{"provider":"p","model":"m","response_id":"resp_1"}"""),
        ["text"] = ("text.delta", """{"text":"Hello <wörld> & \"you\"\n"}"""),
        ["text as UTF-8"] = ("text.delta", """{"text":"Hello <wörld> & \"you\"\n"}"""),
        ["empty text"] = ("text.delta", """{"text":""}"""),
        ["no text"] = ("text.delta", """{"text":""}"""),
        ["reasoning"] = ("reasoning.delta", """{"text":"Hm"}"""),
        ["reasoning with signature"] = ("reasoning.delta", """{"text":"","signature":"c2ln"}"""),
        ["audio"] = ("audio.delta", """{"audio":{"chunk":"AQID","format":"audio/pcm","sample_rate":16000,"channels":1,"bit_depth":16}}"""),
        ["audio without format"] = ("audio.delta", """{"audio":{"chunk":"AQIDBA=="}}"""),
        ["empty audio"] = ("audio.delta", """{"audio":{"chunk":""}}"""),
        ["tool call"] = ("tool.call", """{"call_id":"call_1","tool_call":{"name":"get_weather","input":{"city":"Zagreb"}}}"""),
        ["tool call without input"] = ("tool.call", """{"call_id":"call_1","tool_call":{"name":"get_weather","input":{}}}"""),
        ["tool call of the server"] = ("tool.call", """{"call_id":"call_1","tool_call":{"name":"get_weather","input":{},"runner":"server"}}"""),
        ["first tool-call delta"] = ("tool.call.delta", """{"call_id":"call_1","tool_call":{"name":"get_weather","input_delta":"{\"ci"}}"""),
        ["other tool-call delta"] = ("tool.call.delta", """{"call_id":"call_1","tool_call":{"input_delta":"ty\":"}}"""),
        ["tool result"] = ("tool.result", """{"call_id":"call_1","tool_name":"get_weather","tool_result":{ "tempC": 21 }}"""),
        ["tool result of nothing"] = ("tool.result", """{"call_id":"call_1","tool_result":null}"""),
        ["citations"] = ("citations", """{"citations":[{"uri":"https://e.x/a","start":0,"end":5,"title":"A"},{"uri":"https://e.x/b","start":7,"end":9}]}"""),
        ["no citations"] = ("citations", """{"citations":[]}"""),
        ["safety"] = ("safety", """{"safety":{"category":"hate","action":"warn","score":0.25,"note":"n"}}"""),
        ["safety without note"] = ("safety", """{"safety":{"category":"hate","action":"block","score":0}}"""),
        ["step 0"] = ("step.end", """{"step":0}"""),
        ["step"] = ("step.end", """{"step":2}"""),
        ["finish"] = ("finish", """{"usage":{"input_tokens":11,"output_tokens":7,"total_tokens":18},"finish_reason":"stop"}"""),
        ["finish without anything"] = ("finish", """{"usage":null}"""),
        ["finish with details"] = ("finish", """{"usage":{"input_tokens":11,"output_tokens":7,"total_tokens":18,"cached_input_tokens":8,"reasoning_tokens":3},"finish_reason":"length"}"""),
        ["raw"] = ("raw", """{"raw":{"x":1}}"""),
        ["raw nothing"] = ("raw", """{"raw":null}"""),
        ["gap"] = ("gap", """{"dropped":12}"""),
        ["gap in a log"] = ("gap", """{"dropped":12,"first_id":"4c9a0p3mq1v7h2d8t6r5u0k9b30000000013"}"""),
        ["gap of another log"] = ("gap", """{"dropped":0,"first_id":"4c9a0p3mq1v7h2d8t6r5u0k9b30000000013"}"""),
        ["large gap"] = ("gap", """{"dropped":9223372036854775807}"""),
    };

    public static TheoryData<string> Names => SampleEvents.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void WriteEvent_EveryKindOverNdjson_GivesTheseBytes(string name)
    {
        string written = Encoded.Events(() => Begin(StreamFormat.Ndjson), SampleEvents.All[name].At(SampleEvents.Moment));

        Assert.Equal(Record(name, 1_763_805_600_123, 1) + "\n", written);
        Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(written).RootElement.ValueKind);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void WriteEvent_EveryKindOverSse_IsTheSameRecordWithItsTypeAndNumber(string name)
    {
        string written = Encoded.Events(() => Begin(StreamFormat.ServerSentEvents), SampleEvents.All[name]);

        Assert.Equal($"id: 1\nevent: {Golden[name].Type}\ndata: {Record(name, 0, 1)}\n\n", written);
        Assert.Equal(
            new WhatwgEvent(Golden[name].Type, Record(name, 0, 1), "1"),
            Assert.Single(Encoded.ReadSse(Encoding.UTF8.GetBytes(written)).Events));
    }

    [Fact]
    public void WriteEvent_ManyEvents_AreNumberedFromOneAndFinishNamesTheModel()
    {
        string written = Encoded.Events(() => Begin(StreamFormat.Ndjson), StreamEvent.Start("r", "m", "p"), StreamEvent.TextDelta("a"), StreamEvent.Finish());

        string[] records = written.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal([1, 2, 3], records.Select(record => JsonDocument.Parse(record).RootElement.GetProperty("seq").GetInt32()));
        Assert.Contains("\"provider\":\"p\",\"model\":\"m\"", records[2], StringComparison.Ordinal);
    }

    [Fact]
    public void WriteEvent_IdentityUnknown_LeavesItOut() =>
        Assert.Equal(
            "{\"schema\":\"gai.events.v1\",\"type\":\"text.delta\",\"ts\":0,\"seq\":1,\"text\":\"a\"}\n",
            Encoded.Events(() => Begin(StreamFormat.JsonLines, default), StreamEvent.TextDelta("a")));

    [Fact]
    public void WriteEvent_IdentityThatWouldForge_IsEscaped() =>
        Assert.Contains(
            "\"trace_id\":\"\\\"}\\n\\u2028\",\"request_id\":\"r\",",
            Encoded.Events(() => Begin(StreamFormat.Ndjson, new StreamIdentity("r", "\"}\n\u2028")), StreamEvent.TextDelta("a")),
            StringComparison.Ordinal);

    [Fact]
    public void WriteError_Permanent_HasTheIdThatKeepsClientsAway()
    {
        const string Record = """{"schema":"gai.events.v1","type":"error","ts":0,"seq":1,"trace_id":"tr_1","request_id":"req_1","error":{"code":"forbidden","message":"No","temporary":false}}""";
        var error = new StreamError("forbidden", "No");

        Assert.Equal($"id: gai.failed\nevent: gai.error\ndata: {Record}\n\n", Encoded.Text(output => Begin(StreamFormat.ServerSentEvents).WriteError(output, error)));
        Assert.Equal($"{Record}\n", Encoded.Text(output => Begin(StreamFormat.Ndjson).WriteError(output, error)));
    }

    [Fact]
    public void WriteError_Temporary_HasItsNumberAndTellsWhenToComeBack()
    {
        const string Record = """{"schema":"gai.events.v1","type":"error","ts":0,"seq":1,"trace_id":"tr_1","request_id":"req_1","error":{"code":"rate_limited","message":"Slow down","temporary":true,"retry_after_ms":1500}}""";
        var error = new StreamError("rate_limited", "Slow down", true, TimeSpan.FromSeconds(1.5));

        Assert.Equal($"id: 1\nevent: gai.error\nretry: 1500\ndata: {Record}\n\n", Encoded.Text(output => Begin(StreamFormat.ServerSentEvents).WriteError(output, error)));
        Assert.Equal($"{Record}\n", Encoded.Text(output => Begin(StreamFormat.Ndjson).WriteError(output, error)));
    }

    [Theory]
    [InlineData(StreamFormat.ServerSentEvents)]
    [InlineData(StreamFormat.Ndjson)]
    public void WriteError_AfterAnEventThatCouldNotBeWritten_HasTheNumberOfThatEvent(StreamFormat format)
    {
        GaiEventsDialect dialect = Begin(format);
        Encoded.Refused<FormatException>(output => dialect.WriteEvent(output, StreamEvent.Raw("{")));
        var bytes = new System.Buffers.ArrayBufferWriter<byte>();
        var output = new FrameWriter(bytes);

        dialect.WriteError(output, StreamError.Internal);
        output.Commit();
        output.Publish();

        Assert.Contains("\"seq\":1,", System.Text.Encoding.UTF8.GetString(bytes.WrittenSpan), StringComparison.Ordinal);
    }

    [Fact]
    public void WriteEnd_IsTheLastRecord()
    {
        Assert.Equal("id: gai.done\nevent: done\ndata: {\"type\":\"done\",\"finished\":true}\n\n", Encoded.Text(output => Begin(StreamFormat.ServerSentEvents).WriteEnd(output)));
        Assert.Equal("{\"type\":\"done\",\"finished\":true}\n", Encoded.Text(output => Begin(StreamFormat.Ndjson).WriteEnd(output)));
    }

    [Fact]
    public void WriteOpeningAndKeepAlive_AreOnlyInSse()
    {
        static string Write(StreamFormat format) => Encoded.Text(output =>
        {
            var dialect = new GaiEventsDialect(new DialectSettings { RetryHint = TimeSpan.FromSeconds(1) }, format, default);
            dialect.WriteOpening(output);
            dialect.WriteKeepAlive(output);
        });

        Assert.Equal("retry: 1000\n\n: keep-alive\n\n", Write(StreamFormat.ServerSentEvents));
        Assert.Empty(Write(StreamFormat.Ndjson));
    }

    [Theory]
    [InlineData(NdjsonKeepAlive.BlankLine, "\n")]
    [InlineData(NdjsonKeepAlive.Record, "{\"schema\":\"gai.events.v1\",\"type\":\"keep_alive\",\"ts\":1763805600123,\"seq\":1}\n")]
    public void WriteKeepAlive_OverNdjson_IsWhatWasChosen(NdjsonKeepAlive keepAlive, string expected)
    {
        var settings = new DialectSettings { NdjsonKeepAlive = keepAlive, TimeProvider = new StoppedClock(SampleEvents.Moment) };

        Assert.Equal(expected, Encoded.Text(output => new GaiEventsDialect(settings, StreamFormat.Ndjson, default).WriteKeepAlive(output)));
        Assert.Equal(": keep-alive\n\n", Encoded.Text(output => new GaiEventsDialect(settings, StreamFormat.ServerSentEvents, default).WriteKeepAlive(output)));
    }

    /// <summary>The record of an event: the fields of all records, then its own.</summary>
    private static string Record(string name, long time, int number)
    {
        (string type, string fields) = Golden[name];
        string envelope = $"\"schema\":\"gai.events.v1\",\"type\":\"{type}\",\"ts\":{time},\"seq\":{number},\"trace_id\":\"tr_1\",\"request_id\":\"req_1\"";
        return fields == "{}" ? $"{{{envelope}}}" : $"{{{envelope},{fields[1..]}";
    }

    private static GaiEventsDialect Begin(StreamFormat format) => Begin(format, new StreamIdentity("req_1", "tr_1"));

    private static GaiEventsDialect Begin(StreamFormat format, StreamIdentity identity) =>
        new(new DialectSettings { TimeProvider = new StoppedClock(DateTimeOffset.UnixEpoch) }, format, identity);
}

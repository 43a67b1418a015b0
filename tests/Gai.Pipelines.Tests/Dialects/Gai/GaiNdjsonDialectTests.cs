using System.Text.Json;

namespace Gai.Pipelines.Tests.Dialects.Gai;

/// <summary>
/// The bytes of gai over NDJSON beside the original's. Meant to differ: the type comes first (the original sorts keys), tool
/// results name their call, a finish has its reason, an error its code, time stamps are milliseconds, and the end marker
/// comes only after success.
/// </summary>
public sealed class GaiNdjsonDialectTests
{
    private static readonly Dictionary<string, string> Golden = new(StringComparer.Ordinal)
    {
        ["start"] = """{"type":"start","started":true}""",
        ["start with all"] = """{"type":"start","started":true,"id":"resp_1","model":"m","provider":"p"}""",
        ["text"] = """{"type":"text_delta","text":"Hello <wörld> & \"you\"\n"}""",
        ["text as UTF-8"] = """{"type":"text_delta","text":"Hello <wörld> & \"you\"\n"}""",
        ["empty text"] = """{"type":"text_delta","text":""}""",
        ["no text"] = """{"type":"text_delta","text":""}""",
        ["reasoning"] = """{"type":"reasoning_delta","text":"Hm"}""",
        ["reasoning with signature"] = """{"type":"reasoning_delta","text":"","signature":"c2ln"}""",
        ["audio"] = """{"type":"audio_delta","audio":{"chunk":"AQID","format":{"mime":"audio/pcm","sample_rate":16000,"channels":1,"bit_depth":16}}}""",
        ["audio without format"] = """{"type":"audio_delta","audio":{"chunk":"AQIDBA==","format":null}}""",
        ["empty audio"] = """{"type":"audio_delta","audio":{"chunk":"","format":null}}""",
        ["tool call"] = """{"type":"tool_call","tool_call":{"id":"call_1","input":{"city":"Zagreb"},"name":"get_weather"}}""",
        ["tool call without input"] = """{"type":"tool_call","tool_call":{"id":"call_1","input":{},"name":"get_weather"}}""",
        ["tool call of the server"] = """{"type":"tool_call","tool_call":{"id":"call_1","input":{},"name":"get_weather","runner":"server"}}""",
        ["first tool-call delta"] = """{"type":"tool_call_delta","tool_call":{"id":"call_1","name":"get_weather","input_delta":"{\"ci"}}""",
        ["other tool-call delta"] = """{"type":"tool_call_delta","tool_call":{"id":"call_1","input_delta":"ty\":"}}""",
        ["tool result"] = """{"type":"tool_result","tool_result":{"id":"call_1","name":"get_weather","result":{ "tempC": 21 }}}""",
        ["tool result of nothing"] = """{"type":"tool_result","tool_result":{"id":"call_1","result":null}}""",
        ["citations"] = """{"type":"citations","citations":[{"uri":"https://e.x/a","start":0,"end":5,"title":"A"},{"uri":"https://e.x/b","start":7,"end":9}]}""",
        ["no citations"] = """{"type":"citations","citations":[]}""",
        ["safety"] = """{"type":"safety","safety":{"category":"hate","action":"warn","score":0.25,"note":"n"}}""",
        ["safety without note"] = """{"type":"safety","safety":{"category":"hate","action":"block","score":0}}""",
        ["step 0"] = """{"type":"finish_step","step":{"finished":true,"number":0}}""",
        ["step"] = """{"type":"finish_step","step":{"finished":true,"number":2}}""",
        ["finish"] = """{"type":"finish","finished":true,"usage":{"input_tokens":11,"output_tokens":7,"total_tokens":18},"finish_reason":"stop"}""",
        ["finish without anything"] = """{"type":"finish","finished":true,"usage":null}""",
        ["finish with details"] = """{"type":"finish","finished":true,"usage":{"input_tokens":11,"output_tokens":7,"total_tokens":18,"cached_input_tokens":8,"reasoning_tokens":3},"finish_reason":"length"}""",
        ["raw"] = """{"type":"raw","raw":{"x":1}}""",
        ["raw nothing"] = """{"type":"raw","raw":null}""",
        ["gap"] = """{"type":"gap","dropped":12}""",
        ["gap in a log"] = """{"type":"gap","dropped":12,"first_id":"4c9a0p3mq1v7h2d8t6r5u0k9b30000000013"}""",
        ["gap of another log"] = """{"type":"gap","dropped":0,"first_id":"4c9a0p3mq1v7h2d8t6r5u0k9b30000000013"}""",
        ["large gap"] = """{"type":"gap","dropped":9223372036854775807}""",
    };

    public static TheoryData<string> Names => SampleEvents.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void WriteEvent_EveryKind_GivesTheseBytes(string name)
    {
        string written = Encoded.Events(Begin, SampleEvents.All[name]);

        Assert.Equal(Golden[name] + "\n", written);
        Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(written).RootElement.ValueKind);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void WriteEvent_Timestamps_AreAddedAndIdsAreNot(string name)
    {
        StreamEvent item = SampleEvents.All[name];
        string written = Encoded.Events(
            () => new GaiNdjsonDialect(new DialectSettings { EventIds = true, Timestamps = true, TimeProvider = new StoppedClock(DateTimeOffset.UnixEpoch) }),
            item.At(SampleEvents.Moment),
            item);

        string golden = Golden[name];
        Assert.Equal($"{golden[..^1]},\"timestamp\":1763805600123}}\n{golden[..^1]},\"timestamp\":0}}\n", written);
    }

    [Fact]
    public void WriteEnd_IsTheLastRecord() =>
        Assert.Equal("{\"type\":\"done\",\"finished\":true}\n", Encoded.Text(output => Begin().WriteEnd(output)));

    [Fact]
    public void WriteError_AllFields_AreThere()
    {
        Assert.Equal(
            "{\"type\":\"error\",\"error\":\"No\",\"code\":\"forbidden\",\"temporary\":false}\n",
            Encoded.Text(output => Begin().WriteError(output, new StreamError("forbidden", "No"))));
        Assert.Equal(
            "{\"type\":\"error\",\"error\":\"Slow\\ndown\",\"code\":\"rate_limited\",\"temporary\":true,\"retry_after_ms\":1500}\n",
            Encoded.Text(output => Begin().WriteError(output, new StreamError("rate_limited", "Slow\ndown", true, TimeSpan.FromSeconds(1.5)))));
    }

    [Theory]
    [InlineData(NdjsonKeepAlive.None, "")]
    [InlineData(NdjsonKeepAlive.BlankLine, "\n")]
    [InlineData(NdjsonKeepAlive.Record, "{\"type\":\"keep_alive\"}\n")]
    public void WriteKeepAlive_IsWhatWasChosen(NdjsonKeepAlive keepAlive, string expected) =>
        Assert.Equal(expected, Encoded.Text(new GaiNdjsonDialect(new DialectSettings { NdjsonKeepAlive = keepAlive }).WriteKeepAlive));

    [Fact]
    public void WriteOpeningAndKeepAlive_AreNothing() =>
        Assert.Empty(Encoded.Text(output =>
        {
            var dialect = new GaiNdjsonDialect(new DialectSettings { RetryHint = TimeSpan.FromSeconds(1) });
            dialect.WriteOpening(output);
            dialect.WriteKeepAlive(output);
        }));

    private static GaiNdjsonDialect Begin() => new(DialectSettings.Default);
}

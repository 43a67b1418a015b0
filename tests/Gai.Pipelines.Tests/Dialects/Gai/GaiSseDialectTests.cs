using System.Text;
using System.Text.Json;
using Gai.Pipelines.TestUtilities;

namespace Gai.Pipelines.Tests.Dialects.Gai;

/// <summary>
/// The bytes of gai over SSE beside the original's. Meant to differ: text is escaped only where JSON needs it (the original
/// escapes for HTML and sorts keys), tool results name their call, a finish has its reason, an error is an object named
/// gai.error and not a sentence, and the end marker comes only after success and has an id.
/// </summary>
public sealed class GaiSseDialectTests
{
    private static readonly Dictionary<string, string> Golden = new(StringComparer.Ordinal)
    {
        ["start"] = """
            event: start
            data: {"started":true}
            """,
        ["start with all"] = """
            event: start
            data: {"started":true,"id":"resp_1","model":"m","provider":"p"}
            """,
        ["text"] = """
            event: text_delta
            data: {"text":"Hello <wörld> & \"you\"\n"}
            """,
        ["text as UTF-8"] = """
            event: text_delta
            data: {"text":"Hello <wörld> & \"you\"\n"}
            """,
        ["empty text"] = """
            event: text_delta
            data: {"text":""}
            """,
        ["no text"] = """
            event: text_delta
            data: {"text":""}
            """,
        ["reasoning"] = """
            event: reasoning_delta
            data: {"text":"Hm"}
            """,
        ["reasoning with signature"] = """
            event: reasoning_delta
            data: {"text":"","signature":"c2ln"}
            """,
        ["audio"] = """
            event: audio_delta
            data: {"audio":"AQID","format":{"mime":"audio/pcm","sample_rate":16000,"channels":1,"bit_depth":16}}
            """,
        ["audio without format"] = """
            event: audio_delta
            data: {"audio":"AQIDBA==","format":null}
            """,
        ["empty audio"] = """
            event: audio_delta
            data: {"audio":"","format":null}
            """,
        ["tool call"] = """
            event: tool_call
            data: {"input":{"city":"Zagreb"},"tool_id":"call_1","tool_name":"get_weather"}
            """,
        ["tool call without input"] = """
            event: tool_call
            data: {"input":{},"tool_id":"call_1","tool_name":"get_weather"}
            """,
        ["tool call of the server"] = """
            event: tool_call
            data: {"input":{},"tool_id":"call_1","tool_name":"get_weather","runner":"server"}
            """,
        ["first tool-call delta"] = """
            event: tool_call_delta
            data: {"tool_id":"call_1","tool_name":"get_weather","input_delta":"{\"ci"}
            """,
        ["other tool-call delta"] = """
            event: tool_call_delta
            data: {"tool_id":"call_1","input_delta":"ty\":"}
            """,
        ["tool result"] = """
            event: tool_result
            data: {"result":{ "tempC": 21 },"tool_id":"call_1","tool_name":"get_weather"}
            """,
        ["tool result of nothing"] = """
            event: tool_result
            data: {"result":null,"tool_id":"call_1"}
            """,
        ["citations"] = """
            event: citations
            data: {"citations":[{"uri":"https://e.x/a","start":0,"end":5,"title":"A"},{"uri":"https://e.x/b","start":7,"end":9}]}
            """,
        ["no citations"] = """
            event: citations
            data: {"citations":[]}
            """,
        ["safety"] = """
            event: safety
            data: {"safety":{"category":"hate","action":"warn","score":0.25,"note":"n"}}
            """,
        ["safety without note"] = """
            event: safety
            data: {"safety":{"category":"hate","action":"block","score":0}}
            """,
        ["step 0"] = """
            event: finish_step
            data: {"step_number":0}
            """,
        ["step"] = """
            event: finish_step
            data: {"step_number":2}
            """,
        ["finish"] = """
            event: finish
            data: {"usage":{"input_tokens":11,"output_tokens":7,"total_tokens":18},"finish_reason":"stop"}
            """,
        ["finish without anything"] = """
            event: finish
            data: {"usage":null}
            """,
        ["finish with details"] = """
            event: finish
            data: {"usage":{"input_tokens":11,"output_tokens":7,"total_tokens":18,"cached_input_tokens":8,"reasoning_tokens":3},"finish_reason":"length"}
            """,
        ["raw"] = """
            event: raw
            data: {"raw":{"x":1}}
            """,
        ["raw nothing"] = """
            event: raw
            data: {"raw":null}
            """,
        ["gap"] = """
            event: gap
            data: {"dropped":12}
            """,
        ["gap in a log"] = """
            event: gap
            data: {"dropped":12,"first_id":"4c9a0p3mq1v7h2d8t6r5u0k9b30000000013"}
            """,
        ["gap of another log"] = """
            event: gap
            data: {"dropped":0,"first_id":"4c9a0p3mq1v7h2d8t6r5u0k9b30000000013"}
            """,
        ["large gap"] = """
            event: gap
            data: {"dropped":9223372036854775807}
            """,
    };

    public static TheoryData<string> Names => SampleEvents.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public void WriteEvent_EveryKind_GivesTheseBytes(string name)
    {
        string written = Encoded.Events(Begin, SampleEvents.All[name]);

        Assert.Equal(Golden[name] + "\n\n", written);
        WhatwgEvent read = Assert.Single(Encoded.ReadSse(Encoding.UTF8.GetBytes(written)).Events);
        Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(read.Data).RootElement.ValueKind);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void WriteEvent_IdsAndTimestamps_AreAdded(string name)
    {
        StreamEvent item = SampleEvents.All[name];
        string written = Encoded.Events(
            () => new GaiSseDialect(new DialectSettings { EventIds = true, Timestamps = true, TimeProvider = new StoppedClock(DateTimeOffset.UnixEpoch) }),
            item.At(SampleEvents.Moment),
            item);

        string golden = Golden[name];
        Assert.Equal($"id: 1\n{golden[..^1]},\"timestamp\":1763805600123}}\n\nid: 2\n{golden[..^1]},\"timestamp\":0}}\n\n", written);
    }

    [Fact]
    public void WriteEnd_HasItsId() =>
        Assert.Equal("id: gai.done\nevent: done\ndata: {\"finished\":true}\n\n", Encoded.Text(output => Begin().WriteEnd(output)));

    [Fact]
    public void WriteError_Permanent_HasTheIdThatKeepsClientsAway() =>
        Assert.Equal(
            "id: gai.failed\nevent: gai.error\ndata: {\"error\":\"No\",\"code\":\"forbidden\",\"temporary\":false}\n\n",
            Encoded.Text(output => Begin().WriteError(output, new StreamError("forbidden", "No"))));

    [Fact]
    public void WriteError_Temporary_TellsWhenToComeBackAndHasNoTerminalId() =>
        Assert.Equal(
            "event: gai.error\nretry: 1500\ndata: {\"error\":\"Slow down\",\"code\":\"rate_limited\",\"temporary\":true,\"retry_after_ms\":1500}\n\n",
            Encoded.Text(output => Begin().WriteError(output, new StreamError("rate_limited", "Slow down", true, TimeSpan.FromSeconds(1.5)))));

    [Fact]
    public void WriteError_PermanentWithRetryTime_DoesNotInviteTheBrowser() =>
        Assert.DoesNotContain(
            "retry:",
            Encoded.Text(output => Begin().WriteError(output, new StreamError("c", "m", false, TimeSpan.FromSeconds(1)))),
            StringComparison.Ordinal);

    [Fact]
    public void WriteError_Default_IsStillAFrame() =>
        Assert.Equal(
            "id: gai.failed\nevent: gai.error\ndata: {\"error\":\"\",\"code\":\"\",\"temporary\":false}\n\n",
            Encoded.Text(output => Begin().WriteError(output, default)));

    [Theory]
    [InlineData("error", "event: error\n")]
    [InlineData("", "")]
    public void WriteError_NameOption_NamesIt(string name, string expected) =>
        Assert.StartsWith(
            $"id: gai.failed\n{expected}data: ",
            Encoded.Text(output => new GaiSseDialect(new DialectSettings { ErrorEventName = new EventName(name) }).WriteError(output, StreamError.Internal)),
            StringComparison.Ordinal);

    [Fact]
    public void WriteOpening_RetryHint_IsABlockOfItsOwn()
    {
        Assert.Equal("retry: 2500\n\n", Encoded.Text(output => new GaiSseDialect(new DialectSettings { RetryHint = TimeSpan.FromSeconds(2.5) }).WriteOpening(output)));
        Assert.Empty(Encoded.Text(output => Begin().WriteOpening(output)));
    }

    [Fact]
    public void WriteOpening_Padding_IsACommentOfSoManyBytesThatClientsIgnore()
    {
        byte[] opening = Encoded.Bytes(output => new GaiSseDialect(new DialectSettings { OpeningPaddingBytes = 2000 }).WriteOpening(output));

        Assert.Equal(":" + new string(' ', 2000) + "\n\n", System.Text.Encoding.UTF8.GetString(opening));
        Assert.Empty(Encoded.ReadSse(opening).Events);
    }

    [Fact]
    public void WriteKeepAlive_IsAComment() => Assert.Equal(": keep-alive\n\n", Encoded.Text(output => Begin().WriteKeepAlive(output)));

    private static GaiSseDialect Begin() => new(DialectSettings.Default);
}

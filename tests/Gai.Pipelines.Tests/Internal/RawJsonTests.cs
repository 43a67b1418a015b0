using System.Text;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines.Tests.Internal;

public sealed class RawJsonTests
{
    public static TheoryData<string> Values =>
    [
        "null", "true", "false", "0", "-0", "1.5e-7", "12345678901234567890123456789", "\"\"", "\"text\"", "[]", "{}",
        "[1,[2,[3]],{}]", "{\"a\":{\"b\":[null,true,\"\\n\\u0041\\ud83d\\ude00\"]},\"a\":2}", "\"\U0001F600\u20AC\u00E9\"", "\"\u201Cquoted\u201D \u00C2\"",
        " 1", "1 ", "\t[ 1 , 2 ]\t", "{\"\":1}",
    ];

    public static TheoryData<string> Rubbish =>
    [
        "1},\"type\":\"done\"", "1,\"type\":\"done\"", "\"a\",\"b\":\"c\"", "{}}", "{},{}", "1 2", "1\n2", "{}\n{}", "]", "}", "\"", "\"a", "[1", "{\"a\"", "{\"a\":}", "[1,]",
        "{\"a\":1,}", "{a:1}", "'a'", "01", "+1", "1.", ".5", "NaN", "Infinity", "tru", "truex", "nul", "// x\n1", "1 /* x */", "\"a\nb\"", "\"a\rb\"", "\"a\tb\"", "\"\0\"",
        "\"\\x\"", "\"\\u12\"", "\uFEFF1", " ", "\n", "1\n\ndata: evil", "{}\ndata: {}", "\u00A01", "1\u2028", "undefined", "data: 1",
    ];

    [Theory]
    [MemberData(nameof(Values))]
    public void Write_AnyValue_PassesAndMeansTheSame(string json)
    {
        string fromText = Write(json);
        string fromBytes = Write(Encoding.UTF8.GetBytes(json));

        Assert.Equal(fromText, fromBytes);
        Assert.True(SameJson(json, fromText), fromText);
    }

    [Theory]
    [MemberData(nameof(Rubbish))]
    public void Write_NotOneValue_IsRefused(string json)
    {
        foreach (EventText text in (EventText[])[json, Encoding.UTF8.GetBytes(json)])
        {
            var failure = Encoded.Refused<FormatException>(output => RawJson.Write(output, text, "null"u8, "The input of a tool call"));

            Assert.StartsWith("The input of a tool call is not one JSON value: ", failure.Message, StringComparison.Ordinal);
            Assert.EndsWith("Give one complete value.", failure.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("{\n  \"a\": 1,\r\n  \"b\": [\r1\r]\n}\n", "{ \"a\": 1, \"b\": [ 1 ] } ")]
    [InlineData("\n1\r\n", " 1 ")]
    [InlineData("\"a\u2028b\u2029c\u0085d\"", "\"a\\u2028b\\u2029c\\u0085d\"")]
    [InlineData("{\"\u2028\":\"\u00C2\u2027\u202A\u0084\"}", "{\"\\u2028\":\"\u00C2\u2027\u202A\u0084\"}")]
    [InlineData("\"\\\\\u2028\"", "\"\\\\\\u2028\"")]
    public void Write_LineEnds_AreFoldedBetweenTokensAndEscapedInStrings(string json, string expected)
    {
        Assert.Equal(expected, Write(json));
        Assert.Equal(expected, Write(Encoding.UTF8.GetBytes(json)));
        Assert.True(SameJson(json, expected));
    }

    [Fact]
    public void Write_Empty_WritesWhatStandsForIt()
    {
        Assert.Equal("{}", Encoded.Text(output => RawJson.Write(output, default, "{}"u8, "It")));
        Assert.Equal("null", Encoded.Text(output => RawJson.Write(output, string.Empty, "null"u8, "It")));
    }

    [Theory]
    [InlineData(new byte[] { (byte)'"', 0xFF, (byte)'"' })]
    [InlineData(new byte[] { (byte)'"', 0xE2, 0x80, (byte)'"' })]
    [InlineData(new byte[] { (byte)'{', (byte)'"', 0xC2, (byte)'"', (byte)':', (byte)'1', (byte)'}' })]
    [InlineData(new byte[] { (byte)'"', 0xED, 0xA0, 0x80, (byte)'"' })]
    public void Write_InvalidUtf8InAString_IsRefused(byte[] json)
    {
        var failure = Encoded.Refused<FormatException>(output => RawJson.Write(output, json, "null"u8, "The record"));

        Assert.Contains("invalid UTF-8 at byte", failure.Message, StringComparison.Ordinal);
        Assert.Contains("Give UTF-8", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_UnpairedSurrogateInAString_BecomesTheReplacementCharacter() =>
        Assert.Equal("\"a\uFFFDb\"", Write("\"a\uD83Db\""));

    [Fact]
    public void Write_EscapeOfAnUnpairedSurrogate_IsValidJsonAndPasses() =>
        Assert.Equal("\"\\ud83d\"", Write("\"\\ud83d\""));

    [Fact]
    public void Write_DeepNesting_PassesTo256AndSaysSoBeyond()
    {
        string deep = new string('[', 256) + new string(']', 256);
        Assert.Equal(deep, Write(deep));

        var failure = Encoded.Refused<FormatException>(output => RawJson.Write(output, $"[{deep}]", "null"u8, "It"));
        Assert.Contains("depth of 256", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_LongValue_Passes()
    {
        string json = "[\n" + string.Join(",\n", Enumerable.Range(0, 5000).Select(i => $"\"\u2028{i}\u20AC\"")) + "]";

        Assert.True(SameJson(json, Write(json)));
        Assert.DoesNotContain('\n', Write(json));
    }

    private static string Write(EventText json) => Encoded.Text(output => RawJson.Write(output, json, "null"u8, "It"));

    private static bool SameJson(string left, string right) => Canonical(left) == Canonical(right);

    private static string Canonical(string json) =>
        System.Text.Json.JsonSerializer.Serialize(System.Text.Json.JsonDocument.Parse(json).RootElement, TestJson.Relaxed.JsonElement);
}

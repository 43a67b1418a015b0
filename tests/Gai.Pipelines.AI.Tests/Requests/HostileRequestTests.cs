using System.Text;

namespace Gai.Pipelines.AI.Tests.Requests;

/// <summary>Bodies that are JSON and yet cannot be read as what they seem to be.</summary>
public sealed class HostileRequestTests
{
    private const string Hi = "\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]";

    [Theory]
    [InlineData("\"\\ud800\":1")]
    [InlineData("\"x\":\"\\uDFFF\"")]
    [InlineData("\"x\":\"\\uD83C\"")]
    [InlineData("\"x\":\"\\uD83C\\n\"")]
    [InlineData("\"x\":\"\\uD83C\\uD83C\\uDF0D\"")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":{\"\\udc00\":1}}}]")]
    public void Read_HalfOfAPairAnywhere_IsRefused(string field)
    {
        StreamError error = VendorStream.Refused(OllamaChatApi.Instance, $$"""{{{Hi}},{{field}}}""");

        Assert.Equal(
            (StreamErrorCodes.InvalidRequest, "The request body contains half of a surrogate pair. Send Unicode text."), (error.Code, error.Message));
    }

    [Theory]
    [InlineData("\\uD83C\\uDF0D", "\U0001F30D")]
    [InlineData("\\ud83c\\udf0d\\ud83c\\udf0d", "\U0001F30D\U0001F30D")]
    [InlineData("\\\\ud800", "\\ud800")]
    [InlineData("\\\"\\\\\\u0041", "\"\\A")]
    public void Read_WholePairsAndWhatLooksLikeEscapes_AreRead(string escaped, string read) =>
        Assert.Equal(read, VendorStream.Read(OllamaChatApi.Instance, $$"""{"model":"m","messages":[{"role":"user","content":"{{escaped}}"}]}""").Messages[0].Text);

    [Fact]
    public async Task Read_BytesThatAreNotUtf8_AreRefused()
    {
        byte[] body = [.. "{\"x\":\""u8, 0xFF, .. "\"}"u8];

        var failure = await Assert.ThrowsAsync<StreamErrorException>(() => RequestJson.ReadAsync(new MemoryStream(body), CancellationToken.None));

        Assert.Equal("The request body is not UTF-8. Send Unicode text.", failure.Error.Message);
    }

    [Fact]
    public async Task Read_AByteOrderMark_IsSkipped()
    {
        using var body = await RequestJson.ReadAsync(new MemoryStream([.. Encoding.UTF8.Preamble, .. "[1]"u8]), CancellationToken.None);

        Assert.Equal(1, body.RootElement.GetArrayLength());
    }

    [Fact]
    public void Read_ArgumentsWithHalfOfAPair_AreRefused()
    {
        StreamError error = VendorStream.Refused(OpenAIChatApi.Instance, """
            {"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":\"\\ud800\"}"}}]}]}
            """);

        Assert.Equal("messages[0].tool_calls[0].function.arguments contains half of a surrogate pair. Send Unicode text.", error.Message);
    }

    [Fact]
    public void Read_AFieldWithAHugeName_IsNotSentBackWhole()
    {
        StreamError error = VendorStream.Refused(OpenAIChatApi.Instance, $$"""{{{Hi}},"{{new string('x', 1_000_000)}}":1}""");

        Assert.InRange(error.Message.Length + error.Parameter!.Length, 1000, 2100);
    }

    [Theory]
    [InlineData("true")]
    [InlineData("[]")]
    [InlineData("{}")]
    public void ReadOllama_AKeepAliveThatIsNoTime_IsRefused(string time) =>
        Assert.StartsWith("keep_alive must be", VendorStream.Refused(OllamaChatApi.Instance, $$"""{"model":"m","keep_alive":{{time}}}""").Message, StringComparison.Ordinal);

    [Fact]
    public void ReadAISdk_AFileOfNoMediaType_IsRefused() =>
        Assert.Equal(
            "messages[0].parts[0].url has the media type \"x\", which is none. Name its real one.",
            VendorStream.Refused(AISdkChatApi.Instance, """{"messages":[{"role":"user","parts":[{"type":"file","mediaType":"x","url":"https://e.x/a"}]}]}""").Message);

    [Fact]
    public void ReadAISdk_ANumberThatNobodyCanHold_IsRefused() =>
        Assert.Equal(
            "limit must be a number that fits into 64 bits; it is 1e999.",
            VendorStream.Refused(AISdkChatApi.Instance, """{"limit":1e999,"messages":[{"role":"user","parts":[]}]}""").Message);

    [Fact]
    public void Read_AnArgumentThatComesTwice_IsTheLastInEveryDialect()
    {
        ChatCall openAI = VendorStream.Read(OpenAIChatApi.Instance, """
            {"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":1,\"a\":2}"}}]}]}
            """);
        ChatCall anthropic = VendorStream.Read(AnthropicMessagesApi.Instance, """
            {"model":"m","max_tokens":1,"messages":[{"role":"assistant","content":[{"type":"tool_use","id":"c","name":"f","input":{"a":1,"a":2}}]}]}
            """);

        Assert.All([openAI, anthropic], static call => Assert.Equal(
            "2", Assert.IsType<Microsoft.Extensions.AI.FunctionCallContent>(call.Messages[0].Contents[0]).Arguments!["a"]!.ToString()));
    }
}

using System.Text.Json;
using Gai.Pipelines.AI;
using Gai.Pipelines.AI.Providers;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI.Tests.Providers;

public sealed class CompletionRequestTests
{
    private static readonly OpenAICompatibleOptions Settings = new() { BaseAddress = new Uri("http://localhost/v1"), Model = "m1" };

    [Fact]
    public void Create_Conversation_IsWrittenInTheProtocol() => AssertJson(
        """
        [
          {"role":"system","content":"Be brief."},
          {"role":"user","name":"ana","content":"Weather?"},
          {"role":"assistant","content":null,"tool_calls":[
            {"id":"c1","type":"function","function":{"name":"get_weather","arguments":"{\"city\":\"Čakovec\"}"}},
            {"id":"c2","type":"function","function":{"name":"now","arguments":"{}"}}]},
          {"role":"tool","tool_call_id":"c1","content":"{\"sunny\":true}"},
          {"role":"tool","tool_call_id":"c2","content":"noon"},
          {"role":"assistant","content":"Sunny."},
          {"role":"user","content":[
            {"type":"text","text":"And here?"},
            {"type":"image_url","image_url":{"url":"data:image/png;base64,AQ=="}},
            {"type":"image_url","image_url":{"url":"https://example.org/a.png","detail":"low"}},
            {"type":"input_audio","input_audio":{"data":"Ag==","format":"wav"}},
            {"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,Aw=="}}]}
        ]
        """,
        Body(
            new ChatOptions { Instructions = "Be brief." },
            new ChatMessage(ChatRole.User, "Weather?") { AuthorName = "ana" },
            new ChatMessage(ChatRole.Assistant, [new TextReasoningContent("hm"), new FunctionCallContent("c1", "get_weather", new Dictionary<string, object?> { ["city"] = "Čakovec" }), new FunctionCallContent("c2", "now")]),
            new ChatMessage(ChatRole.Tool, [new FunctionResultContent("c1", JsonDocument.Parse("""{"sunny":true}""").RootElement), new FunctionResultContent("c2", JsonDocument.Parse("\"noon\"").RootElement)]),
            new ChatMessage(ChatRole.Assistant, "Sunny."),
            new ChatMessage(ChatRole.User,
            [
                new TextContent("And here?"),
                new DataContent(new byte[] { 1 }, "image/png"),
                new UriContent("https://example.org/a.png", "image/png") { AdditionalProperties = new() { ["detail"] = "low" } },
                new DataContent(new byte[] { 2 }, "audio/wav"),
                new DataContent(new byte[] { 3 }, "application/pdf") { Name = "a.pdf" },
            ])).GetProperty("messages"));

    [Fact]
    public void Create_CallThatWasCutOffAndSentBack_HasNoArguments()
    {
        OpenAICall call = VendorStream.Read(OpenAIChatApi.Instance, """
            {"model":"m","messages":[{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"now","arguments":"{\"zone\":\"Eur"}}]},
              {"role":"tool","tool_call_id":"c1","content":"The arguments are not JSON."}]}
            """);

        AssertJson(
            """
            [{"role":"assistant","content":null,"tool_calls":[{"id":"c1","type":"function","function":{"name":"now","arguments":"{}"}}]},
             {"role":"tool","tool_call_id":"c1","content":"The arguments are not JSON."}]
            """,
            Body(call.Options, [.. call.Messages]).GetProperty("messages"));
    }

    [Fact]
    public void Create_Options_BecomeFields()
    {
        var options = new ChatOptions
        {
            ModelId = "m2", Temperature = 0.5f, TopP = 0.25f, TopK = 40, MaxOutputTokens = 100, FrequencyPenalty = 1, PresencePenalty = -1, Seed = 7, StopSequences = ["a", "b"],
            ResponseFormat = ChatResponseFormat.ForJsonSchema(JsonDocument.Parse("""{"type":"object"}""").RootElement, "city", "A city."),
            Reasoning = new ReasoningOptions { Effort = ReasoningEffort.Low },
            AdditionalProperties = new() { ["top_p"] = 0.75, ["guided"] = new Dictionary<string, object?> { ["x"] = 1 } },
        };

        JsonElement body = Body(options);

        AssertJson(
            """
            {"model":"m2","messages":[],"stream":true,"stream_options":{"include_usage":true},"temperature":0.5,"top_k":40,"max_tokens":100,"frequency_penalty":1,"presence_penalty":-1,"seed":7,
             "stop":["a","b"],"reasoning_effort":"low","response_format":{"type":"json_schema","json_schema":{"name":"city","description":"A city.","schema":{"type":"object"}}},
             "top_p":0.75,"guided":{"x":1}}
            """,
            body);
    }

    [Theory]
    [InlineData(true, ",\"strict\":true")]
    [InlineData(false, ",\"strict\":false")]
    [InlineData(null, "")]
    public void Create_AStrictSchema_SaysSoBesideIt(bool? strict, string written)
    {
        using JsonDocument schema = JsonDocument.Parse("{}");
        var options = new ChatOptions { ResponseFormat = ChatResponseFormat.ForJsonSchema(schema.RootElement, "a"), AdditionalProperties = strict is { } value ? new() { ["strict"] = value } : null };

        Assert.EndsWith(
            "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\",\"schema\":{}" + written + "}}}", Body(options).GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public void Create_StrictWithoutASchema_IsAFieldLikeAnyOther() =>
        Assert.EndsWith("\"strict\":true}", Body(new ChatOptions { AdditionalProperties = new() { ["strict"] = true } }).GetRawText(), StringComparison.Ordinal);

    [Theory]
    [InlineData("auto", "\"auto\"")]
    [InlineData("none", "\"none\"")]
    [InlineData("any", "\"required\"")]
    [InlineData("now", """{"type":"function","function":{"name":"now"}}""")]
    public void Create_Tools_HaveSchemasAndChoice(string mode, string choice)
    {
        JsonElement body = Body(new ChatOptions
        {
            Tools = [AIFunctionFactory.CreateDeclaration("now", "Tells the time.", JsonDocument.Parse("""{"type":"object","properties":{"zone":{"type":"string"}}}""").RootElement)],
            ToolMode = mode switch { "auto" => ChatToolMode.Auto, "none" => ChatToolMode.None, "any" => ChatToolMode.RequireAny, _ => ChatToolMode.RequireSpecific(mode) },
            AllowMultipleToolCalls = false,
        });

        AssertJson("""[{"type":"function","function":{"name":"now","description":"Tells the time.","parameters":{"type":"object","properties":{"zone":{"type":"string"}}}}}]""", body.GetProperty("tools"));
        AssertJson(choice, body.GetProperty("tool_choice"));
        Assert.False(body.GetProperty("parallel_tool_calls").GetBoolean());
    }

    [Fact]
    public void Create_ToolThatIsNoFunction_IsUnsupported()
    {
        var thrown = Assert.Throws<StreamErrorException>(() => Body(new ChatOptions { Tools = [new HostedWebSearchTool()] }));

        Assert.Equal(StreamErrorCodes.Unsupported, thrown.Error.Code);
    }

    [Theory]
    [InlineData("ftp://localhost/v1")]
    [InlineData("/v1")]
    public void Client_AddressThatIsNone_SaysRuleActualAndRemedy(string address)
    {
        using var http = new HttpClient();

        var thrown = Assert.Throws<ArgumentException>(() => new OpenAICompatibleChatClient(http, new OpenAICompatibleOptions { BaseAddress = new Uri(address, UriKind.RelativeOrAbsolute) }));

        Assert.Contains($"got \"{address}\". Give it with the version", thrown.Message, StringComparison.Ordinal);
    }

    private static JsonElement Body(ChatOptions options, params ChatMessage[] messages)
    {
        using var http = new HttpClient();
        using HttpRequestMessage request = CompletionRequest.Create(http, Settings.BaseAddress, Settings, messages, options, CompletionForm.Stream);
        using var body = new MemoryStream();
        request.Content!.CopyTo(body, null, CancellationToken.None);
        return JsonDocument.Parse(body.ToArray()).RootElement;
    }

    private static void AssertJson(string expected, JsonElement actual) =>
        Assert.True(JsonElement.DeepEquals(JsonDocument.Parse(expected).RootElement, actual), actual.GetRawText());
}

using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI.Tests.Ollama;

public sealed class OllamaRequestTests
{
    // The smallest PNG there is, or rather its beginning.
    private const string Png = "iVBORw0KGgo=";

    [Fact]
    public void ReadChat_AllThatIsHonoured_BecomesMessagesAndOptions()
    {
        OllamaCall call = Chat("""
            {
              "model": "m", "keep_alive": "5m", "think": "high", "unknown": 1,
              "format": {"type": "object"},
              "options": {
                "temperature": 3, "top_p": 0.9, "top_k": 40, "seed": 7, "num_predict": 100, "stop": ["a", "b"], "presence_penalty": 0.25, "frequency_penalty": -3,
                "repeat_penalty": 1.1, "num_ctx": 4096, "mirostat": null, "numa": true, "tags": ["x"], "model": "other"
              },
              "tools": [{"type": "function", "function": {"name": "get_weather", "description": "Weather", "parameters": {"type": "object"}}}],
              "messages": [{"role": "user", "content": "Hi"}]
            }
            """);

        ChatOptions options = call.Options;
        Assert.True(call.IsStreaming);
        Assert.True(call.AsksModel);
        Assert.Equal(("m", 3f, 0.9f, 40, 100), (options.ModelId, options.Temperature!.Value, options.TopP!.Value, options.TopK!.Value, options.MaxOutputTokens!.Value));
        Assert.Equal(["a", "b"], options.StopSequences!);
        Assert.Equal((7L, 0.25f, -3f), (options.Seed!.Value, options.PresencePenalty!.Value, options.FrequencyPenalty!.Value));
        Assert.Equal((ReasoningEffort.High, ReasoningOutput.Full), (options.Reasoning!.Effort, options.Reasoning.Output));
        Assert.Equal("""{"type": "object"}""", Assert.IsType<ChatResponseFormatJson>(options.ResponseFormat).Schema!.Value.GetRawText());
        Assert.Equal(("repeat_penalty", 1.1), (Assert.Single(options.AdditionalProperties!).Key, options.AdditionalProperties!["repeat_penalty"]));
        Assert.Equal(["keep_alive", "model", "num_ctx", "numa", "tags"], call.AdditionalFields.Keys.Order());
        Assert.Equal(("5m", 4096, true, "other"), (call.AdditionalFields["keep_alive"], call.AdditionalFields["num_ctx"], call.AdditionalFields["numa"], call.AdditionalFields["model"]));
        Assert.Equal("""["x"]""", Assert.IsType<JsonElement>(call.AdditionalFields["tags"]).GetRawText());
        AIFunctionDeclaration tool = Assert.IsAssignableFrom<AIFunctionDeclaration>(Assert.Single(options.Tools!));
        Assert.Equal(("get_weather", "Weather", """{"type": "object"}"""), (tool.Name, tool.Description, tool.JsonSchema.GetRawText()));
    }

    [Fact]
    public void ReadChat_ResultsInAnyOrder_FindTheFirstCallWithoutOne()
    {
        OllamaCall call = Chat("""
            {"model":"m","messages":[
              {"role":"assistant","tool_calls":[
                {"id":"a","function":{"name":"f"}},{"function":{"name":"g"}},{"id":"c","function":{"name":"f"}},{"function":{"name":"h"}}]},
              {"role":"tool","tool_call_id":"c","content":"1"},
              {"role":"tool","tool_name":"f","content":"2"},
              {"role":"tool","content":"3"},
              {"role":"tool","tool_name":"h","content":"4"}]}
            """);

        Assert.Equal(["c", "a", "call_2", "call_4"], call.Messages.Skip(1).Select(static message => ((FunctionResultContent)message.Contents[0]).CallId));
    }

    [Theory]
    [InlineData("\"stream\":true", true)]
    [InlineData("\"stream\":null", true)]
    [InlineData("\"stream\":false", false)]
    public void ReadChat_Stream_IsTrueUnlessItSaysNo(string stream, bool streams) =>
        Assert.Equal(streams, Chat($$"""{"model":"m",{{stream}},"messages":[{"role":"user","content":"Hi"}]}""").IsStreaming);

    [Theory]
    [InlineData("true", null, ReasoningOutput.Full)]
    [InlineData("\"low\"", ReasoningEffort.Low, ReasoningOutput.Full)]
    [InlineData("\"medium\"", ReasoningEffort.Medium, ReasoningOutput.Full)]
    [InlineData("\"max\"", ReasoningEffort.ExtraHigh, ReasoningOutput.Full)]
    [InlineData("false", ReasoningEffort.None, null)]
    public void ReadChat_Think_BecomesReasoning(string think, ReasoningEffort? effort, ReasoningOutput? output)
    {
        ReasoningOptions reasoning = With($"\"think\":{think}").Options.Reasoning!;

        Assert.Equal((effort, output), (reasoning.Effort, reasoning.Output));
    }

    [Fact]
    public void ReadChat_Format_IsJsonOrNothing()
    {
        Assert.Equal(ChatResponseFormat.Json, With("\"format\":\"json\"").Options.ResponseFormat);
        Assert.Null(With("\"format\":\"\"").Options.ResponseFormat);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("-2")]
    [InlineData("0")]
    public void ReadChat_NoLimit_IsNone(string tokens) =>
        Assert.Null(With($"\"options\":{{\"num_predict\":{tokens}}}").Options.MaxOutputTokens);

    [Fact]
    public void ReadChat_AWholeConversation_KeepsRolesPartsCallsAndResults()
    {
        OllamaCall call = Chat($$$$"""
            {"model":"m","messages":[
              {"role":"system","content":"Be brief."},
              {"role":"user","content":"What is this?","images":["{{{{Png}}}}"]},
              {"role":"assistant","content":"","thinking":"Hm","tool_calls":[
                {"function":{"name":"a","arguments":{"x":1}}},{"function":{"name":"b"}},{"id":"own","function":{"name":"a","arguments":{}}}]},
              {"role":"tool","tool_call_id":"own","content":"third"},
              {"role":"tool","tool_name":"b","content":"second"},
              {"role":"tool","content":"first"}]}
            """);

        Assert.Equal(["system", "user", "assistant", "tool", "tool", "tool"], call.Messages.Select(static message => message.Role.Value));
        Assert.Equal("Be brief.", call.Messages[0].Text);
        Assert.Equal("What is this?", Assert.IsType<TextContent>(call.Messages[1].Contents[0]).Text);
        Assert.Equal("image/png", Assert.IsType<DataContent>(call.Messages[1].Contents[1]).MediaType);
        Assert.Equal("Hm", Assert.IsType<TextReasoningContent>(call.Messages[2].Contents[0]).Text);
        FunctionCallContent[] calls = [.. call.Messages[2].Contents.OfType<FunctionCallContent>()];
        Assert.Equal([("call_1", "a"), ("call_2", "b"), ("own", "a")], calls.Select(static one => (one.CallId, one.Name)));
        Assert.Equal("1", Assert.IsType<JsonElement>(calls[0].Arguments!["x"]).GetRawText());
        Assert.Null(calls[1].Arguments);
        Assert.Equal(
            [("own", "third"), ("call_2", "second"), ("call_1", "first")],
            call.Messages.Skip(3).Select(static message => Assert.IsType<FunctionResultContent>(Assert.Single(message.Contents))).Select(static result => (result.CallId, (string)result.Result!)));
    }

    [Theory]
    [InlineData("iVBORw0KGgo=", "image/png")]
    [InlineData("/9j/4A==", "image/jpeg")]
    [InlineData("R0lGODlh", "image/gif")]
    [InlineData("UklGRgAAAABXRUJQ", "image/webp")]
    [InlineData("Qk0=", "image/bmp")]
    public void ReadGenerate_Images_AreKnownByTheirBytes(string image, string mediaType)
    {
        OllamaCall call = Generate($$"""{"model":"m","system":"Be brief.","prompt":"What?","images":["{{image}}"]}""");

        Assert.Equal(["Be brief.", "What?"], call.Messages.Select(static message => message.Text));
        Assert.Equal(mediaType, Assert.IsType<DataContent>(call.Messages[1].Contents[1]).MediaType);
    }

    [Theory]
    [InlineData("", "load")]
    [InlineData(",\"messages\":[]", "load")]
    [InlineData(",\"messages\":[],\"keep_alive\":0", "unload")]
    [InlineData(",\"keep_alive\":\"0s\"", "unload")]
    [InlineData(",\"keep_alive\":\"5m\",\"stream\":true", "load")]
    public void Answer_NothingAsked_IsOneDocument(string fields, string reason)
    {
        string request = "{\"model\":\"m\"" + fields + "}";

        Assert.False(Chat(request).AsksModel);
        Assert.Equal(
            $$"""{"model":"m","created_at":"2025-11-22T08:26:40.000Z","message":{"role":"assistant","content":""},"done":true,"done_reason":"{{reason}}"}""",
            VendorStream.Answer(OllamaChatApi.Instance, request));
        Assert.Equal(
            $$"""{"model":"m","created_at":"2025-11-22T08:26:40.000Z","response":"","done":true,"done_reason":"{{reason}}"}""",
            VendorStream.Answer(OllamaGenerateApi.Instance, request));
    }

    [Theory]
    [InlineData("""[]""", null)]
    [InlineData("""{"messages":[]}""", "model")]
    [InlineData("""{"model":"","messages":[]}""", "model")]
    [InlineData("""{"model":1}""", "model")]
    [InlineData("""{"model":"m","stream":1}""", "stream")]
    [InlineData("""{"model":"m","messages":"none"}""", "messages")]
    [InlineData("""{"model":"m","messages":[{"content":"x"}]}""", "messages[0].role")]
    [InlineData("""{"model":"m","messages":[{"role":"x"}]}""", "messages[0].role")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":[]}]}""", "messages[0].content")]
    [InlineData("""{"model":"m","messages":[{"role":"user","images":["?"]}]}""", "messages[0].images[0]")]
    [InlineData("""{"model":"m","messages":[{"role":"user","images":["AAAA"]}]}""", "messages[0].images[0]")]
    [InlineData("""{"model":"m","messages":[{"role":"user","images":[1]}]}""", "messages[0].images[0]")]
    [InlineData("""{"model":"m","messages":[{"role":"tool","content":"x"}]}""", "messages[0]")]
    [InlineData("""{"model":"m","messages":[{"role":"tool","content":"x","tool_call_id":"c"}]}""", "messages[0]")]
    [InlineData("""{"model":"m","messages":[{"role":"assistant","tool_calls":[{}]}]}""", "messages[0].tool_calls[0].function")]
    [InlineData("""{"model":"m","messages":[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}]}""", "messages[0].tool_calls[0].function.arguments")]
    [InlineData("""{"model":"m","tools":[{"type":"x"}]}""", "tools[0].type")]
    [InlineData("""{"model":"m","tools":[{"type":"function","function":{"name":""}}]}""", "tools[0].function.name")]
    [InlineData("""{"model":"m","format":1}""", "format")]
    [InlineData("""{"model":"m","format":"xml"}""", "format")]
    [InlineData("""{"model":"m","think":"very"}""", "think")]
    [InlineData("""{"model":"m","think":1}""", "think")]
    [InlineData("""{"model":"m","logprobs":true}""", "logprobs")]
    [InlineData("""{"model":"m","top_logprobs":2}""", "top_logprobs")]
    [InlineData("""{"model":"m","options":[]}""", "options")]
    [InlineData("""{"model":"m","options":{"temperature":"hot"}}""", "options.temperature")]
    [InlineData("""{"model":"m","options":{"temperature":-1}}""", "options.temperature")]
    [InlineData("""{"model":"m","options":{"top_p":2}}""", "options.top_p")]
    [InlineData("""{"model":"m","options":{"top_k":-1}}""", "options.top_k")]
    [InlineData("""{"model":"m","options":{"seed":0.5}}""", "options.seed")]
    [InlineData("""{"model":"m","options":{"num_predict":0.5}}""", "options.num_predict")]
    [InlineData("""{"model":"m","options":{"stop":[1]}}""", "options.stop[0]")]
    [InlineData("""{"model":"m","options":{"presence_penalty":"x"}}""", "options.presence_penalty")]
    [InlineData("""{"model":"m","options":{"frequency_penalty":"x"}}""", "options.frequency_penalty")]
    public void ReadChat_WhatCannotBeHonoured_IsRefusedByItsPath(string body, string? path) => AssertRefused(VendorStream.Refused(OllamaChatApi.Instance, body), path);

    [Theory]
    [InlineData("""{"model":"m","prompt":{}}""", "prompt")]
    [InlineData("""{"model":"m","prompt":"x","system":1}""", "system")]
    [InlineData("""{"model":"m","prompt":"x","suffix":"y"}""", "suffix")]
    [InlineData("""{"model":"m","prompt":"x","template":"y"}""", "template")]
    [InlineData("""{"model":"m","prompt":"x","raw":true}""", "raw")]
    [InlineData("""{"model":"m","prompt":"x","context":[1]}""", "context")]
    [InlineData("""{"model":"m","prompt":"x","images":"y"}""", "images")]
    public void ReadGenerate_WhatCannotBeHonoured_IsRefusedByItsPath(string body, string path) => AssertRefused(VendorStream.Refused(OllamaGenerateApi.Instance, body), path);

    private static void AssertRefused(StreamError error, string? path)
    {
        Assert.Equal(path, error.Parameter);
        Assert.StartsWith(path is null ? "The request body " : $"{path} ", error.Message, StringComparison.Ordinal);
    }

    private static OllamaCall Chat(string body) => VendorStream.Read(OllamaChatApi.Instance, body);

    private static OllamaCall Generate(string body) => VendorStream.Read(OllamaGenerateApi.Instance, body);

    private static OllamaCall With(string field) => Chat($$"""{"model":"m",{{field}},"messages":[{"role":"user","content":"Hi"}]}""");
}

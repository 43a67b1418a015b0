using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI.Tests.OpenAI;

public sealed class OpenAIChatRequestTests
{
    [Fact]
    public void Read_AllThatIsHonoured_BecomesMessagesAndOptions()
    {
        OpenAICall call = VendorStream.Read(OpenAIChatApi.Instance, """
            {
              "model": "m", "stream": true, "stream_options": {"include_usage": true}, "temperature": 0.5, "top_p": 0.9, "top_k": 40, "max_completion_tokens": 100,
              "stop": ["a", "b"], "seed": 7, "presence_penalty": 0.25, "frequency_penalty": -0.25, "parallel_tool_calls": false, "reasoning_effort": "high",
              "n": 1, "logprobs": false, "logit_bias": {}, "store": false, "user": "u", "service_tier": "auto", "metadata": {"a": "b"},
              "response_format": {"type": "json_schema", "json_schema": {"name": "city", "strict": true, "schema": {"type": "object"}}},
              "tools": [{"type": "function", "function": {"name": "get_weather", "description": "Weather", "parameters": {"type": "object"}, "strict": true}}],
              "tool_choice": {"type": "function", "function": {"name": "get_weather"}},
              "messages": [{"role": "user", "content": "Hi"}]
            }
            """);

        ChatOptions options = call.Options;
        Assert.True(call.IsStreaming);
        Assert.True(call.IncludeUsage);
        Assert.Equal(("m", 0.5f, 0.9f, 40, 100), (options.ModelId, options.Temperature!.Value, options.TopP!.Value, options.TopK!.Value, options.MaxOutputTokens!.Value));
        Assert.Equal(["a", "b"], options.StopSequences!);
        Assert.Equal((7L, 0.25f, -0.25f, false), (options.Seed!.Value, options.PresencePenalty!.Value, options.FrequencyPenalty!.Value, options.AllowMultipleToolCalls!.Value));
        Assert.Equal(ReasoningEffort.High, options.Reasoning!.Effort);
        Assert.Equal(("u", "auto", true), (options.AdditionalProperties!["user"], options.AdditionalProperties["service_tier"], options.AdditionalProperties["strict"]));
        ChatResponseFormatJson format = Assert.IsType<ChatResponseFormatJson>(options.ResponseFormat);
        Assert.Equal(("city", """{"type": "object"}"""), (format.SchemaName, format.Schema!.Value.GetRawText()));
        AIFunctionDeclaration tool = Assert.IsAssignableFrom<AIFunctionDeclaration>(Assert.Single(options.Tools!));
        Assert.Equal(("get_weather", "Weather", """{"type": "object"}""", true), (tool.Name, tool.Description, tool.JsonSchema.GetRawText(), tool.AdditionalProperties["strict"]));
        Assert.Equal("get_weather", Assert.IsType<RequiredChatToolMode>(options.ToolMode).RequiredFunctionName);
    }

    [Fact]
    public void Read_AWholeConversation_KeepsRolesPartsCallsAndResults()
    {
        OpenAICall call = VendorStream.Read(OpenAIChatApi.Instance, """
            {"model": "m", "messages": [
              {"role": "system", "content": "Be brief."},
              {"role": "developer", "content": [{"type": "text", "text": "Really."}]},
              {"role": "user", "name": "ann", "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"} },
                {"type": "image_url", "image_url": {"url": "https://e.x/a.png"}},
                {"type": "input_audio", "input_audio": {"data": "AQID", "format": "wav"}},
                {"type": "file", "file": {"file_data": "data:application/pdf;base64,AQID", "filename": "a.pdf"}},
                {"type": "file", "file": {"file_id": "file_1"}}]},
              {"role": "assistant", "reasoning_content": "Hm", "content": null, "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{\"a\":[1]}"}}]},
              {"role": "tool", "tool_call_id": "call_1", "content": [{"type": "text", "text": "4"}, {"type": "text", "text": "2"}]},
              {"role": "assistant", "content": "Done", "refusal": null}]}
            """);

        Assert.False(call.IsStreaming);
        Assert.Equal(
            [ChatRole.System, ChatRole.System, ChatRole.User, ChatRole.Assistant, ChatRole.Tool, ChatRole.Assistant],
            call.Messages.Select(static message => message.Role));
        IList<AIContent> parts = call.Messages[2].Contents;
        Assert.Equal("ann", call.Messages[2].AuthorName);
        Assert.Equal("What is this?", Assert.IsType<TextContent>(parts[0]).Text);
        Assert.Equal(("image/png", "low"), (Assert.IsType<DataContent>(parts[1]).MediaType, parts[1].AdditionalProperties!["detail"]));
        Assert.Equal(("https://e.x/a.png", "image/*"), (Assert.IsType<UriContent>(parts[2]).Uri.ToString(), ((UriContent)parts[2]).MediaType));
        Assert.Equal(("audio/wav", 3), (Assert.IsType<DataContent>(parts[3]).MediaType, ((DataContent)parts[3]).Data.Length));
        Assert.Equal(("application/pdf", "a.pdf"), (Assert.IsType<DataContent>(parts[4]).MediaType, ((DataContent)parts[4]).Name));
        Assert.Equal("file_1", Assert.IsType<HostedFileContent>(parts[5]).FileId);
        Assert.Equal("Hm", Assert.IsType<TextReasoningContent>(call.Messages[3].Contents[0]).Text);
        FunctionCallContent made = Assert.IsType<FunctionCallContent>(call.Messages[3].Contents[1]);
        Assert.Equal(("call_1", "f", "[1]"), (made.CallId, made.Name, Assert.IsType<JsonElement>(made.Arguments!["a"]).GetRawText()));
        FunctionResultContent result = Assert.IsType<FunctionResultContent>(Assert.Single(call.Messages[4].Contents));
        Assert.Equal(("call_1", "42"), (result.CallId, result.Result));
        Assert.Equal("Done", call.Messages[5].Text);
    }

    [Theory]
    [InlineData("{\\\"city\\\":\\\"Za")]
    [InlineData("[1]")]
    [InlineData("null")]
    public void Read_CallWhoseArgumentsAreNoObject_HasNoneAndSaysWhy(string arguments)
    {
        OpenAICall call = VendorStream.Read(OpenAIChatApi.Instance, $$"""
            {"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{{arguments}}"} }]}]}
            """);

        FunctionCallContent made = Assert.IsType<FunctionCallContent>(Assert.Single(call.Messages[0].Contents));
        Assert.Equal(("c1", "f", null), (made.CallId, made.Name, made.Arguments));
        Assert.StartsWith("messages[0].tool_calls[0].function.arguments must be the text of a JSON object", made.Exception!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("none", typeof(NoneChatToolMode))]
    [InlineData("auto", typeof(AutoChatToolMode))]
    [InlineData("required", typeof(RequiredChatToolMode))]
    public void Read_ToolChoice_IsTheMode(string choice, Type mode) =>
        Assert.IsType(mode, VendorStream.Read(OpenAIChatApi.Instance, Body($"\"tool_choice\":\"{choice}\"")).Options.ToolMode);

    [Theory]
    [InlineData("max")]
    [InlineData("xhigh")]
    public void Read_UtmostEffort_IsExtraHigh(string effort) =>
        Assert.Equal(ReasoningEffort.ExtraHigh, VendorStream.Read(OpenAIChatApi.Instance, Body($"\"reasoning_effort\":\"{effort}\"")).Options.Reasoning!.Effort);

    [Theory]
    [InlineData("\"prompt_cache_options\":{\"mode\":\"implicit\",\"ttl\":\"30m\"}")]
    [InlineData("\"prompt_cache_retention\":\"24h\"")]
    [InlineData("\"moderation\":null")]
    public void Read_WhatChangesNothing_IsTaken(string field) => Assert.Single(VendorStream.Read(OpenAIChatApi.Instance, Body(field)).Messages);

    [Fact]
    public void Read_StopAndLimitOfOldClients_AreTaken()
    {
        ChatOptions options = VendorStream.Read(OpenAIChatApi.Instance, Body("\"stop\":\"END\",\"max_tokens\":5,\"n\":null,\"tools\":null")).Options;

        Assert.Equal(["END"], options.StopSequences!);
        Assert.Equal(5, options.MaxOutputTokens);
    }

    [Theory]
    [InlineData("function_call", """{"name":"f","arguments":"{}"}""")]
    [InlineData("audio", """{"id":"audio_1"}""")]
    public void Read_WhatAnAssistantSaidInAFormThatIsNotRead_IsRefused(string field, string value)
    {
        StreamError error = VendorStream.Refused(OpenAIChatApi.Instance, $$"""{"model":"m","messages":[{"role":"assistant","content":null,"{{field}}":{{value}}}]}""");

        Assert.Equal((StreamErrorCodes.Unsupported, $"messages[0].{field}"), (error.Code, error.Parameter));
    }

    [Theory]
    [InlineData("[]", null, "The request body must be an object; it is an array.")]
    [InlineData("{}", "model", "model is missing. It is required.")]
    [InlineData("""{"model":"m"}""", "messages", "messages is missing. It is required.")]
    [InlineData("""{"model":"m","messages":[]}""", "messages", "messages must be an array of at least one message; it is an array.")]
    [InlineData("""{"model":"m","messages":[{"role":"user"}]}""", "messages[0].content", "messages[0].content is missing. It is required.")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":1}]}""", "messages[0].content", "messages[0].content must be an array; it is 1.")]
    [InlineData("""{"model":"m","messages":[{"role":"function","content":"a"}]}""", "messages[0].role", "it is \"function\".")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":[{"type":"video"}]}]}""", "messages[0].content[0].type", "it is \"video\".")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"ftp://x"}}]}]}""", "messages[0].content[0].image_url.url", "must be an http:, https: or data: URL")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"?","format":"wav"}}]}]}""", "messages[0].content[0].input_audio.data", "must be base64")]
    [InlineData("""{"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":{}}}]}]}""", "messages[0].tool_calls[0].function.arguments", "must be a string")]
    public void Read_WrongBody_IsRefusedWithItsPath(string body, string? parameter, string message)
    {
        StreamError error = VendorStream.Refused(OpenAIChatApi.Instance, body);

        Assert.Equal((StreamErrorCodes.InvalidRequest, parameter), (error.Code, error.Parameter));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"n\":2", "n", StreamErrorCodes.Unsupported)]
    [InlineData("\"logprobs\":true", "logprobs", StreamErrorCodes.Unsupported)]
    [InlineData("\"top_logprobs\":2", "top_logprobs", StreamErrorCodes.Unsupported)]
    [InlineData("\"logit_bias\":{\"1\":2}", "logit_bias", StreamErrorCodes.Unsupported)]
    [InlineData("\"modalities\":[\"text\",\"audio\"]", "modalities", StreamErrorCodes.Unsupported)]
    [InlineData("\"audio\":{\"voice\":\"a\"}", "audio", StreamErrorCodes.Unsupported)]
    [InlineData("\"prediction\":{\"type\":\"content\"}", "prediction", StreamErrorCodes.Unsupported)]
    [InlineData("\"web_search_options\":{\"a\":1}", "web_search_options", StreamErrorCodes.Unsupported)]
    [InlineData("\"moderation\":{\"model\":\"omni-moderation-latest\"}", "moderation", StreamErrorCodes.Unsupported)]
    [InlineData("\"functions\":[{\"name\":\"f\"}]", "functions", StreamErrorCodes.Unsupported)]
    [InlineData("\"function_call\":\"auto\"", "function_call", StreamErrorCodes.Unsupported)]
    [InlineData("\"store\":true", "store", StreamErrorCodes.Unsupported)]
    [InlineData("\"tools\":[{\"type\":\"custom\"}]", "tools[0].type", StreamErrorCodes.Unsupported)]
    [InlineData("\"tool_choice\":\"any\"", "tool_choice", StreamErrorCodes.InvalidRequest)]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"\"}}]", "tools[0].function.name", StreamErrorCodes.InvalidRequest)]
    [InlineData("\"temperature\":3", "temperature", StreamErrorCodes.InvalidRequest)]
    [InlineData("\"max_tokens\":0", "max_tokens", StreamErrorCodes.InvalidRequest)]
    [InlineData("\"seed\":1.5", "seed", StreamErrorCodes.InvalidRequest)]
    [InlineData("\"stop\":[1]", "stop[0]", StreamErrorCodes.InvalidRequest)]
    [InlineData("\"stream\":\"yes\"", "stream", StreamErrorCodes.InvalidRequest)]
    [InlineData("\"stream_options\":{\"x\":1}", "stream_options.x", StreamErrorCodes.InvalidRequest)]
    [InlineData("\"response_format\":{\"type\":\"xml\"}", "response_format.type", StreamErrorCodes.InvalidRequest)]
    [InlineData("\"reasoning_effort\":\"much\"", "reasoning_effort", StreamErrorCodes.InvalidRequest)]
    [InlineData("\"colour\":\"red\"", "colour", StreamErrorCodes.InvalidRequest)]
    public void Read_WhatCannotBeHonoured_IsRefused(string field, string parameter, string code)
    {
        StreamError error = VendorStream.Refused(OpenAIChatApi.Instance, Body(field));

        Assert.Equal((code, parameter), (error.Code, error.Parameter));
        Assert.StartsWith(parameter, error.Message, StringComparison.Ordinal);
    }

    private static string Body(string field) => $$"""{"model":"m","messages":[{"role":"user","content":"Hi"}],{{field}}}""";
}

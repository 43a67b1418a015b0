using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI.Tests.OpenAI;

public sealed class OpenAIResponsesRequestTests
{
    private const string AllFields = """
        {
          "model": "m", "stream": true, "stream_options": {"include_obfuscation": false}, "instructions": "Be brief.", "input": "Hi",
          "temperature": 0.5, "top_p": 0.25, "max_output_tokens": 100, "max_tool_calls": 3, "parallel_tool_calls": false, "top_logprobs": 0,
          "reasoning": {"effort": "high", "summary": "detailed"}, "include": ["reasoning.encrypted_content"], "store": false, "background": false, "truncation": "disabled",
          "text": {"verbosity": "low", "format": {"type": "json_schema", "name": "city", "strict": true, "schema": {"type": "object"}}},
          "tools": [{"type": "function", "name": "get_weather", "description": "Weather <ö>", "parameters": {"type": "object"}, "strict": true}, {"type": "function", "name": "now"}],
          "tool_choice": {"type": "function", "name": "get_weather"},
          "user": "u", "service_tier": "auto", "safety_identifier": "s", "prompt_cache_key": "k", "prompt_cache_retention": "24h", "metadata": {"a": "b"},
          "previous_response_id": null, "conversation": null, "prompt": null, "context_management": []
        }
        """;

    [Fact]
    public void Read_AllThatIsHonoured_BecomesMessagesAndOptions()
    {
        OpenAIResponsesCall call = Read(AllFields);

        ChatOptions options = call.Options;
        Assert.True(call.IsStreaming);
        Assert.Equal([(ChatRole.System, "Be brief."), (ChatRole.User, "Hi")], call.Messages.Select(static message => (message.Role, message.Text)));
        Assert.Equal(("m", 0.5f, 0.25f, 100, false), (options.ModelId, options.Temperature!.Value, options.TopP!.Value, options.MaxOutputTokens!.Value, options.AllowMultipleToolCalls!.Value));
        Assert.Equal((ReasoningEffort.High, ReasoningOutput.Full), (options.Reasoning!.Effort!.Value, options.Reasoning.Output!.Value));
        Assert.Equal(
            [("prompt_cache_key", "k"), ("safety_identifier", "s"), ("service_tier", "auto"), ("strict", true), ("user", "u"), ("verbosity", "low")],
            options.AdditionalProperties!.OrderBy(static property => property.Key, StringComparer.Ordinal).Select(static property => (property.Key, property.Value!)));
        ChatResponseFormatJson format = Assert.IsType<ChatResponseFormatJson>(options.ResponseFormat);
        Assert.Equal(("city", """{"type": "object"}"""), (format.SchemaName, format.Schema!.Value.GetRawText()));
        AIFunctionDeclaration[] tools = [.. options.Tools!.Cast<AIFunctionDeclaration>()];
        Assert.Equal(("get_weather", "Weather <\u00F6>", """{"type": "object"}""", true), (tools[0].Name, tools[0].Description, tools[0].JsonSchema.GetRawText(), tools[0].AdditionalProperties["strict"]));
        Assert.Equal("now", tools[1].Name);
        Assert.Equal("get_weather", Assert.IsType<RequiredChatToolMode>(options.ToolMode).RequiredFunctionName);
    }

    [Fact]
    public void Answer_AllFields_AreRepeatedInTheResponse()
    {
        string stream = VendorStream.Answer(OpenAIResponsesApi.Instance, AllFields);

        Assert.Contains(
            """
            "usage":null,"access_programs":null,"background":false,"instructions":"Be brief.","max_output_tokens":100,"max_tool_calls":3,"metadata":{"a":"b"},"parallel_tool_calls":false,"previous_response_id":null,"reasoning":{"effort":"high","summary":"detailed"},"store":false,"temperature":0.5,"text":{"verbosity":"low","format":{"type":"json_schema","name":"city","strict":true,"schema":{"type":"object"}}},"tool_choice":{"type":"function","name":"get_weather"},"tools":[{"type":"function","name":"get_weather","description":"Weather <ö>","parameters":{"type":"object"},"strict":true},{"type":"function","name":"now","description":null,"parameters":null,"strict":null}],"top_logprobs":0,"top_p":0.25,"truncation":"disabled","prompt_cache_key":"k","safety_identifier":"s","user":"u"}}
            """,
            stream,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Read_AWholeConversation_KeepsRolesPartsCallsAndResults()
    {
        OpenAIResponsesCall call = Read("""
            {"model": "m", "instructions": "", "input": [
              {"role": "system", "content": "Be brief."},
              {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Really."}]},
              {"role": "user", "content": [
                {"type": "input_text", "text": "What is this?"},
                {"type": "input_image", "image_url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"},
                {"type": "input_image", "file_id": "file_0", "detail": "auto"},
                {"type": "input_file", "file_data": "data:application/pdf;base64,AQID", "filename": "a.pdf"},
                {"type": "input_file", "file_url": "https://e.x/a.pdf"},
                {"type": "input_file", "file_id": "file_1"}]},
              {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm"}, {"type": "summary_text", "text": "so"}], "encrypted_content": "c2ln", "status": "completed"},
              {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "phase": "commentary",
               "content": [{"type": "output_text", "text": "Let me see.", "annotations": [], "logprobs": [], "parsed": null}, {"type": "refusal", "refusal": "No."}]},
              {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "f", "arguments": "{\"a\":[1]}", "status": "completed", "parsed_arguments": {"a": [1]}},
              {"type": "function_call", "call_id": "call_2", "name": "g", "arguments": ""},
              {"type": "function_call", "call_id": "call_3", "name": "h", "arguments": "{\"cut", "status": "incomplete"},
              {"type": "function_call_output", "call_id": "call_1", "output": "42"},
              {"type": "function_call_output", "id": null, "call_id": "call_2", "output": [{"type": "input_text", "text": "4"}, {"type": "input_text", "text": "3"}]},
              {"role": "assistant", "content": "Done"},
              {"role": "user", "content": "Thanks"}]}
            """);

        Assert.False(call.IsStreaming);
        Assert.Equal(
            [ChatRole.System, ChatRole.System, ChatRole.User, ChatRole.Assistant, ChatRole.Tool, ChatRole.Assistant, ChatRole.User],
            call.Messages.Select(static message => message.Role));
        Assert.Equal(
            ["text What is this?", "data image/png", "hosted file_0", "data application/pdf", "uri https://e.x/a.pdf", "hosted file_1"], call.Messages[2].Contents.Select(Describe));
        Assert.Equal("low", call.Messages[2].Contents[1].AdditionalProperties!["detail"]);
        Assert.Equal("a.pdf", ((DataContent)call.Messages[2].Contents[3]).Name);
        Assert.Equal(
            ["reasoning Hm\n\nso c2ln", "text Let me see.", "text No.", "call call_1 f {\"a\":[1]}", "call call_2 g null", "call call_3 h null"], call.Messages[3].Contents.Select(Describe));
        Assert.Equal(["result call_1 42", "result call_2 43"], call.Messages[4].Contents.Select(Describe));
        Assert.Equal("Done", call.Messages[5].Text);
    }

    [Fact]
    public void Read_TheTextOfAReasoning_ComesBeforeItsSummary() =>
        Assert.Equal("reasoning whole ", Describe(Read("""
            {"model":"m","input":[{"type":"reasoning","id":"r","summary":[{"type":"summary_text","text":"short"}],"content":[{"type":"reasoning_text","text":"whole"}]}]}
            """).Messages[0].Contents[0]));

    [Fact]
    public void Read_AToolsOutputWithAnImage_KeepsItsParts()
    {
        OpenAIResponsesCall call = Read("""
            {"model":"m","input":[{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},
              {"type":"function_call_output","call_id":"c","output":[{"type":"input_text","text":"see"},{"type":"input_image","image_url":"https://e.x/a.png"}]}]}
            """);

        FunctionResultContent result = Assert.IsType<FunctionResultContent>(call.Messages[1].Contents[0]);
        Assert.Equal(["text see", "uri https://e.x/a.png"], Assert.IsType<List<AIContent>>(result.Result).Select(Describe));
    }

    [Fact]
    public void Read_WhatOfANewClientAsksForNothing_IsTaken()
    {
        OpenAIResponsesCall call = Read("""
            {"model":"m","reasoning":{"effort":"max","context":"auto","mode":"standard"},
             "tools":[{"type":"function","name":"f","parameters":{},"strict":false,"allowed_callers":["direct"],"async":false,"defer_loading":false,"output_schema":null},
                      {"type":"function","name":"g","allowed_callers":null}],
             "input":[{"type":"function_call","call_id":"c","name":"f","arguments":"{}","async":false,"caller":{"type":"direct"},"namespace":null},
                      {"type":"function_call_output","call_id":"c","output":"1","caller":{"type":"direct"},"namespace":null}]}
            """);

        Assert.Equal(ReasoningEffort.ExtraHigh, call.Options.Reasoning!.Effort);
        Assert.Equal(["f", "g"], call.Options.Tools!.Select(static tool => tool.Name));
        Assert.Equal(["call c f {}", "result c 1"], call.Messages.SelectMany(static message => message.Contents).Select(Describe));
    }

    [Theory]
    [InlineData("\"none\"", "none")]
    [InlineData("\"auto\"", "auto")]
    [InlineData("\"required\"", "required")]
    public void Read_ToolChoice_IsTheMode(string choice, string expected) =>
        Assert.Equal(
            expected switch { "none" => ChatToolMode.None, "auto" => ChatToolMode.Auto, _ => (ChatToolMode)ChatToolMode.RequireAny },
            Read($$"""{"model":"m","input":"x","tool_choice":{{choice}}}""").Options.ToolMode);

    [Theory]
    [InlineData("\"text\"", "ChatResponseFormatText")]
    [InlineData("\"json_object\"", "ChatResponseFormatJson")]
    public void Read_TextFormat_IsTheFormat(string type, string expected) =>
        Assert.Equal(expected, Read($$"""{"model":"m","input":"x","text":{"format":{"type":{{type}}} } }""").Options.ResponseFormat!.GetType().Name);

    [Theory]
    [InlineData("\"previous_response_id\":\"resp_1\"", "previous_response_id")]
    [InlineData("\"conversation\":\"conv_1\"", "conversation")]
    [InlineData("\"conversation\":{\"id\":\"conv_1\"}", "conversation")]
    [InlineData("\"prompt\":{\"id\":\"p\"}", "prompt")]
    [InlineData("\"store\":true", "store")]
    [InlineData("\"background\":true", "background")]
    [InlineData("\"truncation\":\"auto\"", "truncation")]
    [InlineData("\"top_logprobs\":2", "top_logprobs")]
    [InlineData("\"context_management\":[{\"type\":\"compaction\"}]", "context_management")]
    [InlineData("\"moderation\":{\"mode\":\"x\"}", "moderation")]
    [InlineData("\"image\":{\"size\":\"x\"}", "image")]
    [InlineData("\"access_programs\":{\"a\":1}", "access_programs")]
    [InlineData("\"include\":[\"reasoning.encrypted_content\",\"message.output_text.logprobs\"]", "include[1]")]
    [InlineData("\"tools\":[{\"type\":\"web_search\"}]", "tools[0].type")]
    [InlineData("\"tools\":[{\"type\":\"mcp\",\"server_label\":\"x\"}]", "tools[0].type")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"name\":\"f\",\"defer_loading\":true}]", "tools[0].defer_loading")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"name\":\"f\",\"async\":true}]", "tools[0].async")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"name\":\"f\",\"output_schema\":{\"type\":\"object\"}}]", "tools[0].output_schema")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"name\":\"f\",\"allowed_callers\":[\"direct\",\"programmatic\"]}]", "tools[0].allowed_callers")]
    [InlineData("\"reasoning\":{\"mode\":\"pro\"}", "reasoning.mode")]
    [InlineData("\"reasoning\":{\"context\":\"all_turns\"}", "reasoning.context")]
    [InlineData("\"input\":[{\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"f\",\"arguments\":\"{}\",\"async\":true}]", "input[0].async")]
    [InlineData("\"input\":[{\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"f\",\"arguments\":\"{}\",\"namespace\":\"n\"}]", "input[0].namespace")]
    [InlineData("\"input\":[{\"type\":\"function_call\",\"call_id\":\"c\",\"caller\":{\"type\":\"program\",\"caller_id\":\"p\"},\"name\":\"f\",\"arguments\":\"{}\"}]", "input[0].caller.type")]
    [InlineData("\"input\":[{\"type\":\"function_call_output\",\"call_id\":\"c\",\"caller\":{\"type\":\"program\",\"caller_id\":\"p\"},\"output\":\"1\"}]", "input[0].caller.type")]
    [InlineData("\"tool_choice\":{\"type\":\"file_search\"}", "tool_choice.type")]
    [InlineData("\"input\":[{\"type\":\"item_reference\",\"id\":\"msg_1\"}]", "input[0]")]
    [InlineData("\"input\":[{\"id\":\"msg_1\"}]", "input[0]")]
    [InlineData("\"input\":[{\"type\":\"web_search_call\",\"id\":\"ws_1\"}]", "input[0].type")]
    public void Read_WhatCannotBeHonoured_IsUnsupported(string field, string parameter) => CheckRefused(field, StreamErrorCodes.Unsupported, parameter);

    [Theory]
    [InlineData("\"stop\":[\"a\"]", "stop")]
    [InlineData("\"messages\":[]", "messages")]
    [InlineData("\"max_tokens\":5", "max_tokens")]
    [InlineData("\"seed\":5", "seed")]
    [InlineData("\"stream_options\":{\"include_usage\":true}", "stream_options.include_usage")]
    [InlineData("\"max_output_tokens\":0", "max_output_tokens")]
    [InlineData("\"max_tool_calls\":\"x\"", "max_tool_calls")]
    [InlineData("\"temperature\":3", "temperature")]
    [InlineData("\"top_p\":-1", "top_p")]
    [InlineData("\"metadata\":\"x\"", "metadata")]
    [InlineData("\"reasoning\":{\"effort\":\"utmost\"}", "reasoning.effort")]
    [InlineData("\"reasoning\":{\"summary\":\"long\"}", "reasoning.summary")]
    [InlineData("\"text\":{\"format\":{\"type\":\"grammar\"}}", "text.format.type")]
    [InlineData("\"text\":{\"style\":\"x\"}", "text.style")]
    [InlineData("\"tool_choice\":\"maybe\"", "tool_choice")]
    [InlineData("\"tools\":[{\"type\":\"function\"}]", "tools[0].name")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]", "tools[0].function")]
    [InlineData("\"instructions\":[\"x\"]", "instructions")]
    [InlineData("\"model\":null", "model")]
    [InlineData("\"input\":null", "input")]
    [InlineData("\"input\":[]", "input")]
    [InlineData("\"input\":5", "input")]
    [InlineData("\"input\":[{\"role\":\"user\"}]", "input[0].content")]
    [InlineData("\"input\":[{\"role\":\"tool\",\"content\":\"x\"}]", "input[0].role")]
    [InlineData("\"input\":[{\"role\":\"user\",\"content\":\"x\",\"name\":\"ann\"}]", "input[0].name")]
    [InlineData("\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"x\"}]}]", "input[0].content[0].type")]
    [InlineData("\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"x\",\"cache\":1}]}]", "input[0].content[0].cache")]
    [InlineData("\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_image\",\"image_url\":\"no\"}]}]", "input[0].content[0].image_url")]
    [InlineData("\"input\":[{\"role\":\"user\",\"content\":[{\"type\":\"input_file\"}]}]", "input[0].content[0].file_data")]
    [InlineData("\"input\":[{\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"f\",\"arguments\":[1]}]", "input[0].arguments")]
    [InlineData("\"input\":[{\"type\":\"function_call\",\"id\":\"fc\",\"name\":\"f\",\"arguments\":\"{}\"}]", "input[0].call_id")]
    [InlineData("\"input\":[{\"type\":\"function_call_output\",\"call_id\":\"c\",\"output\":\"1\"}]", "input[0].call_id")]
    [InlineData("\"input\":[{\"type\":\"reasoning\",\"summary\":[{}]}]", "input[0].summary[0].text")]
    public void Read_WhatIsWrong_IsRefusedWithItsPath(string field, string parameter) => CheckRefused(field, StreamErrorCodes.InvalidRequest, parameter);

    [Fact]
    public void Read_HalfOfASurrogatePairInWhatIsRepeated_IsTheClientsError() =>
        Assert.Equal(StreamErrorCodes.InvalidRequest, VendorStream.Refused(OpenAIResponsesApi.Instance, """{"model":"m","input":"x","metadata":{"a":"\ud800"}}""").Code);

    /// <summary>Reads a request with the field in place of its own, if it has one.</summary>
    private static void CheckRefused(string field, string code, string parameter)
    {
        string name = field[1..field.IndexOf('"', 1)];
        string rest = string.Concat(new[] { ("model", "\"m\""), ("input", "\"x\"") }.Where(own => own.Item1 != name).Select(static own => $",\"{own.Item1}\":{own.Item2}"));
        StreamError error = VendorStream.Refused(OpenAIResponsesApi.Instance, $"{{{field}{rest}}}");

        Assert.Equal((code, parameter), (error.Code, error.Parameter));
        Assert.StartsWith(parameter, error.Message, StringComparison.Ordinal);
    }

    private static OpenAIResponsesCall Read(string body) => VendorStream.Read(OpenAIResponsesApi.Instance, body);

    private static string Describe(AIContent content) => content switch
    {
        TextContent text => $"text {text.Text}",
        TextReasoningContent reasoning => $"reasoning {reasoning.Text} {reasoning.ProtectedData}",
        DataContent data => $"data {data.MediaType}",
        UriContent uri => $"uri {uri.Uri}",
        HostedFileContent file => $"hosted {file.FileId}",
        FunctionCallContent call => $"call {call.CallId} {call.Name} {JsonSerializer.Serialize(call.Arguments)}",
        FunctionResultContent result => $"result {result.CallId} {result.Result}",
        _ => content.GetType().Name,
    };
}

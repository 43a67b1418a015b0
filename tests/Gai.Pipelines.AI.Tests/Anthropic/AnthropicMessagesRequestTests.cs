using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI.Tests.Anthropic;

public sealed class AnthropicMessagesRequestTests
{
    private const string Hi = "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]";

    [Fact]
    public void Read_AllThatIsHonoured_BecomesMessagesAndOptions()
    {
        AnthropicCall call = Read("""
            {
              "model": "m", "max_tokens": 4096, "stream": true, "temperature": 0.5, "top_p": 0.9, "top_k": 40, "stop_sequences": ["a", "b"],
              "thinking": {"type": "enabled", "budget_tokens": 2048, "display": "summarized"}, "metadata": {"user_id": "u"}, "service_tier": "auto",
              "output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}, "cache_control": {"type": "ephemeral"},
              "speed": "standard", "mcp_servers": [], "container": null,
              "tools": [
                {"name": "get_weather", "description": "Weather", "input_schema": {"type": "object"}, "strict": true, "cache_control": {"type": "ephemeral"}},
                {"type": "custom", "name": "get_time", "input_schema": {"type": "object"}, "allowed_callers": ["direct"], "eager_input_streaming": true, "defer_loading": false, "input_examples": []}],
              "tool_choice": {"type": "tool", "name": "get_time", "disable_parallel_tool_use": true},
              "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}, {"type": "text", "text": "Really."}],
              "messages": [{"role": "user", "content": "Hi"}]
            }
            """);

        ChatOptions options = call.Options;
        Assert.True(call.IsStreaming);
        Assert.Equal(("m", 4096, 0.5f, 0.9f, 40), (options.ModelId, options.MaxOutputTokens!.Value, options.Temperature!.Value, options.TopP!.Value, options.TopK!.Value));
        Assert.Equal(["a", "b"], options.StopSequences!);
        Assert.Equal((ReasoningEffort.Low, ReasoningOutput.Summary), (options.Reasoning!.Effort, options.Reasoning.Output));
        Assert.Equal((2048, "auto"), (call.AdditionalFields["budget_tokens"], call.AdditionalFields["service_tier"]));
        Assert.Equal("""{"user_id": "u"}""", Assert.IsType<JsonElement>(call.AdditionalFields["metadata"]).GetRawText());
        Assert.Equal("""{"type": "object"}""", Assert.IsType<ChatResponseFormatJson>(options.ResponseFormat).Schema!.Value.GetRawText());
        AIFunctionDeclaration[] tools = [.. options.Tools!.Cast<AIFunctionDeclaration>()];
        Assert.Equal(["get_weather", "get_time"], tools.Select(static tool => tool.Name));
        Assert.Equal(("Weather", """{"type": "object"}""", true), (tools[0].Description, tools[0].JsonSchema.GetRawText(), tools[0].AdditionalProperties["strict"]));
        Assert.Equal("get_time", Assert.IsType<RequiredChatToolMode>(options.ToolMode).RequiredFunctionName);
        Assert.False(options.AllowMultipleToolCalls);
        Assert.Equal([ChatRole.System, ChatRole.User], call.Messages.Select(static message => message.Role));
        Assert.Equal(["Be brief.", "Really."], call.Messages[0].Contents.Select(static content => content.ToString()));
        Assert.NotNull(call.Messages[0].Contents[0].AdditionalProperties!["cache_control"]);
    }

    [Fact]
    public void Read_Least_AsksForNothingMore()
    {
        AnthropicCall call = Read($$"""{"model":"m","max_tokens":1,"top_k":0,{{Hi}}}""");

        Assert.False(call.IsStreaming);
        Assert.Equal("Hi", Assert.Single(call.Messages).Text);
        ChatOptions options = call.Options;
        Assert.Null(options.Tools);
        Assert.Null(options.ToolMode);
        Assert.Null(options.TopK);
        Assert.Null(options.Reasoning);
        Assert.Null(options.StopSequences);
        Assert.Null(options.AllowMultipleToolCalls);
        Assert.Null(options.AdditionalProperties);
    }

    [Fact]
    public void Read_AWholeConversation_KeepsRolesBlocksCallsAndResults()
    {
        AnthropicCall call = Read("""
            {"model": "m", "max_tokens": 1, "system": "Be brief.", "messages": [
              {"role": "user", "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="} },
                {"type": "image", "source": {"type": "url", "url": "https://e.x/a.png"} },
                {"type": "image", "source": {"type": "file", "file_id": "file_1"} },
                {"type": "document", "title": "A", "context": "c", "citations": {"enabled": false}, "source": {"type": "base64", "media_type": "application/pdf", "data": "AQID"} },
                {"type": "document", "title": "B", "source": {"type": "text", "media_type": "text/plain", "data": "é"} },
                {"type": "document", "source": {"type": "url", "url": "https://e.x/a.pdf"} }]},
              {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "Hm", "signature": "s1"},
                {"type": "thinking", "thinking": "Aha", "signature": ""},
                {"type": "redacted_thinking", "data": "c2Vj"},
                {"type": "text", "text": "I look.", "citations": null},
                {"type": "tool_use", "id": "a", "name": "f", "input": {"x": [1]}, "caller": {"type": "direct"} },
                {"type": "tool_use", "id": "b", "name": "g", "input": {} }]},
              {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "a", "content": "42"},
                {"type": "tool_result", "tool_use_id": "b", "is_error": true, "content": [{"type": "text", "text": "4"}, {"type": "text", "text": "2"}]},
                {"type": "text", "text": "And?"},
                {"type": "tool_result", "tool_use_id": "c", "content": [{"type": "text", "text": "see"}, {"type": "image", "source": {"type": "url", "url": "https://e.x/b.png"} }]},
                {"type": "tool_result", "tool_use_id": "d"}]},
              {"role": "system", "content": "Now be long."},
              {"role": "assistant", "content": "The answer"}]}
            """);

        Assert.Equal(
            [ChatRole.System, ChatRole.User, ChatRole.Assistant, ChatRole.Tool, ChatRole.User, ChatRole.Tool, ChatRole.System, ChatRole.Assistant],
            call.Messages.Select(static message => message.Role));
        IList<AIContent> asked = call.Messages[1].Contents;
        Assert.Equal("What is this?", Assert.IsType<TextContent>(asked[0]).Text);
        Assert.Equal(("image/png", 8), (Assert.IsType<DataContent>(asked[1]).MediaType, ((DataContent)asked[1]).Data.Length));
        Assert.Equal(("https://e.x/a.png", "image/*"), (Assert.IsType<UriContent>(asked[2]).Uri.ToString(), ((UriContent)asked[2]).MediaType));
        Assert.Equal("file_1", Assert.IsType<HostedFileContent>(asked[3]).FileId);
        DataContent pdf = Assert.IsType<DataContent>(asked[4]);
        Assert.Equal(("application/pdf", "A", "c"), (pdf.MediaType, pdf.Name, pdf.AdditionalProperties!["context"]));
        DataContent text = Assert.IsType<DataContent>(asked[5]);
        Assert.Equal(("text/plain", "B", "é"), (text.MediaType, text.Name, Encoding.UTF8.GetString(text.Data.Span)));
        Assert.Equal("application/pdf", Assert.IsType<UriContent>(asked[6]).MediaType);

        IList<AIContent> answered = call.Messages[2].Contents;
        Assert.Equal(
            [("Hm", "s1"), ("Aha", null), ("", "c2Vj")],
            answered.Take(3).Cast<TextReasoningContent>().Select(static content => (content.Text, content.ProtectedData)));
        Assert.Equal("I look.", Assert.IsType<TextContent>(answered[3]).Text);
        FunctionCallContent made = Assert.IsType<FunctionCallContent>(answered[4]);
        Assert.Equal(("a", "f", "[1]"), (made.CallId, made.Name, made.Arguments!["x"]!.ToString()));
        Assert.Empty(Assert.IsType<FunctionCallContent>(answered[5]).Arguments!);

        FunctionResultContent[] results = [.. call.Messages.SelectMany(static message => message.Contents).OfType<FunctionResultContent>()];
        Assert.Equal(["a", "b", "c", "d"], results.Select(static result => result.CallId));
        Assert.Equal(("42", "42", ""), (results[0].Result, results[1].Result, results[3].Result));
        Assert.Null(results[0].Exception);
        Assert.Equal("42", results[1].Exception!.Message);
        Assert.Equal(2, Assert.IsAssignableFrom<IEnumerable<AIContent>>(results[2].Result).Count());
        Assert.Equal("And?", call.Messages[4].Text);
        Assert.Equal("The answer", call.Messages[7].Text);
    }

    [Theory]
    [InlineData("{\"type\":\"auto\"}", typeof(AutoChatToolMode))]
    [InlineData("{\"type\":\"any\"}", typeof(RequiredChatToolMode))]
    [InlineData("{\"type\":\"none\"}", typeof(NoneChatToolMode))]
    public void Read_ToolChoice_BecomesTheMode(string choice, Type mode) =>
        Assert.IsType(mode, Read($$"""{"model":"m","max_tokens":1,"tool_choice":{{choice}},{{Hi}}}""").Options.ToolMode);

    [Theory]
    [InlineData("\"thinking\":{\"type\":\"disabled\"}", ReasoningEffort.None, null)]
    [InlineData("\"thinking\":{\"type\":\"adaptive\"}", null, null)]
    [InlineData("\"thinking\":{\"type\":\"adaptive\",\"display\":\"omitted\"},\"output_config\":{\"effort\":\"max\"}", ReasoningEffort.ExtraHigh, ReasoningOutput.None)]
    [InlineData("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1024}", ReasoningEffort.Low, null)]
    [InlineData("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":4096}", ReasoningEffort.Medium, null)]
    [InlineData("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":16384}", ReasoningEffort.High, null)]
    [InlineData("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":32768}", ReasoningEffort.ExtraHigh, null)]
    [InlineData("\"output_config\":{\"effort\":\"medium\"}", ReasoningEffort.Medium, null)]
    public void Read_Thinking_BecomesReasoning(string fields, ReasoningEffort? effort, ReasoningOutput? output)
    {
        ReasoningOptions reasoning = Read($$"""{"model":"m","max_tokens":64000,{{fields}},{{Hi}}}""").Options.Reasoning!;

        Assert.Equal((effort, output), (reasoning.Effort, reasoning.Output));
    }

    [Theory]
    [InlineData("{\"max_tokens\":1,\"messages\":[]}", "model")]
    [InlineData("{\"model\":\"m\",\"messages\":[]}", "max_tokens")]
    [InlineData("{\"model\":\"m\",\"max_tokens\":0}", "max_tokens")]
    [InlineData("{\"model\":\"m\",\"max_tokens\":1}", "messages")]
    [InlineData("{\"model\":\"m\",\"max_tokens\":1,\"messages\":[]}", "messages")]
    [InlineData("[]", null)]
    public void Read_WhatIsMissing_IsRefused(string body, string? path) => AssertRefused(body, path, StreamErrorCodes.InvalidRequest);

    [Theory]
    [InlineData("\"frequency_penalty\":1", "frequency_penalty")]
    [InlineData("\"temperature\":1.5", "temperature")]
    [InlineData("\"top_p\":2", "top_p")]
    [InlineData("\"top_k\":-1", "top_k")]
    [InlineData("\"stop_sequences\":\"a\"", "stop_sequences")]
    [InlineData("\"stop_sequences\":[1]", "stop_sequences[0]")]
    [InlineData("\"stream\":\"yes\"", "stream")]
    [InlineData("\"metadata\":\"u\"", "metadata")]
    [InlineData("\"thinking\":{\"type\":\"sometimes\"}", "thinking.type")]
    [InlineData("\"thinking\":{\"type\":\"enabled\"}", "thinking.budget_tokens")]
    [InlineData("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":1023}", "thinking.budget_tokens")]
    [InlineData("\"thinking\":{\"type\":\"enabled\",\"budget_tokens\":2000}", "thinking.budget_tokens")] // not less than max_tokens
    [InlineData("\"thinking\":{\"type\":\"adaptive\",\"display\":\"loud\"}", "thinking.display")]
    [InlineData("\"thinking\":{\"type\":\"disabled\",\"x\":1}", "thinking.x")]
    [InlineData("\"output_config\":{\"effort\":\"some\"}", "output_config.effort")]
    [InlineData("\"output_config\":{\"x\":1}", "output_config.x")]
    [InlineData("\"output_config\":{\"format\":{\"type\":\"text\"}}", "output_config.format.type")]
    [InlineData("\"output_format\":{\"type\":\"json_schema\"}", "output_format.schema")]
    [InlineData("\"tools\":[{\"name\":\"f\"}]", "tools[0].input_schema")]
    [InlineData("\"tools\":[{\"name\":\"\",\"input_schema\":{}}]", "tools[0].name")]
    [InlineData("\"tools\":[{\"name\":\"f\",\"input_schema\":{},\"x\":1}]", "tools[0].x")]
    [InlineData("\"tool_choice\":\"auto\"", "tool_choice")]
    [InlineData("\"tool_choice\":{\"type\":\"some\"}", "tool_choice.type")]
    [InlineData("\"tool_choice\":{\"type\":\"tool\"}", "tool_choice.name")]
    [InlineData("\"tool_choice\":{\"type\":\"tool\",\"name\":\"f\"}", "tool_choice.name")]
    [InlineData("\"tool_choice\":{\"type\":\"auto\",\"x\":1}", "tool_choice.x")]
    [InlineData("\"system\":5", "system")]
    public void Read_WhatIsWrong_IsRefused(string field, string path) =>
        AssertRefused($$"""{"model":"m","max_tokens":2000,{{field}},{{Hi}}}""", path, StreamErrorCodes.InvalidRequest);

    [Theory]
    [InlineData("\"container\":\"c\"", "container")]
    [InlineData("\"context_management\":{\"edits\":[]}", "context_management")]
    [InlineData("\"mcp_servers\":[{}]", "mcp_servers")]
    [InlineData("\"inference_geo\":\"eu\"", "inference_geo")]
    [InlineData("\"speed\":\"fast\"", "speed")]
    [InlineData("\"tools\":[{\"type\":\"web_search_20250305\",\"name\":\"web_search\"}]", "tools[0].type")]
    [InlineData("\"tools\":[{\"name\":\"f\",\"input_schema\":{},\"defer_loading\":true}]", "tools[0].defer_loading")]
    [InlineData("\"tools\":[{\"name\":\"f\",\"input_schema\":{},\"input_examples\":[{}]}]", "tools[0].input_examples")]
    [InlineData("\"tools\":[{\"name\":\"f\",\"input_schema\":{},\"allowed_callers\":[\"code_execution_20250825\"]}]", "tools[0].allowed_callers")]
    [InlineData("\"system\":[{\"type\":\"image\"}]", "system[0].type")]
    public void Read_WhatIsNotOffered_IsRefused(string field, string path) =>
        AssertRefused($$"""{"model":"m","max_tokens":1,{{field}},{{Hi}}}""", path, StreamErrorCodes.Unsupported);

    [Theory]
    [InlineData("{\"role\":\"tool\",\"content\":\"a\"}", "role", StreamErrorCodes.InvalidRequest)]
    [InlineData("{\"role\":\"user\"}", "content", StreamErrorCodes.InvalidRequest)]
    [InlineData("{\"role\":\"user\",\"content\":\"a\",\"name\":\"x\"}", "name", StreamErrorCodes.InvalidRequest)]
    [InlineData("{\"role\":\"user\",\"content\":[{\"text\":\"a\"}]}", "content[0].type", StreamErrorCodes.InvalidRequest)]
    [InlineData("{\"role\":\"user\",\"content\":[{\"type\":\"text\"}]}", "content[0].text", StreamErrorCodes.InvalidRequest)]
    [InlineData("{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\",\"x\":1}]}", "content[0].x", StreamErrorCodes.InvalidRequest)]
    [InlineData("{\"role\":\"user\",\"content\":[{\"type\":\"search_result\"}]}", "content[0].type", StreamErrorCodes.Unsupported)]
    [InlineData("{\"role\":\"user\",\"content\":[{\"type\":\"tool_use\"}]}", "content[0].type", StreamErrorCodes.Unsupported)]
    [InlineData("{\"role\":\"assistant\",\"content\":[{\"type\":\"server_tool_use\"}]}", "content[0].type", StreamErrorCodes.Unsupported)]
    [InlineData("{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"image/png\",\"data\":\"?\"}}]}", "content[0].source.data", StreamErrorCodes.InvalidRequest)]
    [InlineData("{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":{\"type\":\"base64\",\"media_type\":\"text/html\",\"data\":\"\"}}]}", "content[0].source.media_type", StreamErrorCodes.InvalidRequest)]
    [InlineData("{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":{\"type\":\"url\",\"url\":\"ftp://e.x\"}}]}", "content[0].source.url", StreamErrorCodes.InvalidRequest)]
    [InlineData("{\"role\":\"user\",\"content\":[{\"type\":\"image\",\"source\":{\"type\":\"text\"}}]}", "content[0].source.type", StreamErrorCodes.InvalidRequest)]
    [InlineData("{\"role\":\"user\",\"content\":[{\"type\":\"document\",\"source\":{\"type\":\"content\"}}]}", "content[0].source.type", StreamErrorCodes.InvalidRequest)]
    [InlineData("{\"role\":\"user\",\"content\":[{\"type\":\"document\",\"citations\":{\"enabled\":true}}]}", "content[0].citations.enabled", StreamErrorCodes.Unsupported)]
    [InlineData("{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\"}]}", "content[0].tool_use_id", StreamErrorCodes.InvalidRequest)]
    [InlineData("{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\",\"tool_use_id\":\"a\",\"content\":[{\"type\":\"tool_reference\"}]}]}", "content[0].content[0].type", StreamErrorCodes.Unsupported)]
    [InlineData("{\"role\":\"assistant\",\"content\":[{\"type\":\"tool_use\",\"id\":\"a\",\"name\":\"f\",\"input\":\"{}\"}]}", "content[0].input", StreamErrorCodes.InvalidRequest)]
    [InlineData("{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\"}]}", "content[0].thinking", StreamErrorCodes.InvalidRequest)]
    public void Read_MessageThatCannotBeRead_IsRefused(string message, string path, string code) =>
        AssertRefused($$"""{"model":"m","max_tokens":1,"messages":[{{message}}]}""", $"messages[0].{path}", code);

    private static AnthropicCall Read(string body) => VendorStream.Read(AnthropicMessagesApi.Instance, body);

    private static void AssertRefused(string body, string? path, string code)
    {
        StreamError error = VendorStream.Refused(AnthropicMessagesApi.Instance, body);

        Assert.Equal((code, path), (error.Code, error.Parameter));
        Assert.StartsWith(path ?? "The request body", error.Message, StringComparison.Ordinal);
    }
}

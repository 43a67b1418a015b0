using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.AI.Tests.AISdk;

public sealed class AISdkChatRequestTests
{
    [Fact]
    public void Read_TheTransportsBody_IsAccepted()
    {
        AISdkCall call = Read("""
            {"id":"chat-1","trigger":"regenerate-message","messageId":"m9","model":"gpt","webSearch":true,"limits":{"a":1},"nothing":null,
             "messages":[{"id":"u1","role":"user","metadata":{"at":1},"parts":[{"type":"text","text":"Hi","state":"done"}]}]}
            """);

        Assert.True(call.IsStreaming);
        Assert.Null(call.Options.AdditionalProperties);
        Assert.Equal("gpt", call.Options.ModelId);
        Assert.Equal("Hi", Assert.Single(call.Messages).Text);
        Assert.Null(call.MessageId);
        Assert.Equal(["id", "limits", "messageId", "trigger", "webSearch"], call.AdditionalFields.Keys.Order());
        Assert.Equal(("chat-1", true), (call.AdditionalFields["id"], call.AdditionalFields["webSearch"]));
        Assert.Equal("""{"a":1}""", Assert.IsType<JsonElement>(call.AdditionalFields["limits"]).GetRawText());
    }

    [Fact]
    public void Read_AModelThatIsNoText_IsTheApplications() =>
        Assert.NotNull(Read("""{"model":{"id":1},"messages":[{"role":"user","parts":[]}]}""").AdditionalFields["model"]);

    [Fact]
    public void Read_SystemAndUserParts_BecomeContents()
    {
        AISdkCall call = Read("""
            {"messages":[
              {"role":"system","parts":[{"type":"text","text":"Be brief."}]},
              {"role":"user","parts":[
                {"type":"text","text":"What?"},{"type":"data-cursor","data":1},
                {"type":"file","mediaType":"image/png","url":"data:image/png;base64,AQID","filename":"a.png"},
                {"type":"file","mediaType":"application/pdf","url":"https://e.x/a.pdf"}]}]}
            """);

        Assert.Equal(["system", "user"], call.Messages.Select(static message => message.Role.Value));
        Assert.Equal("Be brief.", call.Messages[0].Text);
        Assert.Equal(3, call.Messages[1].Contents.Count);
        DataContent image = Assert.IsType<DataContent>(call.Messages[1].Contents[1]);
        Assert.Equal(("image/png", "a.png"), (image.MediaType, image.Name));
        Assert.Equal("application/pdf", Assert.IsType<UriContent>(call.Messages[1].Contents[2]).MediaType);
    }

    [Fact]
    public void Read_AnAssistantsSteps_BecomeMessagesWithResultsBetween()
    {
        AISdkCall call = Read("""
            {"messages":[{"id":"a1","role":"assistant","parts":[
              {"type":"step-start"},
              {"type":"reasoning","text":"Hm","providerMetadata":{"gai":{"signature":"sig"}}},
              {"type":"tool-get_weather","toolCallId":"c1","state":"output-available","input":{"city":"Zagreb"},"output":{"tempC":21}},
              {"type":"dynamic-tool","toolName":"get_time","toolCallId":"c2","state":"output-error","input":{},"errorText":"no clock"},
              {"type":"tool-pay","toolCallId":"c3","state":"output-denied","input":{},"approval":{"id":"x","approved":false,"reason":"too much"}},
              {"type":"source-url","sourceId":"s1","url":"https://e.x"},
              {"type":"step-start"},
              {"type":"text","text":"21 degrees."},
              {"type":"tool-own","toolCallId":"c4","state":"output-available","providerExecuted":true,"input":null,"output":"done"},
              {"type":"text","text":"Done."},
              {"type":"file","mediaType":"image/png","url":"data:image/png;base64,AQID"},
              {"type":"tool-half","toolCallId":"c5","state":"input-streaming"},
              {"type":"tool-own","toolCallId":"c7","state":"input-available","providerExecuted":true,"input":{}},
              {"type":"tool-last","toolCallId":"c6","state":"input-available","input":{"a":1}}]}]}
            """);

        Assert.Equal(["assistant", "tool", "assistant", "tool", "assistant"], call.Messages.Select(static message => message.Role.Value));
        TextReasoningContent reasoning = Assert.IsType<TextReasoningContent>(call.Messages[0].Contents[0]);
        Assert.Equal(("Hm", "sig"), (reasoning.Text, reasoning.ProtectedData));
        Assert.Equal(
            [("c1", "get_weather"), ("c2", "get_time"), ("c3", "pay"), ("c4", "own"), ("c6", "last")],
            call.Messages.SelectMany(static message => message.Contents).OfType<FunctionCallContent>().Select(static one => (one.CallId, one.Name)));
        Assert.Equal(
            [("c1", """{"tempC":21}"""), ("c2", "no clock"), ("c3", "too much"), ("c4", "done")],
            call.Messages.SelectMany(static message => message.Contents).OfType<FunctionResultContent>().Select(static one => (one.CallId, one.Result!.ToString()!)));
        Assert.Equal("Zagreb", Assert.IsType<JsonElement>(Assert.IsType<FunctionCallContent>(call.Messages[0].Contents[1]).Arguments!["city"]).GetString());
        Assert.Equal("21 degrees.", call.Messages[2].Text);
        Assert.Equal("Done.", call.Messages[4].Text);
        Assert.Equal("a1", call.MessageId);
        Assert.Equal(["c1", "c2", "c3", "c4", "c5", "c6", "c7"], call.ToolCallIds.Order());
    }

    [Theory]
    [InlineData("""[]""", null)]
    [InlineData("""{}""", "messages")]
    [InlineData("""{"id":"c","message":{"role":"user","parts":[]}}""", "messages")]
    [InlineData("""{"messages":[]}""", "messages")]
    [InlineData("""{"messages":"none"}""", "messages")]
    [InlineData("""{"messages":[{"role":"user"}]}""", "messages[0].parts")]
    [InlineData("""{"messages":[{"role":"user","content":"old"}]}""", "messages[0].parts")]
    [InlineData("""{"messages":[{"parts":[]}]}""", "messages[0].role")]
    [InlineData("""{"messages":[{"role":"tool","parts":[]}]}""", "messages[0].role")]
    [InlineData("""{"messages":[{"role":"system","parts":[{"type":"file"}]}]}""", "messages[0].parts[0].type")]
    [InlineData("""{"messages":[{"role":"user","parts":[{"type":"reasoning"}]}]}""", "messages[0].parts[0].type")]
    [InlineData("""{"messages":[{"role":"user","parts":[{"text":"x"}]}]}""", "messages[0].parts[0].type")]
    [InlineData("""{"messages":[{"role":"user","parts":[{"type":"text"}]}]}""", "messages[0].parts[0].text")]
    [InlineData("""{"messages":[{"role":"user","parts":[{"type":"file","url":"https://e.x"}]}]}""", "messages[0].parts[0].mediaType")]
    [InlineData("""{"messages":[{"role":"user","parts":[{"type":"file","mediaType":"image/png","url":"blob:x"}]}]}""", "messages[0].parts[0].url")]
    [InlineData("""{"messages":[{"role":"assistant","parts":[{"type":"new-thing"}]}]}""", "messages[0].parts[0].type")]
    [InlineData("""{"messages":[{"role":"assistant","parts":[{"type":"tool-f","state":"input-available"}]}]}""", "messages[0].parts[0].toolCallId")]
    [InlineData("""{"messages":[{"role":"assistant","parts":[{"type":"tool-f","toolCallId":"c","state":"approval-responded"}]}]}""", "messages[0].parts[0].state")]
    [InlineData("""{"messages":[{"role":"assistant","parts":[{"type":"tool-f","toolCallId":"c","state":"input-available","input":[1]}]}]}""", "messages[0].parts[0].input")]
    [InlineData("""{"messages":[{"role":"assistant","parts":[{"type":"tool-f","toolCallId":"c","state":"output-error","input":{}}]}]}""", "messages[0].parts[0].errorText")]
    [InlineData("""{"messages":[{"role":"assistant","parts":[{"type":"dynamic-tool","toolCallId":"c","state":"input-available"}]}]}""", "messages[0].parts[0].toolName")]
    public void Read_WhatCannotBeRead_IsRefusedByItsPath(string body, string? path)
    {
        StreamError error = VendorStream.Refused(AISdkChatApi.Instance, body);

        Assert.Equal(path, error.Parameter);
        Assert.StartsWith(path is null ? "The request body " : $"{path} ", error.Message, StringComparison.Ordinal);
    }

    private static AISdkCall Read(string body) => VendorStream.Read(AISdkChatApi.Instance, body);
}

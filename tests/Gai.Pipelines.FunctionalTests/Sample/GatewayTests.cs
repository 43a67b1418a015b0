using System.Text;
using Gai.Pipelines.AI;
using Gai.Pipelines.FunctionalTests.Providers;
using Gai.Pipelines.TestUtilities;
using Microsoft.Extensions.AI;

namespace Gai.Pipelines.FunctionalTests.Sample;

/// <summary>The sample in front of a provider.</summary>
public sealed class GatewayTests
{
    [Fact]
    public async Task Sample_BehindItAnOpenAICompatibleServer_StreamsItsAnswer()
    {
        await using Upstream upstream = await Upstream.StreamingAsync(
            Upstream.Delta("""{"role":"assistant","content":"Dobar "}""") + Upstream.Delta("""{"content":"dan \ud83c\udf0d"}""") + Upstream.Delta("{}", "\"stop\"") + Upstream.Done, pieceBytes: 7);

        ChatResponse response = await AskAsync(new() { ["Model__Provider"] = "openai-compatible", ["Model__BaseUrl"] = $"{upstream.BaseAddress}", ["Model__ApiKey"] = "k", ["Model__Model"] = "m" });

        Assert.Equal(("Dobar dan \U0001F30D", "mock-1", ChatFinishReason.Stop), (response.Text, response.ModelId, response.FinishReason));
        Assert.Equal(("m", "Hello"), (upstream.Requests.Single().GetProperty("model").GetString(), upstream.Requests.Single().GetProperty("messages")[0].GetProperty("content").GetString()));
        Assert.Equal("Bearer k", upstream.Headers.Authorization);
    }

    [Fact]
    public async Task Sample_BehindItAnthropicsClient_StreamsItsAnswer()
    {
        await using Upstream upstream = await Upstream.StreamingAsync(AnthropicStart + AnthropicText + """
            event: content_block_stop
            data: {"type":"content_block_stop","index":0}

            event: message_delta
            data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":7}}

            event: message_stop
            data: {"type":"message_stop"}


            """);

        ChatResponse response = await AskAsync(Anthropic(upstream));

        Assert.Equal(("Dobar dan", ChatFinishReason.Stop, 7), (response.Text, response.FinishReason, response.Usage!.OutputTokenCount));
        Assert.Equal("claude-1", upstream.Requests.Single().GetProperty("model").GetString());
    }

    [Fact]
    public async Task Sample_AnthropicRefuses_AnswersWithItsStatusAndWait()
    {
        await using Upstream upstream = await Upstream.StartAsync(context =>
        {
            context.Response.StatusCode = 429;
            context.Response.Headers.RetryAfter = "9";
            return Upstream.WriteAsync(context, """{"type":"error","error":{"type":"rate_limit_error","message":"Slow down."}}""", contentType: "application/json");
        });

        var thrown = await Assert.ThrowsAsync<StreamErrorException>(() => AskAsync(Anthropic(upstream)));

        Assert.Equal((StreamErrorCodes.RateLimited, "Slow down.", TimeSpan.FromSeconds(9)), (thrown.Error.Code, thrown.Error.Message, thrown.Error.RetryAfter));
        Assert.Single(upstream.Requests);
    }

    [Fact]
    public async Task Sample_AnthropicFailsInMidStream_TellsItsError()
    {
        await using Upstream upstream = await Upstream.StreamingAsync(AnthropicStart + AnthropicText + """
            event: error
            data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}


            """);

        var thrown = await Assert.ThrowsAsync<StreamErrorException>(() => AskAsync(Anthropic(upstream)));

        Assert.Equal((StreamErrorCodes.Overloaded, true), (thrown.Error.Code, thrown.Error.Temporary));
    }

    [Theory]
    [InlineData("Model:Provider is \"gpt\". Set \"embedded\", \"openai-compatible\" or \"anthropic\".", "Model__Provider=gpt")]
    [InlineData("Model:BaseUrl is missing, and this Model:Provider needs it.", "Model__Provider=openai-compatible")]
    [InlineData("Model:BaseUrl is \"localhost:8000\". Set an absolute address of http or https.", "Model__Provider=openai-compatible", "Model__BaseUrl=localhost:8000")]
    [InlineData("Model:ApiKey is missing, and this Model:Provider needs it.", "Model__Provider=anthropic", "Model__Model=claude-1")]
    [InlineData("Model:BaseUrl is \"http://x/v1\", but Model:Provider is \"embedded\"", "Model__BaseUrl=http://x/v1")]
    public async Task Sample_WrongSettings_SaysSoAtStart(string message, params string[] settings)
    {
        await using var sample = new SampleProgram { Settings = settings.Select(setting => setting.Split('=', 2)).ToDictionary(parts => parts[0], parts => parts[1]) };

        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(async () => await sample.InitializeAsync());

        await Deadline.UntilAsync(() => sample.Output.Contains(message, StringComparison.Ordinal));
        Assert.StartsWith("The sample ended", thrown.Message, StringComparison.Ordinal);
    }

    private const string AnthropicStart = """
        event: message_start
        data: {"type":"message_start","message":{"id":"msg_01","type":"message","role":"assistant","model":"claude-1","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":11,"output_tokens":1}}}


        """;

    private const string AnthropicText = """
        event: content_block_start
        data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Dobar dan"}}


        """;

    private static Dictionary<string, string> Anthropic(Upstream upstream) => new()
    {
        ["Model__Provider"] = "anthropic", ["Model__BaseUrl"] = upstream.BaseAddress.GetLeftPart(UriPartial.Authority), ["Model__ApiKey"] = "k", ["Model__Model"] = "claude-1",
    };

    /// <summary>Starts the sample with these settings and asks it.</summary>
    private static async Task<ChatResponse> AskAsync(Dictionary<string, string> settings)
    {
        await using var sample = new SampleProgram { Settings = settings };
        await sample.InitializeAsync();
        using var http = new HttpClient { BaseAddress = sample.Addresses[0] };
        using var client = new GaiChatClient(http, (_, _) =>
        {
            var request = new HttpRequestMessage(HttpMethod.Post, "/chat")
            {
                Content = new StringContent("""{"messages":[{"role":"user","content":"Hello"}]}""", Encoding.UTF8, "application/json"),
            };
            request.Headers.Add("Accept", "application/x-ndjson");
            return request;
        });
        return await client.GetResponseAsync([new ChatMessage(ChatRole.User, "Hello")]);
    }
}

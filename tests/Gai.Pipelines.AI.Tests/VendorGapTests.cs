namespace Gai.Pipelines.AI.Tests;

/// <summary>Events that were dropped: a comment where the protocol is SSE, nothing in Ollama's.</summary>
public sealed class VendorGapTests
{
    private const string Messages = "\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]";

    public static TheoryData<string, Func<StreamEvent[], string>> Vendors => new()
    {
        { "openai chat", events => VendorStream.Answer(OpenAIChatApi.Instance, $$"""{"model":"m","stream":true,{{Messages}}}""", events) },
        { "openai completions", events => VendorStream.Answer(OpenAICompletionsApi.Instance, """{"model":"m","stream":true,"prompt":"Hi"}""", events) },
        { "openai responses", events => VendorStream.Answer(OpenAIResponsesApi.Instance, """{"model":"m","stream":true,"input":"Hi"}""", events) },
        { "anthropic", events => VendorStream.Answer(AnthropicMessagesApi.Instance, $$"""{"model":"m","max_tokens":9,"stream":true,{{Messages}}}""", events) },
        { "ai sdk", events => VendorStream.Answer(AISdkChatApi.Instance, """{"messages":[{"id":"u","role":"user","parts":[{"type":"text","text":"Hi"}]}]}""", events) },
    };

    [Theory]
    [MemberData(nameof(Vendors), DisableDiscoveryEnumeration = true)]
    public void Answer_Gap_IsACommentBetweenTheSameFrames(string vendor, Func<StreamEvent[], string> answer)
    {
        StreamEvent[] events = [StreamEvent.Start("r"), StreamEvent.TextDelta("a"), StreamEvent.TextDelta("b"), StreamEvent.Finish(FinishReasons.Stop)];

        string[] whole = answer(events).Split("\n\n");
        string[] withGap = answer([.. events[..2], StreamEvent.Gap(12), .. events[2..]]).Split("\n\n");

        int gap = Array.IndexOf(withGap, ": gap 12");
        Assert.True(gap > 0, $"{vendor}: {string.Join(" | ", withGap)}");
        Assert.Equal(whole.Length, withGap.Length - 1);
    }

    [Fact]
    public void Answer_GapToOllama_IsNothing()
    {
        const string Request = "{\"model\":\"m\"," + Messages + "}";
        StreamEvent[] events = [StreamEvent.TextDelta("a"), StreamEvent.Finish(FinishReasons.Stop)];

        Assert.Equal(
            VendorStream.Answer(OllamaChatApi.Instance, Request, events),
            VendorStream.Answer(OllamaChatApi.Instance, Request, [events[0], StreamEvent.Gap(12), events[1]]));
    }
}

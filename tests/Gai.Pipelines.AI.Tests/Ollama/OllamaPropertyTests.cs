using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;

namespace Gai.Pipelines.AI.Tests.Ollama;

/// <summary>Whatever a model says and however it is cut, a reader of lines gets it.</summary>
public sealed class OllamaPropertyTests
{
    private const int Runs = 400;

    [Fact]
    public void Answer_AnyEvents_AreReadAsTheyWereSaid() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(Runs), Prop.ForAll(AnyAnswer.All().ToArbitrary(), static answer =>
        {
            AssertChat(answer);
            AssertGenerate(answer);
            return true;
        }));

    private static void AssertChat(AnyAnswer answer)
    {
        JsonElement[] lines = Lines(VendorStream.Answer(OllamaChatApi.Instance, """{"model":"m","messages":[{"role":"user","content":"x"}]}""", answer.Events), answer);
        JsonElement[] messages = [.. lines.Select(static line => line.GetProperty("message"))];
        JsonElement[] calls = [.. messages.Where(static message => message.TryGetProperty("tool_calls", out _)).SelectMany(static message => message.GetProperty("tool_calls").EnumerateArray())];
        Assert.Equal(answer.Text, string.Concat(messages.Select(static message => message.GetProperty("content").GetString())));
        Assert.Equal(answer.Reasoning, string.Concat(messages.Select(static message => message.TryGetProperty("thinking", out JsonElement thinking) ? thinking.GetString() : "")));
        Assert.Equal(Enumerable.Range(0, calls.Length), calls.Select(static call => call.GetProperty("function").GetProperty("index").GetInt32()));

        // A call is told when it closes, so of two by turns the second may come first.
        WholeCalls.AssertEqual(answer, calls.Select(static call => (
            call.GetProperty("id").GetString()!,
            call.GetProperty("function").GetProperty("name").GetString()!,
            call.GetProperty("function").GetProperty("arguments").GetRawText())));
    }

    private static void AssertGenerate(AnyAnswer answer)
    {
        JsonElement[] lines = Lines(VendorStream.Answer(OllamaGenerateApi.Instance, """{"model":"m","prompt":"x"}""", answer.Events), answer);
        Assert.Equal(answer.Text, string.Concat(lines.Select(static line => line.GetProperty("response").GetString())));
    }

    /// <summary>Reads the lines, checks how they end, and gives those that are no error.</summary>
    private static JsonElement[] Lines(string stream, AnyAnswer answer)
    {
        Assert.EndsWith("\n", stream, StringComparison.Ordinal);
        string[] texts = stream[..^1].Split('\n');
        JsonElement[] lines = [.. texts.Select(static text => JsonDocument.Parse(text).RootElement)];
        bool failed = answer.Error is not null;
        Assert.Equal(failed ? answer.Error!.Value.Message : null, lines[^1].TryGetProperty("error", out JsonElement error) ? error.GetString() : null);
        JsonElement[] said = failed ? lines[..^1] : lines;
        Assert.All(said, static line => Assert.False(line.TryGetProperty("error", out _)));
        Assert.Equal(said.Select((_, index) => !failed && index == said.Length - 1), said.Select(static line => line.GetProperty("done").GetBoolean()));
        if (!failed)
        {
            Assert.Equal(answer.FinishReason == FinishReasons.Length ? "length" : "stop", lines[^1].GetProperty("done_reason").GetString());
        }

        return said;
    }
}

[Collection(nameof(ExactAllocations))]
public sealed class OllamaAllocationTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WriteEvent_Deltas_AllocateNothing(bool reasoning)
    {
        StreamEvent delta = reasoning ? StreamEvent.ReasoningDelta(" token\n") : StreamEvent.TextDelta(" token\n"u8.ToArray());
        Dialect<StreamEvent> chat = VendorStream.Begin(OllamaChatApi.Instance, VendorStream.Read(OllamaChatApi.Instance, """{"model":"m","messages":[{"role":"user","content":"x"}]}"""));
        Dialect<StreamEvent> generate = VendorStream.Begin(OllamaGenerateApi.Instance, VendorStream.Read(OllamaGenerateApi.Instance, """{"model":"m","prompt":"x"}"""));

        Assert.Equal(0, VendorStream.AllocatedForDeltas(chat, StreamEvent.Start(), delta));
        Assert.Equal(0, VendorStream.AllocatedForDeltas(generate, StreamEvent.Start(), delta));
    }

    [Fact]
    public void WriteEvent_DeltasWithTheRealTime_AllocateNothing()
    {
        Dialect<StreamEvent> chat = OllamaChatApi.Instance.Begin(
            VendorStream.Read(OllamaChatApi.Instance, """{"model":"m","messages":[{"role":"user","content":"x"}]}"""), new DialectContext(StreamFormat.Ndjson, DialectSettings.Default));

        Assert.Equal(0, VendorStream.AllocatedForDeltas(chat, StreamEvent.Start(), StreamEvent.TextDelta(" token")));
    }
}

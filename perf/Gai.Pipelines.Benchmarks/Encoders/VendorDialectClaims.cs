using System.Text;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Gai.Pipelines.AI;
using Gai.Pipelines.Benchmarks.Sinks;

namespace Gai.Pipelines.Benchmarks.Encoders;

/// <summary>A text delta of 14 letters in each vendor's dialect, beside the gai dialect over SSE.</summary>
/// <remarks>Each operation is one frame of a run of a thousand into the same 4 KiB block. Every dialect has begun its stream.</remarks>
[MemoryDiagnoser]
public class VendorDialectClaims
{
    private const int Frames = 1_000;
    private const int ResponsesRuns = 50;
    private const string Text = "fourteen chars";

    private readonly BlockWriter _block = new();
    private readonly StreamEvent _event = StreamEvent.TextDelta(Text);
    private readonly FrameWriter _frames;
    private readonly Dialect<StreamEvent> _gai = new GaiSseDialect(DialectSettings.Default);
    private Dialect<StreamEvent> _openAIChat = null!;
    private Dialect<StreamEvent> _openAICompletions = null!;
    private Dialect<StreamEvent> _anthropicMessages = null!;
    private Dialect<StreamEvent> _ollamaChat = null!;
    private Dialect<StreamEvent> _ollamaGenerate = null!;
    private Dialect<StreamEvent> _aiSdkChat = null!;

    /// <summary>Prepares the output.</summary>
    public VendorDialectClaims() => _frames = new FrameWriter(_block);

    /// <summary>Begins the streams, and checks that each dialect writes the text once a frame.</summary>
    [GlobalSetup]
    public void Setup()
    {
        const string Chat = """{"model":"model-1","stream":true,"max_tokens":1,"messages":[{"role":"user","content":"Hi"}]}""";
        _openAIChat = Begin(OpenAIChatApi.Instance, Chat);
        _openAICompletions = Begin(OpenAICompletionsApi.Instance, """{"model":"model-1","stream":true,"prompt":"Hi"}""");
        _anthropicMessages = Begin(AnthropicMessagesApi.Instance, Chat);
        _ollamaChat = Begin(OllamaChatApi.Instance, Chat);
        _ollamaGenerate = Begin(OllamaGenerateApi.Instance, """{"model":"model-1","prompt":"Hi"}""");
        _aiSdkChat = Begin(AISdkChatApi.Instance, """{"messages":[{"role":"user","parts":[{"type":"text","text":"Hi"}]}]}""");
        foreach (Action write in (Action[])[Gai, OpenAIChat, OpenAICompletions, OpenAIResponses, AnthropicMessages, OllamaChat, OllamaGenerate, AISdkChat])
        {
            string written = Encoding.UTF8.GetString(_block.Capture(write));
            int frames = write == OpenAIResponses ? ResponsesRuns * Frames : Frames;
            if (written.Split($"\"{Text}\"").Length != frames + 1)
            {
                throw new InvalidOperationException($"{write.Method.Name} did not write the text {frames} times.");
            }
        }
    }

    /// <summary>The gai dialect over SSE.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Frames)]
    public void Gai() => Write(_gai);

    /// <summary>OpenAI's chat completions.</summary>
    [Benchmark(OperationsPerInvoke = Frames)]
    public void OpenAIChat() => Write(_openAIChat);

    /// <summary>OpenAI's legacy completions.</summary>
    [Benchmark(OperationsPerInvoke = Frames)]
    public void OpenAICompletions() => Write(_openAICompletions);

    /// <summary>OpenAI's Responses. It remembers the text for its last events, so each run is a stream of its own, and a long one.</summary>
    [Benchmark(OperationsPerInvoke = ResponsesRuns * Frames)]
    public void OpenAIResponses()
    {
        Dialect<StreamEvent> dialect = Begin(OpenAIResponsesApi.Instance, """{"model":"model-1","stream":true,"input":"Hi"}""");
        for (int i = 0; i < ResponsesRuns; i++)
        {
            Write(dialect);
        }

        // Gives the remembered text back.
        dialect.WriteError(_frames, StreamError.Internal);
        _frames.Discard();
        _frames.Publish();
    }

    /// <summary>Anthropic's messages.</summary>
    [Benchmark(OperationsPerInvoke = Frames)]
    public void AnthropicMessages() => Write(_anthropicMessages);

    /// <summary>Ollama's chat, each line with the time at which it is written.</summary>
    [Benchmark(OperationsPerInvoke = Frames)]
    public void OllamaChat() => Write(_ollamaChat);

    /// <summary>Ollama's completion of a prompt.</summary>
    [Benchmark(OperationsPerInvoke = Frames)]
    public void OllamaGenerate() => Write(_ollamaGenerate);

    /// <summary>The AI SDK's UI message stream.</summary>
    [Benchmark(OperationsPerInvoke = Frames)]
    public void AISdkChat() => Write(_aiSdkChat);

    private static Dialect<StreamEvent> Begin<TCall>(ChatApi<TCall> api, string request)
        where TCall : ChatCall
    {
        using JsonDocument body = JsonDocument.Parse(request);
        Dialect<StreamEvent> dialect = api.Begin(
            api.Read(new RequestValue(body.RootElement, string.Empty)), new DialectContext(api.StreamFormat, DialectSettings.Default));
        var frames = new FrameWriter(new BlockWriter());
        dialect.WriteEvent(frames, StreamEvent.Start());
        dialect.WriteEvent(frames, StreamEvent.TextDelta("a"));
        return dialect;
    }

    private void Write(Dialect<StreamEvent> dialect)
    {
        for (int i = 0; i < Frames; i++)
        {
            dialect.WriteEvent(_frames, _event);
            _frames.Commit();
        }

        _frames.Publish();
    }
}

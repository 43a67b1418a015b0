using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using Gai.Pipelines.AI;
using Gai.Pipelines.Benchmarks.Sinks;

namespace Gai.Pipelines.Benchmarks.Encoders;

/// <summary>A whole answer in each dialect, from its opening to its end marker: 100 deltas of 14 letters, a tool call, the finish. For information.</summary>
/// <remarks>Each operation makes the dialect anew, as a stream does. The plain dialects have no events but the deltas, as records of the application.</remarks>
[MemoryDiagnoser]
public class DialectBenchmarks
{
    private const int Deltas = 100;
    private const string Text = "fourteen chars";

    private static readonly DialectSettings Settings = DialectSettings.Default;
    private static readonly StreamEvent[] Answer =
    [
        StreamEvent.Start("resp_1", "model-1"),
        .. Enumerable.Repeat(StreamEvent.TextDelta(Text), Deltas),
        StreamEvent.ToolCall("call_1", "get_weather", "{\"city\":\"Oslo\"}"),
        StreamEvent.Finish(FinishReasons.ToolCalls, new TokenUsage(12, 34)),
    ];

    private static readonly Piece[] Pieces = [.. Enumerable.Repeat(new Piece(Text), Deltas)];
    private static readonly SseItem<Piece>[] Items = [.. Pieces.Select(static piece => new SseItem<Piece>(piece, "text_delta"))];

    private readonly BlockWriter _block = new();
    private readonly FrameWriter _frames;
    private Action _write = static () => { };

    /// <summary>Prepares the output.</summary>
    public DialectBenchmarks() => _frames = new FrameWriter(_block);

    /// <summary>All dialects, in all their formats.</summary>
    public static IEnumerable<string> Dialects =>
    [
        "gai SSE", "gai NDJSON", "gai.events.v1 SSE", "gai.events.v1 NDJSON", "plain SSE", "plain NDJSON", "SseItem SSE",
        "OpenAI chat", "OpenAI completions", "OpenAI Responses", "Anthropic messages", "Ollama chat", "Ollama generate", "AI SDK",
    ];

    /// <summary>Which one.</summary>
    [ParamsSource(nameof(Dialects))]
    public string Dialect { get; set; } = string.Empty;

    /// <summary>Begins, and checks that all deltas are written.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _write = Choose();
        string written = Encoding.UTF8.GetString(_block.Capture(_write));

        // Some dialects say the whole text again at the end.
        int found = written.Split(Text).Length - 1;
        if (found != Deltas && found != 2 * Deltas && found % Deltas != 0)
        {
            throw new InvalidOperationException($"{Dialect} wrote the text {found} times where {Deltas} were expected.");
        }
    }

    /// <summary>The answer.</summary>
    [Benchmark]
    public void Write() => _write();

    private Action Choose()
    {
        const string Chat = """{"model":"model-1","stream":true,"max_tokens":1000,"messages":[{"role":"user","content":"Hi"}],"tools":[]}""";
        var identity = new StreamIdentity("r", "t");
        return Dialect switch
        {
            "gai SSE" => Answering(static () => new GaiSseDialect(Settings)),
            "gai NDJSON" => Answering(static () => new GaiNdjsonDialect(Settings)),
            "gai.events.v1 SSE" => Answering(() => new GaiEventsDialect(Settings, StreamFormat.ServerSentEvents, identity)),
            "gai.events.v1 NDJSON" => Answering(() => new GaiEventsDialect(Settings, StreamFormat.Ndjson, identity)),
            "plain SSE" => Writing(static () => new PlainSseDialect<Piece>(PieceJson.Default.Piece, Settings), Pieces),
            "plain NDJSON" => Writing(static () => new PlainNdjsonDialect<Piece>(PieceJson.Default.Piece), Pieces),
            "SseItem SSE" => Writing(static () => new SseItemDialect<Piece>(PieceJson.Default.Piece, Settings, StreamFormat.ServerSentEvents), Items),
            "OpenAI chat" => Answering(OpenAIChatApi.Instance, Chat),
            "OpenAI completions" => Answering(OpenAICompletionsApi.Instance, """{"model":"model-1","stream":true,"prompt":"Hi"}"""),
            "OpenAI Responses" => Answering(OpenAIResponsesApi.Instance, """{"model":"model-1","stream":true,"input":"Hi"}"""),
            "Anthropic messages" => Answering(AnthropicMessagesApi.Instance, Chat),
            "Ollama chat" => Answering(OllamaChatApi.Instance, Chat),
            "Ollama generate" => Answering(OllamaGenerateApi.Instance, """{"model":"model-1","prompt":"Hi"}"""),
            _ => Answering(AISdkChatApi.Instance, """{"messages":[{"role":"user","parts":[{"type":"text","text":"Hi"}]}]}"""),
        };
    }

    private Action Answering(Func<Dialect<StreamEvent>> begin) => Writing(begin, Answer);

    private Action Answering<TCall>(ChatApi<TCall> api, string request)
        where TCall : ChatCall
    {
        using JsonDocument body = JsonDocument.Parse(request);
        TCall call = api.Read(new RequestValue(body.RootElement.Clone(), string.Empty));
        return Answering(() => api.Begin(call, new DialectContext(api.StreamFormat, Settings)));
    }

    private Action Writing<T>(Func<Dialect<T>> begin, T[] events) => () =>
    {
        Dialect<T> dialect = begin();
        dialect.WriteOpening(_frames);
        _frames.Commit();
        foreach (T item in events)
        {
            dialect.WriteEvent(_frames, item);
            _frames.Commit();
        }

        dialect.WriteEnd(_frames);
        _frames.Commit();
        _frames.Publish();
    };
}

using System.Text;
using System.Text.Json;
using Gai.Pipelines.AI;

namespace Gai.Pipelines.Fuzz;

/// <summary>
/// The dialects of vendors. Their frames are not said again here: both parsers must read the same of them, and the text of the answer must be the text that went in.
/// </summary>
internal static class VendorLanes
{
    private const string Messages = """{"model":"m","stream":true,"max_tokens":9,"messages":[{"role":"user","content":"x"}]}""";
    private const string Prompt = """{"model":"m","stream":true,"prompt":"x"}""";

    public static IReadOnlyList<Lane> All { get; } =
    [
        Lane("OpenAI chat completions", Reading.EventsOfJson, OpenAIChatApi.Instance, Messages, null, "choices/delta/content"),
        Lane("OpenAI completions", Reading.EventsOfJson, OpenAICompletionsApi.Instance, Prompt, null, "choices/text"),
        Lane("OpenAI responses", Reading.EventsOfJson, OpenAIResponsesApi.Instance, """{"model":"m","stream":true,"input":"x"}""", "response.output_text.delta", "delta"),
        Lane("Anthropic messages", Reading.EventsOfJson, AnthropicMessagesApi.Instance, Messages, "content_block_delta", "delta/text"),
        Lane("AI SDK", Reading.EventsOfJson, AISdkChatApi.Instance, """{"messages":[{"role":"user","parts":[]}]}""", "text-delta", "delta"),
        Lane("Ollama chat", Reading.Records, OllamaChatApi.Instance, Messages, null, "message/content"),
        Lane("Ollama generate", Reading.Records, OllamaGenerateApi.Instance, Prompt, null, "response"),
    ];

    private static Lane Lane<TCall>(string name, Reading reading, ChatApi<TCall> api, string request, string? type, string path)
        where TCall : ChatCall => new(
            name,
            reading,
            2,
            _ =>
            {
                using JsonDocument body = JsonDocument.Parse(request);
                Dialect<StreamEvent> dialect = api.Begin(
                    api.Read(new RequestValue(body.RootElement, string.Empty)),
                    new DialectContext(api.StreamFormat, DialectSettings.Default, new StreamIdentity("req_1")));
                return new Answer(dialect, type, path);
            });

    private sealed class Answer(Dialect<StreamEvent> dialect, string? type, string path) : FuzzStream
    {
        private readonly CutText _cut = new();
        private readonly Canonical _json = new();
        private readonly Canonical _text = new();
        private int _calls;
        private bool _isTooLarge;

        public override bool IsExact => false;

        public override void Open(FrameWriter output, Expected expected) => dialect.WriteOpening(output);

        public override void Write(Choices choices, FrameWriter output, Expected expected)
        {
            StreamEvent item = AnyEvent.Make(choices, _json);
            if (_isTooLarge)
            {
                return;
            }

            // An answer begins and ends once, a call has an id of its own, and its input is an object: other APIs know no other. A gap is a comment, which one of the parsers does not show.
            switch (item.Type)
            {
                case StreamEventType.Start or StreamEventType.Finish or StreamEventType.Gap:
                    break;
                case StreamEventType.ToolCall:
                    Write(output, StreamEvent.ToolCall(NextId(item), item.Name!, AnyObject(choices), item.Runner));
                    break;
                case StreamEventType.ToolCallDelta:
                    string id = NextId(item);
                    string input = AnyObject(choices);
                    int cut = choices.Below(input.Length);
                    Write(output, StreamEvent.ToolCallDelta(id, "tool", input[..cut]));
                    Write(output, StreamEvent.ToolCallDelta(id, null, input[cut..]));
                    break;
                default:
                    Write(output, item);
                    break;
            }
        }

        public override void Close(Choices choices, FrameWriter output, Expected expected)
        {
            if (_isTooLarge || choices.OneIn(4))
            {
                dialect.WriteError(output, AnyEvent.Error(choices));
            }
            else
            {
                dialect.WriteEvent(output, StreamEvent.Finish(choices.OneIn(2) ? FinishReasons.Stop : HostileText.Any(choices), new TokenUsage(1, 2)));
                dialect.WriteEnd(output);
            }

            Take(_cut.Last());
        }

        public override string? Judge(ReadOnlySpan<byte> read)
        {
            string text = Encoding.UTF8.GetString(_text.Bytes);
            string found = CanonicalText.At(read, type, path);
            return _isTooLarge || text == found ? null : $"\n  text that went in {HostileText.Quote(text)}\n  text that was read {HostileText.Quote(found)}";
        }

        private void Write(FrameWriter output, in StreamEvent item)
        {
            if (_isTooLarge)
            {
                return;
            }

            try
            {
                dialect.WriteEvent(output, item);
                Take(_cut.Next(item));
            }
            catch (FrameTooLargeException)
            {
                // Some repeat the whole answer at its end, and bound it. The stream fails, as the pump would have it.
                output.Discard();
                _isTooLarge = true;
            }
        }

        private string NextId(in StreamEvent item) => $"{++_calls}{item.Id}";

        private string AnyObject(Choices choices) => $"{{\"a\":{HostileJson.Any(choices, _json)}}}";

        private void Take(IEnumerable<StreamEvent> events)
        {
            foreach (StreamEvent item in events.Where(item => item.Type == StreamEventType.TextDelta))
            {
                _text.Raw(item.Text);
            }
        }
    }
}

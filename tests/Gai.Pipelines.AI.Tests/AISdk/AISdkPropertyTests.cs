using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;

namespace Gai.Pipelines.AI.Tests.AISdk;

/// <summary>Whatever a model says and however it is cut, a reader that keeps the rules of the AI SDK gets it.</summary>
public sealed class AISdkPropertyTests
{
    private const int Runs = 400;

    [Fact]
    public void Answer_AnyEvents_AreReadAsTheyWereSaid() =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(Runs), Prop.ForAll(AnyAnswer.All().ToArbitrary(), static answer =>
        {
            var reader = new UIMessageReader();
            reader.Read(VendorStream.Answer(AISdkChatApi.Instance, """{"messages":[{"role":"user","parts":[]}]}""", answer.Events));

            Assert.Equal(answer.Text, reader.Text.ToString());
            Assert.Equal(answer.Reasoning, reader.Reasoning.ToString());
            WholeCalls.AssertEqual(answer, reader.Calls.Select(static call => (call.Key, call.Value.Name, call.Value.Input)));
            Assert.Equal(answer.Error?.Message, reader.Error);
            Assert.Equal(answer.Error is null, reader.Finish is not null);
            Assert.True(answer.Error is not null || reader.IsWhole);
            return true;
        }));

    /// <summary>Reads a UI message stream as strictly as the strictest client: no unknown kind, no unknown field, nothing without its beginning.</summary>
    private sealed class UIMessageReader
    {
        private static readonly Dictionary<string, string[]> Fields = new()
        {
            ["start"] = ["messageId", "messageMetadata"],
            ["start-step"] = [],
            ["finish-step"] = [],
            ["text-start"] = ["id"],
            ["text-delta"] = ["id", "delta"],
            ["text-end"] = ["id"],
            ["reasoning-start"] = ["id"],
            ["reasoning-delta"] = ["id", "delta"],
            ["reasoning-end"] = ["id", "providerMetadata"],
            ["tool-input-start"] = ["toolCallId", "toolName"],
            ["tool-input-delta"] = ["toolCallId", "inputTextDelta"],
            ["tool-input-available"] = ["toolCallId", "toolName", "input", "providerExecuted"],
            ["tool-output-error"] = ["toolCallId", "errorText", "providerExecuted"],
            ["data-safety"] = ["data"],
            ["data-raw"] = ["data"],
            ["error"] = ["errorText"],
            ["finish"] = ["finishReason", "messageMetadata"],
        };

        private readonly HashSet<string> _open = [];
        private readonly Dictionary<string, StringBuilder> _inputs = [];
        private bool _inStep;
        private bool _done;

        public StringBuilder Text { get; } = new();

        public StringBuilder Reasoning { get; } = new();

        /// <summary>The calls that the client runs.</summary>
        public Dictionary<string, (string Name, string Input)> Calls { get; } = [];

        public string? Error { get; private set; }

        public string? Finish { get; private set; }

        public bool IsWhole => _done && !_inStep && _open.Count == 0;

        public void Read(string stream)
        {
            using var bytes = new MemoryStream(Encoding.UTF8.GetBytes(stream));
            foreach (SseItem<string> item in SseParser.Create(bytes).Enumerate())
            {
                Assert.False(_done, "Something follows [DONE].");
                if (item.Data == "[DONE]")
                {
                    _done = true;
                }
                else
                {
                    ReadChunk(JsonDocument.Parse(item.Data).RootElement);
                }
            }

            Assert.True(_done, "There is no [DONE].");
        }

        private void ReadChunk(JsonElement chunk)
        {
            string type = chunk.GetProperty("type").GetString()!;
            Assert.True(Error is null && Finish is null, $"{type} follows the end.");
            Assert.All(chunk.EnumerateObject().Skip(1), field => Assert.Contains(field.Name, Fields[type]));
            switch (type)
            {
                case "start-step":
                    Assert.False(_inStep);
                    _inStep = true;
                    break;
                case "finish-step":
                    Assert.True(_inStep && _open.Count == 0);
                    _inStep = false;
                    break;
                case "text-start" or "reasoning-start":
                    Assert.True(_inStep && _open.Add(chunk.GetProperty("id").GetString()!));
                    break;
                case "text-end" or "reasoning-end":
                    Assert.True(_open.Remove(chunk.GetProperty("id").GetString()!));
                    break;
                case "text-delta" or "reasoning-delta":
                    Assert.Contains(chunk.GetProperty("id").GetString()!, _open);
                    (type == "text-delta" ? Text : Reasoning).Append(chunk.GetProperty("delta").GetString());
                    break;
                case "tool-input-start":
                    _inputs.Add(chunk.GetProperty("toolCallId").GetString()!, new StringBuilder());
                    break;
                case "tool-input-delta":
                    _inputs[chunk.GetProperty("toolCallId").GetString()!].Append(chunk.GetProperty("inputTextDelta").GetString());
                    break;
                case "tool-input-available":
                    ReadCall(chunk);
                    break;
                case "error":
                    Error = chunk.GetProperty("errorText").GetString();
                    break;
                case "finish":
                    Assert.False(_inStep);
                    Finish = chunk.GetProperty("finishReason").GetString();
                    break;
            }
        }

        private void ReadCall(JsonElement chunk)
        {
            Assert.True(_inStep);
            string id = chunk.GetProperty("toolCallId").GetString()!;
            string input = chunk.GetProperty("input").GetRawText();
            if (_inputs.TryGetValue(id, out StringBuilder? pieces) && pieces.Length > 0)
            {
                Assert.Equal(WholeCalls.Normal(input), WholeCalls.Normal(pieces.ToString()));
            }

            if (!chunk.TryGetProperty("providerExecuted", out _))
            {
                Calls.Add(id, (chunk.GetProperty("toolName").GetString()!, input));
            }
        }
    }
}

[Collection(nameof(ExactAllocations))]
public sealed class AISdkAllocationTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void WriteEvent_Deltas_AllocateNothing(bool reasoning)
    {
        StreamEvent delta = reasoning ? StreamEvent.ReasoningDelta(" token\n") : StreamEvent.TextDelta(" token\n"u8.ToArray());
        Dialect<StreamEvent> chat = VendorStream.Begin(AISdkChatApi.Instance, VendorStream.Read(AISdkChatApi.Instance, """{"messages":[{"role":"user","parts":[]}]}"""));

        Assert.Equal(0, VendorStream.AllocatedForDeltas(chat, StreamEvent.Start(), delta));
    }
}

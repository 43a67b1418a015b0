using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;

namespace Gai.Pipelines.AI.Tests.Anthropic;

/// <summary>A message read from its events by a reader that knows only the rules of the sheet, and insists on them.</summary>
internal sealed class ReadMessage
{
    private readonly List<(string Type, string Id, string Name, StringBuilder Content)> _blocks = [];
    private bool _isOpen;
    private bool _wasLeftOpen;
    private bool _hasStopReason;

    public string Text => Joined("text");

    public string Reasoning => Joined("thinking");

    /// <summary>The kinds of the blocks, in their order.</summary>
    public string Blocks => string.Join(' ', _blocks.Select(static block => block.Type));

    public IReadOnlyList<(string Id, string Name, string Input)> Calls =>
        [.. _blocks.Where(static block => block.Type == "tool_use").Select(static block => (block.Id, block.Name, block.Content.ToString()))];

    public string? Model { get; private set; }

    public string? StopReason { get; private set; }

    public string? StopSequence { get; private set; }

    public string? Error { get; private set; }

    public bool IsWhole { get; private set; }

    public static ReadMessage From(string stream)
    {
        var message = new ReadMessage();
        using var bytes = new MemoryStream(Encoding.UTF8.GetBytes(stream));
        foreach (SseItem<string> item in SseParser.Create(bytes).Enumerate())
        {
            using JsonDocument data = JsonDocument.Parse(item.Data);
            Assert.Equal(item.EventType, data.RootElement.GetProperty("type").GetString());
            Assert.False(message.IsWhole || message.Error is not null, $"After the end comes {item.Data}");
            message.Read(data.RootElement);
        }

        return message;
    }

    private void Read(JsonElement item)
    {
        string type = item.GetProperty("type").GetString()!;
        Assert.True(Model is not null || type is "message_start" or "ping" or "error", $"Before the start comes {type}.");
        Assert.False(_hasStopReason && type is not ("message_stop" or "error" or "ping"), $"After the stop reason comes {type}.");
        switch (type)
        {
            case "message_start":
                Assert.Null(Model);
                Model = item.GetProperty("message").GetProperty("model").GetString();
                break;
            case "content_block_start":
                // A call that an error broke off is not said to be complete; what it held back is told all the same.
                _wasLeftOpen |= _isOpen;
                Assert.False(_isOpen && _blocks[^1].Type != "tool_use", "A block begins in another.");
                Assert.Equal(_blocks.Count, item.GetProperty("index").GetInt32());
                _isOpen = true;
                Begin(item.GetProperty("content_block"));
                break;
            case "content_block_delta":
                CheckIsOpen(item);
                Add(item.GetProperty("delta"));
                break;
            case "content_block_stop":
                CheckIsOpen(item);
                _isOpen = false;
                break;
            case "message_delta":
                Assert.False(_isOpen || _wasLeftOpen, "The message ends inside a block.");
                _hasStopReason = true;
                StopReason = item.GetProperty("delta").GetProperty("stop_reason").GetString();
                StopSequence = item.GetProperty("delta").GetProperty("stop_sequence").GetString();
                Assert.Equal(JsonValueKind.Number, item.GetProperty("usage").GetProperty("output_tokens").ValueKind);
                break;
            case "message_stop":
                Assert.True(_hasStopReason);
                IsWhole = true;
                break;
            case "error":
                Error = item.GetProperty("error").GetProperty("message").GetString();
                break;
            default:
                Assert.Equal("ping", type);
                break;
        }
    }

    private void Begin(JsonElement block)
    {
        string type = block.GetProperty("type").GetString()!;
        _blocks.Add(type == "tool_use"
            ? (type, block.GetProperty("id").GetString()!, block.GetProperty("name").GetString()!, new StringBuilder())
            : (type, string.Empty, string.Empty, new StringBuilder()));
    }

    private void Add(JsonElement delta)
    {
        (string block, _, _, StringBuilder content) = _blocks[^1];
        (string owner, string field) = delta.GetProperty("type").GetString() switch
        {
            "text_delta" => ("text", "text"),
            "thinking_delta" => ("thinking", "thinking"),
            "input_json_delta" => ("tool_use", "partial_json"),
            "signature_delta" => ("thinking", string.Empty),
            "citations_delta" => ("text", string.Empty),
            string other => (other, other),
            null => throw new InvalidOperationException(),
        };
        Assert.Equal(owner, block);
        content.Append(field.Length > 0 ? delta.GetProperty(field).GetString() : null);
    }

    private void CheckIsOpen(JsonElement item)
    {
        Assert.True(_isOpen, "No block is open.");
        Assert.Equal(_blocks.Count - 1, item.GetProperty("index").GetInt32());
    }

    private string Joined(string type) => string.Concat(_blocks.Where(block => block.Type == type).Select(static block => block.Content.ToString()));
}

using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;

namespace Gai.Pipelines.AI.Tests.OpenAI;

/// <summary>Puts a response together from its events, and is as strict as the strictest client: it throws on what that one throws on, and on gaps.</summary>
internal sealed class ResponsesReader
{
    private readonly SortedDictionary<int, Item> _items = [];
    private long _next;

    /// <summary>The types of the events.</summary>
    public List<string> Types { get; } = [];

    /// <summary>The response of the last event that had one.</summary>
    public JsonElement Response { get; private set; }

    /// <summary>The error event, if there was one.</summary>
    public JsonElement? Error { get; private set; }

    /// <summary>The deltas of all texts.</summary>
    public string Text => Joined("message");

    /// <summary>The deltas of all reasonings.</summary>
    public string Reasoning => Joined("reasoning");

    /// <summary>The deltas of all calls.</summary>
    public IEnumerable<(string Id, string Name, string Input)> Calls => _items.Values.Where(static item => item.Type == "function_call").Select(static item => (item.CallId!, item.Name!, item.Deltas.ToString()));

    public static ResponsesReader Read(string stream)
    {
        var reader = new ResponsesReader();
        using var bytes = new MemoryStream(Encoding.UTF8.GetBytes(stream));
        foreach (SseItem<string> item in SseParser.Create(bytes).Enumerate())
        {
            JsonElement data = JsonDocument.Parse(item.Data).RootElement;
            Assert.Equal(item.EventType, data.GetProperty("type").GetString());
            Assert.Equal(reader._next++, data.GetProperty("sequence_number").GetInt64());
            reader.Types.Add(item.EventType);
            reader.Add(item.EventType, data);
        }

        return reader;
    }

    private void Add(string type, JsonElement data)
    {
        if (Types.Count == 1)
        {
            Assert.Equal("response.created", type);
        }

        switch (type)
        {
            case "response.created" or "response.in_progress" or "response.completed" or "response.incomplete" or "response.failed":
                if (Types.Count > 1)
                {
                    Assert.Equal(Response.GetProperty("id").GetString(), data.GetProperty("response").GetProperty("id").GetString());
                }

                Response = data.GetProperty("response");
                break;
            case "error":
                Error = data;
                break;
            case "response.output_item.added":
                Assert.Equal(_items.Count, data.GetProperty("output_index").GetInt32());
                _items.Add(_items.Count, new Item(data.GetProperty("item")));
                break;
            case "response.output_item.done":
                ItemOf(data).End(data.GetProperty("item"));
                break;
            case "response.content_part.added" or "response.reasoning_summary_part.added":
                ItemOf(data).BeginPart();
                break;
            case "response.output_text.delta" or "response.reasoning_summary_text.delta" or "response.function_call_arguments.delta":
                ItemOf(data).Append(type, data.GetProperty("delta").GetString()!);
                break;
            case "response.output_text.done" or "response.reasoning_summary_text.done" or "response.function_call_arguments.done":
                Item whole = ItemOf(data);
                Assert.Equal(whole.Deltas.ToString(), data.GetProperty(type.Contains("arguments", StringComparison.Ordinal) ? "arguments" : "text").GetString());
                break;
            case "response.content_part.done" or "response.reasoning_summary_part.done":
                Assert.Equal(ItemOf(data).Deltas.ToString(), data.GetProperty("part").GetProperty("text").GetString());
                break;
            case "response.output_text.annotation.added":
                ItemOf(data);
                break;
            default:
                throw new InvalidOperationException($"Unhandled response stream event: {type}");
        }
    }

    private Item ItemOf(JsonElement data)
    {
        Item item = _items[data.GetProperty("output_index").GetInt32()];
        if (data.TryGetProperty("item_id", out JsonElement id))
        {
            Assert.Equal(item.Id, id.GetString());
        }

        return item;
    }

    /// <summary>Checks that every item has ended, and that the response repeats them all.</summary>
    public void CheckEnded()
    {
        Assert.All(_items.Values, static item => Assert.NotNull(item.Done));
        Assert.Equal(_items.Values.Select(static item => item.Done!), Response.GetProperty("output").EnumerateArray().Select(static item => item.GetRawText()));
    }

    private string Joined(string type) => string.Concat(_items.Values.Where(item => item.Type == type).Select(static item => item.Deltas.ToString()));

    private sealed class Item
    {
        private bool _hasPart;

        public Item(JsonElement item)
        {
            Id = item.GetProperty("id").GetString()!;
            Type = item.GetProperty("type").GetString()!;
            Assert.Equal("in_progress", item.GetProperty("status").GetString());
            if (Type == "function_call")
            {
                (CallId, Name) = (item.GetProperty("call_id").GetString(), item.GetProperty("name").GetString());
            }
        }

        public string Id { get; }

        public string Type { get; }

        public string? CallId { get; }

        public string? Name { get; }

        public StringBuilder Deltas { get; } = new();

        public string? Done { get; private set; }

        public void BeginPart()
        {
            Assert.False(_hasPart);
            _hasPart = true;
        }

        public void Append(string type, string delta)
        {
            Assert.Null(Done);
            string owner = type.Split('.')[1];
            Assert.Equal(Type switch { "message" => "output_text", "reasoning" => "reasoning_summary_text", _ => "function_call_arguments" }, owner);
            Assert.True(_hasPart || Type == "function_call", $"missing part of {Id}");
            Deltas.Append(delta);
        }

        public void End(JsonElement item)
        {
            Assert.Null(Done);
            Assert.Equal((Id, Type), (item.GetProperty("id").GetString(), item.GetProperty("type").GetString()));
            Done = item.GetRawText();
        }
    }
}

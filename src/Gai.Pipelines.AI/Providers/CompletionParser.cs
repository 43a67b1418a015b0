using System.Text.Json;

namespace Gai.Pipelines.AI.Providers;

/// <summary>Parses the records of one answer, the chunks of a stream or a whole completion, into events.</summary>
/// <remarks>
/// A piece of text costs no allocation: it is a slice of the record or of one reused buffer, valid until the next record. Fields may come in any order. Only the first
/// choice is read.
/// </remarks>
internal sealed class CompletionParser
{
    private readonly string _provider;
    private readonly List<StreamEvent> _events = [];
    private readonly CompletionText _text = new();
    private readonly CompletionAnswer _answer;
    private string? _id;
    private string? _model;
    private long _created;
    private string? _finishReason;
    private TokenUsage? _usage;
    private bool _hasStarted;

    /// <summary>Prepares to parse an answer.</summary>
    /// <param name="provider">The name of the provider, for the start event.</param>
    public CompletionParser(string provider)
    {
        _provider = provider;
        _answer = new CompletionAnswer(_text, _events);
    }

    /// <summary>The events of the last record, valid until the next.</summary>
    public List<StreamEvent> Events => _events;

    /// <summary>Whether the model has said why it ended.</summary>
    public bool HasFinished => _finishReason is not null;

    /// <summary>Parses a record.</summary>
    /// <exception cref="JsonException">It is not one JSON object, or a field has another type than it must have.</exception>
    /// <exception cref="StreamErrorException">It is an error.</exception>
    public void Parse(ReadOnlyMemory<byte> json)
    {
        _events.Clear();
        _text.Begin(json);
        var reader = new Utf8JsonReader(json.Span);
        Expect(ref reader, JsonTokenType.StartObject, "a record is an object");
        while (NextField(ref reader))
        {
            ReadField(ref reader, json);
        }

        if (reader.Read())
        {
            throw new JsonException("A record is one JSON value.");
        }

        // A record before the answer, such as Azure's of its filters, names neither.
        if (_events.Count > 0 || _id is not null || _model is not null)
        {
            Start();
        }
    }

    /// <summary>Makes the events that end the answer.</summary>
    public void End()
    {
        _events.Clear();
        _text.Begin(default);
        _answer.End();
        Start();
        if (_finishReason is not null)
        {
            _events.Add(StreamEvent.FinishStep(1));
        }

        _events.Add(StreamEvent.Finish(_answer.HasRefused ? FinishReasons.ContentFilter : _finishReason, _usage));
    }

    /// <summary>Puts the start before the events, unless it has been made.</summary>
    private void Start()
    {
        if (!_hasStarted)
        {
            _hasStarted = true;
            StreamEvent start = StreamEvent.Start(_id, _model, _provider);
            _events.Insert(0, _created > 0 ? start.At(DateTimeOffset.FromUnixTimeSeconds(_created)) : start);
        }
    }

    private void ReadField(ref Utf8JsonReader reader, ReadOnlyMemory<byte> record)
    {
        if (reader.ValueTextEquals("choices"u8))
        {
            ReadChoices(ref reader);
        }
        else if (reader.ValueTextEquals("usage"u8))
        {
            _usage = CompletionUsage.Read(ref reader) ?? _usage;
        }
        else if (reader.ValueTextEquals("error"u8))
        {
            ReadError(ref reader);
        }
        else if (reader.ValueTextEquals("object"u8))
        {
            reader.Read();
            if (reader.TokenType == JsonTokenType.String && reader.ValueTextEquals("error"u8))
            {
                using JsonDocument error = JsonDocument.Parse(record);
                throw new StreamErrorException(ProviderErrorBody.Read(error.RootElement));
            }

            reader.Skip();
        }
        else if (!_hasStarted && reader.ValueTextEquals("id"u8))
        {
            _id = ReadName(ref reader);
        }
        else if (!_hasStarted && reader.ValueTextEquals("model"u8))
        {
            _model = ReadName(ref reader);
        }
        else if (!_hasStarted && reader.ValueTextEquals("created"u8))
        {
            reader.Read();
            _created = reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out long seconds) && seconds is > 0 and < 1L << 36 ? seconds : 0;
            reader.Skip();
        }
        else
        {
            reader.Read();
            reader.Skip();
        }
    }

    private static void ReadError(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.Null)
        {
            using JsonDocument error = JsonDocument.ParseValue(ref reader);
            throw new StreamErrorException(ProviderErrorBody.Read(error.RootElement));
        }
    }

    private void ReadChoices(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Null)
        {
            return;
        }

        Is(reader, JsonTokenType.StartArray, "\"choices\" is an array");
        for (int position = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; position++)
        {
            Is(reader, JsonTokenType.StartObject, "a choice is an object");
            ReadChoice(ref reader, position);
        }
    }

    private void ReadChoice(ref Utf8JsonReader reader, int position)
    {
        int index = position;
        Utf8JsonReader message = default;
        Utf8JsonReader finish = default;
        CallShape shape = CallShape.Pieces;
        while (NextField(ref reader))
        {
            bool isWhole = reader.ValueTextEquals("message"u8);
            if (isWhole || reader.ValueTextEquals("delta"u8))
            {
                reader.Read();
                message = reader;
                shape = isWhole ? CallShape.Whole : CallShape.Pieces;
            }
            else if (reader.ValueTextEquals("finish_reason"u8))
            {
                reader.Read();
                finish = reader;
            }
            else if (reader.ValueTextEquals("index"u8))
            {
                reader.Read();
                index = reader.TokenType == JsonTokenType.Number ? reader.GetInt32() : index;
            }
            else
            {
                reader.Read();
            }

            reader.Skip();
        }

        if (index != 0)
        {
            return;
        }

        if (message.TokenType == JsonTokenType.StartObject)
        {
            _answer.Read(ref message, shape);
        }

        // Some servers send an empty reason in every chunk.
        if (IsText(finish))
        {
            _finishReason = CompletionUsage.FinishReason(ref finish);
        }
    }

    /// <summary>Reads what names the answer or its model. An empty text names nothing.</summary>
    private static string? ReadName(ref Utf8JsonReader reader)
    {
        reader.Read();
        string? text = IsText(reader) ? reader.GetString() : null;
        reader.Skip();
        return text;
    }

    internal static bool NextField(ref Utf8JsonReader reader) => reader.Read() && reader.TokenType == JsonTokenType.PropertyName;

    /// <summary>Whether the reader is at a text that says something.</summary>
    internal static bool IsText(in Utf8JsonReader reader) => reader.TokenType == JsonTokenType.String && !reader.ValueSpan.IsEmpty;

    private static void Expect(ref Utf8JsonReader reader, JsonTokenType type, string rule)
    {
        reader.Read();
        Is(reader, type, rule);
    }

    private static void Is(in Utf8JsonReader reader, JsonTokenType type, string rule)
    {
        if (reader.TokenType != type)
        {
            throw new JsonException($"Here {rule}; this one is of type {reader.TokenType}.");
        }
    }
}

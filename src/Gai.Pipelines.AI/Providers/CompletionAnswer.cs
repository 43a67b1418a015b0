using System.Text.Json;

namespace Gai.Pipelines.AI.Providers;

/// <summary>Reads the message of an answer, whole or piece by piece, into events.</summary>
/// <param name="text">Where the text of the record is.</param>
/// <param name="events">Gets the events.</param>
internal sealed class CompletionAnswer(CompletionText text, List<StreamEvent> events)
{
    private readonly CompletionToolCalls _calls = new();
    private char _textHalf;
    private char _reasoningHalf;

    /// <summary>Whether the model has said why it does not answer.</summary>
    public bool HasRefused { get; private set; }

    /// <summary>Reads a message or a piece of one. Whatever the order of its fields, reasoning comes before text, and text before calls.</summary>
    public void Read(ref Utf8JsonReader reader, CallShape shape)
    {
        Utf8JsonReader reasoning = default;
        Utf8JsonReader content = default;
        Utf8JsonReader refusal = default;
        Utf8JsonReader calls = default;
        while (CompletionParser.NextField(ref reader))
        {
            if (reader.ValueTextEquals("content"u8))
            {
                reader.Read();
                content = reader;
            }
            else if (reader.ValueTextEquals("reasoning_content"u8) || reader.ValueTextEquals("reasoning"u8))
            {
                // Some send both for the sake of older clients, with the same text.
                reader.Read();
                reasoning = CompletionParser.IsText(reader) ? reader : reasoning;
            }
            else if (reader.ValueTextEquals("tool_calls"u8))
            {
                reader.Read();
                calls = reader;
            }
            else if (reader.ValueTextEquals("refusal"u8))
            {
                reader.Read();
                refusal = reader;
            }
            else
            {
                reader.Read();
            }

            reader.Skip();
        }

        AddString(StreamEventType.ReasoningDelta, ref reasoning);
        AddContent(ref content);
        HasRefused |= AddString(StreamEventType.TextDelta, ref refusal);
        if (calls.TokenType == JsonTokenType.StartArray)
        {
            _calls.Read(ref calls, shape, text, events);
        }
    }

    /// <summary>Replaces the halves of code points that nothing has completed.</summary>
    public void End()
    {
        Add(StreamEventType.ReasoningDelta, CompletionText.End(ref _reasoningHalf));
        Add(StreamEventType.TextDelta, CompletionText.End(ref _textHalf));
        _calls.End(events);
    }

    /// <summary>Reads the text of a message: a string or, with some providers, parts.</summary>
    private void AddContent(ref Utf8JsonReader content)
    {
        if (content.TokenType != JsonTokenType.StartArray)
        {
            AddString(StreamEventType.TextDelta, ref content);
            return;
        }

        while (content.Read() && content.TokenType == JsonTokenType.StartObject)
        {
            while (CompletionParser.NextField(ref content))
            {
                bool isText = content.ValueTextEquals("text"u8);
                content.Read();
                if (isText)
                {
                    AddString(StreamEventType.TextDelta, ref content);
                }

                content.Skip();
            }
        }
    }

    private bool AddString(StreamEventType kind, ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.String &&
        (kind == StreamEventType.TextDelta ? Add(kind, text.Read(ref reader, ref _textHalf)) : Add(kind, text.Read(ref reader, ref _reasoningHalf)));

    private bool Add(StreamEventType kind, ReadOnlyMemory<byte> piece)
    {
        if (piece.IsEmpty)
        {
            return false;
        }

        events.Add(kind == StreamEventType.TextDelta ? StreamEvent.TextDelta(piece) : StreamEvent.ReasoningDelta(piece));
        return true;
    }
}

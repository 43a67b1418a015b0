using System.Globalization;
using System.Text.Json;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines.AI.Providers;

/// <summary>Says whether the calls of a record are whole.</summary>
internal enum CallShape
{
    /// <summary>A chunk has pieces of them.</summary>
    Pieces,

    /// <summary>A completion has them whole.</summary>
    Whole,
}

/// <summary>Knows the tool calls of one answer, and which of them a piece continues.</summary>
/// <remarks>
/// The protocol counts them with <c>index</c> and names them in the first piece only. Some servers leave the index out, repeat the id, or give whole calls the same index: a piece with
/// another id or, without an index, with a name begins another call.
/// </remarks>
internal sealed class CompletionToolCalls
{
    private const int MostCalls = 1_024;
    private const int LongestId = 4_096;

    private readonly List<Call> _calls = [];

    /// <summary>Reads the array that the reader is at.</summary>
    public void Read(ref Utf8JsonReader reader, CallShape shape, CompletionText text, List<StreamEvent> events)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.StartObject)
        {
            Piece piece = ReadPiece(ref reader);
            Call call = Find(ref piece, shape) ?? Begin(ref piece);
            ReadOnlyMemory<byte> input = piece.Input.TokenType switch
            {
                JsonTokenType.String => text.Read(ref piece.Input, ref call.Half),
                JsonTokenType.StartObject => text.ReadRaw(ref piece.Input),
                _ => default,
            };
            string? name = !call.HasName && CompletionParser.IsText(piece.Name) ? piece.Name.GetString() : null;

            // The limit cuts calls off in a whole answer, too: what is left of one is no more than a piece.
            if (shape == CallShape.Whole && name is not null && (input.IsEmpty || RawJson.IsValid(input)))
            {
                events.Add(StreamEvent.ToolCall(call.Id, name, input));
            }
            else if (name is not null || !input.IsEmpty)
            {
                call.HasName |= name is not null;
                events.Add(StreamEvent.ToolCallDelta(call.Id, name, input));
            }
        }
    }

    /// <summary>Replaces the halves of code points that nothing has completed.</summary>
    public void End(List<StreamEvent> events)
    {
        foreach (Call call in _calls)
        {
            if (call.Half != 0)
            {
                events.Add(StreamEvent.ToolCallDelta(call.Id, null, CompletionText.End(ref call.Half)));
            }
        }
    }

    private static Piece ReadPiece(ref Utf8JsonReader reader)
    {
        var piece = new Piece { Index = -1 };
        while (CompletionParser.NextField(ref reader))
        {
            if (reader.ValueTextEquals("index"u8))
            {
                reader.Read();
                piece.Index = reader.TokenType == JsonTokenType.Number ? reader.GetInt32() : -1;
            }
            else if (reader.ValueTextEquals("id"u8))
            {
                reader.Read();
                piece.Id = reader;
            }
            else if (reader.ValueTextEquals("function"u8))
            {
                reader.Read();
                Utf8JsonReader function = reader;
                ReadFunction(ref function, ref piece);
            }
            else
            {
                reader.Read();
            }

            reader.Skip();
        }

        return piece;
    }

    private static void ReadFunction(ref Utf8JsonReader reader, ref Piece piece)
    {
        while (reader.TokenType != JsonTokenType.Null && CompletionParser.NextField(ref reader))
        {
            bool isName = reader.ValueTextEquals("name"u8);
            bool isInput = reader.ValueTextEquals("arguments"u8);
            reader.Read();
            if (isName)
            {
                piece.Name = reader;
            }
            else if (isInput)
            {
                piece.Input = reader;
            }

            reader.Skip();
        }
    }

    private Call? Find(ref Piece piece, CallShape shape)
    {
        if (shape == CallShape.Whole)
        {
            return null;
        }

        bool hasId = CompletionParser.IsText(piece.Id);
        bool hasName = CompletionParser.IsText(piece.Name);
        for (int i = _calls.Count - 1; i >= 0; i--)
        {
            Call call = _calls[i];
            if (hasId ? piece.Id.ValueTextEquals(call.Id) : piece.Index >= 0 ? call.Index == piece.Index : !hasName)
            {
                return call;
            }
        }

        return null;
    }

    private Call Begin(ref Piece piece)
    {
        // Each new one is compared with all before it.
        if (_calls.Count == MostCalls)
        {
            throw new JsonException(string.Create(CultureInfo.InvariantCulture, $"An answer has at most {MostCalls:N0} tool calls; this one has more. Ask for fewer at a time."));
        }

        if (CompletionParser.IsText(piece.Id) && piece.Id.ValueSpan.Length > LongestId)
        {
            throw new JsonException(string.Create(CultureInfo.InvariantCulture, $"The id of a tool call has at most {LongestId:N0} bytes; this one has {piece.Id.ValueSpan.Length:N0}."));
        }

        // Results are sent back with the id: one that the server left out must be one of its kind in the whole conversation.
        string id = CompletionParser.IsText(piece.Id) ? piece.Id.GetString()! : string.Create(CultureInfo.InvariantCulture, $"call_{Guid.NewGuid():N}");
        var call = new Call(id, piece.Index);
        _calls.Add(call);
        return call;
    }

    private sealed class Call(string id, int index)
    {
        public string Id { get; } = id;

        public int Index { get; } = index;

        public bool HasName { get; set; }

#pragma warning disable SA1401 // A reference to it is handed on.
        public char Half;
#pragma warning restore SA1401
    }

    /// <summary>Where in the record the parts of a piece are.</summary>
    private ref struct Piece
    {
        public int Index;
        public Utf8JsonReader Id;
        public Utf8JsonReader Name;
        public Utf8JsonReader Input;
    }
}

using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Gai.Pipelines.AI;

/// <summary>What a part of an answer is.</summary>
internal enum AnswerPartKind
{
    Text,
    Reasoning,
    ToolCall,
}

/// <summary>A part of an answer that has been put together again from its pieces.</summary>
internal sealed class AnswerPart(AnswerPartKind kind, string? id = null, string? name = null)
{
    private const int MostBytesPerUnit = 3;

    // What an empty part takes in memory and on the wire, more or less: a model that never stops may begin nothing but parts.
    private const int EmptyCost = 128;
    private const int CitationCost = 64;

    // Rented, so that a stream which remembers its text leaves no garbage. One that is never released is collected as any other.
    private byte[] _text = [];
    private long _citationsCost;

    public AnswerPartKind Kind { get; } = kind;

    /// <summary>The id of a tool call.</summary>
    public string? Id { get; } = id;

    /// <summary>The name of the tool.</summary>
    public string? Name { get; private set; } = name;

    /// <summary>Whether the input of a tool call is known to be complete.</summary>
    public bool IsWhole { get; set; }

    /// <summary>The signature of a reasoning.</summary>
    public string? Signature { get; set; }

    /// <summary>The sources of a text.</summary>
    public List<Citation>? Citations { get; private set; }

    /// <summary>The text, or the JSON of a tool call's input. Valid until the next piece.</summary>
    public EventText Text => new ReadOnlyMemory<byte>(_text, 0, Length);

    public int Length { get; private set; }

    /// <summary>What the part takes of the bytes that an answer may have, more or less.</summary>
    public long Cost => Length + EmptyCost + (Id?.Length ?? 0) + (Name?.Length ?? 0) + (Signature?.Length ?? 0) + _citationsCost;

    public void Append(in EventText piece)
    {
        if (piece.String is { } text)
        {
            // Most pieces are ASCII, and the general way costs twice as much.
            Span<byte> room = Room(MostBytesPerUnit * text.Length);
            Length += Ascii.FromUtf16(text, room, out int written) == OperationStatus.Done ? written : Encoding.UTF8.GetBytes(text, room);
        }
        else if (Utf8.IsValid(piece.Utf8.Span))
        {
            piece.Utf8.Span.CopyTo(Room(piece.Utf8.Length));
            Length += piece.Utf8.Length;
        }
        else
        {
            // Two halves of a code point that were not sent together must not become one here.
            Append(Encoding.UTF8.GetString(piece.Utf8.Span));
        }
    }

    public void NameIfUnnamed(string? name) => Name ??= name;

    public void Cite(IReadOnlyList<Citation> citations)
    {
        (Citations ??= []).AddRange(citations);
        foreach (Citation citation in citations)
        {
            _citationsCost += CitationCost + citation.Uri.Length + (citation.Title?.Length ?? 0);
        }
    }

    /// <summary>Gives the memory back; the text is gone.</summary>
    public void Release()
    {
        byte[] text = _text;
        _text = [];
        Length = 0;
        if (text.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(text);
        }
    }

    private Span<byte> Room(int size)
    {
        if (_text.Length - Length < size)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent(Math.Max(Length + size, 2 * Length));
            _text.AsSpan(0, Length).CopyTo(larger);
            if (_text.Length > 0)
            {
                ArrayPool<byte>.Shared.Return(_text);
            }

            _text = larger;
        }

        return _text.AsSpan(Length);
    }
}

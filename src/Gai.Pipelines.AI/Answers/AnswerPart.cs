using System.Buffers;
using System.Text;

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
    private readonly ArrayBufferWriter<byte> _text = new();

    public AnswerPartKind Kind { get; } = kind;

    /// <summary>The id of a tool call.</summary>
    public string? Id { get; } = id;

    /// <summary>The name of the tool.</summary>
    public string? Name { get; private set; } = name;

    /// <summary>The signature of a reasoning.</summary>
    public string? Signature { get; set; }

    /// <summary>The sources of a text.</summary>
    public List<Citation>? Citations { get; private set; }

    /// <summary>The text, or the JSON of a tool call's input. Valid until the next piece.</summary>
    public EventText Text => _text.WrittenMemory;

    public int Length => _text.WrittenCount;

    public void Append(in EventText piece)
    {
        if (piece.String is { } text)
        {
            Encoding.UTF8.GetBytes(text, _text);
        }
        else
        {
            _text.Write(piece.Utf8.Span);
        }
    }

    public void NameIfUnnamed(string? name) => Name ??= name;

    public void Cite(IReadOnlyList<Citation> citations) => (Citations ??= []).AddRange(citations);
}

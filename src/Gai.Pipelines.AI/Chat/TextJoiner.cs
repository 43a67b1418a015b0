using System.Text;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines.AI;

/// <summary>Makes strings of pieces of text, and joins code points that are cut between two pieces, in UTF-8 and in UTF-16.</summary>
internal sealed class TextJoiner
{
    private byte[] _bytes = [];
    private string _half = string.Empty;

    /// <summary>Adds a piece.</summary>
    /// <returns>The text up to the last whole code point; <see langword="null"/> if the piece was only a part of one.</returns>
    public string? Add(in EventText piece)
    {
        string text = piece.IsString ? TakeBytes() + piece.String : Decode(piece.Utf8.Span);
        text = _half + text;
        _half = string.Empty;
        if (text.Length > 0 && char.IsHighSurrogate(text[^1]))
        {
            _half = text[^1..];
            text = text[..^1];
        }

        return text.Length > 0 || piece.IsEmpty ? text : null;
    }

    /// <summary>Ends the text.</summary>
    /// <returns>The half code point that nothing has completed; empty if there is none.</returns>
    public string End()
    {
        string rest = _half + TakeBytes();
        _half = string.Empty;
        return rest;
    }

    private string Decode(ReadOnlySpan<byte> utf8)
    {
        if (_bytes.Length > 0)
        {
            utf8 = (byte[])[.. _bytes, .. utf8];
        }

        int cut = Utf8Tail.IncompleteLength(utf8);
        _bytes = utf8[^cut..].ToArray();
        return Encoding.UTF8.GetString(utf8[..^cut]);
    }

    private string TakeBytes()
    {
        string text = Encoding.UTF8.GetString(_bytes);
        _bytes = [];
        return text;
    }
}

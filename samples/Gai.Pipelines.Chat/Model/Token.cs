using System.Text;

namespace Gai.Pipelines.Chat.Model;

internal enum TokenKind : byte
{
    Word,

    /// <summary>Leans on the word before it: a comma, a full stop, a dash.</summary>
    Mark,
    OpeningQuote,
    ClosingQuote,

    /// <summary>The end of a paragraph.</summary>
    Break,
}

internal enum TokenPlace : byte
{
    Narration,
    Speech,
}

/// <summary>A word, a mark or a paragraph's end. A word that is spoken is another token than the same word told: so quotation marks always pair.</summary>
internal readonly record struct Token(string Text, TokenKind Kind, TokenPlace Place)
{
    public static readonly Token Break = new("\n\n", TokenKind.Break, TokenPlace.Narration);

    public bool IsTerminator => Kind == TokenKind.Mark && Text is "." or "!" or "?";

    /// <summary>Whether a sentence can begin with this token.</summary>
    public bool CanOpen => Kind == TokenKind.OpeningQuote
        || (Kind == TokenKind.Word && Place == TokenPlace.Narration && char.IsUpper(Text[0]));

    public bool LeavesSpaceBefore => Kind is TokenKind.Word or TokenKind.OpeningQuote;

    public bool LeavesSpaceAfter => Kind is not (TokenKind.OpeningQuote or TokenKind.Break) && Text != "—";
}

internal static class Tokenizer
{
    /// <summary>Cuts a paragraph into words and marks. Spaces are not tokens; brackets are dropped, since a trigram cannot pair them.</summary>
    public static IEnumerable<Token> Tokenize(string paragraph)
    {
        var place = TokenPlace.Narration;
        for (int i = 0; i < paragraph.Length;)
        {
            int end = EndOfWord(paragraph, i);
            if (end > i)
            {
                yield return new Token(paragraph[i..end], TokenKind.Word, place);
                i = end;
                continue;
            }

            Rune rune = RuneAt(paragraph, i);
            i += rune.Utf16SequenceLength;
            if (rune.Value == '"')
            {
                (TokenKind kind, place) = place == TokenPlace.Narration
                    ? (TokenKind.OpeningQuote, TokenPlace.Speech)
                    : (TokenKind.ClosingQuote, TokenPlace.Narration);
                yield return new Token("\"", kind, TokenPlace.Narration);
            }
            else if (!Rune.IsWhiteSpace(rune) && rune.Value is not ('(' or ')'))
            {
                yield return new Token(rune.ToString(), TokenKind.Mark, place);
            }
        }
    }

    /// <summary>Letters and digits, with an apostrophe or a hyphen only between them: "o'clock", "writing-desk".</summary>
    private static int EndOfWord(string text, int start)
    {
        int end = start;
        while (end < text.Length)
        {
            bool joins = text[end] is '\'' or '-' && end > start && end + 1 < text.Length && char.IsLetterOrDigit(text[end + 1]);
            if (!joins && !char.IsLetterOrDigit(text[end]))
            {
                break;
            }

            end++;
        }

        return end;
    }

    private static Rune RuneAt(string text, int index) => Rune.TryGetRuneAt(text, index, out Rune rune) ? rune : Rune.ReplacementChar;
}

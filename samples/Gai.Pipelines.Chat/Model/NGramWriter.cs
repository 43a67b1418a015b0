namespace Gai.Pipelines.Chat.Model;

/// <summary>Writes one answer, token by token, without an end of its own: who reads decides when it is enough.</summary>
internal sealed class NGramWriter(NGramModel model, NGramModel.Opening opening, Random random, double temperature)
{
    // With two words of context a small book is mostly recited; looking at one word now and then makes new sentences.
    private readonly double _shortContextShare = Math.Clamp(0.12 * temperature, 0, 0.5);

    private int _recited;
    private int _beforeLast = -1;
    private int _last = -1;

    /// <summary>Set when the answer is long enough: from now on every chance to end the sentence is taken.</summary>
    public bool WindsDown { get; set; }

    /// <summary>Whether the text so far could end here: after a full stop, and with no quotation mark open.</summary>
    public bool IsAtSentenceEnd => Last is { IsTerminator: true, Place: TokenPlace.Narration }
        || (Last.Kind == TokenKind.ClosingQuote && BeforeLast.IsTerminator);

    private Token Last => _last < 0 ? Token.Break : model.TokenOf(_last);

    private Token BeforeLast => _beforeLast < 0 ? Token.Break : model.TokenOf(_beforeLast);

    /// <summary>Returns the next token, with the space that stands before it.</summary>
    public string Next()
    {
        int next = _recited < opening.Length ? model.TextAt(opening.Start + _recited++) : Predict();
        string text = model.TextOf(next, Last);
        (_beforeLast, _last) = (_last, next);
        return text;
    }

    private int Predict()
    {
        List<int> likely = _beforeLast >= 0 ? model.After(_beforeLast, _last) : model.After(_last);
        if (WindsDown && FindEnd(likely) is int end)
        {
            return end;
        }

        // Not after a mark: a quotation mark alone does not tell whether a sentence begins or goes on.
        if (Last.Kind == TokenKind.Word && random.NextDouble() < _shortContextShare)
        {
            likely = model.After(_last);
        }

        return likely[random.Next(likely.Count)];
    }

    private int? FindEnd(List<int> candidates)
    {
        bool ended = Last.IsTerminator;
        foreach (int candidate in candidates)
        {
            Token token = model.TokenOf(candidate);
            if (token.IsTerminator || (ended && token.Kind == TokenKind.ClosingQuote))
            {
                return candidate;
            }
        }

        return null;
    }
}

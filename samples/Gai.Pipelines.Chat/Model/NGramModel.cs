using System.Runtime.InteropServices;

namespace Gai.Pipelines.Chat.Model;

/// <summary>Predicts the next word from the two before it, or from one: what a book's own statistics say, and no more.</summary>
/// <remarks>Immutable once trained, and safe for any number of threads. Each answer has its own <see cref="NGramWriter"/>.</remarks>
public sealed class NGramModel
{
    // A word of the prompt is picked up by reciting the sentence that holds it; a longer recital would not be an answer.
    private const int MaxRecital = 14;

    // Words that ask, and say nothing about what is asked for.
    private static readonly HashSet<string> WordsOfAsking = new(
        ["about", "and", "are", "can", "could", "did", "does", "for", "from", "give", "has", "have", "hear", "her", "him", "his", "how", "know",
         "like", "long", "make", "now", "one", "please", "say", "should", "show", "some", "story", "talk", "tell", "that", "the", "them", "there",
         "they", "think", "this", "want", "was", "were", "what", "what's", "when", "where", "which", "who", "why", "will", "with", "would", "you", "your"],
        StringComparer.OrdinalIgnoreCase);

    private readonly List<Token> _vocabulary = [];
    private readonly List<string> _spaced = [];
    private readonly List<int> _text = [];

    // With repetitions: what follows often stands there often, so that an even draw is a weighted one.
    private readonly Dictionary<(int, int), List<int>> _afterTwo = [];
    private readonly Dictionary<int, List<int>> _afterOne = [];

    private readonly List<Opening> _paragraphs = [];
    private readonly Dictionary<string, List<Opening>> _mentions = new(StringComparer.OrdinalIgnoreCase);

    private NGramModel()
    {
    }

    /// <summary>Where an answer can begin: at a sentence's start, recited as far as the word that was asked for.</summary>
    internal readonly record struct Opening(int Start, int Length);

    /// <summary>Learns a text.</summary>
    /// <param name="paragraphs">The paragraphs, each with paired quotation marks.</param>
    /// <exception cref="ArgumentException">There is nothing to learn from.</exception>
    public static NGramModel Train(IEnumerable<string> paragraphs)
    {
        ArgumentNullException.ThrowIfNull(paragraphs);
        var model = new NGramModel();
        model.Read(paragraphs);
        if (model._text.Count < 3)
        {
            throw new ArgumentException("The text has no words to learn from. Pass at least one sentence.", nameof(paragraphs));
        }

        model.CountSuccessors();
        model.FindOpenings();
        return model;
    }

    /// <summary>Begins an answer that picks up a word of the prompt where the model knows one.</summary>
    internal NGramWriter Begin(string prompt, Random random, double temperature) => new(this, Open(prompt, random), random, temperature);

    internal Token TokenOf(int id) => _vocabulary[id];

    /// <summary>The token as it is written: with the space before it, or without.</summary>
    internal string TextOf(int id, Token previous) => previous.LeavesSpaceAfter ? _spaced[id] : _vocabulary[id].Text;

    internal int TextAt(int position) => _text[position];

    internal List<int> After(int last) => _afterOne[last];

    internal List<int> After(int beforeLast, int last) => _afterTwo[(beforeLast, last)];

    private void Read(IEnumerable<string> paragraphs)
    {
        var ids = new Dictionary<Token, int>();
        foreach (string paragraph in paragraphs)
        {
            foreach (Token token in Tokenizer.Tokenize(paragraph))
            {
                Add(token);
            }

            Add(Token.Break);
        }

        void Add(Token token)
        {
            ref int id = ref CollectionsMarshal.GetValueRefOrAddDefault(ids, token, out bool known);
            if (!known)
            {
                id = _vocabulary.Count;
                _vocabulary.Add(token);
                _spaced.Add(token.LeavesSpaceBefore ? " " + token.Text : token.Text);
            }

            _text.Add(id);
        }
    }

    // The text is read as a circle: so every pair of neighbours has a successor, and the model never gets stuck.
    private void CountSuccessors()
    {
        int count = _text.Count;
        for (int i = 0; i < count; i++)
        {
            int first = _text[i], second = _text[(i + 1) % count], third = _text[(i + 2) % count];
            Add(_afterOne, first, second);
            Add(_afterTwo, (first, second), third);
        }

        static void Add<TKey>(Dictionary<TKey, List<int>> successors, TKey context, int next) where TKey : notnull =>
            (CollectionsMarshal.GetValueRefOrAddDefault(successors, context, out _) ??= []).Add(next);
    }

    private void FindOpenings()
    {
        int start = 0;
        Token beforeLast = default, last = Token.Break;
        for (int i = 0; i < _text.Count; i++)
        {
            Token token = _vocabulary[_text[i]];
            bool ended = last.IsTerminator || (last.Kind == TokenKind.ClosingQuote && beforeLast.IsTerminator);
            if (last.Kind == TokenKind.Break || (ended && token.CanOpen))
            {
                start = i;
            }

            if (last.Kind == TokenKind.Break && token.Kind != TokenKind.Break)
            {
                _paragraphs.Add(new Opening(start, 2));
            }

            if (token.Kind == TokenKind.Word)
            {
                (CollectionsMarshal.GetValueRefOrAddDefault(_mentions, token.Text, out _) ??= []).Add(new Opening(start, i - start + 1));
            }

            (beforeLast, last) = (last, token);
        }
    }

    // The rarest word that the model knows says most about what is asked: "rabbit" in "Tell me about the rabbit".
    private Opening Open(string prompt, Random random)
    {
        List<Opening>? topic = null;
        foreach (Token token in Tokenizer.Tokenize(prompt))
        {
            bool says = token.Text.Length > 2 && !WordsOfAsking.Contains(token.Text);
            if (says && _mentions.TryGetValue(token.Text, out List<Opening>? mentions) && mentions.Count < (topic?.Count ?? int.MaxValue))
            {
                topic = mentions;
            }
        }

        if (topic is null)
        {
            return _paragraphs[random.Next(_paragraphs.Count)];
        }

        Opening[] near = [.. topic.Where(static mention => mention.Length <= MaxRecital)];
        return near.Length > 0 ? near[random.Next(near.Length)] : topic.MinBy(static mention => mention.Length);
    }
}

using System.Text;

namespace Gai.Pipelines.Chat.Model;

/// <summary>Lets text through up to a stop sequence, also one that several tokens spell together: what could still become one is held back.</summary>
internal sealed class StopSequences
{
    private readonly string[] _sequences;
    private readonly StringBuilder _held = new();

    public StopSequences(IEnumerable<string>? sequences) => _sequences = [.. (sequences ?? []).Where(static s => s.Length > 0)];

    /// <summary>Whether a sequence was met: nothing may follow.</summary>
    public bool IsHit { get; private set; }

    /// <summary>Takes a token and returns the text that may be shown now, which can be empty.</summary>
    public string Push(string token)
    {
        if (_sequences.Length == 0)
        {
            return token;
        }

        string text = _held.Append(token).ToString();
        int first = _sequences.Select(s => text.IndexOf(s, StringComparison.Ordinal)).Where(static at => at >= 0).DefaultIfEmpty(-1).Min();
        IsHit = first >= 0;
        int shown = IsHit ? first : text.Length - LongestBeginning(text);
        _held.Remove(0, shown);
        return text[..shown];
    }

    /// <summary>Returns what was held back, at the end of the answer.</summary>
    public string Flush()
    {
        string rest = IsHit ? "" : _held.ToString();
        _held.Clear();
        return rest;
    }

    /// <summary>The longest end of the text with which some sequence begins.</summary>
    private int LongestBeginning(string text)
    {
        int longest = 0;
        foreach (string sequence in _sequences)
        {
            for (int length = Math.Min(sequence.Length - 1, text.Length); length > longest; length--)
            {
                if (text.AsSpan().EndsWith(sequence.AsSpan(0, length), StringComparison.Ordinal))
                {
                    longest = length;
                }
            }
        }

        return longest;
    }
}

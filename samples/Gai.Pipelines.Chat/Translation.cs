using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;

namespace Gai.Pipelines.Chat;

/// <summary>One text of many, with the id by which its sender knows it again.</summary>
internal sealed record Row(int Id, string Text);

/// <summary>Translates English into Pig Latin, the children's game: no model, no dictionary, but each answer follows from its row alone.</summary>
internal static class PigLatin
{
    private static readonly SearchValues<char> Vowels = SearchValues.Create("aeiouAEIOU");

    /// <summary>Answers each row as it arrives. Nothing is collected: the next row is asked for when the answer has been taken.</summary>
    public static async IAsyncEnumerable<Row> TranslateAsync(IAsyncEnumerable<Row> rows, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (Row row in rows.WithCancellation(cancellationToken))
        {
            yield return row with { Text = Translate(row.Text) };
        }
    }

    /// <summary>Translates word by word; what is no letter stays where it is.</summary>
    public static string Translate(string text)
    {
        var result = new StringBuilder(text.Length * 2);
        for (int at = 0; at < text.Length;)
        {
            int start = at;
            while (at < text.Length && char.IsAsciiLetter(text[at]))
            {
                at++;
            }

            if (at > start)
            {
                AppendWord(result, text[start..at]);
            }
            else
            {
                result.Append(text[at++]);
            }
        }

        return result.ToString();
    }

    /// <summary>"stream" becomes "eamstray", "apple" "appleway"; a capital stays in front.</summary>
    private static void AppendWord(StringBuilder result, string word)
    {
        int vowel = word.AsSpan().IndexOfAny(Vowels);
        string head = vowel > 0 ? word[..vowel] : string.Empty;
        string turned = vowel > 0 ? word[vowel..] + head.ToLowerInvariant() + "ay" : word + (vowel == 0 ? "way" : "ay");
        result.Append(char.IsUpper(word[0]) ? char.ToUpperInvariant(turned[0]) : turned[0]).Append(turned, 1, turned.Length - 1);
    }
}

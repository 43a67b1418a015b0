using System.Globalization;

namespace Gai.Pipelines.Chat.Model;

/// <summary>The messages that the model obeys instead of answering: ways to bring about what a good model does rarely.</summary>
internal static class Commands
{
    private static readonly TimeSpan LongestWait = TimeSpan.FromHours(1);

    private delegate IEnumerable<Step> Command(ModelRequest request, string argument);

    private static readonly Dictionary<string, Command> Table = new(StringComparer.OrdinalIgnoreCase)
    {
        ["/echo"] = static (_, text) => Script.Recite(text),
        ["/fail"] = static (_, _) => [new Step.Fail(AskedToFail())],
        ["/fail-after"] = FailAfter,
        ["/wait"] = Wait,
        ["/think"] = Think,
    };

    /// <summary>Runs the command with which the prompt begins; what follows the first space is its argument, to the letter.</summary>
    public static IEnumerable<Step> Run(ModelRequest request)
    {
        (string name, string argument) = SplitAtSpace(request.Prompt);
        return Table.TryGetValue(name, out Command? command)
            ? command(request, argument)
            : Script.Recite($"I do not know {name}. I know {string.Join(", ", Table.Keys)}.");
    }

    private static IEnumerable<Step> FailAfter(ModelRequest request, string argument)
    {
        if (!int.TryParse(argument, NumberStyles.None, CultureInfo.InvariantCulture, out int tokens))
        {
            return Script.Recite("/fail-after needs a number of tokens, for example: /fail-after 20");
        }

        return Play();

        IEnumerable<Step> Play()
        {
            NGramWriter writer = request.BeginProse("");
            for (int i = 0; i < tokens; i++)
            {
                yield return new Step.Say(writer.Next());
            }

            yield return new Step.Fail(AskedToFail());
        }
    }

    private static IEnumerable<Step> Wait(ModelRequest request, string argument)
    {
        (string seconds, string prompt) = SplitAtSpace(argument);
        if (!double.TryParse(seconds, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double length)
            || length > LongestWait.TotalSeconds)
        {
            return Script.Recite($"/wait needs a number of seconds up to {LongestWait.TotalSeconds}, for example: /wait 20");
        }

        return Script.Answer(request, prompt).Prepend(new Step.Pause(TimeSpan.FromSeconds(length)));
    }

    private static IEnumerable<Step> Think(ModelRequest request, string prompt)
    {
        string subject = prompt.Length == 0 ? "nothing in particular" : $"\"{prompt}\"";
        return Script.Recite($"I am asked about {subject}. I look for a word that I know, and go on from there.")
            .Select(static step => new Step.Think(((Step.Say)step).Text))
            .Concat(Script.Answer(request, prompt));
    }

    private static InvalidOperationException AskedToFail() => new("The model was asked to fail.");

    private static (string Before, string After) SplitAtSpace(string text) =>
        text.IndexOf(' ') is >= 0 and int space ? (text[..space], text[(space + 1)..]) : (text, "");
}

using System.Globalization;
using System.Text;

namespace Gai.Pipelines.Fuzz;

/// <summary>Makes JSON texts as somebody else may have written them, with space anywhere and escapes of any kind, and tells what they mean.</summary>
internal static class HostileJson
{
    private static readonly string[] Spaces = ["", " ", "\n", "\r\n", "\r", "\t", "  \n\t"];

    private static readonly string[] Numbers =
        ["0", "-0", "1", "-1", "0.1", "1e5", "1E+2", "-2.5e-3", "5e-324", "1.7976931348623157e308", "123456789012345678901234567890", "9007199254740993", "0.30000000000000004", "1e-400"];

    /// <summary>Makes a value, and writes down what it means.</summary>
    public static string Any(Choices choices, Canonical meaning)
    {
        var text = new StringBuilder();
        Value(choices, text, meaning, choices.OneIn(64) ? 60 : 3);
        return text.ToString();
    }

    /// <summary>Something that is not one JSON value.</summary>
    public static string Broken(Choices choices, Canonical scratch)
    {
        int before = scratch.Length;
        string good = Any(choices, scratch);
        scratch.Rewind(before);
        return choices.Below(4) switch
        {
            0 => good + "]",
            1 => good + " {}",
            2 => "\"" + good.Replace("\"", string.Empty, StringComparison.Ordinal),
            _ => "[" + good + ",",
        };
    }

    private static void Value(Choices choices, StringBuilder text, Canonical meaning, int depth)
    {
        Space(choices, text);
        switch (choices.Below(depth > 0 ? 8 : 5))
        {
            case 0:
                text.Append("null");
                meaning.Mark('n');
                break;
            case 1:
                bool yes = choices.OneIn(2);
                text.Append(yes ? "true" : "false");
                meaning.Bool(yes);
                break;
            case 2:
                string number = choices.Of<string>(Numbers);
                text.Append(number);
                meaning.Double(double.Parse(number, CultureInfo.InvariantCulture));
                break;
            case 3 or 4:
                string value = Words(choices);
                String(choices, text, value);
                meaning.String(value);
                break;
            case 5 or 6:
                Object(choices, text, meaning, depth);
                break;
            default:
                text.Append('[');
                meaning.Mark('[');
                int items = Count(choices, depth);
                for (int i = 0; i < items; i++)
                {
                    text.Append(i > 0 ? "," : string.Empty);
                    Value(choices, text, meaning, depth - 1);
                }

                Space(choices, text);
                text.Append(']');
                meaning.Mark(']');
                break;
        }

        Space(choices, text);
    }

    // Names begin with a letter and a number: JavaScript has its own order for names that are numbers, and equal names are one.
    private static void Object(Choices choices, StringBuilder text, Canonical meaning, int depth)
    {
        text.Append('{');
        meaning.Mark('{');
        int fields = Count(choices, depth);
        for (int i = 0; i < fields; i++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"k{i}{(choices.OneIn(4) ? Words(choices) : string.Empty)}");
            text.Append(i > 0 ? "," : string.Empty);
            Space(choices, text);
            String(choices, text, name);
            Space(choices, text);
            text.Append(':');
            meaning.Key(name);
            Value(choices, text, meaning, depth - 1);
        }

        Space(choices, text);
        text.Append('}');
        meaning.Mark('}');
    }

    private static int Count(Choices choices, int depth) => depth > 3 ? 1 : choices.Below(4);

    // A lone surrogate can be written as an escape, but System.Text.Json, which reads this, refuses it.
    private static string Words(Choices choices)
    {
        string text = HostileText.Any(choices);
        return HostileText.IsWellFormed(text) ? text : TestUtilities.FrameAttacks.WellFormed(text);
    }

    private static void Space(Choices choices, StringBuilder text)
    {
        if (choices.OneIn(4))
        {
            text.Append(choices.Of<string>(Spaces));
        }
    }

    private static void String(Choices choices, StringBuilder text, string value)
    {
        int escaped = choices.Below(3);
        text.Append('"');
        for (int i = 0; i < value.Length; i++)
        {
            // Both halves of a pair in the same form.
            bool isPair = char.IsHighSurrogate(value[i]);
            bool escape = value[i] is '"' or '\\' or < ' ' || escaped == 2 || (escaped == 1 && i % 3 == 0);
            foreach (char unit in value.AsSpan(i, isPair ? 2 : 1))
            {
                if (escape)
                {
                    Escape(text, unit, escaped);
                }
                else
                {
                    text.Append(unit);
                }
            }

            i += isPair ? 1 : 0;
        }

        text.Append('"');
    }

    private static void Escape(StringBuilder text, char unit, int form)
    {
        int at = "\"\\/\b\f\n\r\t".IndexOf(unit, StringComparison.Ordinal);
        if (at >= 0 && form < 2)
        {
            text.Append('\\').Append("\"\\/bfnrt"[at]);
        }
        else
        {
            text.Append("\\u").Append(((int)unit).ToString(form == 1 ? "x4" : "X4", CultureInfo.InvariantCulture));
        }
    }
}

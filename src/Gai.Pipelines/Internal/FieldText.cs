using System.Buffers;

namespace Gai.Pipelines.Internal;

/// <summary>Refuses text that would break out of a field of an event stream.</summary>
internal static class FieldText
{
    private static readonly SearchValues<char> Breaks = SearchValues.Create("\r\n\0");

    public static void Validate(string? value, string what)
    {
        if (value is null)
        {
            return;
        }

        int at = value.AsSpan().IndexOfAny(Breaks);
        if (at >= 0)
        {
            throw new ArgumentException(
                value[at] == '\0'
                    ? $"{what} contains NUL at index {at}; clients ignore an id with it, and a name is no place for it either. Encode it or remove it."
                    : $"{what} contains a line break at index {at}; SSE ends a field there. Encode it or remove it.",
                nameof(value));
        }

        at = UnpairedSurrogate(value);
        if (at >= 0)
        {
            throw new ArgumentException(
                $"{what} contains an unpaired surrogate at index {at}; it has no UTF-8 form and would not come back as it was. Remove it.",
                nameof(value));
        }
    }

    private static int UnpairedSurrogate(string value)
    {
        for (int at = 0; (at = NextSurrogate(value, at)) >= 0; at += 2)
        {
            if (!char.IsHighSurrogate(value[at]) || at + 1 == value.Length || !char.IsLowSurrogate(value[at + 1]))
            {
                return at;
            }
        }

        return -1;
    }

    private static int NextSurrogate(string value, int from)
    {
        int at = value.AsSpan(from).IndexOfAnyInRange('\uD800', '\uDFFF');
        return at < 0 ? -1 : from + at;
    }
}

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
        for (int at = 0; at < value.Length; at++)
        {
            if (!char.IsSurrogate(value[at]))
            {
                continue;
            }

            if (at + 1 == value.Length || !char.IsSurrogatePair(value[at], value[at + 1]))
            {
                return at;
            }

            at++;
        }

        return -1;
    }
}

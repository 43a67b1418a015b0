using System.Buffers;
using System.Globalization;
using System.Text;

namespace Gai.Pipelines;

/// <summary>Names a log for the application: two starts with the same key are one generation.</summary>
/// <remarks>
/// It is no secret and opens nothing by itself. Compared ordinally. It cannot hold control characters or unpaired surrogates, so it can stand in a
/// log file, a header or a table. <c>default</c> is no key.
/// </remarks>
public readonly record struct LogKey
{
    /// <summary>The most UTF-16 units that a key has: 256.</summary>
    public const int MaxLength = 256;

    private static readonly SearchValues<char> Controls = SearchValues.Create(
        [.. Enumerable.Range(0, 0xA0).Select(static unit => (char)unit).Where(char.IsControl), '\u2028', '\u2029']);

    /// <summary>Makes a key of a text.</summary>
    /// <param name="value">The text, 1 to 256 UTF-16 units.</param>
    /// <exception cref="ArgumentException">It is empty, too long, or contains a control character, a line or paragraph separator or an unpaired surrogate.</exception>
    public LogKey(string value)
    {
        ArgumentException.ThrowIfNullOrEmpty(value);
        if (value.Length > MaxLength)
        {
            throw new ArgumentException($"A log's key has at most {MaxLength} characters; this one has {value.Length}. Hash what is long.", nameof(value));
        }

        int at = value.AsSpan().IndexOfAny(Controls);
        if (at >= 0)
        {
            throw new ArgumentException($"A log's key has no control characters; this one has one at index {at}. Encode it or remove it.", nameof(value));
        }

        Internal.FieldText.Validate(value, "Log key");
        Value = value;
    }

    /// <summary>Gets the text.</summary>
    /// <value><see langword="null"/> for no key.</value>
    public string? Value { get; }

    /// <summary>Gets whether there is no key.</summary>
    public bool IsNone => Value is null;

    /// <summary>Makes a key that nobody can guess, for a stream that the application does not name.</summary>
    /// <returns>The key: 26 ASCII characters.</returns>
    public static LogKey New() => new(LogId.New().ToString());

    /// <summary>Makes a key of several parts, such as a tenant, a user and a conversation, that no other parts can imitate.</summary>
    /// <param name="parts">The parts. Each is written with its length before it: <c>("a", "b:c")</c> and <c>("a:b", "c")</c> are different keys.</param>
    /// <returns>The key.</returns>
    /// <exception cref="ArgumentException">There is no part, or what comes out is no key.</exception>
    public static LogKey Of(params ReadOnlySpan<string> parts)
    {
        var text = new StringBuilder();
        foreach (string part in parts)
        {
            text.Append(CultureInfo.InvariantCulture, $"{part.Length}:").Append(part);
        }

        return new LogKey(text.ToString());
    }

    /// <inheritdoc/>
    public override string ToString() => Value ?? string.Empty;
}

using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>Names a kind of event in Server-Sent Events: the value of the field <c>event</c>.</summary>
/// <remarks>It cannot hold a line break or NUL, so a name can never forge another field (WHATWG HTML 9.2.6). <c>default</c> means no name.</remarks>
public readonly record struct EventName
{
    /// <summary>Makes a name.</summary>
    /// <param name="value">The name; empty or <see langword="null"/> means none, which browsers dispatch as <c>message</c>.</param>
    /// <exception cref="ArgumentException">The name contains CR, LF, NUL or an unpaired surrogate.</exception>
    public EventName(string? value)
    {
        FieldText.Validate(value, "Event name");
        Value = string.IsNullOrEmpty(value) ? null : value;
    }

    /// <summary>Gets the name.</summary>
    /// <value><see langword="null"/> for none.</value>
    public string? Value { get; }

    /// <inheritdoc/>
    public override string ToString() => Value ?? string.Empty;
}

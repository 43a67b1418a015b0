using System.Globalization;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>Identifies an event in Server-Sent Events: the value of the field <c>id</c>, which a client sends back as <c>Last-Event-ID</c>.</summary>
/// <remarks>
/// It cannot hold a line break or NUL (WHATWG HTML 9.2.6). <c>default</c> means no id: the field is not written and the
/// client keeps its last one; <see cref="Empty"/> writes an empty field, which makes the client forget it. ASCII is best:
/// some servers refuse other bytes in the request header.
/// </remarks>
public readonly record struct EventId
{
    private readonly string? _text;
    private readonly long _number;
    private readonly Kind _kind;

    /// <summary>Makes an id of a text.</summary>
    /// <param name="value">The id; <see langword="null"/> means none, an empty text resets the client's.</param>
    /// <exception cref="ArgumentException">The id contains CR, LF, NUL or an unpaired surrogate.</exception>
    public EventId(string? value)
    {
        FieldText.Validate(value, "Event id");
        _text = value;
        _kind = value is null ? Kind.None : Kind.Text;
    }

    /// <summary>Makes an id of a number, without allocating.</summary>
    /// <param name="number">The number, written in decimal digits.</param>
    public EventId(long number)
    {
        _number = number;
        _kind = Kind.Number;
    }

    private enum Kind : byte
    {
        None = 0,
        Text,
        Number,
    }

    /// <summary>The empty id, which makes a client forget the last one.</summary>
    public static EventId Empty { get; } = new(string.Empty);

    /// <summary>Tells whether there is no id.</summary>
    public bool IsNone => _kind == Kind.None;

    internal string? Text => _text;

    internal long Number => _number;

    internal bool IsNumber => _kind == Kind.Number;

    /// <inheritdoc/>
    public override string ToString() => IsNumber ? _number.ToString(CultureInfo.InvariantCulture) : _text ?? string.Empty;
}

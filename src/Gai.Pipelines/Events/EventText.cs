using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;

namespace Gai.Pipelines;

/// <summary>Holds the text of an event, either as a <see cref="string"/> or as UTF-8 bytes.</summary>
/// <remarks>
/// Neither form is copied or transcoded before it is encoded, so that a gateway can hand on the bytes it received.
/// Bytes stay the caller's: they must not change until the event has been encoded. An event that waits in a channel
/// needs bytes that it owns. The type is immutable and safe to share between threads.
/// </remarks>
public readonly struct EventText : IEquatable<EventText>
{
    // A string, an array, or the owner of other memory: 16 bytes instead of the 24 of a string beside a memory.
    private readonly object? _holder;
    private readonly int _start;
    private readonly int _length;

    /// <summary>Holds a string.</summary>
    /// <param name="text">The text; <see langword="null"/> is the same as an empty string.</param>
    public EventText(string? text) => _holder = text;

    /// <summary>Holds UTF-8 bytes, without copying them.</summary>
    /// <param name="utf8">The bytes. Invalid sequences are written as U+FFFD.</param>
    public EventText(ReadOnlyMemory<byte> utf8)
    {
        if (MemoryMarshal.TryGetArray(utf8, out ArraySegment<byte> array))
        {
            _holder = array.Array;
            _start = array.Offset;
            _length = array.Count;
        }
        else if (MemoryMarshal.TryGetMemoryManager(utf8, out MemoryManager<byte>? manager, out int start, out int length))
        {
            _holder = manager;
            _start = start;
            _length = length;
        }
    }

    /// <summary>Tells whether the text was given as a string.</summary>
    /// <value><see langword="false"/> if it was given as UTF-8, or is empty by default.</value>
    [MemberNotNullWhen(true, nameof(String))]
    public bool IsString => _holder is string;

    /// <summary>Tells whether there is no text.</summary>
    public bool IsEmpty => _holder is string text ? text.Length == 0 : _length == 0;

    /// <summary>Gets the string, if the text was given as one.</summary>
    /// <value><see langword="null"/> if it was given as UTF-8.</value>
    public string? String => _holder as string;

    /// <summary>Gets the bytes, if the text was given as UTF-8.</summary>
    /// <value>Empty if it was given as a string.</value>
    public ReadOnlyMemory<byte> Utf8 => _holder switch
    {
        byte[] array => new ReadOnlyMemory<byte>(array, _start, _length),
        MemoryManager<byte> manager => manager.Memory.Slice(_start, _length),
        _ => default,
    };

    /// <summary>Holds a string.</summary>
    /// <param name="text">The text.</param>
    public static implicit operator EventText(string? text) => new(text);

    /// <summary>Holds UTF-8 bytes, without copying them.</summary>
    /// <param name="utf8">The bytes.</param>
    public static implicit operator EventText(ReadOnlyMemory<byte> utf8) => new(utf8);

    /// <summary>Holds UTF-8 bytes, without copying them.</summary>
    /// <param name="utf8">The bytes.</param>
    public static implicit operator EventText(byte[]? utf8) => new(utf8.AsMemory());

    /// <summary>Compares the texts, whatever their form.</summary>
    /// <param name="left">One text.</param>
    /// <param name="right">The other.</param>
    public static bool operator ==(EventText left, EventText right) => left.Equals(right);

    /// <summary>Compares the texts, whatever their form.</summary>
    /// <param name="left">One text.</param>
    /// <param name="right">The other.</param>
    public static bool operator !=(EventText left, EventText right) => !left.Equals(right);

    /// <summary>Compares the texts, whatever their form.</summary>
    /// <param name="other">The other text.</param>
    /// <returns><see langword="true"/> if both read the same.</returns>
    public bool Equals(EventText other) =>
        (!IsString && !other.IsString && Utf8.Span.SequenceEqual(other.Utf8.Span)) ||
        string.Equals(ToString(), other.ToString(), StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is EventText other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => string.GetHashCode(ToString(), StringComparison.Ordinal);

    /// <summary>Gets the text as a string. Allocates if it is held as UTF-8.</summary>
    public override string ToString() => String ?? Encoding.UTF8.GetString(Utf8.Span);
}

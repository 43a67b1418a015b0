using System.Buffers.Binary;
using System.Security.Cryptography;
using Gai.Pipelines.Internal;

namespace Gai.Pipelines;

/// <summary>Identifies one log: 128 random bits, which are its epoch and its secret.</summary>
/// <remarks>
/// A new generation under the same key gets a new id, so an id never means two different contents, and none can be guessed from another.
/// <c>default</c> is the id of no log.
/// </remarks>
public readonly record struct LogId
{
    /// <summary>How many characters an id has as text: 26.</summary>
    public const int TextLength = 26;

    private readonly UInt128 _bits;

    /// <summary>Takes an id that was kept as a number, such as in a database.</summary>
    /// <param name="bits">The 128 bits.</param>
    public LogId(UInt128 bits) => _bits = bits;

    /// <summary>Gets the 128 bits, for a store to keep.</summary>
    public UInt128 Bits => _bits;

    /// <summary>Makes the id of a new log, from the system's source of random numbers for secrets.</summary>
    /// <returns>The id.</returns>
    public static LogId New()
    {
        Span<byte> bits = stackalloc byte[16];
        RandomNumberGenerator.Fill(bits);
        return new LogId(BinaryPrimitives.ReadUInt128BigEndian(bits));
    }

    /// <summary>Reads the text of an id.</summary>
    /// <param name="text">The text. Only what <see cref="ToString"/> writes is one: 26 digits and lower-case letters up to <c>v</c>.</param>
    /// <param name="id">The id.</param>
    /// <returns>Whether it is one.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out LogId id)
    {
        bool isOne = OrderedText.TryRead(text, TextLength, out UInt128 bits);
        id = isOne ? new LogId(bits) : default;
        return isOne;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(TextLength, _bits, static (text, bits) => OrderedText.Write(text, bits));
}

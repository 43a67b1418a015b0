using System.Buffers.Text;

namespace Gai.Pipelines.AI;

/// <summary>What a frame begins with, with a number in it that grows by one from frame to frame.</summary>
/// <remarks>The digits are counted up where they stand: to write the number anew costs as much as the text.</remarks>
internal sealed class NumberedTemplate
{
    private const int MostDigits = 19;

    private readonly byte[] _before;
    private readonly byte[] _bytes;
    private readonly int _endOfDigits;
    private int _start;
    private long _number = -2;

    /// <summary>Makes a template.</summary>
    /// <param name="before">What stands before the number.</param>
    /// <param name="after">What stands after it.</param>
    public NumberedTemplate(byte[] before, byte[] after)
    {
        _before = before;
        _endOfDigits = before.Length + MostDigits;
        _bytes = new byte[_endOfDigits + after.Length];
        after.CopyTo(_bytes.AsSpan(_endOfDigits));
    }

    /// <summary>Gives the bytes with a number, valid until the next call.</summary>
    public ReadOnlySpan<byte> With(long number)
    {
        if (number != _number + 1 || !CountUp())
        {
            WriteAnew(number);
        }

        _number = number;
        return _bytes.AsSpan(_start);
    }

    /// <summary>Adds one.</summary>
    /// <returns><see langword="false"/> if there are not enough digits; they are wrong then.</returns>
    private bool CountUp()
    {
        for (int digit = _endOfDigits - 1; digit >= _start + _before.Length; digit--)
        {
            if (_bytes[digit]++ < (byte)'9')
            {
                return true;
            }

            _bytes[digit] = (byte)'0';
        }

        return false;
    }

    /// <summary>The number ends where it always does; what stands before it moves.</summary>
    private void WriteAnew(long number)
    {
        Span<byte> digits = stackalloc byte[MostDigits];
        Utf8Formatter.TryFormat(number, digits, out int length);
        _start = MostDigits - length;
        _before.CopyTo(_bytes.AsSpan(_start));
        digits[..length].CopyTo(_bytes.AsSpan(_endOfDigits - length));
    }
}

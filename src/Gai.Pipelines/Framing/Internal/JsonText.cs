using System.Buffers;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Text;
using System.Text.Unicode;

namespace Gai.Pipelines.Internal;

/// <summary>Writes text as the inside of a JSON string, in UTF-8.</summary>
/// <remarks>
/// Escaped are what RFC 8259 section 7 asks for, DEL, and the line ends of Unicode (U+0085, U+2028, U+2029), at which
/// some readers of NDJSON and SSE split although they must not. All other characters are written as they are.
/// </remarks>
internal static class JsonText
{
    /// <summary>The most bytes that one UTF-16 unit or one UTF-8 byte can become.</summary>
    public const int MaxExpansion = 6;

    // Pieces of this many units fit a block of the output in the worst case.
    private const int PieceLength = 256;

    private static readonly SearchValues<char> MustEscape = SearchValues.Create(
        "\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\u0009\u000A\u000B\u000C\u000D\u000E\u000F" +
        "\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001A\u001B\u001C\u001D\u001E\u001F" +
        "\"\\\u007F\u0085\u2028\u2029");

    // In UTF-8, U+0085 begins with C2, U+2028 and U+2029 with E2.
    private static readonly SearchValues<byte> MayEscape = SearchValues.Create(
        "\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\u0009\u000A\u000B\u000C\u000D\u000E\u000F"u8.ToArray()
            .Concat("\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001A\u001B\u001C\u001D\u001E\u001F"u8.ToArray())
            .Concat("\"\\\u007F"u8.ToArray())
            .Concat(new byte[] { 0xC2, 0xE2 })
            .ToArray());

    private static ReadOnlySpan<byte> Hex => "0123456789abcdef"u8;

    /// <summary>Writes a string with its quotation marks.</summary>
    public static void WriteString(FrameWriter output, in EventText text)
    {
        output.Write("\""u8);
        Write(output, text);
        output.Write("\""u8);
    }

    /// <summary>Writes a text of any length, without quotation marks.</summary>
    public static void Write(FrameWriter output, in EventText text)
    {
        if (text.IsString)
        {
            Write(output, text.String.AsSpan());
        }
        else
        {
            Write(output, text.Utf8.Span);
        }
    }

    private static void Write(FrameWriter output, ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            int length = Math.Min(text.Length, PieceLength);
            if (length < text.Length && char.IsHighSurrogate(text[length - 1]))
            {
                length--;
            }

            output.Advance(Escape(text[..length], output.GetSpan(length * MaxExpansion)));
            text = text[length..];
        }
    }

    private static void Write(FrameWriter output, ReadOnlySpan<byte> text)
    {
        while (!text.IsEmpty)
        {
            int length = Math.Min(text.Length, PieceLength);
            if (length < text.Length)
            {
                length -= Utf8Tail.IncompleteLength(text[..length]);
            }

            output.Advance(Escape(text[..length], output.GetSpan(length * MaxExpansion)));
            text = text[length..];
        }
    }

    /// <summary>Writes UTF-16 text; unpaired surrogates become U+FFFD.</summary>
    /// <param name="text">The text.</param>
    /// <param name="destination">Room for <see cref="MaxExpansion"/> bytes a unit.</param>
    /// <returns>The bytes written.</returns>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Escape(ReadOnlySpan<char> text, Span<byte> destination)
    {
        // The common delta: a few plain ASCII letters. Two overlapping loads cover any length from 4 to 8 and from 8 to 16.
        int length = text.Length;
        if (length is >= 4 and <= 16 && destination.Length >= 16)
        {
            ref ushort first = ref Unsafe.As<char, ushort>(ref MemoryMarshal.GetReference(text));
            ref byte target = ref MemoryMarshal.GetReference(destination);
            if (length >= 8)
            {
                Vector128<ushort> head = Vector128.LoadUnsafe(ref first);
                Vector128<ushort> tail = Vector128.LoadUnsafe(ref first, (nuint)(length - 8));
                if (IsPlain(head) && IsPlain(tail))
                {
                    Vector128<byte> narrow = Vector128.Narrow(head, tail);
                    Unsafe.WriteUnaligned(ref target, narrow.AsUInt64().GetElement(0));
                    Unsafe.WriteUnaligned(ref Unsafe.Add(ref target, length - 8), narrow.AsUInt64().GetElement(1));
                    return length;
                }
            }
            else
            {
                Vector128<ushort> both = Vector128.Create(
                    Unsafe.ReadUnaligned<ulong>(ref Unsafe.As<ushort, byte>(ref first)),
                    Unsafe.ReadUnaligned<ulong>(ref Unsafe.As<ushort, byte>(ref Unsafe.Add(ref first, length - 4)))).AsUInt16();
                if (IsPlain(both))
                {
                    Vector128<byte> narrow = Vector128.Narrow(both, both);
                    Unsafe.WriteUnaligned(ref target, narrow.AsUInt32().GetElement(0));
                    Unsafe.WriteUnaligned(ref Unsafe.Add(ref target, length - 4), narrow.AsUInt32().GetElement(1));
                    return length;
                }
            }
        }

        return EscapeRuns(text, destination);
    }

    /// <summary>Writes UTF-8 text; invalid sequences become U+FFFD.</summary>
    /// <inheritdoc cref="Escape(ReadOnlySpan{char}, Span{byte})"/>
    public static int Escape(ReadOnlySpan<byte> text, Span<byte> destination)
    {
        int plain = text.IndexOfAny(MayEscape);
        if (plain < 0 && Ascii.IsValid(text))
        {
            text.CopyTo(destination);
            return text.Length;
        }

        return EscapeRuns(text, destination);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsPlain(Vector128<ushort> units)
    {
        // 0x20 to 0x7E but for the quotation mark and the backslash; the subtraction wraps all that is below.
        Vector128<ushort> bad =
            Vector128.GreaterThan(units - Vector128.Create((ushort)0x20), Vector128.Create((ushort)0x5E)) |
            Vector128.Equals(units, Vector128.Create((ushort)'"')) |
            Vector128.Equals(units, Vector128.Create((ushort)'\\'));
        return bad == Vector128<ushort>.Zero;
    }

    private static int EscapeRuns(ReadOnlySpan<char> text, Span<byte> destination)
    {
        int written = 0;
        while (true)
        {
            int run = text.IndexOfAny(MustEscape);
            ReadOnlySpan<char> clean = run < 0 ? text : text[..run];
            OperationStatus status = Utf8.FromUtf16(clean, destination[written..], out _, out int bytes, replaceInvalidSequences: true);
            Debug.Assert(status == OperationStatus.Done);
            written += bytes;
            if (run < 0)
            {
                return written;
            }

            written += EscapeOne(text[run], destination[written..]);
            text = text[(run + 1)..];
        }
    }

    private static int EscapeRuns(ReadOnlySpan<byte> text, Span<byte> destination)
    {
        if (!Utf8.IsValid(text))
        {
            return EscapeInvalid(text, destination);
        }

        int written = 0;
        while (true)
        {
            int run = IndexOfEscape(text);
            ReadOnlySpan<byte> clean = run < 0 ? text : text[..run];
            clean.CopyTo(destination[written..]);
            written += clean.Length;
            if (run < 0)
            {
                return written;
            }

            Rune.DecodeFromUtf8(text[run..], out Rune rune, out int consumed);
            written += EscapeOne((char)rune.Value, destination[written..]);
            text = text[(run + consumed)..];
        }
    }

    /// <summary>Finds the first character of valid UTF-8 that must be escaped; -1 if there is none.</summary>
    private static int IndexOfEscape(ReadOnlySpan<byte> text)
    {
        int at = 0;
        while (true)
        {
            int hit = text[at..].IndexOfAny(MayEscape);
            if (hit < 0)
            {
                return -1;
            }

            at += hit;
            switch (text[at])
            {
                case 0xC2 when text[at + 1] != 0x85:
                    at += 2;
                    break;
                case 0xE2 when text[at + 1] != 0x80 || text[at + 2] is not (0xA8 or 0xA9):
                    at += 3;
                    break;
                default:
                    return at;
            }
        }
    }

    private static int EscapeInvalid(ReadOnlySpan<byte> text, Span<byte> destination)
    {
        int written = 0;
        while (!text.IsEmpty)
        {
            Rune.DecodeFromUtf8(text, out Rune rune, out int consumed);
            written += rune.IsBmp && MustEscape.Contains((char)rune.Value)
                ? EscapeOne((char)rune.Value, destination[written..])
                : rune.EncodeToUtf8(destination[written..]);
            text = text[consumed..];
        }

        return written;
    }

    private static int EscapeOne(char unit, Span<byte> destination)
    {
        byte shorthand = unit switch
        {
            '"' => (byte)'"',
            '\\' => (byte)'\\',
            '\n' => (byte)'n',
            '\r' => (byte)'r',
            '\t' => (byte)'t',
            '\b' => (byte)'b',
            '\f' => (byte)'f',
            _ => 0,
        };
        destination[0] = (byte)'\\';
        if (shorthand != 0)
        {
            destination[1] = shorthand;
            return 2;
        }

        destination[1] = (byte)'u';
        destination[2] = Hex[unit >> 12];
        destination[3] = Hex[(unit >> 8) & 0xF];
        destination[4] = Hex[(unit >> 4) & 0xF];
        destination[5] = Hex[unit & 0xF];
        return 6;
    }
}

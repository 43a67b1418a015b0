using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Gai.Pipelines.Fuzz;

/// <summary>What was read, or must be, as bytes: all readers write the same down in the same way, so that it can be compared at once.</summary>
/// <remarks>
/// <c>e</c> event: name, last id, retry time, payload. <c>c</c> comment: text. <c>r</c> record: payload. <c>z</c> end of the stream.
/// A payload is <c>n</c>, <c>t</c>, <c>f</c>, <c>d</c> number, <c>s</c> string, <c>[</c>...<c>]</c>, <c>{</c> (<c>k</c> name payload)... <c>}</c>, or
/// <c>x</c> string for what is no JSON. Numbers have eight bytes, strings their length in four and then UTF-8.
/// </remarks>
internal sealed class Canonical
{
    private byte[] _bytes = new byte[1 << 16];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    public void Clear() => Length = 0;

    /// <summary>Takes back what was written after a length.</summary>
    public void Rewind(int length) => Length = length;

    public void Mark(char letter) => Room(1)[0] = (byte)letter;

    public void Number(double value) => BinaryPrimitives.WriteDoubleLittleEndian(Room(8), value);

    /// <summary>Writes a string as its UTF-8 form; unpaired surrogates have none and become U+FFFD.</summary>
    public void Text(ReadOnlySpan<char> text)
    {
        int start = Length;
        Span<byte> room = Room(4 + (3 * text.Length));
        Utf8.FromUtf16(text, room[4..], out _, out int written);
        BinaryPrimitives.WriteInt32LittleEndian(room, written);
        Length = start + 4 + written;
    }

    /// <summary>Writes bytes as the text that decoders make of them; what is no UTF-8 becomes U+FFFD.</summary>
    public void Text(ReadOnlySpan<byte> utf8)
    {
        if (!Utf8.IsValid(utf8))
        {
            Text(Encoding.UTF8.GetString(utf8));
            return;
        }

        Span<byte> room = Room(4 + utf8.Length);
        BinaryPrimitives.WriteInt32LittleEndian(room, utf8.Length);
        utf8.CopyTo(room[4..]);
    }

    /// <summary>Writes only the bytes of a text, for texts that are joined.</summary>
    public void Raw(EventText text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text.ToString());
        bytes.CopyTo(Room(bytes.Length));
    }

    public void Append(ReadOnlySpan<byte> canonical) => canonical.CopyTo(Room(canonical.Length));

    /// <summary>Puts what was written from some place on into words.</summary>
    public static string Describe(ReadOnlySpan<byte> bytes, int most)
    {
        var words = new StringBuilder();
        for (int at = 0; at < bytes.Length && words.Length < most;)
        {
            char letter = (char)bytes[at++];
            switch (letter)
            {
                case 'e':
                    words.Append("\n  event ").Append(Quoted(bytes, ref at)).Append(" last id ").Append(Quoted(bytes, ref at));
                    words.Append(" retry ").Append(Digits(bytes, ref at)).Append(": ");
                    break;
                case 'c':
                    words.Append("\n  comment ").Append(Quoted(bytes, ref at));
                    break;
                case 'r':
                    words.Append("\n  record ");
                    break;
                case 'z':
                    words.Append("\n  end");
                    at = bytes.Length;
                    break;
                case 'd':
                    words.Append(Digits(bytes, ref at)).Append(' ');
                    break;
                case 's' or 'k':
                    words.Append(Quoted(bytes, ref at)).Append(letter == 'k' ? ":" : " ");
                    break;
                case 'x':
                    words.Append("no JSON: ").Append(Quoted(bytes, ref at));
                    break;
                default:
                    words.Append(letter);
                    break;
            }
        }

        return words.Length > most ? words.ToString(0, most) + "..." : words.ToString();
    }

    private static string Quoted(ReadOnlySpan<byte> bytes, ref int at)
    {
        int length = BinaryPrimitives.ReadInt32LittleEndian(bytes[at..]);
        string text = Encoding.UTF8.GetString(bytes.Slice(at + 4, length));
        at += 4 + length;
        return HostileText.Quote(text);
    }

    private static string Digits(ReadOnlySpan<byte> bytes, ref int at)
    {
        at += 8;
        return BinaryPrimitives.ReadDoubleLittleEndian(bytes[(at - 8)..]).ToString("R", CultureInfo.InvariantCulture);
    }

    private Span<byte> Room(int count)
    {
        if (_bytes.Length - Length < count)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + count));
        }

        Length += count;
        return _bytes.AsSpan(Length - count, count);
    }
}

using System.Runtime.CompilerServices;

namespace Gai.Pipelines.Internal;

/// <summary>Writes a frame that is a text between a prefix and a suffix, all known beforehand: the frame of a delta.</summary>
internal static class DeltaTemplate
{
    // Longer texts are escaped in pieces; up to here the worst case fits a block of the output.
    private const int LongestInOnePiece = 256;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Write(FrameWriter output, ReadOnlySpan<byte> prefix, in StreamEvent item, ReadOnlySpan<byte> suffix)
    {
        EventText text = item.Payload;
        if (text.String is { Length: <= LongestInOnePiece } characters)
        {
            Span<byte> frame = Begin(output, prefix, characters.Length, suffix);
            End(output, prefix, JsonText.Escape(characters.AsSpan(), frame[prefix.Length..]), suffix, frame);
        }
        else
        {
            WriteUtf8(output, prefix, text, suffix);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WriteUtf8(FrameWriter output, ReadOnlySpan<byte> prefix, in EventText text, ReadOnlySpan<byte> suffix)
    {
        ReadOnlySpan<byte> utf8 = text.Utf8.Span;
        if (text.IsString || utf8.Length > LongestInOnePiece)
        {
            WriteLong(output, prefix, text, suffix);
            return;
        }

        Span<byte> frame = Begin(output, prefix, utf8.Length, suffix);
        End(output, prefix, JsonText.Escape(utf8, frame[prefix.Length..]), suffix, frame);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Span<byte> Begin(FrameWriter output, ReadOnlySpan<byte> prefix, int units, ReadOnlySpan<byte> suffix)
    {
        // 16 bytes more let the escaper store a whole vector.
        Span<byte> frame = output.GetSpan(prefix.Length + (units * JsonText.MaxExpansion) + 16 + suffix.Length);
        prefix.CopyTo(frame);
        return frame;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void End(FrameWriter output, ReadOnlySpan<byte> prefix, int textLength, ReadOnlySpan<byte> suffix, Span<byte> frame)
    {
        int length = prefix.Length + textLength;
        suffix.CopyTo(frame[length..]);
        output.Advance(length + suffix.Length);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WriteLong(FrameWriter output, ReadOnlySpan<byte> prefix, in EventText text, ReadOnlySpan<byte> suffix)
    {
        output.Write(prefix);
        JsonText.Write(output, text);
        output.Write(suffix);
    }
}

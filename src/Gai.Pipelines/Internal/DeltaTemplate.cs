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
        if (text.IsString && text.String.Length <= LongestInOnePiece)
        {
            // 16 bytes more let the escaper store a whole vector.
            Span<byte> frame = output.GetSpan(prefix.Length + (text.String.Length * JsonText.MaxExpansion) + 16 + suffix.Length);
            prefix.CopyTo(frame);
            int length = prefix.Length;
            length += JsonText.Escape(text.String.AsSpan(), frame[length..]);
            suffix.CopyTo(frame[length..]);
            output.Advance(length + suffix.Length);
        }
        else
        {
            WriteLong(output, prefix, text, suffix);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void WriteLong(FrameWriter output, ReadOnlySpan<byte> prefix, in EventText text, ReadOnlySpan<byte> suffix)
    {
        output.Write(prefix);
        JsonText.Write(output, text);
        output.Write(suffix);
    }
}

using System.Buffers;
using System.Runtime.CompilerServices;

namespace Gai.Pipelines.Internal;

/// <summary>Takes the raw line breaks out of JSON that a serializer wrote into a frame.</summary>
/// <remarks>
/// Compact JSON has none. A converter that writes raw JSON can bring some, between tokens, where a space says the same.
/// Were they between the quotation marks of a string, then the JSON was broken before; the frame around it is not.
/// </remarks>
internal static class LineBreaks
{
    /// <summary>Replaces the line breaks of a record, which has none of its own yet.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Fold(FrameWriter output) => Fold(output.Frame);

    /// <summary>Replaces the line breaks of an event's data, after the lines of its other fields.</summary>
    public static void Fold(FrameWriter output, in SseFields fields)
    {
        Span<byte> data = output.Frame;
        int ownLines = (fields.Id.IsNone ? 0 : 1) + (fields.Name.Value is null ? 0 : 1) + (fields.Retry is null ? 0 : 1);
        for (; ownLines > 0; ownLines--)
        {
            data = data[(data.IndexOf((byte)'\n') + 1)..];
        }

        Fold(data);
    }

    private static void Fold(Span<byte> json)
    {
        if (json.ContainsAny((byte)'\r', (byte)'\n'))
        {
            json.Replace((byte)'\r', (byte)' ');
            json.Replace((byte)'\n', (byte)' ');
        }
    }
}

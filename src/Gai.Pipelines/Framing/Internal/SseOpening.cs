using System.Globalization;

namespace Gai.Pipelines.Internal;

/// <summary>What our own dialects write over SSE around their events.</summary>
internal static class SseOpening
{
    public static void Write(FrameWriter output, DialectSettings settings)
    {
        if (settings.RetryHint is { } retry)
        {
            SseEncoder.WriteRetry(output, retry);
        }

        if (settings.OpeningPaddingBytes > 0)
        {
            WritePadding(output, settings.OpeningPaddingBytes);
        }
    }

    private static void WritePadding(FrameWriter output, int bytes)
    {
        Span<byte> spaces = stackalloc byte[256];
        spaces.Fill((byte)' ');
        output.Write(":"u8);
        for (; bytes > 0; bytes -= spaces.Length)
        {
            output.Write(spaces[..Math.Min(bytes, spaces.Length)]);
        }

        output.Write("\n\n"u8);
    }

    public static void WriteKeepAlive(FrameWriter output) => output.Write(": keep-alive\n\n"u8);

    /// <summary>Tells in a comment that events are missing: clients ignore it, people who look see it.</summary>
    public static void WriteGap(FrameWriter output, long dropped, string? firstId = null)
    {
        if (firstId is null)
        {
            output.Write(": gap "u8);
            SseEncoder.WriteNumber(output, dropped);
            output.Write("\n\n"u8);
        }
        else
        {
            SseEncoder.WriteComment(output, string.Create(CultureInfo.InvariantCulture, $"gap {dropped} {firstId}"));
        }
    }

    /// <summary>Tells in an event that events of a log can no longer be had, where the dialect has none of its own.</summary>
    public static void WriteGapEvent(FrameWriter output, long dropped, EventId firstId)
    {
        output.Write("event: gap\ndata: "u8);
        GapRecord.Write(output, dropped, firstId);
        output.Write("\n\n"u8);
    }
}

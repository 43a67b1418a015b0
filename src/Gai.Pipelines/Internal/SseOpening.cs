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
    }

    public static void WriteKeepAlive(FrameWriter output) => output.Write(": keep-alive\n\n"u8);
}

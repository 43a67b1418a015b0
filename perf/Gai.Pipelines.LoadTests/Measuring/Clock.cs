using System.Diagnostics;

namespace Gai.Pipelines.LoadTests.Measuring;

/// <summary>Microseconds of the machine's monotonic clock: the same for the server and the client, which are two processes.</summary>
internal static class Clock
{
    private static readonly long TicksPerMicrosecond = Math.Max(1, Stopwatch.Frequency / 1_000_000);

    /// <summary>The time now.</summary>
    public static long Now => Stopwatch.GetTimestamp() / TicksPerMicrosecond;
}

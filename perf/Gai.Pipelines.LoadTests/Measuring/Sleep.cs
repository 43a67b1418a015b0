using System.Runtime.InteropServices;

namespace Gai.Pipelines.LoadTests.Measuring;

/// <summary>Sleeps until a time, as exactly as the system can, and without spinning: the processor time would count as the server's.</summary>
internal static partial class Sleep
{
    private const int MonotonicClock = 1;
    private const int AbsoluteTime = 1;

    /// <summary>Sleeps until a time of <see cref="Clock"/>; not at all if it is over.</summary>
    public static void Until(long time)
    {
        if (OperatingSystem.IsLinux())
        {
            // Stopwatch counts this clock on Linux.
            var until = new TimeSpec((nint)(time / 1_000_000), (nint)(time % 1_000_000 * 1_000));
            _ = SleepUntil(MonotonicClock, AbsoluteTime, until, 0);
            return;
        }

        long left = time - Clock.Now;
        if (left > 0)
        {
            Thread.Sleep(TimeSpan.FromMicroseconds(left));
        }
    }

    [LibraryImport("libc", EntryPoint = "clock_nanosleep")]
    private static partial int SleepUntil(int clock, int flags, in TimeSpec time, nint remaining);

    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct TimeSpec(nint Seconds, nint Nanoseconds);
}

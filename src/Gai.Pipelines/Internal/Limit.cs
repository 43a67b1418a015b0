using System.Runtime.CompilerServices;

namespace Gai.Pipelines.Internal;

/// <summary>Checks the limits of options where they are set, and keeps what others send within limits.</summary>
internal static class Limit
{
    public static int AtLeast(int least, int value, [CallerMemberName] string? name = null) => value >= least
        ? value
        : throw new ArgumentOutOfRangeException(name, value, $"{name} must be at least {least}.");

    /// <summary>Makes a time. One that nobody can wait for is cut to the longest.</summary>
    public static TimeSpan Milliseconds(double milliseconds) =>
        TimeSpan.FromMilliseconds(Math.Clamp(milliseconds, 0, TimeSpan.MaxValue.TotalMilliseconds - 1));
}

using System.Runtime.CompilerServices;

namespace Gai.Pipelines.Internal;

/// <summary>Checks the limits of options where they are set, and keeps what others send within limits.</summary>
internal static class Limit
{
    public static int AtLeast(int least, int value, [CallerMemberName] string? name = null) => value >= least
        ? value
        : throw new ArgumentOutOfRangeException(name, value, $"{name} must be at least {least}.");

    public static long AtLeast(long least, long value, [CallerMemberName] string? name = null) => value >= least
        ? value
        : throw new ArgumentOutOfRangeException(name, value, $"{name} must be at least {least}.");

    public static double AtLeast(double least, double value, [CallerMemberName] string? name = null) => value >= least && double.IsFinite(value)
        ? value
        : throw new ArgumentOutOfRangeException(name, value, $"{name} must be a number of at least {least}.");

    public static TimeSpan AtLeast(TimeSpan least, TimeSpan value, [CallerMemberName] string? name = null) => value >= least
        ? value
        : throw new ArgumentOutOfRangeException(name, value, $"{name} must be at least {least}.");

    /// <summary>Takes a time that a timer can wait for, or an infinite one.</summary>
    public static TimeSpan Timer(TimeSpan value, [CallerMemberName] string? name = null) =>
        value == Timeout.InfiniteTimeSpan || (value > TimeSpan.Zero && value <= TimeSpan.FromDays(49))
            ? value
            : throw new ArgumentOutOfRangeException(name, value, $"{name} must be more than zero and at most 49 days, or Timeout.InfiniteTimeSpan.");

    /// <summary>Takes a time that a timer can wait for, zero, or an infinite one.</summary>
    public static TimeSpan TimerOrZero(TimeSpan value, [CallerMemberName] string? name = null) =>
        value == Timeout.InfiniteTimeSpan || (value >= TimeSpan.Zero && value <= TimeSpan.FromDays(49))
            ? value
            : throw new ArgumentOutOfRangeException(name, value, $"{name} must be zero to 49 days, or Timeout.InfiniteTimeSpan.");

    /// <summary>Takes what there must be.</summary>
    public static T NotNull<T>(T? value, [CallerMemberName] string? name = null)
        where T : class => value ?? throw new ArgumentNullException(name);

    /// <summary>Makes a time. One that nobody can wait for is cut to the longest.</summary>
    public static TimeSpan Milliseconds(double milliseconds) =>
        TimeSpan.FromMilliseconds(Math.Clamp(milliseconds, 0, TimeSpan.MaxValue.TotalMilliseconds - 1));
}

using System.Runtime.CompilerServices;

namespace Gai.Pipelines;

/// <summary>Says when the bytes of a stream are flushed, that is, handed to the transport.</summary>
/// <remarks>The first frame, errors and the end are flushed under every policy as soon as the stream knows of them; what gathers in a channel under a window, the end of that channel included, it looks at when the window is over.</remarks>
public sealed record FlushPolicy
{
    /// <summary>The most bytes that a window holds if nothing else is said: 16 KiB.</summary>
    public const int DefaultBytes = 16 * 1024;

    /// <summary>Holds frames at most this long, or until there are this many bytes.</summary>
    /// <param name="delay">The longest time a frame waits. Zero means <see cref="Immediate"/>; otherwise 1 ms to 10 s.</param>
    /// <param name="bytes">How many waiting bytes are flushed at once, at least 1; never more than <see cref="PumpSettings.UnflushedLimitBytes"/>.</param>
    /// <remarks>It takes whatever a configuration says; settings that are given a policy check it. <see cref="Window"/> checks at once.</remarks>
    public FlushPolicy(TimeSpan delay, int bytes = DefaultBytes)
    {
        Delay = delay;
        Bytes = bytes;
    }

    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    // The default, because a window is latency that only its user can weigh: perf/reports/2026-11-26-9280dea8 has what each saves.
    /// <summary>Flushes when the source has nothing ready. No frame waits for another that does not exist yet.</summary>
    public static FlushPolicy Immediate { get; } = new(TimeSpan.Zero);

    /// <summary>Gets the longest time a frame waits.</summary>
    /// <value>Zero for <see cref="Immediate"/>.</value>
    public TimeSpan Delay { get; }

    /// <summary>Gets how many waiting bytes are flushed at once.</summary>
    public int Bytes { get; }

    internal bool IsImmediate => Delay == TimeSpan.Zero;

    /// <summary>Holds frames at most this long, or until there are this many bytes: fewer system calls for more latency.</summary>
    /// <param name="delay">The longest time a frame waits, 1 ms to 10 s.</param>
    /// <param name="bytes">How many waiting bytes are flushed at once, at least 1; never more than <see cref="PumpSettings.UnflushedLimitBytes"/>.</param>
    /// <returns>The policy.</returns>
    /// <remarks>
    /// Windows of one length end together for all streams of a server, at the multiples of that length: the first one of a stream may be
    /// shorter, and many streams cost one wake-up of the machine instead of one each.
    /// Events of a channel gather there until the window ends, and so does the end behind them: the stream is woken once a
    /// window instead of once an event, and window follows window until one was empty. If a writer had to wait for room meanwhile,
    /// the next 32 windows go without that.
    /// What gathers is not counted in bytes before it is encoded, so a window with fewer bytes than <see cref="DefaultBytes"/> goes without that altogether.
    /// A channel that drops (<c>BoundedChannelFullMode.DropOldest</c> and the like), and a bare reader of one whose writer waits in
    /// <c>WaitToWriteAsync</c>, do not tell that there was no room: give such a channel room for all events of a window, or flush immediately.
    /// </remarks>
    /// <exception cref="ArgumentOutOfRangeException">The delay or the number is out of its range.</exception>
    public static FlushPolicy Window(TimeSpan delay, int bytes = DefaultBytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, Shortest);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(delay, Longest);
        ArgumentOutOfRangeException.ThrowIfLessThan(bytes, 1);
        return new FlushPolicy(delay, bytes);
    }

    /// <summary>Takes a policy that a pump can follow.</summary>
    internal static FlushPolicy Checked(FlushPolicy? policy, [CallerMemberName] string? name = null)
    {
        ArgumentNullException.ThrowIfNull(policy, name);
        return policy.IsImmediate || (policy.Bytes >= 1 && policy.Delay >= Shortest && policy.Delay <= Longest)
            ? policy
            : throw new ArgumentOutOfRangeException(
                name, policy, $"{name} must be one that holds frames for no time, or at least 1 byte for 1 ms to 10 s, such as FlushPolicy.Immediate and FlushPolicy.Window make.");
    }
}

using System.Diagnostics;

namespace Gai.Pipelines.FunctionalTests;

/// <summary>Waits for what no event tells of.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    /// <summary>Waits until a count that a full buffer holds back does not grow any more.</summary>
    public static async Task<int> StandsStillAsync(Func<int> count)
    {
        int last = 0;
        int unchanged = 0;
        await IsTrueAsync(
            () =>
            {
                int now = count();
                unchanged = now > 0 && now == last ? unchanged + 1 : 0;
                last = now;
                return unchanged == 50;
            },
            () => $"the count goes on, or has not begun; it is {last}");
        return last;
    }

    /// <summary>Looks again and again, and fails loudly if it never becomes true.</summary>
    public static async Task IsTrueAsync(Func<bool> condition, Func<string> otherwise)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < Longest, $"After {Longest.TotalSeconds:F0} s: {otherwise()}");
            await Task.Delay(TimeSpan.FromMilliseconds(5));
        }
    }
}

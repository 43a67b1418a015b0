using System.Runtime.CompilerServices;

namespace Gai.Pipelines.TestUtilities;

/// <summary>Waits for events that must come, and fails loudly when they do not.</summary>
public static class Deadline
{
    // Nothing is measured by it: it only bounds how long a broken test hangs on a busy machine.
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(30);

    public static async Task OrFail(this Task task, [CallerArgumentExpression(nameof(task))] string what = "")
    {
        await Task.WhenAny(task, Task.Delay(Longest));
        await (task.IsCompleted ? task : throw new TimeoutException($"This did not come within {Longest.TotalSeconds:F0} s: {what}"));
    }

    public static async Task<T> OrFail<T>(this Task<T> task, [CallerArgumentExpression(nameof(task))] string what = "")
    {
        await OrFail((Task)task, what);
        return await task;
    }

    /// <summary>Waits for something that nobody announces.</summary>
    public static async Task UntilAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        long start = Environment.TickCount64;
        while (!condition())
        {
            if (Environment.TickCount64 - start > Longest.TotalMilliseconds)
            {
                throw new TimeoutException($"This did not come within {Longest.TotalSeconds:F0} s: {what}");
            }

            await Task.Yield();
        }
    }
}
